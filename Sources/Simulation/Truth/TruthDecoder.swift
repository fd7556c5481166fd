import NA62Formats

/// Reads lines of the truth: strictly, so that a key or a value that is not known is an error and never a guess.
struct TruthDecoder {
  private static let start = TruthKeys(["event_type", "schema"])
  private static let header = TruthKeys([
    "version", "configurations", "seed", "intensity", "spill", "window", "clock_period", "fiducial",
    "contents",
    "lookahead", "times",
  ])
  private static let configuration = TruthKeys(["kind", "name", "sha256"])
  private static let decay = TruthKeys(["burst", "decay", "time", "channel", "z", "particles", "hits"])
  private static let trigger = TruthKeys([
    "burst", "event", "timestamp", "fine_time", "data_type", "word", "flags", "l1", "decays",
  ])
  private static let group = TruthKeys(["decay", "hits"])
  private static let totals = TruthKeys(["burst", "triggers", "stray_decays", "channels"])
  private static let channel = TruthKeys(["channel", "generated", "fiducial", "written"])
  private static let detectors = TruthKeys(SimulatedDetector.allCases.map(\.key))

  /// Names of channels that were met, so that they share memory.
  private var names: Set<String> = []

  /// The record of a line.
  mutating func decode(_ line: UnsafeBufferPointer<UInt8>) throws(TruthSyntaxError) -> TruthRecord {
    var scanner = TruthScanner(line)
    let kind = try Self.kind(&scanner)
    let record: TruthRecord
    switch kind {
    case .header: record = .header(try Self.header(&scanner))
    case .decay: record = .decay(try decay(&scanner))
    case .trigger: record = .trigger(try Self.trigger(&scanner))
    case .totals: record = .totals(try totals(&scanner))
    }
    try scanner.expectEnd()
    return record
  }

  /// Reads the members that each line begins with.
  private static func kind(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthRecord.Kind {
    try scanner.expect("{")
    try scanner.expectKey(start, 0)
    let type = try scanner.string(limit: 64)
    guard let kind = TruthRecord.Kind(rawValue: type) else {
      throw scanner.problem(
        "expected \(TruthRecord.Kind.allCases.map(\.rawValue).joined(separator: ", ")), found '\(type)'")
    }
    try scanner.expect(",")
    try scanner.expectKey(start, 1)
    let schema = try scanner.string(limit: 64)
    guard schema == TruthRecord.schema else {
      throw scanner.problem("expected '\(TruthRecord.schema)', found '\(schema)'")
    }
    return kind
  }

  private static func header(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthHeader {
    var out = TruthHeader(version: "", configurations: [], seed: 0, intensity: 0, spill: 0, window: 0...0)
    try scanner.object(header, isBegun: true) { (scanner, key) throws(TruthSyntaxError) in
      switch key {
      case 0: out.version = try scanner.string(limit: 256)
      case 1:
        try scanner.list { (scanner, _) throws(TruthSyntaxError) in
          out.configurations.append(try configuration(&scanner))
        }
      case 2: out.seed = try scanner.integer(UInt64.self)
      case 3: out.intensity = try scanner.number()
      case 4: out.spill = try scanner.number()
      case 5: out.window = try scanner.range()
      case 6:
        out.clockPeriod = try scanner.number()
        guard (1...1000).contains(out.clockPeriod) else { throw scanner.problem("expected 1 to 1000 ns") }
      case 7: out.fiducial = try scanner.range()
      case 8:
        let name = try scanner.string(limit: 64)
        guard let contents = TruthContents(rawValue: name) else {
          throw scanner.problem(
            "expected \(TruthContents.allCases.map(\.rawValue).joined(separator: ", ")), found '\(name)'")
        }
        out.contents = contents
      case 9:
        out.lookahead = try scanner.number()
        guard (0...1e6).contains(out.lookahead) else { throw scanner.problem("expected 0 to 1000000 ns") }
      default: _ = try scanner.string(limit: 1024)
      }
    }
    return out
  }

  private static func configuration(
    _ scanner: inout TruthScanner
  ) throws(TruthSyntaxError) -> TruthHeader.Configuration {
    var out = TruthHeader.Configuration(kind: "", name: "", sha256: "")
    try scanner.object(configuration) { (scanner, key) throws(TruthSyntaxError) in
      let text = try scanner.string(limit: 1024)
      switch key {
      case 0: out.kind = text
      case 1: out.name = text
      default: out.sha256 = text
      }
    }
    return out
  }

  private mutating func decay(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthDecay {
    var out = TruthDecay(
      burst: 0, number: 0, time: 0, channel: "", vertexZ: nil, particles: [], hits: TruthHitCounts())
    try scanner.object(Self.decay, isBegun: true) { (scanner, key) throws(TruthSyntaxError) in
      switch key {
      case 0: out.burst = try scanner.integer(UInt32.self)
      case 1: out.number = try scanner.integer(UInt64.self)
      case 2: out.time = try scanner.number()
      case 3: out.channel = shared(try scanner.string(limit: 256))
      case 4: if !scanner.takeNull() { out.vertexZ = try scanner.number() }
      case 5:
        try scanner.list { (scanner, number) throws(TruthSyntaxError) in
          out.particles.append(try Self.particle(&scanner, number))
        }
      default:
        try scanner.object(Self.detectors, areRequired: false) { (scanner, place) throws(TruthSyntaxError) in
          guard let detector = SimulatedDetector(rawValue: place) else { return }
          out.hits[detector] = try scanner.integer(UInt32.self)
        }
      }
    }
    return out
  }

  private static func particle(
    _ scanner: inout TruthScanner, _ number: Int
  ) throws(TruthSyntaxError) -> TruthDecay.Particle {
    try scanner.expect("[")
    let pdg = try scanner.integer(Int32.self)
    try scanner.expect(",")
    let parent = try scanner.integer(Int32.self)
    guard parent >= -1, parent < number else {
      throw scanner.problem("expected a parent before the particle, or -1; found \(parent)")
    }
    var out = TruthDecay.Particle(
      pdg: pdg, parent: parent, momentum: Vector3(0, 0, 0), origin: Vector3(0, 0, 0), time: 0)
    try scanner.expect(",")
    out.momentum = try scanner.vector()
    try scanner.expect(",")
    out.origin = try scanner.vector()
    try scanner.expect(",")
    out.time = try scanner.number()
    try scanner.expect("]")
    return out
  }

  private static func trigger(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthTrigger {
    var out = TruthTrigger(burst: 0, event: 0, timestamp: 0, fineTime: 0, dataType: [], word: 0, flags: 0)
    try scanner.object(trigger, isBegun: true) { (scanner, key) throws(TruthSyntaxError) in
      switch key {
      case 0: out.burst = try scanner.integer(UInt32.self)
      case 1: out.event = try scanner.integer(UInt32.self)
      case 2: out.timestamp = try scanner.integer(UInt32.self)
      case 3: out.fineTime = try scanner.integer(UInt8.self)
      case 4: out.dataType = L0DataType(rawValue: try scanner.integer(UInt8.self))
      case 5: out.word = try scanner.integer(UInt8.self)
      case 6: out.flags = try scanner.integer(UInt16.self)
      case 7:
        guard !scanner.takeNull() else { return }
        try scanner.expect("[")
        let word = try scanner.integer(UInt8.self)
        try scanner.expect(",")
        out.l1 = TruthTrigger.Verdict(word: word, masks: try scanner.integer(UInt16.self))
        try scanner.expect("]")
      default:
        try scanner.list { (scanner, _) throws(TruthSyntaxError) in
          out.decays.append(try group(&scanner))
        }
      }
    }
    return out
  }

  private static func group(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthTrigger.Group {
    var out = TruthTrigger.Group(decay: nil, hits: [])
    try scanner.object(group) { (scanner, key) throws(TruthSyntaxError) in
      if key == 0 {
        if !scanner.takeNull() { out.decay = try scanner.integer(UInt64.self) }
        return
      }
      try scanner.object(detectors, areRequired: false) { (scanner, place) throws(TruthSyntaxError) in
        guard let detector = SimulatedDetector(rawValue: place) else { return }
        try scanner.list { (scanner, _) throws(TruthSyntaxError) in
          try scanner.expect("[")
          let channel = try scanner.integer(Int32.self)
          try scanner.expect(",")
          let particle = try scanner.integer(Int32.self)
          try scanner.expect("]")
          guard channel >= 0, particle >= -1 else {
            throw scanner.problem("expected a channel from 0 and a particle from -1")
          }
          out.hits.append(TruthTrigger.Hit(detector: detector, channel: channel, particle: particle))
        }
      }
    }
    return out
  }

  private mutating func totals(_ scanner: inout TruthScanner) throws(TruthSyntaxError) -> TruthTotals {
    var out = TruthTotals(burst: 0, triggers: 0, channels: [])
    try scanner.object(Self.totals, isBegun: true) { (scanner, key) throws(TruthSyntaxError) in
      switch key {
      case 0: out.burst = try scanner.integer(UInt32.self)
      case 1: out.triggers = try scanner.integer(UInt64.self)
      case 2: out.strayDecays = try scanner.integer(UInt64.self)
      default:
        try scanner.list { (scanner, _) throws(TruthSyntaxError) in
          out.channels.append(try channelCounts(&scanner))
        }
      }
    }
    return out
  }

  private mutating func channelCounts(
    _ scanner: inout TruthScanner
  ) throws(TruthSyntaxError) -> TruthTotals.Channel {
    var out = TruthTotals.Channel(name: "", generated: 0, fiducial: 0, written: 0)
    try scanner.object(Self.channel) { (scanner, key) throws(TruthSyntaxError) in
      switch key {
      case 0: out.name = shared(try scanner.string(limit: 256))
      case 1: out.generated = try scanner.integer(UInt64.self)
      case 2: out.fiducial = try scanner.integer(UInt64.self)
      default: out.written = try scanner.integer(UInt64.self)
      }
    }
    guard out.fiducial <= out.generated, out.written <= out.generated else {
      throw scanner.problem("'\(out.name)' has more fiducial or written decays than generated ones")
    }
    return out
  }

  /// The name as it was first met; up to a number of names, which hostile files cannot go beyond.
  private mutating func shared(_ name: String) -> String {
    if names.count < 1024 { return names.insert(name).memberAfterInsert }
    return name
  }
}
