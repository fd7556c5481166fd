import Alerting
import Crypto
import Foundation

/// One request for each message: its JSON line, under its key.
struct WebhookDelivery: DeliverySink {
  private let poster: HTTPPoster
  private let secret: Secret?

  /// - Throws: `AlertDeliveryError`.
  init(
    _ endpoint: AlertSinkSpecification.Endpoint, secret: AlertSinkSpecification.Source?, sink: String,
    environment: [String: String]
  ) throws {
    poster = try HTTPPoster(endpoint, sink: sink, environment: environment)
    self.secret = try secret.map { try Secret($0, "sink '\(sink)': the secret", environment: environment) }
  }

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    for message in messages {
      var headers = [("Idempotency-Key", message.key)]
      if let secret {
        headers.append(("X-Spillway-Signature", "sha256=\(Self.signature(message.body, key: secret.value))"))
      }
      let outcome = await poster.post(message.body, headers: headers)
      guard outcome == .delivered else { return outcome }
    }
    return .delivered
  }

  /// HMAC-SHA256 of a text as hexadecimal digits.
  static func signature(_ body: String, key: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(body.utf8), using: SymmetricKey(data: Data(key.utf8)))
    return code.map { String(format: "%02x", $0) }.joined()
  }

  func close() async { await poster.close() }
}
