import Configuration
import Foundation
import L0Trigger
import NA62Formats
import Simulation
import Testing

@testable import TriggerPipeline

/// Hand-made truth in a file, with answers that can be counted by hand.
@Suite struct TruthJoinTests {
  static let header = TruthHeader(
    version: "1", configurations: [.init(kind: "menu", name: "m", sha256: "ab")], seed: 1, intensity: 1,
    spill: 1e9, window: 0...1e9, lookahead: 1000)
  static let period = header.clockPeriod

  /// A kaon that decays at z, at the time of a timestamp.
  static func kaon(
    _ number: UInt64, at timestamp: Double, channel: String = "K+ -> mu+ nu", z: Double = 150_000
  )
    -> SimulatedEvent
  {
    SimulatedEvent(
      number: number, time: timestamp * period, channel: channel,
      particles: [
        SimulatedParticle(
          species: .kaonPlus, parent: -1, momentum: FourMomentum(mass: 0.49, momentum: Vector3(0, 0, 75)),
          origin: Vector3(0, 0, 102_400), time: 0, decayZ: z)
      ])
  }

  static func counts(downstream: UInt32) -> TruthHitCounts {
    var counts = TruthHitCounts()
    counts[.ktag] = 18
    counts[.chod] = downstream
    return counts
  }

  static func record(_ timestamp: UInt32, flags: UInt16, type: L0DataType = .physics) -> L0TriggerRecord {
    L0TriggerRecord(timestamp: timestamp, fineTime: 0, dataType: type, word: 1, flags: flags)
  }

  /// Straw hits of a particle in a number of views of each chamber.
  static func straws(_ decay: UInt64, particle: Int32, views: Int) -> [TruthHit] {
    (0..<4).flatMap { chamber in
      (0..<views).map { view in
        TruthHit(
          detector: .straw, channel: Int32(2048 * chamber + 512 * view), decay: decay, particle: particle)
      }
    }
  }

  /// Decays at timestamps 100, 200, 300, 400; one outside the fiducial range at 500; passing beam at 600. Triggers:
  /// event 1 at 100 (lines 0 and 1), 2 at 200 (line 1, two tracks), 3 at 250 (line 0, nothing there), 4 at 300
  /// (control), 5 at 500 (line 0), 6 at 600 (line 0).
  static func truth(burst: UInt32 = 1) -> TruthRecorder {
    var recorder = TruthRecorder(header: header)
    add(burst, to: &recorder)
    return recorder
  }

  static func add(_ burst: UInt32, to recorder: inout TruthRecorder) {
    let events = [
      kaon(1, at: 100), kaon(2, at: 200, channel: "K+ -> pi+ pi+ pi-"), kaon(3, at: 300), kaon(4, at: 400),
      kaon(5, at: 500, z: 200_000), kaon(6, at: 600, channel: "beam K+", z: .infinity),
    ]
    recorder.add(
      events: events, hitCounts: (0..<6).map { counts(downstream: $0 == 5 ? 0 : 10) }, burst: burst)
    let hits: [[TruthHit]] = [
      straws(1, particle: 1, views: 3) + straws(1, particle: 2, views: 2),
      straws(2, particle: 1, views: 4) + straws(2, particle: 2, views: 3), [], [],
      [], [TruthHit(detector: .ktag, channel: 0, decay: 6, particle: 0)],
    ]
    let triggers = [
      record(100, flags: 3), record(200, flags: 2), record(250, flags: 1),
      record(300, flags: 0, type: .control), record(500, flags: 1), record(600, flags: 1),
    ]
    for (i, trigger) in triggers.enumerated() {
      recorder.add(trigger: trigger, event: UInt32(i + 1), hits: hits[i], burst: burst)
    }
    recorder.endBurst()
  }

  static func withFile<Value>(_ bytes: [UInt8], _ body: (String) throws -> Value) throws -> Value {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(
      "truth-\(UUID().uuidString).jsonl"
    ).path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }

  static let judged: [TruthJudgement] = [
    .init(
      burst: 1, event: 1, timestamp: 100, fineTime: 0, masks: 2, isKept: true, ktag: true, strawTracks: 1),
    .init(
      burst: 1, event: 2, timestamp: 200, fineTime: 0, masks: 0, isKept: false, ktag: false, strawTracks: 2,
      isMultiTrack: true),
    .init(
      burst: 1, event: 3, timestamp: 250, fineTime: 0, masks: 1, isKept: true, ktag: true, strawTracks: 0),
    .init(burst: 1, event: 4, timestamp: 300, fineTime: 0, isKept: true),
    .init(
      burst: 1, event: 5, timestamp: 500, fineTime: 0, masks: 1, isKept: true, ktag: true, strawTracks: 0),
    .init(
      burst: 1, event: 6, timestamp: 600, fineTime: 0, masks: 1, isKept: true, ktag: true, strawTracks: 0),
  ]

  static func joined(
    _ bytes: [UInt8], _ events: [TruthJudgement], pendingLimit: Int = 1000
  ) throws -> TruthTable {
    try withFile(bytes) { path in
      let join = TruthEventJoin(
        reader: try TruthReader(path: path), window: 10, selections: nil, pendingLimit: pendingLimit)
      for event in events { try join.judge(event) }
      return try join.finish()
    }
  }

  static func bytes() -> [UInt8] {
    var recorder = truth()
    return recorder.take()
  }

  @Test func countsAreThoseMadeByHand() throws {
    let table = try Self.joined(Self.bytes(), Self.judged)
    #expect(table.triggers == 6 && table.withoutTruth == 0 && table.unjudged == 0 && table.bursts == 1)
    #expect(table.lineTriggers == [4, 2] + Array(repeating: 0, count: 14))
    // Event 3 has nothing in time, event 6 only a kaon that passes.
    #expect(table.accidentals == [2] + Array(repeating: 0, count: 15))
    let muon = table["K+ -> mu+ nu"]
    #expect(muon.generated == 4 && muon.fiducial == 3 && muon.written == 4)
    #expect(muon.triggered == 1 && muon.kept == 1)
    #expect(muon.lines[0] == 1 && muon.lines[1] == 1)
    // L1 accepted mask 1 of the two that fired; event 5 is outside the fiducial range.
    #expect(muon.masks[0] == 0 && muon.masks[1] == 1)
    #expect(muon.dominant[0] == 2 && muon.dominant[1] == 1)
    #expect(muon.ktag == .init(passed: 2, tried: 2))
    // Only one of the two particles has three views in each chamber.
    #expect(muon.straw[0].tracks == .init(passed: 1, tried: 1))
    let pions = table["K+ -> pi+ pi+ pi-"]
    #expect(pions.lines[1] == 1 && pions.masks[1] == 0 && pions.kept == 0)
    #expect(pions.ktag == .init(passed: 0, tried: 1))
    #expect(pions.straw[1].tracks == .init(passed: 1, tried: 1))
    #expect(pions.straw[1].multiTrack == .init(passed: 1, tried: 1))
    #expect(table["beam K+"].generated == 1 && table["beam K+"].triggered == 0)
  }

  @Test func theOrderOfEventsChangesNothing() throws {
    let whole = try Self.joined(Self.bytes(), Self.judged)
    #expect(try Self.joined(Self.bytes(), Self.judged.reversed()) == whole)
    var mixed = Self.judged
    mixed.swapAt(0, 3)
    mixed.swapAt(1, 5)
    #expect(try Self.joined(Self.bytes(), mixed) == whole)
  }

  @Test func partsOfARunAddUpToTheWhole() throws {
    var recorder = TruthRecorder(header: Self.header)
    for burst in 1...3 as ClosedRange<UInt32> { Self.add(burst, to: &recorder) }
    let events = (1...3 as ClosedRange<UInt32>).flatMap { burst in
      Self.judged.map { event in
        var event = event
        event.burst = burst
        return event
      }
    }
    let whole = try Self.joined(recorder.take(), events)
    var sum = TruthTable()
    for burst in [2, 3, 1] as [UInt32] {
      var part = Self.truth(burst: burst)
      sum += try Self.joined(part.take(), events.filter { $0.burst == burst })
    }
    #expect(sum == whole)
    #expect(whole.bursts == 3 && whole.triggers == 18)
  }

  @Test func triggersThatNeverCameAreCountedAndAddNoEfficiency() throws {
    let table = try Self.joined(Self.bytes(), [Self.judged[1]])
    #expect(table.triggers == 1 && table.unjudged == 5)
    #expect(table["K+ -> mu+ nu"].triggered == 0 && table["K+ -> pi+ pi+ pi-"].triggered == 1)
  }

  @Test func whatWaitsIsBounded() throws {
    // Event 6 first: with room for two, events 1 to 4 are given up.
    let table = try Self.joined(Self.bytes(), [Self.judged[5]] + Self.judged[..<5], pendingLimit: 2)
    #expect(table.triggers == 2 && table.unjudged == 4 && table.withoutTruth == 4)
  }

  @Test func theTruthOfAnotherStreamIsRefused() throws {
    var wrong = Self.judged
    wrong[1].timestamp = 201
    #expect {
      try Self.joined(Self.bytes(), wrong)
    } throws: { error in
      "\(error)".contains(
        ":5: timestamp: event 2 of burst 1 is at 200 + 0/256 clock periods, in the stream at 201")
        && !"\(error)".contains("\n")
    }
    #expect {
      try Self.joined(Self.bytes(), [TruthJudgement(burst: 7, event: 1, timestamp: 100)])
    } throws: { error in
      "\(error)".contains("none of the 1 events of the stream is in it")
    }
  }

  @Test func theStartOfABurstIsNotMissed() throws {
    var events = Self.judged
    events.insert(TruthJudgement(burst: 1, event: 0, timestamp: 0, isSpecial: true), at: 0)
    #expect(try Self.joined(Self.bytes(), events) == Self.joined(Self.bytes(), Self.judged))
  }

  @Test func aTruthThatIsNotInOrderIsRefused() throws {
    let lines = Self.bytes().split(separator: 0x0A).map { Array($0) + [0x0A] }
    for (a, b) in [(1, 2), (lines.count - 2, lines.count - 1)] {
      var mixed = lines
      mixed.swapAt(a, b)
      #expect(throws: ConfigurationError.self) { try Self.joined(Array(mixed.joined()), Self.judged) }
    }
  }

  @Test func decaysThatAreMissingMakeAccidentals() throws {
    let lines = Self.bytes().split(separator: 0x0A).map { Array($0) + [0x0A] }
    let without = lines.filter { !String(decoding: $0, as: UTF8.self).contains("\"event_type\":\"decay\"") }
    let table = try Self.joined(Array(without.joined()), Self.judged)
    #expect(table.accidentals == table.lineTriggers)
    #expect(table["K+ -> mu+ nu"].fiducial == 3 && table["K+ -> mu+ nu"].triggered == 0)
  }

  // MARK: L0

  static func emulated(_ bytes: [UInt8], _ triggers: [(UInt32, Double, UInt16?)]) throws -> TruthTable {
    try withFile(bytes) { path in
      let join = TruthL0Join(reader: try TruthReader(path: path), window: 10)
      for (burst, time, lines) in triggers { try join.add(burst: burst, time: time * period, lines: lines) }
      return try join.finish()
    }
  }

  @Test func emulatedTriggersAreJoinedByTime() throws {
    let table = try Self.emulated(
      Self.bytes(),
      [(1, 100, 3), (1, 200.39, 2), (1, 200.41, 1), (1, 250, 1), (1, 300, nil), (1, 500, 1), (1, 600, 1)])
    #expect(table.triggers == 7 && table.withoutTruth == 0)
    // 0.39 periods are less than 10 ns, 0.41 are more.
    #expect(table["K+ -> pi+ pi+ pi-"].lines[..<2] == [0, 1])
    #expect(table["K+ -> mu+ nu"].lines[..<2] == [1, 1])
    #expect(table.accidentals[0] == 3 && table.lineTriggers[0] == 5)
    #expect(table["K+ -> mu+ nu"].dominant[0] == 2)
  }

  @Test func emulatedTriggersAtTheEndOfABurstFindItsDecays() throws {
    var recorder = TruthRecorder(header: Self.header)
    for burst in [1, 2] as [UInt32] { Self.add(burst, to: &recorder) }
    let bytes = recorder.take()
    let table = try Self.emulated(bytes, [(1, 400, 1), (1, 500, 1), (2, 100, 1), (3, 100, 1)])
    #expect(table["K+ -> mu+ nu"].lines[0] == 2 && table["K+ -> mu+ nu"].dominant[0] == 3)
    #expect(table.withoutTruth == 1 && table.bursts == 2)
  }

  // MARK: The report

  @Test func theReportHasExactIntervals() throws {
    let table = try Self.joined(Self.bytes(), Self.judged)
    let report = TruthReport(
      header: Self.header, path: "t", window: 10, events: table, emulated: nil, menuFileHash: "ab", l0: nil,
      l1: nil, selections: nil)
    #expect(report.notes.isEmpty)
    // 1 of 3 at 68.27 %: 0.055249 to 0.756 (Clopper-Pearson; roots of the binomial tails).
    let line = try #require(report.csv().split(separator: "\n").first { $0.hasPrefix("l0,recorded,0,") })
    let fields = line.split(separator: ",", omittingEmptySubsequences: false)
    #expect(fields[5...7] == ["K+ -> mu+ nu", "1", "3"])
    let (low, high) = (try #require(Double(fields[9])), try #require(Double(fields[10])))
    let tail = (1 - 0.682689492137085897) / 2
    #expect(abs(1 - (1 - low) * (1 - low) * (1 - low) - tail) < 1e-12)
    #expect(abs((1 - high) * (1 - high) * (1 + 2 * high) - tail) < 1e-12)
    for line in report.text().split(separator: "\n") { #expect(line.count <= 120) }
    let json = try JSONSerialization.jsonObject(with: Data(report.summary().json().utf8))
    let efficiencies = (json as? [String: Any])?["efficiencies"] as? [[String: Any]]
    #expect(efficiencies?.count == report.rows.count)
    let other = TruthReport(
      header: Self.header, path: "t", window: 10, events: table, emulated: nil, menuFileHash: "cd", l0: nil,
      l1: nil, selections: nil)
    #expect(other.notes.count == 1)
  }
}
