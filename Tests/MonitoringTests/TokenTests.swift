import Foundation
import SpillwayTestSupport
import Testing

@testable import Monitoring

@Suite("A server with a token")
struct TokenTests {
  private func with(_ body: @Sendable (Int) async throws -> Void) async throws {
    try await TestServer.with({ $0.token = try AccessToken(TestServer.token) }, body)
  }

  private func logIn(_ token: String, _ port: Int, _ fields: [String] = []) async throws -> Probe.Answer {
    try await Probe.ask(
      "/login", port: port, method: "POST",
      fields: ["Content-Type: application/x-www-form-urlencoded"] + fields, body: "token=\(token)")
  }

  @Test("nothing of the run is told without it, and a wrong one is refused")
  func needed() async throws {
    try await with { port async throws in
      for path in ["snapshot", "status", "rates", "counts", "alerts", "health", "events", "openapi.json"] {
        let answer = try await Probe.ask("/api/v1/\(path)", port: port)
        #expect(answer.status == 401)
        #expect(answer.field("www-authenticate")?.hasPrefix("Bearer") == true)
      }
      #expect(try await Probe.ask("/metrics", port: port).status == 401)
      #expect(try await Probe.ask("/api/v1/candidates/9001-1-17/display.svg", port: port).status == 401)
      #expect(try await Probe.ask("/healthz", port: port).status == 200)
      let page = try await Probe.ask("/", port: port)
      #expect(page.status == 303)
      #expect(page.field("location") == "/login")
      let right = ["Authorization: Bearer \(TestServer.token)"]
      #expect(try await Probe.ask("/metrics", port: port, fields: right).status == 200)
      #expect(try await Probe.ask("/?token=\(TestServer.token)", port: port).status == 303)
      #expect(
        try await Probe.ask("/api/v1/status?token=\(TestServer.token)", port: port).status == 401)
      for wrong in ["Bearer \(TestServer.token)x", "Bearer", "Basic \(TestServer.token)"] {
        let answer = try await Probe.ask("/metrics", port: port, fields: ["Authorization: \(wrong)"])
        #expect(answer.status == 401)
      }
    }
  }

  @Test("a browser logs in, gets a cookie that scripts cannot read, and logs out")
  func session() async throws {
    try await with { port async throws in
      #expect(try await Probe.ask("/login", port: port).body.contains("name=\"token\""))
      let answer = try await logIn(TestServer.token, port)
      #expect(answer.status == 303)
      #expect(answer.field("location") == "/")
      let cookie = try #require(answer.field("set-cookie"))
      #expect(cookie.contains("HttpOnly; SameSite=Strict"))
      let session = "Cookie: a=b; \(cookie.prefix { $0 != ";" })"
      #expect(try await Probe.ask("/", port: port, fields: [session]).status == 200)
      #expect(try await Probe.ask("/api/v1/status", port: port, fields: [session]).status == 200)
      let foreign = [session, "Sec-Fetch-Site: cross-site"]
      #expect(try await Probe.ask("/logout", port: port, method: "POST", fields: foreign).status == 403)
      #expect(try await Probe.ask("/logout", port: port, method: "POST").status == 401)
      #expect(try await Probe.ask("/logout", port: port, method: "POST", fields: [session]).status == 303)
      #expect(try await Probe.ask("/api/v1/status", port: port, fields: [session]).status == 401)
    }
  }

  @Test("a login from a page of another site is refused")
  func foreignLogin() async throws {
    try await with { port async throws in
      for (origin, status) in [("https://evil.example", 403), ("null", 403), ("http://127.0.0.1", 303)] {
        let answer = try await logIn(TestServer.token, port, ["Origin: \(origin)"])
        #expect(answer.status == status)
      }
    }
  }

  @Test("wrong tokens lead back to the form, then to a wait, also for the right one; a session stays open")
  func tries() async throws {
    let configure: (inout MonitorConfiguration) throws -> Void = {
      $0.token = try AccessToken(TestServer.token)
      $0.limits.failureRecovery = .seconds(3600)
    }
    try await TestServer.with(configure) { port async throws in
      let first = try await logIn(TestServer.token, port)
      let session = "Cookie: \(first.field("set-cookie")?.prefix { $0 != ";" } ?? "")"
      for _ in 0..<5 {
        let answer = try await logIn("wrong", port)
        #expect(answer.field("location") == "/login#refused")
        #expect(answer.field("set-cookie") == nil)
      }
      let answer = try await logIn(TestServer.token, port)
      #expect(answer.status == 429)
      #expect(answer.field("retry-after") != nil)
      let bearer = ["Authorization: Bearer \(TestServer.token)"]
      #expect(try await Probe.ask("/metrics", port: port, fields: bearer).status == 429)
      #expect(try await Probe.ask("/metrics", port: port, fields: [session]).status == 200)
    }
  }

  @Test("a form that is too long or none is refused")
  func badForms() async throws {
    try await with { port async throws in
      let long = try await logIn(String(repeating: "a", count: 100_000), port)
      #expect(long.status == 413)
      let other = try await Probe.ask("/login", port: port, method: "POST", body: "token=x")
      #expect(other.status == 415)
    }
  }

  @Test("with certificate and key it speaks TLS alone", .enabled(if: Tool.isThere("openssl", "curl")))
  func tls() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory async throws in
      let (certificate, key) = ("\(directory)/c.pem", "\(directory)/k.pem")
      let made = try await Tool.run(
        "openssl",
        [
          "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
          "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate,
        ])
      try #require(made.status == 0)
      try await TestServer.with({
        $0.tls = MonitorConfiguration.TLS(certificate: certificate, key: key)
        $0.token = try AccessToken(TestServer.token)
      }) { port async throws in
        let answer = try await Tool.run(
          "curl",
          [
            "-sS", "--max-time", "30", "--cacert", certificate, "-H",
            "Authorization: Bearer \(TestServer.token)",
            "https://localhost:\(port)/api/v1/status",
          ])
        #expect(answer.output.contains("\"menu\":\"kaon-2018\""), "\(answer.output)")
        let old = try await Tool.run(
          "curl",
          [
            "-sS", "--max-time", "30", "--cacert", certificate, "--tls-max", "1.1",
            "https://localhost:\(port)/healthz",
          ])
        #expect(old.status != 0)
        let clear = try await Probe.ask("/healthz", port: port)
        #expect(clear.status == nil)
      }
      // One that does not even begin to speak is ended.
      try await TestServer.with({
        $0.tls = MonitorConfiguration.TLS(certificate: certificate, key: key)
        $0.limits.requestTime = .milliseconds(300)
      }) { port async throws in
        let answer = try await Probe.send("", port: port)
        #expect(answer.text == "")
      }
      #expect(throws: Never.self) { try FileManager.default.removeItem(atPath: key) }
      let configuration = MonitorConfiguration(
        port: 0, tls: MonitorConfiguration.TLS(certificate: certificate, key: key))
      let server = try MonitorServer(configuration: configuration, hub: MonitorHub())
      await #expect(throws: MonitorError.self) { try await server.run() }
    }
  }
}
