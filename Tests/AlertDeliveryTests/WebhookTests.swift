@testable import AlertDelivery
import Alerting
import Foundation
import SpillwayTestSupport
import Testing

/// Webhooks against a server of another make: Python's, of `Tools/alert-receivers/webhook.py`.
@Suite(.enabled(if: RealProcess.exists("python3"), "python3 is not there"))
struct WebhookTests {
  private typealias S = DeliverySamples

  /// What the server has noted of a request.
  private struct Request: Decodable {
    var path: String
    var answer: String
    var headers: [String: String]
    var body: String

    var key: String { headers["idempotency-key"] ?? "" }
  }

  private struct Server {
    let process: RealProcess
    let port: Int
    let log: String

    init(_ directory: String, plan: String = "", port: Int = 0, certificate: String? = nil) throws {
      log = "\(directory)/requests.jsonl"
      process = try RealProcess(
        [
          "python3", RepositoryPaths.path("Tools/alert-receivers/webhook.py"), log, "--plan", plan, "--port",
          "\(port)",
        ]
          + (certificate.map { ["--certificate", $0] } ?? []))
      self.port = try #require(process.port())
    }

    func requests() throws -> [Request] {
      guard let text = try? String(contentsOfFile: log, encoding: .utf8) else { return [] }
      return try text.split(separator: "\n").map {
        try JSONDecoder().decode(Request.self, from: Data($0.utf8))
      }
    }
  }

  private func webhook(
    _ url: String, timeout: Int64 = 120_000_000_000, secret: String? = nil, authorities: String? = nil,
    token: String? = nil
  ) throws -> WebhookDelivery {
    try WebhookDelivery(
      .init(
        url: .literal(url), authorities: authorities, timeout: timeout,
        token: token.map { _ in .environment("T") }),
      secret: secret.map { _ in .environment("S") }, sink: "hook",
      environment: ["S": secret ?? "", "T": token ?? ""])
  }

  /// Delivers messages through an outbox; waits between attempts are short.
  private func deliver(_ count: Int, _ sink: WebhookDelivery, _ directory: String, seconds: Double = 300)
    async throws
    -> AlertDispatcher.State
  {
    let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
    let dispatcher = AlertDispatcher(
      outbox: outbox, sinks: [NamedSink(name: "a", type: "webhook", sink: sink)],
      options: .init(backOff: BackOff(first: .milliseconds(5), maximum: .milliseconds(40))))
    try await dispatcher.start()
    try await dispatcher.submit(S.messages(0..<count))
    return await dispatcher.finish(within: .seconds(seconds))
  }

  @Test func aMessageCarriesItsKeyItsSignatureAndItsToken() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let server = try Server(directory)
      defer { server.process.stop() }
      let sink = try webhook("http://127.0.0.1:\(server.port)/in?x=1", secret: "key", token: "abc")
      let message = S.stored(S.message(1, text: "Ünicode \"quoted\""))
      #expect(await sink.deliver([message]) == .delivered)
      await sink.close()
      let request = try #require(try server.requests().first)
      #expect(request.path == "/in?x=1")
      #expect(request.body == message.body)
      #expect(request.key == "rule/1")
      #expect(request.headers["content-type"] == "application/json")
      #expect(request.headers["authorization"] == "Bearer abc")
      #expect(
        request.headers["x-spillway-signature"]
          == "sha256=\(WebhookDelivery.signature(message.body, key: "key"))")
    }
  }

  @Test func theSignatureIsThatOfRFC4231() {
    // Test case 2.
    #expect(
      WebhookDelivery.signature("what do ya want for nothing?", key: "Jefe")
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test func failuresOfAllKindsLoseNothingAndKeepTheOrder() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let server = try Server(directory, plan: "500,drop,503,200,408,404,502,drop,drop,200,301")
      defer { server.process.stop() }
      let state = try await deliver(12, try webhook("http://127.0.0.1:\(server.port)/"), directory)
      // One was refused for good, and is on record; all others arrived.
      #expect(state.sinks[0].books == SinkBooks(received: 12, delivered: 11, pending: 0, refused: 1))
      let requests = try server.requests()
      let taken = requests.filter { $0.answer == "200" }.map(\.key)
      #expect(taken == (0..<12).filter { $0 != 1 }.map { "rule/\($0)" })
      #expect(requests.filter { $0.answer == "404" }.map(\.key) == ["rule/1"])
      // What was dropped without an answer came again under the same key, and nothing went elsewhere.
      #expect(Set(requests.map(\.path)) == ["/"])
      #expect(requests.count == 12 + 8)
    }
  }

  @Test func aReceiverThatIsTooSlowIsTriedAgain() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let server = try Server(directory, plan: "slow")
      defer { server.process.stop() }
      let sink = try webhook("http://127.0.0.1:\(server.port)/", timeout: 300_000_000)
      let state = try await deliver(3, sink, directory)
      #expect(state.sinks[0].books.delivered == 3)
      #expect(state.sinks[0].retries >= 1)
      #expect(try server.requests().map(\.key) == ["rule/0", "rule/0", "rule/1", "rule/2"])
    }
  }

  @Test func aReceiverThatRestartsGetsEverythingOnceUnderItsKey() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let first = try Server(directory)
      let sink = try webhook("http://127.0.0.1:\(first.port)/")
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      let dispatcher = AlertDispatcher(
        outbox: outbox, sinks: [NamedSink(name: "a", type: "webhook", sink: sink)],
        options: .init(backOff: BackOff(first: .milliseconds(5), maximum: .milliseconds(40))))
      try await dispatcher.start()
      try await dispatcher.submit(S.messages(0..<20))
      try await S.wait { try first.requests().count >= 5 }
      // Killed in the middle; what it had in its hands may come twice, under the same key.
      first.process.stop()
      try await dispatcher.submit(S.messages(20..<40))
      await S.wait { await dispatcher.state().sinks[0].failures > 2 }
      let problem = await dispatcher.state().sinks[0].problem ?? ""
      #expect(problem == "127.0.0.1: Connection refused")
      let second = try Server(directory, port: first.port)
      defer { second.process.stop() }
      let state = await dispatcher.finish(within: .seconds(300))
      #expect(state.sinks[0].books == SinkBooks(received: 40, delivered: 40, pending: 0, refused: 0))
      var taken = try second.requests().filter { $0.answer == "200" }.map(\.key)
      taken = taken.enumerated().filter { $0.offset == 0 || taken[$0.offset - 1] != $0.element }.map(
        \.element)
      #expect(taken == (0..<40).map { "rule/\($0)" })
    }
  }

  @Test(.enabled(if: RealProcess.exists("openssl"), "openssl is not there"))
  func overTLSOnlyAReceiverWithATrustedCertificateGetsAnything() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let made = try RealProcess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
        "2",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout", "\(directory)/key.pem", "-out", "\(directory)/cert.pem",
      ])
      try #require(made.status == 0, "\(made.output)")
      let both = try ["cert", "key"].map {
        try String(contentsOfFile: "\(directory)/\($0).pem", encoding: .utf8)
      }
      try both.joined().write(toFile: "\(directory)/both.pem", atomically: true, encoding: .utf8)
      let server = try Server(directory, certificate: "\(directory)/both.pem")
      defer { server.process.stop() }
      let url = "https://localhost:\(server.port)/"
      let message = S.stored(S.message(1))
      let strangers = try webhook(url)
      guard case .failed(let problem, _) = await strangers.deliver([message]) else {
        return #expect(Bool(false), "a certificate of nobody was trusted")
      }
      #expect(problem.uppercased().contains("CERTIFICATE"), "\(problem)")
      #expect(try server.requests().isEmpty)
      let trusted = try webhook(url, authorities: "\(directory)/cert.pem")
      #expect(await trusted.deliver([message]) == .delivered)
      #expect(try server.requests().map(\.key) == ["rule/1"])
      await strangers.close()
      await trusted.close()
    }
  }

  @Test func secretsAreNeverShown() async throws {
    let address = "http://127.0.0.1:1/T0PSECRET"
    let sink = try WebhookDelivery(
      .init(url: .environment("U")), secret: .environment("K"), sink: "hook",
      environment: ["U": address, "K": "K3YS3CRET"])
    let outcome = await sink.deliver([S.stored(S.message(1))])
    await sink.close()
    for text in ["\(outcome)", "\(sink)", String(reflecting: sink)] {
      #expect(!text.contains("T0PSECRET") && !text.contains("K3YS3CRET"), "\(text)")
    }
    for environment in [[:], ["U": ""], ["U": "x\r\ny"], ["U": "ftp://T0PSECRET"]] {
      let error = #expect(throws: AlertDeliveryError.self) {
        try WebhookDelivery(
          .init(url: .environment("U")), secret: nil, sink: "hook", environment: environment)
      }
      #expect(error?.description.contains("sink 'hook'") == true)
      #expect(error?.description.contains("T0PSECRET") == false)
    }
  }

  @Test(arguments: [
    (200, true, false), (204, true, false), (301, false, false), (400, false, true), (401, false, true),
    (404, false, true), (408, false, false), (425, false, false), (429, false, false), (500, false, false),
    (503, false, false), (100, false, false), (600, false, false),
  ])
  func aStatusIsDeliveredRefusedOrForLater(_ status: Int, _ isDelivered: Bool, _ isRefused: Bool) {
    switch HTTPPoster.outcome(status: status, retryAfter: "7", "x") {
    case .delivered: #expect(isDelivered)
    case .refused: #expect(isRefused)
    case .failed(_, let wait): #expect(!isDelivered && !isRefused && wait == .seconds(7))
    }
  }

  /// The long one, for `Tools/check-alert-delivery`: a receiver that is away for a real minute.
  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["SPILLWAY_SLOW_TESTS"] != nil, "only with SPILLWAY_SLOW_TESTS"))
  func aReceiverThatIsAwayForAMinuteGetsEverything() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let first = try Server(directory)
      let sink = try webhook("http://127.0.0.1:\(first.port)/")
      let outbox = try Outbox(path: "\(directory)/outbox.sqlite")
      let dispatcher = AlertDispatcher(
        outbox: outbox, sinks: [NamedSink(name: "a", type: "webhook", sink: sink)])
      try await dispatcher.start()
      try await dispatcher.submit(S.messages(0..<100))
      try await S.wait { try first.requests().count >= 30 }
      first.process.stop()
      for number in 100..<160 {
        try await dispatcher.submit([S.message(number)])
        try await Task.sleep(for: .seconds(1))
      }
      let second = try Server(directory, port: first.port)
      defer { second.process.stop() }
      await S.wait(seconds: 90) { await dispatcher.state().sinks[0].books.pending == 0 }
      let state = await dispatcher.finish(within: .seconds(60))
      #expect(state.sinks[0].books == SinkBooks(received: 160, delivered: 160, pending: 0, refused: 0))
      var taken = try second.requests().filter { $0.answer == "200" }.map(\.key)
      taken = taken.enumerated().filter { $0.offset == 0 || taken[$0.offset - 1] != $0.element }.map(
        \.element)
      #expect(taken == (0..<160).map { "rule/\($0)" })
    }
  }
}
