import Foundation
import SpillwayTestSupport
import Testing

@testable import Monitoring

@Suite("The server")
struct ServerTests {
  @Test("every document is given as JSON, and HEAD says its length without a body")
  func documents() async throws {
    try await TestServer.with { port async throws in
      for topic in EventTopic.allCases {
        let path = "/api/v1/\(topic.rawValue)"
        let answer = try await Probe.ask(path, port: port)
        guard let json = try topic.json(of: Snapshots.standard()) else {
          // A run of one machine has no nodes.
          #expect(topic == .nodes)
          #expect(answer.status == 404)
          continue
        }
        #expect(answer.status == 200)
        #expect(answer.field("content-type") == "application/json")
        #expect(answer.field("cache-control") == "no-store")
        #expect(answer.body == String(decoding: json, as: UTF8.self))
        let head = try await Probe.ask(path, port: port, method: "HEAD")
        #expect(head.status == 200)
        #expect(head.body == "")
        #expect(head.field("content-length") == "\(answer.body.utf8.count)")
      }
      let snapshot = try await Probe.ask("/api/v1/snapshot", port: port)
      let decoder = JSONDecoder()
      decoder.nonConformingFloatDecodingStrategy = .convertFromString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
      #expect(
        try decoder.decode(MonitorSnapshot.self, from: Data(snapshot.body.utf8)) == Snapshots.standard())
    }
  }

  @Test("a farm has its nodes as a document of their own, in the snapshot, in the events and in the metrics")
  func nodes() async throws {
    let hub = MonitorHub()
    hub.publish(Snapshots.farm())
    try await TestServer.with(hub: hub) { port async throws in
      let answer = try await Probe.ask("/api/v1/nodes", port: port)
      #expect(answer.status == 200)
      #expect(
        try JSONDecoder().decode(NodesDocument.self, from: Data(answer.body.utf8)) == Snapshots.farm().nodes)
      #expect(try await Probe.ask("/api/v1/snapshot", port: port).body.contains("\"nodes\":{"))
      let metrics = try await Probe.ask("/metrics", port: port).body
      #expect(metrics.contains(#"spillway_node_state{node="1",state="lost"} 1"#))
      #expect(metrics.contains(#"spillway_node_dropped_events_total{node="1"} 7"#))
      if Tool.isThere("python3") {
        let check = try await Tool.run(
          "python3", [RepositoryPaths.path("Tools/check-openapi"), "http://127.0.0.1:\(port)", "9001-1-17"])
        #expect(check.status == 0, "\(check.output)")
      }
    }
    #expect(try EventTopic.nodes.json(of: Snapshots.standard()) == nil)
    #expect(!EventTopic.nodes.isSame(Snapshots.standard(), Snapshots.farm()))
  }

  @Test("every answer forbids the browser what the page does not need")
  func headers() async throws {
    try await TestServer.with { port async throws in
      for path in ["/", "/api/v1/status", "/metrics", "/nothing", "/assets/dashboard.js", "/healthz"] {
        let answer = try await Probe.ask(path, port: port)
        let policy = try #require(answer.field("content-security-policy"))
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(answer.field("x-content-type-options") == "nosniff")
        #expect(answer.field("referrer-policy") == "same-origin")
        #expect(answer.field("access-control-allow-origin") == nil)
        #expect(answer.field("server") == nil)
        #expect(answer.field("date") != nil)
      }
    }
  }

  @Test("each file of the page is given, with a tag that saves sending it again")
  func assets() async throws {
    let files = try FileManager.default.contentsOfDirectory(
      atPath: RepositoryPaths.path("Sources/Monitoring/Page")
    ).filter { !$0.hasSuffix(".html") }
    #expect(files.count > 2)
    try await TestServer.with { port async throws in
      for path in files.map({ "/assets/\($0)" }) + ["/"] {
        let answer = try await Probe.ask(path, port: port)
        #expect(answer.status == 200, "\(path)")
        let tag = try #require(answer.field("etag"))
        let again = try await Probe.ask(path, port: port, fields: ["If-None-Match: W/\"x\", \(tag)"])
        #expect(again.status == 304)
        #expect(again.body == "")
      }
      #expect(
        try await Probe.ask("/assets/dashboard.js", port: port).field("content-type")
          == "text/javascript; charset=utf-8")
    }
  }

  @Test("the chart library comes from its directory, and from nowhere else; without it there is a 404")
  func library() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory async throws in
      try "var library".write(toFile: directory + "/dygraph.min.js", atomically: true, encoding: .utf8)
      try "secret".write(toFile: directory + "/other.js", atomically: true, encoding: .utf8)
      try await TestServer.with({ $0.library = directory }) { port async throws in
        #expect(try await Probe.ask("/assets/vendor/dygraph.min.js", port: port).body == "var library")
        for path in ["dygraph.min.css", "other.js", "../dygraph.min.js", "%2e%2e/other.js", ""] {
          #expect(try await Probe.ask("/assets/vendor/\(path)", port: port).status == 404)
        }
      }
    }
  }

  @Test("the picture of a candidate cannot run anything; where there is none, 404")
  func display() async throws {
    try await TestServer.with { port async throws in
      let answer = try await Probe.ask("/api/v1/candidates/9001%2d1-17/display.svg", port: port)
      #expect(answer.status == 200)
      #expect(answer.field("content-type") == "image/svg+xml")
      #expect(answer.field("content-security-policy") == SecurityHeaders.picturePolicy)
      for id in ["9001-1-18", "..%2F..%2Fetc", "%00", "", String(repeating: "a", count: 129), "%zz"] {
        let answer = try await Probe.ask("/api/v1/candidates/\(id)/display.svg", port: port)
        #expect(answer.status == 404, "\(id)")
      }
    }
  }

  @Test("what is not there or not meant is a problem that says what to do")
  func problems() async throws {
    try await TestServer.with { port async throws in
      let nothing = try await Probe.ask("/api/v1/nothing", port: port)
      #expect(nothing.status == 404)
      #expect(nothing.field("content-type") == "application/problem+json")
      #expect(
        nothing.body
          == #"{"detail":"there is nothing here; /api/v1/openapi.json lists what there is","status":404,"title":"Not Found","type":"about:blank"}"#
      )
      for method in ["POST", "PUT", "DELETE", "PATCH", "TRACE"] {
        let answer = try await Probe.ask("/api/v1/status", port: port, method: method)
        #expect(answer.status == 405)
        #expect(answer.field("allow") == "GET, HEAD, OPTIONS")
      }
      let options = try await Probe.ask("/api/v1/status", port: port, method: "OPTIONS")
      #expect(options.status == 204)
      #expect(options.field("allow") == "GET, HEAD, OPTIONS")
      #expect(options.field("access-control-allow-origin") == nil)
      #expect(try await Probe.ask("/api/v1/status", port: port, body: "x").status == 413)
      let path = "/" + String(repeating: "a", count: 4000)
      #expect(try await Probe.ask(path, port: port).status == 414)
      #expect(try await Probe.ask("/login", port: port).status == 404)
    }
  }

  @Test("a request under a foreign name is refused on loopback, as after a DNS rebinding")
  func foreignHost() async throws {
    try await TestServer.with({
      $0.hostNames = ["monitor.example"]
      $0.limits.idleTime = .milliseconds(200)
    }) { port async throws in
      #expect(try await Probe.ask("/", port: port, host: "evil.example").status == 421)
      #expect(try await Probe.ask("/healthz", port: port, host: "evil.example:\(port)").status == 421)
      #expect(try await Probe.ask("/", port: port, host: "monitor.example").status == 200)
      #expect(try await Probe.ask("/", port: port, host: "localhost:\(port)").status == 200)
      #expect(try await Probe.send("GET / HTTP/1.0\r\n\r\n", port: port).status == 421)
    }
  }

  @Test("the server lives from its start, and is ready when the run has shown something and has not failed")
  func health() async throws {
    let hub = MonitorHub()
    try await TestServer.with(hub: hub) { port async throws in
      #expect(try await Probe.ask("/healthz", port: port).body == #"{"status":"ok"}"#)
      #expect(try await Probe.ask("/healthz?ready", port: port).status == 503)
      #expect(try await Probe.ask("/api/v1/status", port: port).status == 503)
      #expect(try await Probe.ask("/metrics", port: port).status == 200)
      hub.publish(Snapshots.standard())
      #expect(try await Probe.ask("/healthz?ready", port: port).body == #"{"status":"ready"}"#)
      var failed = Snapshots.standard()
      failed.status.state = .failed
      hub.publish(failed)
      #expect(try await Probe.ask("/healthz?ready", port: port).status == 503)
      #expect(try await Probe.ask("/healthz", port: port).status == 200)
    }
  }

  @Test("a port that is taken is one clear line")
  func takenPort() async throws {
    try await TestServer.with { port async throws in
      let second = try MonitorServer(
        configuration: MonitorConfiguration(port: port), hub: MonitorHub())
      let error = await #expect(throws: MonitorError.self) { try await second.run() }
      #expect(
        error?.description
          == "127.0.0.1:\(port): cannot listen here: Address already in use; choose another port, or 0 for any free one"
      )
    }
  }

  @Test("an address of another machine is one clear line")
  func foreignAddress() async throws {
    let server = try MonitorServer(
      configuration: MonitorConfiguration(
        host: "192.0.2.1", port: 0, token: try AccessToken(TestServer.token)), hub: MonitorHub())
    let error = await #expect(throws: MonitorError.self) { try await server.run() }
    #expect(error?.description.hasPrefix("192.0.2.1:0: cannot listen here: Cannot assign requested") == true)
  }

  /// A server that has begun, its port, and the task to cancel.
  private func start(
    _ hub: MonitorHub, _ limits: MonitorLimits = MonitorLimits()
  ) async throws -> (port: Int, task: Task<Void, any Error>) {
    let configuration = MonitorConfiguration(port: 0, limits: limits)
    let server = try MonitorServer(configuration: configuration, hub: hub)
    let (urls, ready) = AsyncStream.makeStream(of: String.self)
    let task = Task { try await server.run { ready.yield($0) } }
    let url = try #require(await urls.first { _ in true })
    return (try #require(url.split(separator: ":").last.flatMap { Int($0.dropLast()) }), task)
  }

  @Test("a server that is stopped sends the last state, and lets its streams end")
  func stop() async throws {
    let hub = MonitorHub()
    hub.publish(Snapshots.standard(burst: 2))
    let (port, task) = try await start(hub)
    let text = try await Probe.open(port: port) { inbound, outbound in
      try await outbound.write(
        .init(string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
      var text = ""
      for try await part in inbound {
        text += String(buffer: part)
        guard text.contains("event: health") else { continue }
        hub.publish(Snapshots.standard(burst: 3))
        task.cancel()
      }
      return text
    }
    #expect(text.contains("\"burst\":3,\"bursts\":2,"))
    // The last chunk: the answer was finished, not cut.
    #expect(text.hasSuffix("0\r\n\r\n"))
    try await task.value
  }

  @Test("a server that is stopped does not wait for a client that reads nothing")
  func stopWithDeafClient() async throws {
    let hub = MonitorHub()
    var snapshot = Snapshots.standard()
    snapshot.status.input = String(repeating: "x", count: 20_000_000)
    hub.publish(snapshot)
    var limits = MonitorLimits()
    limits.stopTime = .milliseconds(200)
    let (port, task) = try await start(hub, limits)
    try await Probe.open(port: port) { _, outbound in
      try await outbound.write(
        .init(string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
      try await Probe.poll {
        try await Probe.ask("/metrics", port: port).body.contains("spillway_http_streams 1\n")
      }
      task.cancel()
      try await task.value
    }
  }

  @Test("a server can be stopped at any moment of its start", arguments: 0..<20)
  func stopAtOnce(steps: Int) async throws {
    let hub = MonitorHub()
    hub.publish(Snapshots.standard())
    let server = try MonitorServer(configuration: MonitorConfiguration(port: 0), hub: hub)
    let task = Task { try await server.run() }
    for _ in 0..<steps * steps { await Task.yield() }
    task.cancel()
    try await Probe.within(.seconds(60)) { try await task.value }
  }
}
