@testable import AlertDelivery
import Alerting
import Foundation
import SpillwayTestSupport
import Testing

@Suite struct AlertDispatcherTests {
  private typealias S = DeliverySamples

  /// A dispatcher on a new outbox, started.
  private func withDispatcher(
    _ sinks: [(String, ScriptedSink)], _ options: AlertDispatcher.Options = .init(),
    left messages: [AlertMessage] = [],
    _ body: (AlertDispatcher, Outbox) async throws -> Void
  ) async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      try await outbox.enqueue(messages)
      let dispatcher = AlertDispatcher(
        outbox: outbox, sinks: sinks.map { NamedSink(name: $0.0, type: "scripted", sink: $0.1) },
        options: options)
      try await dispatcher.start()
      try await body(dispatcher, outbox)
      _ = await dispatcher.finish(within: .zero)
    }
  }

  private func keys(_ range: Range<Int>) -> [String] { range.map { "rule/\($0)" } }

  @Test func eachSinkGetsItsMessagesInOrderAndFinishWaitsForThem() async throws {
    let (a, b) = (ScriptedSink(), ScriptedSink(batchLimit: 7))
    try await withDispatcher([("a", a), ("b", b)], left: S.messages(0..<2, sinks: ["a", "b"])) {
      dispatcher, _ in
      for number in 2..<50 {
        try await dispatcher.submit([S.message(number, sinks: number % 2 == 0 ? ["a", "b"] : ["b"])])
      }
      let state = await dispatcher.finish(within: .seconds(300))
      #expect(a.taken == ["rule/0", "rule/1"] + (1..<25).map { "rule/\(2 * $0)" })
      #expect(b.taken == keys(0..<50))
      #expect(state.sinks.map(\.books.delivered) == [26, 50])
      #expect(state.sinks.allSatisfy { $0.books.closes && $0.books.pending == 0 && $0.problem == nil })
      #expect(state.waiting == 0 && state.lost == 0 && state.failure == nil)
    }
  }

  @Test func aReceiverThatIsDownForAMinuteGetsAllInOrder() async throws {
    let clock = VirtualClock()
    let sink = ScriptedSink { _, _ in
      clock.now < .seconds(60) ? .failed("down") : .delivered
    }
    let fast = ScriptedSink()
    try await withDispatcher([("a", sink), ("b", fast)], .init(clock: clock.clock)) { dispatcher, _ in
      try await dispatcher.submit(S.messages(0..<20, sinks: ["a", "b"]))
      await S.wait { sink.taken.count == 20 && fast.taken.count == 20 }
      #expect(sink.taken == keys(0..<20))
      #expect(fast.taken == keys(0..<20))
      let state = await dispatcher.state()
      // 0.25 s doubled up to the limit of 30 s: nine attempts or so for a minute, not hundreds.
      #expect((5...12).contains(state.sinks[0].retries), "\(state.sinks[0].retries)")
      #expect(state.sinks[1].retries == 0)
    }
  }

  @Test func aSlowSinkHoldsUpNobody() async throws {
    let slow = ScriptedSink { _, _ in
      try? await Task.sleep(for: .seconds(600))
      return .failed("stopped")
    }
    let fast = ScriptedSink()
    try await withDispatcher([("slow", slow), ("fast", fast)]) { dispatcher, _ in
      try await dispatcher.submit(S.messages(0..<100, sinks: ["slow", "fast"]))
      await S.wait { fast.taken.count == 100 }
      #expect(fast.taken == keys(0..<100))
      #expect(slow.taken.isEmpty)
      // A stop does not wait for it either, and what is left stays.
      let state = await dispatcher.finish(within: .milliseconds(50))
      #expect(state.sinks[0].books == SinkBooks(received: 100, delivered: 0, pending: 100, refused: 0))
    }
  }

  @Test func whatIsRefusedIsKeptAndShownAndHoldsUpNothing() async throws {
    let sink = ScriptedSink { _, messages in
      messages.contains { $0.key == "rule/3" } ? .refused("400: not that one") : .delivered
    }
    let batches = ScriptedSink(batchLimit: 64) { _, messages in
      messages.contains { $0.key == "rule/3" } ? .refused("400: not that one") : .delivered
    }
    try await withDispatcher([("a", sink), ("b", batches)], left: S.messages(0..<6, sinks: ["a", "b"])) {
      dispatcher, outbox in
      let state = await dispatcher.finish(within: .seconds(300))
      for sink in [sink, batches] { #expect(sink.taken == keys(0..<3) + keys(4..<6)) }
      for sink in state.sinks {
        #expect(sink.books == SinkBooks(received: 6, delivered: 5, pending: 0, refused: 1))
      }
      let delivery = try await outbox.deliveries(keys: ["rule/3"])["rule/3"]
      #expect(delivery?.refused == ["a", "b"])
    }
  }

  @Test func aFullHandOverWaitsOrCounts() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      for whenFull in [AlertDispatcher.Options.WhenFull.wait, .count] {
        let outbox = try Outbox(path: "\(directory)/\(whenFull).sqlite")
        let dispatcher = AlertDispatcher(
          outbox: outbox, sinks: [], options: .init(capacity: 4, whenFull: whenFull))
        // Not started: nobody takes anything yet.
        let producer = Task { try await dispatcher.submit(S.messages(0..<40, sinks: [])) }
        if whenFull == .count { try await producer.value }
        await S.wait { await dispatcher.state().waiting == 4 }
        #expect(await dispatcher.state().lost == (whenFull == .count ? 36 : 0))
        try await dispatcher.start()
        try await producer.value
        try await dispatcher.sync()
        #expect(try await outbox.count() == (whenFull == .count ? 4 : 40))
        _ = await dispatcher.finish(within: .seconds(300))
      }
    }
  }

  @Test func whatWasSyncedIsInTheOutbox() async throws {
    try await withDispatcher([]) { dispatcher, outbox in
      for number in 0..<20 {
        try await dispatcher.submit([S.message(number)])
        try await dispatcher.sync()
        #expect(try await outbox.count() == UInt64(number + 1))
      }
    }
  }

  @Test func aStopPutsWhatWasHandedOverIntoTheOutboxAndTakesNoMore() async throws {
    for isStarted in [true, false] {
      try await RepositoryPaths.withTemporaryDirectory { directory in
        let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
        let dispatcher = AlertDispatcher(outbox: outbox, sinks: [])
        if isStarted { try await dispatcher.start() }
        try await dispatcher.submit(S.messages(0..<500))
        #expect(await dispatcher.finish(within: .zero).waiting == 0)
        #expect(try await outbox.count() == 500)
        await #expect(throws: AlertDeliveryError.self) { try await dispatcher.submit(S.messages(0..<1)) }
      }
    }
  }

  @Test func anOutboxThatFailsIsToldToThePipeline() async throws {
    try await withDispatcher([("a", ScriptedSink())]) { dispatcher, outbox in
      await S.wait { await dispatcher.state().waiting == 0 }
      outbox.close()
      await #expect(throws: AlertDeliveryError.self) {
        for number in 0..<1000 {
          try await dispatcher.submit([S.message(number)])
          try await dispatcher.sync()
        }
      }
      let state = await dispatcher.finish(within: .seconds(300))
      #expect(state.failure != nil)
    }
  }

  @Test func whatFiresIsToldAgainUntilItEnds() async throws {
    let clock = VirtualClock()
    let sink = ScriptedSink(repeatInterval: .seconds(60))
    func message(_ number: Int, _ series: String, _ isFiring: Bool) -> AlertMessage {
      S.message(number, isFiring: isFiring, series: series)
    }
    try await withDispatcher([("a", sink)], .init(clock: clock.clock), left: [message(0, "old", true)]) {
      dispatcher, _ in
      try await dispatcher.submit([
        message(1, "x", true), message(2, "y", true), message(3, "y", false), S.message(4),
      ])
      await S.wait { sink.toldAgain.count >= 3 }
      // Neither what has ended nor what an earlier run has left.
      #expect(Set(sink.toldAgain) == ["rule/1"])
      try await dispatcher.submit([message(5, "x", false)])
      await S.wait { sink.taken.contains("rule/5") }
      let count = sink.toldAgain.count
      for _ in 0..<50 { await Task.yield() }
      #expect(sink.toldAgain.count <= count + 1)
    }
  }

  @Test func waitsDoubleUpToTheLimitAndAreTheSameForASeed() {
    let backOff = BackOff(first: .seconds(1), maximum: .seconds(60), seed: 7)
    for attempt in 1...70 {
      let whole = min(Duration.seconds(1) * (1 << min(attempt - 1, 20)), .seconds(60))
      let delay = backOff.delay(attempt: attempt, sink: "a")
      #expect(delay >= whole * 0.5 && delay <= whole)
      #expect(
        delay
          == BackOff(first: .seconds(1), maximum: .seconds(60), seed: 7).delay(attempt: attempt, sink: "a"))
    }
    #expect(Set((1...50).map { _ in backOff.delay(attempt: 9, sink: "a") }).count == 1)
    #expect(Set(["a", "b", "c"].map { backOff.delay(attempt: 9, sink: $0) }).count == 3)
    #expect(backOff.delay(attempt: .max, sink: "a") <= .seconds(60))
  }
}
