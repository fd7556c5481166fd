@testable import AlertDelivery
import Alerting
import AsyncHTTPClient
import Foundation
import NIOCore
import SpillwayTestSupport
import Testing

/// Alerts against Alertmanager itself, Debian's `prometheus-alertmanager`.
@Suite struct AlertmanagerTests {
  private typealias S = DeliverySamples

  private struct Alert: Decodable {
    struct Status: Decodable { var state: String }
    var labels: [String: String]
    var annotations: [String: String]
    var status: Status
  }

  /// A text that Alertmanager answers with; nil while it does not answer.
  private func get(_ port: Int, _ path: String) async throws -> Data? {
    do {
      let response = try await HTTPClient.shared.execute(
        HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)"), timeout: .seconds(120))
      guard response.status == .ok else { return nil }
      return Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
    } catch { return nil }
  }

  private func alerts(_ port: Int) async throws -> [Alert] {
    try await get(port, "/api/v2/alerts").map { try JSONDecoder().decode([Alert].self, from: $0) } ?? []
  }

  @Test(
    .enabled(
      if: RealProcess.exists("prometheus-alertmanager"),
      "prometheus-alertmanager is not there: Tools/install-dependencies brings it"))
  func firingAlertsAreShownAndTheirEndEndsThem() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let port = try RealProcess.freePort()
      try "route: {receiver: none}\nreceivers: [{name: none}]\n".write(
        toFile: "\(directory)/am.yml", atomically: true, encoding: .utf8)
      let manager = try RealProcess([
        "prometheus-alertmanager", "--config.file=\(directory)/am.yml", "--storage.path=\(directory)/data",
        "--web.listen-address=127.0.0.1:\(port)", "--cluster.listen-address=",
      ])
      defer { manager.stop() }
      try await S.wait { try await get(port, "/-/ready") != nil }
      // On a machine that stands still for long what fires must not be taken as over, as it is after 4 times `resend`.
      let sink = try AlertmanagerDelivery(
        .init(url: .literal("http://127.0.0.1:\(port)/")), resend: 300_000_000_000, hold: 300_000_000_000,
        sink: "am", environment: [:])
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      let dispatcher = AlertDispatcher(
        outbox: outbox, sinks: [NamedSink(name: "a", type: "alertmanager", sink: sink)])
      try await dispatcher.start()
      try await dispatcher.submit([
        S.message(1, isFiring: true, series: "r/x"), S.message(2, isFiring: true, series: "r/y"),
        S.message(3),
      ])
      try await S.wait { try await alerts(port).count == 3 }
      let shown = try await alerts(port)
      #expect(Set(shown.map { $0.labels["key"] }) == ["r/x", "r/y", "rule/3"])
      #expect(shown.allSatisfy { $0.labels["alertname"] == "rule" && $0.labels["line"] == "MUV3" })
      #expect(shown.allSatisfy { $0.status.state == "active" })
      #expect(Set(shown.map { $0.annotations["summary"] }) == ["message 1", "message 2", "message 3"])
      try await dispatcher.submit([S.message(4, isFiring: false, series: "r/x")])
      try await S.wait { try await alerts(port).count == 2 }
      #expect(Set(try await alerts(port).map { $0.labels["key"] }) == ["r/y", "rule/3"])
      let state = await dispatcher.finish(within: .seconds(120))
      #expect(state.sinks[0].books == SinkBooks(received: 4, delivered: 4, pending: 0, refused: 0))
    }
  }

  @Test func anAlertHasTheTimesThatItsStateAsksFor() throws {
    func times(_ isFiring: Bool?) throws -> (start: String?, end: String?) {
      let json = AlertmanagerDelivery.alert(
        S.stored(S.message(1, isFiring: isFiring)), now: 1_000_000_000_000, resend: 60_000_000_000,
        hold: 300_000_000_000)
      let object = try #require(
        try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
      return (object["startsAt"] as? String, object["endsAt"] as? String)
    }
    #expect(try times(true).end == "1970-01-01T00:20:40.000000000Z")
    #expect(try times(false) == (nil, "1970-01-01T00:16:40.000000000Z"))
    #expect(try times(nil).end == "1970-01-01T00:21:40.000000000Z")
    #expect(try times(nil).start != nil)
  }

  @Test func labelsAreThoseThatAlertmanagerTakes() throws {
    var message = S.message(1, isFiring: true, series: "s")
    message.labels = [
      .init("9 lives", "x"), .init("empty", ""), .init("severity", "other"), .init("line", "A\"\n"),
    ]
    message.isTest = true
    let json = AlertmanagerDelivery.alert(S.stored(message), now: 0, resend: 1, hold: 1)
    let object = try #require(try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
    #expect(
      object["labels"] as? [String: String] == [
        "alertname": "rule", "kind": "drift", "severity": "warning", "_9_lives": "x", "line": "A\"\n",
        "test": "true", "key": "s",
      ])
  }
}
