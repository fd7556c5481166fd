import Alerting
import Foundation
import NA62Formats

/// Alertmanager of Prometheus, version 2 of its API.
///
/// Alerts there end by themselves when nobody tells them again: so one that fires is told again until it ends, and
/// one that cannot end, such as a candidate, is shown for a while.
struct AlertmanagerDelivery: DeliverySink {
  let batchLimit = 64
  let repeatInterval: Duration?
  private let poster: HTTPPoster
  private let resend: Int64
  private let hold: Int64
  private let wallClock: WallClock

  /// - Throws: `AlertDeliveryError`.
  init(
    _ endpoint: AlertSinkSpecification.Endpoint, resend: Int64, hold: Int64, sink: String,
    environment: [String: String], wallClock: WallClock = .system
  ) throws {
    poster = try HTTPPoster(endpoint, path: "/api/v2/alerts", sink: sink, environment: environment)
    self.resend = resend
    self.hold = hold
    self.wallClock = wallClock
    repeatInterval = .nanoseconds(resend)
  }

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    let now = wallClock.now().nanoseconds
    let alerts = messages.map { Self.alert($0, now: now, resend: resend, hold: hold) }
    return await poster.post(JSONLine.array(alerts).text, headers: [])
  }

  func tellAgain(_ firing: [OutboxMessage]) async -> DeliveryOutcome {
    for start in stride(from: 0, to: firing.count, by: batchLimit) {
      let outcome = await deliver(Array(firing[start..<min(start + batchLimit, firing.count)]))
      guard outcome == .delivered else { return outcome }
    }
    return .delivered
  }

  func close() async { await poster.close() }

  /// An alert as Alertmanager takes it. Its labels are its identity there: the same while it fires and when it ends.
  ///
  /// It starts when the message was made, not in data time: an alert of a recording would lie years in the past.
  static func alert(_ message: OutboxMessage, now: Int64, resend: Int64, hold: Int64) -> JSONLine {
    var labels: [(String, String)] = [
      ("alertname", message.rule), ("kind", message.kind.rawValue), ("severity", message.severity.rawValue),
    ]
    let content = try? JSONDecoder().decode(Content.self, from: Data(message.body.utf8))
    for (name, value) in (content?.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
      let name = Self.labelName(name)
      // A label without a value is none there.
      if !value.isEmpty, !labels.contains(where: { $0.0 == name }) { labels.append((name, value)) }
    }
    if content?.test == true { labels.append(("test", "true")) }
    // What cannot end has no series: then the key keeps one apart from the other. A series may be about more than
    // its labels say.
    labels.append(("key", message.series ?? message.key))
    let end =
      switch message.isFiring {
      case true?: now.addingReportingOverflow(4 * resend).partialValue
      case false?: now
      case nil: now.addingReportingOverflow(hold).partialValue
      }
    var members: [JSONLine.Member] = [
      .init("labels", .object(labels.map { .init($0.0, .string($0.1)) })),
      .init(
        "annotations",
        .object([
          .init("summary", .string(message.title)), .init("t_data", .string(message.dataTime)),
          .init("t_wall", .string(message.wallTime)), .init("message", .string(message.body)),
        ])),
    ]
    if message.isFiring != false { members.append(.init("startsAt", .string(message.wallTime))) }
    members.append(.init("endsAt", .string(DataTime(nanoseconds: end).rfc3339)))
    return .object(members)
  }

  private struct Content: Decodable {
    var labels: [String: String]
    var test: Bool
  }

  private static func labelName(_ name: String) -> String {
    var bytes = name.utf8.map { byte -> UInt8 in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: byte
      default: UInt8(ascii: "_")
      }
    }
    if bytes.first.map({ (0x30...0x39).contains($0) }) ?? true { bytes.insert(UInt8(ascii: "_"), at: 0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
