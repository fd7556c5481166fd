import NIOCore
import SpillwayTestSupport
import Testing

@testable import Monitoring

/// Bytes that nobody should send. Each test asks at its end whether the server still answers.
@Suite("Hostile clients", .serialized)
struct HostileTests {
  private static let limits: MonitorLimits = {
    var limits = MonitorLimits()
    limits.requestTime = .milliseconds(400)
    limits.idleTime = .milliseconds(400)
    limits.connections = 64
    return limits
  }()

  private func with(
    _ limits: MonitorLimits = MonitorLimits(), _ body: @Sendable (Int) async throws -> Void
  ) async throws {
    try await TestServer.with({ $0.limits = limits }) { port async throws in
      try await body(port)
      try await Probe.poll { try await Probe.ask("/api/v1/status", port: port).status == 200 }
    }
  }

  @Test("paths of any bytes get a 4xx, never what they should not see")
  func paths() async throws {
    var generator = SplitMix64(seed: 7)
    let pieces = [
      "..", "%2e%2e", "/", "//", "%2f", "%00", "%", "%zz", "api", "v1", "assets", "vendor", "etc/passwd",
      "\\",
      "candidates", "display.svg", "?", "#", "é", "\u{7F}", ";", "'", "<script>", "status", "*", "%c0%ae",
      "\t",
    ]
    let starts = ["/x", "/assets/", "/assets/vendor/", "/api/v1/candidates/", "/api/v1/x"]
    let paths = (0..<400).map { number in
      starts[number % starts.count]
        + (0...generator.below(8)).map { _ in pieces[generator.below(pieces.count)] }.joined()
    }
    try await with { port async throws in
      for path in paths {
        let answer = try await Probe.ask(path, port: port)
        #expect(answer.status.map { (400..<500).contains($0) } == true, "\(path): \(answer.text.prefix(200))")
      }
    }
  }

  @Test(
    "what is no HTTP gets a 4xx or nothing",
    arguments: [
      "\r\n\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "GET / HTTP/9.9\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nX: \u{0}\r\n\r\n",
      "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n", " GET / HTTP/1.1\r\n\r\n",
    ])
  func noHTTP(text: String) async throws {
    try await with(Self.limits) { port async throws in
      let answer = try await Probe.send(text, port: port)
      #expect(answer.status.map { (400..<500).contains($0) } ?? true, "\(answer.text.prefix(200))")
    }
  }

  @Test("huge heads are refused before they are read whole")
  func hugeHeads() async throws {
    try await with { port async throws in
      let long = String(repeating: "a", count: 1_000_000)
      let many = (0..<10_000).map { "X-\($0): y" }.joined(separator: "\r\n")
      for text in [
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(long)\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\(many)\r\n\r\n",
        "GET /\(long) HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\n\(long): x\r\n\r\n",
      ] {
        let answer = try await Probe.send(text, port: port)
        #expect(answer.status.map { (400..<500).contains($0) } ?? true, "\(answer.text.prefix(200))")
      }
      let medium = try await Probe.ask(
        "/", port: port, fields: ["X: \(String(repeating: "a", count: 20_000))"])
      #expect(medium.status == 400)
    }
  }

  @Test(
    "a request that comes byte by byte is ended, in its head and in its body",
    arguments: [
      "", "GET / HTTP/1.1\r\nX: ",
      "POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        + "Content-Length: 4000\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nX: ",
    ])
  func slow(start: String) async throws {
    try await TestServer.with({
      $0.limits = Self.limits
      $0.token = try AccessToken(TestServer.token)
    }) { port async throws in
      // The connection ends although a byte comes again and again.
      let text = try await Probe.open(port: port) { inbound, outbound in
        try? await outbound.write(ByteBuffer(string: start))
        return await withThrowingTaskGroup(of: String.self) { group in
          group.addTask {
            while !Task.isCancelled {
              try await outbound.write(ByteBuffer(string: "a"))
              try await Task.sleep(for: .milliseconds(20))
            }
            return ""
          }
          group.addTask {
            var text = ""
            do { for try await part in inbound { text += String(buffer: part) } } catch {}
            return text
          }
          var text = ""
          do { for try await part in group where !part.isEmpty { text = part } } catch {}
          group.cancelAll()
          return text
        }
      }
      let statuses = text.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
      #expect(statuses.last.map { $0.hasPrefix("4") || $0 == "200" } ?? true, "\(text)")
      try await Probe.poll { try await Probe.ask("/healthz", port: port).status == 200 }
    }
  }

  @Test("of 500 connections those that have no place are closed, and memory stays")
  func manyConnections() async throws {
    try await with(Self.limits) { port async throws in
      @Sendable func flood() async throws -> (refused: Int, served: Int) {
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for _ in 0..<500 {
            group.addTask {
              // Each holds its place until the server ends it, as it asks for nothing.
              let answer = try await Probe.send("", port: port)
              return answer.status == 503
            }
          }
          var (refused, served) = (0, 0)
          for try await isRefused in group { if isRefused { refused += 1 } else { served += 1 } }
          return (refused, served)
        }
      }
      let first = try await flood()
      #expect(first.refused + first.served == 500)
      #expect(first.refused > 0)
      let before = ProcessMetrics.read()?.resident ?? 0
      for _ in 0..<3 { _ = try await flood() }
      let after = ProcessMetrics.read()?.resident ?? 0
      #expect(after - before < 50e6)
      try await Probe.poll {
        let numbers = try await Probe.ask("/metrics", port: port).body
        return numbers.contains("spillway_http_connections 1\n")
          && numbers.contains("spillway_http_refused_total ")
          && !numbers.contains("spillway_http_refused_total 0\n")
      }
    }
  }
}
