/// Writes lines of the truth, as bytes and by hand: there are millions of them.
struct TruthEncoder {
  /// What was written.
  var bytes: [UInt8] = []

  mutating func append(_ record: TruthRecord) {
    switch record {
    case .header(let header): append(header)
    case .decay(let decay): append(decay)
    case .trigger(let trigger): append(trigger)
    case .totals(let totals): append(totals)
    }
  }

  mutating func append(_ header: TruthHeader) {
    begin(.header)
    string("version", header.version)
    text(",\"configurations\":[")
    for (i, configuration) in header.configurations.enumerated() {
      text(i == 0 ? "{\"kind\":" : ",{\"kind\":")
      quoted(configuration.kind)
      string("name", configuration.name)
      string("sha256", configuration.sha256)
      byte("}")
    }
    byte("]")
    integer("seed", header.seed)
    number("intensity", header.intensity)
    number("spill", header.spill)
    pair("window", header.window)
    number("clock_period", header.clockPeriod)
    pair("fiducial", header.fiducial)
    string("contents", header.contents.rawValue)
    number("lookahead", header.lookahead)
    string("times", TruthHeader.times)
    end()
  }

  mutating func append(_ decay: TruthDecay) {
    begin(.decay)
    integer("burst", UInt64(decay.burst))
    integer("decay", decay.number)
    key("time")
    decimal(decay.time, TruthScale.time)
    string("channel", decay.channel)
    key("z")
    if let z = decay.vertexZ { decimal(z, TruthScale.place) } else { text("null") }
    text(",\"particles\":[")
    for (i, particle) in decay.particles.enumerated() {
      text(i == 0 ? "[" : ",[")
      integer(Int64(particle.pdg))
      byte(",")
      integer(Int64(particle.parent))
      append(particle.momentum, TruthScale.momentum)
      append(particle.origin, TruthScale.place)
      byte(",")
      decimal(particle.time, TruthScale.time)
      byte("]")
    }
    text("],\"hits\":{")
    var isFirst = true
    for detector in SimulatedDetector.allCases where decay.hits[detector] > 0 {
      self.name(detector, isFirst: &isFirst)
      integer(UInt64(decay.hits[detector]))
    }
    byte("}")
    end()
  }

  mutating func append(_ trigger: TruthTrigger) {
    begin(.trigger)
    integer("burst", UInt64(trigger.burst))
    integer("event", UInt64(trigger.event))
    integer("timestamp", UInt64(trigger.timestamp))
    integer("fine_time", UInt64(trigger.fineTime))
    integer("data_type", UInt64(trigger.dataType.rawValue))
    integer("word", UInt64(trigger.word))
    integer("flags", UInt64(trigger.flags))
    key("l1")
    if let l1 = trigger.l1 {
      text("[")
      integer(UInt64(l1.word))
      byte(",")
      integer(UInt64(l1.masks))
      byte("]")
    } else {
      text("null")
    }
    text(",\"decays\":[")
    for (i, group) in trigger.decays.enumerated() {
      text(i == 0 ? "{\"decay\":" : ",{\"decay\":")
      if let decay = group.decay { integer(decay) } else { text("null") }
      text(",\"hits\":{")
      append(group.hits)
      text("}}")
    }
    byte("]")
    end()
  }

  private mutating func append(_ hits: [TruthTrigger.Hit]) {
    var isFirst = true
    var last: SimulatedDetector?
    for hit in hits {
      if hit.detector != last {
        if last != nil { byte("]") }
        name(hit.detector, isFirst: &isFirst)
        byte("[")
      } else {
        byte(",")
      }
      last = hit.detector
      byte("[")
      integer(Int64(hit.channel))
      byte(",")
      integer(Int64(hit.particle))
      byte("]")
    }
    if last != nil { byte("]") }
  }

  mutating func append(_ totals: TruthTotals) {
    begin(.totals)
    integer("burst", UInt64(totals.burst))
    integer("triggers", totals.triggers)
    integer("stray_decays", totals.strayDecays)
    text(",\"channels\":[")
    for (i, channel) in totals.channels.enumerated() {
      text(i == 0 ? "{\"channel\":" : ",{\"channel\":")
      quoted(channel.name)
      integer("generated", channel.generated)
      integer("fiducial", channel.fiducial)
      integer("written", channel.written)
      byte("}")
    }
    byte("]")
    end()
  }

  // MARK: Parts

  private mutating func begin(_ kind: TruthRecord.Kind) {
    text("{\"event_type\":\"")
    text(kind.rawValue)
    text("\",\"schema\":\"")
    text(TruthRecord.schema)
    byte("\"")
  }

  private mutating func end() { text("}\n") }

  private mutating func byte(_ scalar: Unicode.Scalar) { bytes.append(UInt8(ascii: scalar)) }

  private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func key(_ key: String) {
    text(",\"")
    text(key)
    text("\":")
  }

  private mutating func name(_ detector: SimulatedDetector, isFirst: inout Bool) {
    text(isFirst ? "\"" : ",\"")
    isFirst = false
    text(detector.key)
    text("\":")
  }

  private mutating func integer(_ key: String, _ value: UInt64) {
    self.key(key)
    integer(value)
  }

  private mutating func number(_ key: String, _ value: Double) {
    self.key(key)
    number(value)
  }

  private mutating func pair(_ key: String, _ range: ClosedRange<Double>) {
    self.key(key)
    byte("[")
    number(range.lowerBound)
    byte(",")
    number(range.upperBound)
    byte("]")
  }

  private mutating func string(_ key: String, _ value: String) {
    self.key(key)
    quoted(value)
  }

  private mutating func append(_ vector: Vector3, _ scale: Double) {
    byte(",")
    decimal(vector.x, scale)
    byte(",")
    decimal(vector.y, scale)
    byte(",")
    decimal(vector.z, scale)
  }

  private mutating func integer(_ value: Int64) {
    if value < 0 { byte("-") }
    integer(value.magnitude)
  }

  private mutating func integer(_ value: UInt64) {
    guard value >= 10 else { return bytes.append(0x30 + UInt8(truncatingIfNeeded: value)) }
    var rest = value
    var digits: UInt64 = 0
    var count = 0
    // Sixteen digits fit into a word, last digit on top.
    while rest > 0 && count < 16 {
      digits = digits << 4 | rest % 10
      rest /= 10
      count += 1
    }
    if rest > 0 { integer(rest) }
    for _ in 0..<count {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: digits & 15))
      digits >>= 4
    }
  }

  /// A number in decimals, to one part in `scale`, without zeros at its end.
  private mutating func decimal(_ value: Double, _ scale: Double) {
    let units = (value * scale).rounded()
    guard abs(units) < TruthScale.largest else { return number(value) }
    let count = UInt64(abs(units))
    let whole = UInt64(scale)
    // There is no minus zero.
    if units < 0 { byte("-") }
    integer(count / whole)
    var rest = count % whole
    guard rest > 0 else { return }
    byte(".")
    var place = whole / 10
    while rest > 0 && place > 0 {
      bytes.append(0x30 + UInt8(truncatingIfNeeded: rest / place))
      rest %= place
      place /= 10
    }
  }

  /// A number in its shortest form that reads back as the same; `null` where it is not finite.
  private mutating func number(_ value: Double) { text(value.isFinite ? value.description : "null") }

  private mutating func quoted(_ value: String) {
    byte("\"")
    for scalar in value.utf8 {
      switch scalar {
      case 0x22, 0x5C:
        byte("\\")
        bytes.append(scalar)
      case 0..<0x20, 0x7F:
        text("\\u00")
        for digit in [scalar >> 4, scalar & 15] { bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
      default: bytes.append(scalar)
      }
    }
    byte("\"")
  }
}
