import Testing

@testable import Simulation

@Suite struct TruthRecorderTests {
  static let header = TruthHeader(
    version: "1", configurations: [], seed: 1, intensity: 1, spill: 1e9, window: 0...1e9, lookahead: 1000)

  static func records(_ bytes: [UInt8]) throws -> [TruthRecord] {
    try bytes.split(separator: 0x0A).map { try TruthFixture.decoded($0) }
  }

  static func numbers(_ records: [TruthRecord]) -> [String] {
    records.map { record in
      switch record {
      case .header: "header"
      case .decay(let decay): "decay \(decay.number)"
      case .trigger(let trigger): "trigger \(trigger.event)"
      case .totals: "totals"
      }
    }
  }

  static func hit(_ decay: UInt64, _ detector: SimulatedDetector = .chod, channel: Int32 = 0) -> TruthHit {
    TruthHit(detector: detector, channel: channel, decay: decay, particle: 0)
  }

  /// Decays and passing beam every 500 ns, a trigger at timestamp 100 (2495 ns) that has hits of two of them.
  static func recorder(_ contents: TruthContents) -> TruthRecorder {
    var header = header
    header.contents = contents
    var recorder = TruthRecorder(header: header)
    let events = (0..<10).map { (number: Int) -> SimulatedEvent in
      let isDecay = number % 2 == 0
      let z: Double = isDecay ? (number % 4 == 0 ? 150_000 : 200_000) : .infinity
      return TruthFixture.event(
        UInt64(number), time: Double(number) * 500, channel: isDecay ? "K+ -> mu+ nu" : "beam K+", decayZ: z)
    }
    recorder.add(events: events, hitCounts: [], burst: 1)
    recorder.add(
      trigger: TruthFixture.record(timestamp: 100), event: 1, hits: [hit(5), hit(4), hit(5, .ktag)], burst: 1)
    return recorder
  }

  @Test func triggersStandBehindTheDecaysThatTheyMayHaveHitsOf() throws {
    var recorder = Self.recorder(.all)
    recorder.endBurst()
    let records = try Self.records(recorder.take())
    // 2495 ns and 1000 ns ahead: behind the decay at 3000 ns.
    #expect(
      Self.numbers(records) == ["header"] + (0...6).map { "decay \($0)" } + ["trigger 1"]
        + (7...9).map { "decay \($0)" } + ["totals"])
    #expect(recorder.pendingCount == 0)
  }

  @Test func passingBeamIsWrittenIfATriggerHasHitsOfIt() throws {
    var recorder = Self.recorder(.decays)
    recorder.endBurst()
    #expect(
      Self.numbers(try Self.records(recorder.take())) == [
        "header", "decay 0", "decay 2", "decay 4", "decay 5", "decay 6", "trigger 1", "decay 8", "totals",
      ])
  }

  @Test func onlyTriggeredDecaysAreWrittenIfThatIsAsked() throws {
    var recorder = Self.recorder(.triggered)
    recorder.endBurst()
    let records = try Self.records(recorder.take())
    #expect(Self.numbers(records) == ["header", "decay 4", "decay 5", "trigger 1", "totals"])
    guard case .totals(let totals) = records[4] else { throw TruthSyntaxError(key: "", problem: "") }
    #expect(
      totals
        == TruthTotals(
          burst: 1, triggers: 1,
          channels: [
            .init(name: "K+ -> mu+ nu", generated: 5, fiducial: 3, written: 1),
            .init(name: "beam K+", generated: 5, fiducial: 0, written: 1),
          ]))
  }

  @Test func hitsAreGroupedByDecayInTheirOrderWithNoiseLast() throws {
    let noise = TruthHit(detector: .lav, channel: 3, decay: 4, particle: -1)
    let trigger = TruthTrigger(
      TruthFixture.record(timestamp: 1), event: 1, l1: nil,
      hits: [
        noise, Self.hit(9, .straw), Self.hit(4, .straw, channel: 7), Self.hit(4, .straw), Self.hit(4, .ktag),
      ],
      burst: 1)
    #expect(
      trigger.decays == [
        .init(
          decay: 4,
          hits: [
            .init(detector: .ktag, channel: 0, particle: 0), .init(detector: .straw, channel: 0, particle: 0),
            .init(detector: .straw, channel: 7, particle: 0),
          ]), .init(decay: 9, hits: [.init(detector: .straw, channel: 0, particle: 0)]),
        .init(decay: nil, hits: [.init(detector: .lav, channel: 3, particle: -1)]),
      ])
  }

  @Test func whatIsHeldIsBoundedByTheHorizon() {
    var recorder = TruthRecorder(header: Self.header)
    var largest = 0
    var bytes = 0
    for slice in 0..<200 {
      let start = Double(slice) * 10_000
      recorder.add(
        events: (0..<100).map {
          TruthFixture.event(
            UInt64(slice * 100 + $0), time: start + 100 * Double($0), channel: "K+ -> mu+ nu")
        }, hitCounts: [], burst: 1)
      recorder.advance(horizon: start)
      largest = max(largest, recorder.pendingCount)
      bytes += recorder.take().count
    }
    #expect(largest <= 111)
    recorder.endBurst()
    bytes += recorder.take().count
    #expect(bytes > 20_000 * 150)
  }

  @Test func howItIsToldChangesNoByte() {
    func bytes(step: Int) -> [UInt8] {
      var recorder = TruthRecorder(header: Self.header)
      var out: [UInt8] = []
      var told = 0
      while told < 600 {
        let end = min(600, told + step)
        recorder.add(
          events: (told..<end).map {
            TruthFixture.event(
              UInt64($0), time: Double($0) * 100, channel: $0 % 3 == 0 ? "beam K+" : "K+ -> mu+ nu")
          }, hitCounts: [], burst: 1)
        for number in told..<end where number % 20 == 10 {
          recorder.add(
            trigger: TruthFixture.record(timestamp: UInt32(Double(number) * 100 / 24.95)),
            event: UInt32(number),
            hits: [Self.hit(UInt64(number - number % 3))], burst: 1)
        }
        told = end
        recorder.advance(horizon: Double(told - 1) * 100 - 30)
        out += recorder.take()
      }
      recorder.endBurst()
      return out + recorder.take()
    }
    let whole = bytes(step: 600)
    #expect(whole.count > 50_000)
    for step in [1, 7, 50] { #expect(bytes(step: step) == whole) }
  }

  @Test func anotherBurstEndsTheOneBefore() throws {
    var recorder = TruthRecorder(header: Self.header)
    for burst in [1, 2] as [UInt32] {
      recorder.add(
        events: [TruthFixture.event(0, time: 1, channel: "K+ -> mu+ nu")], hitCounts: [], burst: burst)
    }
    recorder.endBurst()
    recorder.endBurst()
    #expect(
      Self.numbers(try Self.records(recorder.take())) == ["header", "decay 0", "totals", "decay 0", "totals"])
  }

  @Test func hitsOfDecaysThatWereNotToldInTimeAreCounted() throws {
    var recorder = TruthRecorder(header: Self.header)
    recorder.add(
      trigger: TruthFixture.record(timestamp: 1), event: 0, hits: [Self.hit(1), Self.hit(1, .straw)], burst: 1
    )
    recorder.endBurst()
    guard case .totals(let totals)? = try Self.records(recorder.take()).last else {
      throw TruthSyntaxError(key: "", problem: "no totals")
    }
    #expect(totals.strayDecays == 2)
  }
}
