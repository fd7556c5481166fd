@testable import AlertDelivery
import Alerting
import Foundation
import NA62Formats
import NIOConcurrencyHelpers

/// What the tests of deliveries share.
enum DeliverySamples {
  static func message(
    _ number: Int, sinks: [String] = ["a"], isFiring: Bool? = nil, series: String? = nil, text: String? = nil
  ) -> AlertMessage {
    var message = AlertMessage(
      key: "rule/\(number)", kind: series == nil ? .candidate : .drift, severity: .warning, rule: "rule",
      sinks: sinks, text: text ?? "message \(number)", labels: [.init("line", "MUV3")],
      dataTime: DataTime(nanoseconds: Int64(number) * 1_000_000_000), wallTime: WallClock.system.now(),
      isTest: false, configurationHash: "abc", input: "a.pcap")
    message.isFiring = isFiring
    message.series = series
    return message
  }

  static func messages(_ numbers: Range<Int>, sinks: [String] = ["a"]) -> [AlertMessage] {
    numbers.map { message($0, sinks: sinks) }
  }

  /// A message as it comes out of an outbox.
  static func stored(_ message: AlertMessage) -> OutboxMessage {
    OutboxMessage(
      id: 1, key: message.key, kind: message.kind, severity: message.severity, rule: message.rule,
      series: message.series, isFiring: message.isFiring, title: message.title,
      dataTime: message.dataTime.rfc3339, wallTime: message.wallTime.rfc3339,
      body: AlertMessageEncoder.line(message))
  }

  /// Waits until something holds; a test that waits in vain fails by what it checks then.
  static func wait(seconds: Double = 300, until isSo: () async throws -> Bool) async rethrows {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if try await isSo() { return }
      try? await Task.sleep(for: .milliseconds(5))
    }
  }
}

/// A clock on which waiting takes no time.
final class VirtualClock: Sendable {
  private let time = NIOLockedValueBox(Duration.zero)

  var now: Duration { time.withLockedValue { $0 } }

  var clock: DeliveryClock {
    DeliveryClock(
      now: { self.now },
      sleep: { duration in
        self.time.withLockedValue { $0 += duration }
        await Task.yield()
      })
  }
}

/// A sink that does what a test says, and remembers.
final class ScriptedSink: DeliverySink {
  let batchLimit: Int
  let repeatInterval: Duration?
  private let seen = NIOLockedValueBox<[String]>([])
  private let attempts = NIOLockedValueBox(0)
  private let again = NIOLockedValueBox<[String]>([])
  private let script: @Sendable (_ attempt: Int, _ messages: [OutboxMessage]) async -> DeliveryOutcome

  init(
    batchLimit: Int = 1, repeatInterval: Duration? = nil,
    _ script: @escaping @Sendable (Int, [OutboxMessage]) async -> DeliveryOutcome = { _, _ in .delivered }
  ) {
    self.batchLimit = batchLimit
    self.repeatInterval = repeatInterval
    self.script = script
  }

  /// The keys that were taken, in order.
  var taken: [String] { seen.withLockedValue { $0 } }
  /// The keys that were told again.
  var toldAgain: [String] { again.withLockedValue { $0 } }
  var attemptCount: Int { attempts.withLockedValue { $0 } }

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    let attempt = attempts.withLockedValue { count in
      count += 1
      return count
    }
    let outcome = await script(attempt, messages)
    if outcome == .delivered { seen.withLockedValue { $0 += messages.map(\.key) } }
    return outcome
  }

  func tellAgain(_ firing: [OutboxMessage]) async -> DeliveryOutcome {
    again.withLockedValue { $0 += firing.map(\.key) }
    return .delivered
  }
}
