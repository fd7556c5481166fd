import Alerting
import Foundation

/// Lines for a person on a terminal; with colours where it is one.
final class TerminalDelivery: DeliverySink {
  let batchLimit = 64
  private let sink: JSONLinesSink
  private let hasColours: Bool

  /// Writes to a descriptor, standard error unless another is given, which stays open.
  ///
  /// - Parameter hasColours: nil asks whether it is a terminal, and whether NO_COLOR is set (no-color.org).
  init(descriptor: Int32 = 2, hasColours: Bool? = nil, environment: [String: String] = [:]) {
    sink = JSONLinesSink(descriptor: descriptor, name: "standard error")
    self.hasColours = hasColours ?? (isatty(descriptor) == 1 && environment["NO_COLOR", default: ""].isEmpty)
  }

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    do {
      try sink.deliver(messages.map(line))
      return .delivered
    } catch { return .failed("\(error)") }
  }

  private func line(_ message: OutboxMessage) -> String {
    let state = message.isFiring.map { $0 ? " firing" : " resolved" } ?? ""
    let word = message.severity.rawValue.uppercased()
    let text = OneLine.text("\(message.rule)\(state): \(message.title)")
    let colour =
      switch message.severity {
      case .information: "36"
      case .warning: "33"
      case .critical: "31;1"
      }
    return "\(message.dataTime) \(hasColours ? "\u{1B}[\(colour)m\(word)\u{1B}[0m" : word) \(text)"
  }
}
