import Foundation
import SpillwayTestSupport
import Testing

@testable import Monitoring

@Suite("What keeps strangers out")
struct SecurityTests {
  @Test(
    "names of loopback are allowed with any port, others are not",
    arguments: [
      ("127.0.0.1", true), ("127.0.0.1:8462", true), ("localhost:1", true), ("LOCALHOST", true),
      ("[::1]:80", true), ("[::1]", true), ("127.255.0.9", true), ("evil.example", false),
      ("evil.example:8462", false), ("127.0.0.1.evil.example", false), ("127.0.0.1@evil", false),
      ("localhost:99999", false), ("localhost:", false), (":80", false), ("", false), ("[::1", false),
      ("127.0.0.256", false), ("[::1]x", false),
    ])
  func hostNames(host: String, isAllowed: Bool) {
    #expect(HostCheck.allows(host, names: []) == isAllowed)
  }

  @Test("a name that was given is allowed, in any case")
  func givenNames() {
    #expect(HostCheck.allows("Monitor.Example:443", names: ["monitor.example"]))
    #expect(!HostCheck.allows(nil, names: ["monitor.example"]))
  }

  @Test("a token has to be long and printable, and only it matches")
  func tokens() throws {
    let token = try AccessToken(TestServer.token)
    #expect(token.matches(TestServer.token))
    #expect(!token.matches(TestServer.token + "0"))
    #expect(!token.matches(""))
    #expect(throws: MonitorError.self) { try AccessToken("short") }
    #expect(throws: MonitorError.self) { try AccessToken("0123456789 0123456789") }
  }

  @Test("a token file that everyone can read is refused, with what to do")
  func tokenFile() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory async throws in
      let path = directory + "/token"
      try (TestServer.token + "\n").write(toFile: path, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
      #expect(try AccessToken(file: path).matches(TestServer.token))
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
      let error = #expect(throws: MonitorError.self) { try AccessToken(file: path) }
      #expect(error?.description.contains("chmod 600 \(path)") == true)
      #expect(throws: MonitorError.self) { try AccessToken(file: directory + "/none") }
    }
  }

  @Test("wrong tokens make an address wait, and time gives tries back")
  func failures() {
    let limiter = FailureLimiter(allowed: 2, recovery: .seconds(10))
    let start = ContinuousClock.now
    limiter.fail("a", at: start)
    #expect(limiter.wait(of: "a", at: start) == nil)
    limiter.fail("a", at: start)
    #expect(limiter.wait(of: "a", at: start) == .seconds(10))
    #expect(limiter.wait(of: "b", at: start) == nil)
    #expect(limiter.wait(of: "a", at: start + .seconds(10)) == nil)
  }

  @Test("a session opens with its key alone, ends, and makes place for newer ones")
  func sessions() {
    let table = SessionTable()
    let start = ContinuousClock.now
    let first = table.open(at: start)
    #expect(first.count == 64)
    #expect(table.isOpen(first, at: start))
    #expect(!table.isOpen(first, at: start + SessionTable.lifetime))
    #expect(!table.isOpen(String(first.reversed()) + "0", at: start))
    for _ in 0..<SessionTable.capacity { _ = table.open(at: start) }
    #expect(!table.isOpen(first, at: start))
    let last = table.open(at: start)
    table.close(last)
    #expect(!table.isOpen(last, at: start))
  }

  @Test(
    "addresses are read",
    arguments: [
      ("8462", "127.0.0.1", 8462), ("0", "127.0.0.1", 0), ("0.0.0.0:80", "0.0.0.0", 80),
      ("[::]:80", "::", 80), ("monitor.example:443", "monitor.example", 443),
    ])
  func addresses(text: String, host: String, port: Int) throws {
    let address = try MonitorConfiguration.address(text)
    #expect(address.host == host)
    #expect(address.port == port)
  }

  @Test(
    "what is no address is said in one line", arguments: ["", "x", "65536", "::1:80", ":80", "h:", "a b:1"])
  func badAddresses(text: String) {
    let error = #expect(throws: MonitorError.self) { try MonitorConfiguration.address(text) }
    #expect(error?.description.contains("\n") == false)
  }

  @Test("beyond loopback there is no server without a token, and without TLS a warning")
  func beyondLoopback() throws {
    var configuration = MonitorConfiguration(host: "0.0.0.0", port: 0)
    #expect(throws: MonitorError.needsToken(address: "0.0.0.0:0")) {
      try MonitorServer(configuration: configuration, hub: MonitorHub())
    }
    configuration.token = try AccessToken(TestServer.token)
    _ = try MonitorServer(configuration: configuration, hub: MonitorHub())
    #expect(configuration.warnings.count == 1)
    configuration.tls = MonitorConfiguration.TLS(certificate: "c", key: "k")
    #expect(configuration.warnings.isEmpty)
    #expect(MonitorConfiguration().warnings.isEmpty)
  }
}
