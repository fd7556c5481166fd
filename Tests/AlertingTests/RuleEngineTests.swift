import Alerting
import Foundation
import NA62Formats
import SpillwayTestSupport
import Testing

@Suite struct RuleEngineTests {
  private typealias S = AlertSamples

  private func run(_ engine: inout RuleEngine, _ inputs: [AlertInput]) -> [AlertMessage] {
    inputs.flatMap { engine.add($0, wallTime: S.at(1_000)) }
  }

  @Test func aCandidateBecomesAMessageWithEveryKeyInAFixedOrder() throws {
    var engine = try S.engine(
      "- {name: kaons, on: candidate, selections: [k3pi], labels: {team: rare}, "
        + "false_alarms: {expected: 0.5, per: run}}")
    let messages = run(&engine, [.candidate(S.record(42), regions: ["control"])])
    let message = try #require(messages.first)
    var record = S.record(42)
    record.wallTime = S.at(1_000)
    #expect(
      AlertMessageEncoder.line(message)
        == #"{"schema":"spillway.message/1","key":"test/kaons/candidate/8000-17-42-k3pi","kind":"candidate","#
        + #""state":null,"severity":"warning","rule":"kaons","#
        + #""text":"candidate of k3pi: run 8000 burst 17 event 42, in control; observed 1, background 0.5, "#
        + #"always-valid p 0.5","test":true,"#
        + #""labels":{"team":"rare","selection":"k3pi","run":"8000","burst":"17","event":"42"},"#
        + #""candidate":\#(AlertEncoder.line(record)),"regions":["control"],"crossing":null,"#
        + #""observed":null,"expected":null,"false_alarms":{"expected":0.5,"per":"run"},"refers_to":null,"#
        + #""summarised":null,"t_data":"1970-01-01T00:01:40.000000000Z","#
        + #""t_wall":"1970-01-01T00:16:40.000000000Z","configuration":"abc","input":"a.pcap"}"#)
    #expect(
      try JSONSerialization.jsonObject(with: Data(AlertMessageEncoder.line(message).utf8)) is [String: Any])
    #expect(message.title.hasPrefix("TEST: "))
  }

  @Test func selectionsAndRegionsChoose() throws {
    var engine = try S.engine("- {name: a, on: candidate, selections: ['k*'], regions: [control]}")
    #expect(run(&engine, [.candidate(S.record(1), regions: [])]).isEmpty)
    #expect(run(&engine, [.candidate(S.record(2), regions: ["other"])]).isEmpty)
    #expect(run(&engine, [.candidate(S.record(3, selection: "aprime"), regions: ["control"])]).isEmpty)
    #expect(run(&engine, [.candidate(S.record(4), regions: ["other", "control"])]).count == 1)
  }

  @Test func keysDependOnTheDataAlone() throws {
    let rule = "- {name: a, on: candidate, selections: ['*']}"
    var (first, second) = (try S.engine(rule), try S.engine(rule))
    let a = first.add(.candidate(S.record(1), regions: []), wallTime: S.at(5))
    let b = second.add(.candidate(S.record(1), regions: []), wallTime: S.at(6))
    #expect(a.map(\.key) == b.map(\.key))
    #expect(a.map(\.wallTime) != b.map(\.wallTime))
  }

  @Test(arguments: [
    ("auto", true, true), ("auto", false, false), ("on", false, true), ("off", true, false),
  ])
  func messagesOfARecordingAreTestsUnlessTheRulesSayOtherwise(
    _ mode: String, _ isRecording: Bool, _ expected: Bool
  ) throws {
    var engine = try S.engine(
      "- {name: a, on: candidate, selections: ['*']}", isRecording: isRecording, head: "test_mode: \(mode)")
    let messages = run(&engine, [.candidate(S.record(1), regions: [])])
    #expect(messages.map(\.isTest) == [expected])
    #expect(messages.map { $0.key.hasPrefix("test/") } == [expected])
  }

  @Test func aSinkThatSkipsTestsGetsNone() throws {
    let rules = try S.rules(
      "- {name: a, on: candidate, selections: ['*']}",
      sinks: "[{name: log, type: terminal}, {name: mail, type: terminal, in_test: skip}]")
    for (isRecording, expected) in [(true, ["log"]), (false, ["log", "mail"])] {
      var context = S.configuration
      context.isRecording = isRecording
      var engine = RuleEngine(rules: rules, context: context)
      #expect(run(&engine, [.candidate(S.record(1), regions: [])]).map(\.sinks) == [expected])
    }
  }

  // MARK: Repetition and throttling

  @Test func theSameEventIsToldOnce() throws {
    var engine = try S.engine("- {name: a, on: candidate, selections: ['*']}")
    let inputs: [AlertInput] = ["k3pi", "kpi4e", "k3pi"].map {
      .candidate(S.record(1, selection: $0), regions: [])
    }
    #expect(run(&engine, inputs).count == 2)
    #expect(engine.books(rule: "a").repeated == 1)
    var byEvent = try S.engine("- {name: a, on: candidate, selections: ['*'], deduplicate: event}")
    #expect(run(&byEvent, inputs).map(\.key) == ["test/a/candidate/8000-17-1"])
    #expect(byEvent.books(rule: "a").closes)
  }

  @Test func whatTheThrottleHoldsBackIsSummedUpAndNothingIsLost() throws {
    var engine = try S.engine(
      "- {name: a, on: candidate, selections: ['*'], throttle: {messages: 2, interval: 10 s}}")
    // Events at 100.0, 100.5 … 119.5: windows of ten seconds from 100.
    var messages = run(
      &engine, (0..<40).map { .candidate(S.record($0, at: 100 + Double($0) / 2), regions: []) })
    messages += engine.finish(wallTime: S.at(0))
    #expect(messages.map(\.summarised) == [nil, nil, 18, nil, nil, 18])
    #expect(messages[2].dataTime == S.at(110))
    #expect(messages[2].text.hasPrefix("18 more of rule 'a' since 1970-01-01T00:01:40"))
    let books = engine.books(rule: "a")
    #expect(
      books.closes && books.found == 40 && books.sent == 4 && books.held == 36 && books.summarised == 36)
    #expect(Set(messages.map(\.key)).count == messages.count)
  }

  // MARK: Conditions

  @Test func aDriftIsToldWhenItBeginsAndWhenItEnds() throws {
    var engine = try S.engine("- {name: rates, on: drift, levels: [L0], kinds: [dead, 'step-*']}")
    let messages = run(
      &engine,
      [
        S.drift("MUV3", isFiring: false, at: 1), S.drift("MUV3", isFiring: true, at: 2, since: 1.5),
        S.drift("MUV3", isFiring: true, at: 3), S.drift("CHOD", isFiring: true, at: 3, level: "L1"),
        S.drift("CHOD", isFiring: true, at: 3, kind: "hot"), S.drift("MUV3", isFiring: false, at: 4),
        S.drift("MUV3", isFiring: true, at: 5),
      ])
    #expect(messages.map(\.isFiring) == [true, false, true])
    #expect(
      messages.map(\.key) == [
        "test/rates/drift/MUV3/1500000000/firing", "test/rates/drift/MUV3/1500000000/resolved",
        "test/rates/drift/MUV3/5000000000/firing",
      ])
    #expect(Set(messages.map(\.series)) == ["test/rates/drift/MUV3"])
    #expect(messages[0].observed == 3 && messages[0].expected == 100)
    #expect(messages[0].falseAlarm == .init(0.01, per: .hour))
    #expect(engine.books(rule: "rates").repeated == 1)
  }

  @Test func theEndOfWhatWasToldIsNeverThrottledAndThatOfWhatWasHeldIs() throws {
    var engine = try S.engine("- {name: r, on: drift, throttle: {messages: 1, interval: 60 s}}")
    var messages = run(
      &engine,
      [
        S.drift("A", isFiring: true, at: 1), S.drift("B", isFiring: true, at: 2),
        S.drift("B", isFiring: false, at: 3), S.drift("A", isFiring: false, at: 4),
      ])
    messages += engine.finish(wallTime: S.at(0))
    #expect(messages.map(\.isFiring) == [true, false, nil])
    #expect(messages.map(\.summarised) == [nil, nil, 2])
    #expect(engine.books(rule: "r").closes)
  }

  @Test func lossesAboveTheShareAndOpenBooksFireAndClear() throws {
    var engine = try S.engine("- {name: q, on: quality, share: 0.01, minimum: 100, reasons: ['drop*']}")
    func counts(_ time: Double, _ received: UInt64, _ lost: UInt64, closes: Bool = true) -> AlertInput {
      .quality(
        QualityCounts(
          items: "datagrams", received: received, losses: [.init("truncated", 50), .init("dropped", lost)],
          booksClose: closes, dataTime: S.at(time)))
    }
    let messages = run(
      &engine,
      [
        counts(1, 1000, 10), counts(2, 1000, 11), counts(3, 50, 0), counts(4, 1000, 0, closes: false),
        counts(5, 0, 0),
      ])
    #expect(messages.map(\.isFiring) == [true, true, false, false])
    #expect(messages[0].text == "datagrams: 11 of 1000 lost (1.1 %, limit 1 %), most of them dropped")
    #expect(messages.map { $0.dataTime.nanoseconds / 1_000_000_000 } == [2, 4, 4, 5])
    #expect(messages[1].text.contains("do not close"))
  }

  // MARK: Significance

  @Test func eachThresholdIsToldOnceAndTheStrongestOfSeveral() throws {
    var engine = try S.engine(
      "- {name: x, on: significance, selections: ['*'], thresholds: [0.1, 0.01, 0.001]}")
    let values = [0.5, 0.1, 0.05, nil, 0.0005, 0.0001]
    let messages = run(
      &engine,
      values.enumerated().map { .candidate(S.record(UInt32($0), observed: 7, anytime: $1), regions: []) })
    #expect(messages.map(\.crossing?.threshold) == [0.1, 0.001])
    #expect(messages.map(\.falseAlarm) == [.init(0.1, per: .run), .init(0.001, per: .run)])
    #expect(
      messages[0].text
        == "k3pi: anytime_p_value has come down to 0.1 (threshold 0.1); observed 7, background 0.5, "
        + "at run 8000 burst 17 event 1")
  }

  @Test func aSignificanceGoesTheOtherWayAndPromisesItsTail() throws {
    var engine = try S.engine(
      "- {name: x, on: significance, selections: ['*'], statistic: anytime_z, thresholds: [0.5, 3]}")
    let messages = run(&engine, [.candidate(S.record(1), regions: [])])
    #expect(messages.map(\.crossing?.threshold) == [0.5])
    #expect(abs(try #require(messages.first?.falseAlarm?.rate) - 0.308_537_538_7) < 1e-9)
  }

  // MARK: Retraction and correction

  @Test func aCandidateIsRetractedOnceAndOnlyWhereItWasTold() throws {
    var engine = try S.engine(
      """
      - {name: a, on: candidate, selections: [k3pi], throttle: {messages: 1, interval: 1 h}}
      - {name: x, on: significance, selections: [k3pi], thresholds: [0.1]}
      """)
    func retraction(_ event: UInt32) -> AlertInput {
      .retraction(
        AlertCorrection(
          selection: "k3pi", run: 8_000, burst: 17, event: event, reason: "the event came twice",
          dataTime: S.at(200)))
    }
    let first = run(&engine, [.candidate(S.record(1, anytime: 0.05), regions: [])])
    #expect(first.map(\.kind) == [.candidate, .significance])
    #expect(run(&engine, [retraction(2)]).isEmpty)
    let messages = run(&engine, [retraction(1)])
    #expect(messages.map(\.kind) == [.retraction, .retraction])
    #expect(messages.map(\.refersTo) == first.map(\.key))
    #expect(messages[0].text == "retracted: k3pi, run 8000 burst 17 event 1: the event came twice")
    #expect(run(&engine, [retraction(1)]).isEmpty)
    // Without that event the threshold is to be crossed anew.
    #expect(
      run(&engine, [.candidate(S.record(9, at: 300, anytime: 0.05), regions: [])]).map(\.kind) == [
        .significance
      ])
  }

  @Test func aCorrectionRefersToTheFirstMessageAndLeavingTheRuleIsARetraction() throws {
    var engine = try S.engine("- {name: a, on: candidate, selections: [k3pi], regions: [control]}")
    let correction = AlertCorrection(
      selection: "k3pi", run: 8_000, burst: 17, event: 1, reason: "L1 data came late", dataTime: S.at(101))
    let first = run(&engine, [.candidate(S.record(1), regions: ["control"])])
    var changed = S.record(1)
    changed.quantities = [.init("vertex.mass", .number(490))]
    let second = run(
      &engine,
      [
        .correction(changed, regions: ["control"], correction),
        .correction(changed, regions: ["control"], correction),
      ])
    #expect(second.map(\.kind) == [.correction])
    #expect(second.map(\.refersTo) == first.map(\.key))
    #expect(second[0].text.hasPrefix("corrected (L1 data came late): candidate of k3pi"))
    #expect(second[0].key != first[0].key)
    let third = run(&engine, [.correction(changed, regions: ["elsewhere"], correction)])
    #expect(third.map(\.kind) == [.retraction])
    // What was not told before is a candidate now.
    var late = correction
    late.event = 2
    #expect(
      run(&engine, [.correction(S.record(2), regions: ["control"], late)]).map(\.kind) == [.candidate])
  }

  // MARK: Time

  @Test func heartbeatsOfARecordingAreOnTheGridOfDataTimeAndNotInLongPauses() throws {
    var engine = try S.engine("- {name: alive, on: heartbeat, every: 10 s}")
    func burst(_ from: Double, _ to: Double) -> AlertInput { .burst(from: S.at(from), to: S.at(to)) }
    let messages = run(&engine, [burst(3, 8), burst(23, 31), burst(5_003, 5_012), burst(5_003, 5_012)])
    #expect(messages.map { $0.dataTime.nanoseconds / 1_000_000_000 } == [10, 20, 30, 5_010])
    #expect(messages[0].key == "test/alive/heartbeat/10000000000")
    #expect(messages.allSatisfy { $0.severity == .information })
  }

  @Test func aPauseOfARecordingIsToldWithItsEnd() throws {
    var engine = try S.engine("- {name: s, on: silence, after: 60 s}")
    let messages = run(
      &engine,
      [(0, 5), (65, 70), (131, 135)].map { .burst(from: S.at($0.0), to: S.at($0.1)) })
    #expect(messages.map(\.isFiring) == [true, false])
    #expect(messages.map { $0.dataTime.nanoseconds / 1_000_000_000 } == [130, 131])
    #expect(
      messages.map(\.text) == [
        "no data for 60 s since 1970-01-01T00:01:10.000000000Z", "data again after 61 s",
      ])
  }

  @Test func liveTheWallClockTellsSilenceAndHeartbeats() throws {
    var engine = try S.engine(
      "- {name: s, on: silence, after: 60 s}\n- {name: h, on: heartbeat, every: 40 s}", isRecording: false)
    let messages = run(
      &engine,
      [
        .wallClock(now: S.at(1_000)), .arrived(S.at(500), now: S.at(1_010)), .wallClock(now: S.at(1_069)),
        .wallClock(now: S.at(1_070)), .wallClock(now: S.at(1_075)), .wallClock(now: S.at(1_085)),
        .arrived(S.at(580), now: S.at(1_090)), .wallClock(now: S.at(1_100)),
      ])
    #expect(messages.map(\.kind) == [.heartbeat, .silence, .heartbeat, .silence])
    #expect(messages.map(\.isFiring) == [nil, true, nil, false])
    #expect(messages.map { $0.dataTime.nanoseconds / 1_000_000_000 } == [1_040, 560, 1_080, 580])
    #expect(messages[1].key == "s/silence/data/500000000000/firing")
  }

  @Test func liveASummaryDoesNotWaitForDataThatNeverCome() throws {
    var engine = try S.engine(
      "- {name: a, on: candidate, selections: ['*'], throttle: {messages: 1, interval: 10 s}}",
      isRecording: false)
    let inputs: [AlertInput] = [
      .arrived(S.at(100), now: S.at(1_000)), .candidate(S.record(1), regions: []),
      .candidate(S.record(2), regions: []), .wallClock(now: S.at(1_009)), .wallClock(now: S.at(1_010)),
    ]
    #expect(run(&engine, inputs).map(\.summarised) == [nil, 1])
  }

  @Test func timesOutOfAllReasonCostNoMoreThanAMessage() throws {
    var engine = try S.engine(
      """
      - {name: s, on: silence, after: 60 s}
      - {name: h, on: heartbeat, every: 1 s}
      - {name: a, on: candidate, selections: ['*'], throttle: {messages: 1, interval: 10 s}}
      """)
    var count = 0
    for (from, to) in [(Int64.min, Int64.max), (.max, .min), (0, .max), (.min, .min), (.max, .max), (-1, 1)] {
      count +=
        run(
          &engine, [.burst(from: DataTime(nanoseconds: from), to: DataTime(nanoseconds: to))]
        ).count
      var record = S.record(UInt32(count))
      record.dataTime = DataTime(nanoseconds: from)
      count += run(&engine, [.candidate(record, regions: [])]).count
    }
    #expect(count < 40)
    var live = try S.engine(
      "- {name: s, on: silence, after: 60 s}\n- {name: h, on: heartbeat, every: 1 s}", isRecording: false)
    for now in [Int64.min, .max, 0, .max] {
      _ = run(
        &live,
        [
          .wallClock(now: DataTime(nanoseconds: now)),
          .arrived(DataTime(nanoseconds: .min), now: DataTime(nanoseconds: now)),
        ])
    }
  }
}
