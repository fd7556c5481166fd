import NIOConcurrencyHelpers
import NIOCore
import Testing

@testable import Monitoring

@Suite("From the run to the clients")
struct StreamTests {
  @Test("a hub has the newest snapshot alone, and signals without being read do not pile up")
  func newest() async {
    let hub = MonitorHub()
    #expect(hub.latest == nil)
    let changes = hub.changes()
    for burst in 1...1000 { hub.publish(Snapshots.standard(burst: UInt32(burst))) }
    #expect(hub.latest?.status.burst == 1000)
    var iterator = changes.makeAsyncIterator()
    #expect(await iterator.next() != nil)
    hub.publish(Snapshots.standard(burst: 1001))
    #expect(await iterator.next() != nil)
  }

  @Test("only what has changed goes on the board, with a rising number")
  func changes() throws {
    let board = EventBoard(capacity: 2)
    let hub = MonitorHub()
    var position = EventBoard.Position()
    try board.refresh(from: hub)
    #expect(board.next(after: &position) == nil)
    hub.publish(Snapshots.standard(burst: 2))
    try board.refresh(from: hub)
    let first = try #require(board.next(after: &position)).string
    #expect(first.components(separatedBy: "event: ").count == 6)
    #expect(first.hasPrefix("event: status\nid: 1\ndata: {"))
    hub.publish(Snapshots.standard(burst: 2))
    try board.refresh(from: hub)
    #expect(board.next(after: &position) == nil)
    hub.publish(Snapshots.standard(burst: 3))
    try board.refresh(from: hub)
    let second = try #require(board.next(after: &position)).string
    #expect(second.hasPrefix("event: status\nid: 6\ndata: {"))
    #expect(second.components(separatedBy: "event: ").count == 2)
    #expect(second.hasSuffix("}\n\n"))
  }

  @Test("a client that was slow gets the newest state of each topic once")
  func slowClient() throws {
    let board = EventBoard(capacity: 1)
    var position = EventBoard.Position()
    let hub = MonitorHub()
    for burst in UInt32(2)..<100 {
      hub.publish(Snapshots.standard(burst: burst, packets: UInt64(burst) + 10))
      try board.refresh(from: hub)
    }
    let text = try #require(board.next(after: &position)).string
    #expect(text.components(separatedBy: "event: ").count == 6)
    #expect(text.contains("\"burst\":99,"))
    #expect(!text.contains("\"burst\":98,"))
  }

  @Test("there is a place for so many clients, and one that goes gives its own back")
  func places() async throws {
    let board = EventBoard(capacity: 2)
    let first = try #require(board.subscribe())
    let second = try #require(board.subscribe())
    #expect(board.subscribe() == nil)
    board.unsubscribe(first)
    board.unsubscribe(first)
    #expect(board.clients == 1)
    #expect(board.subscribe() != nil)
    board.close()
    #expect(board.subscribe() == nil)
    // One signal from its beginning, then the end.
    var signals = 0
    for await _ in second.signals { signals += 1 }
    #expect(signals == 1)
  }

  @Test("events come at once, then when something changes, and last to the end of the server")
  func events() async throws {
    let hub = MonitorHub()
    hub.publish(Snapshots.standard(burst: 2))
    let text = try await TestServer.with(hub: hub) { port async throws in
      try await Probe.open(port: port) { inbound, outbound in
        try await outbound.write(
          ByteBuffer(
            string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: '); DROP\r\n\r\n"))
        var text = ""
        for try await part in inbound {
          text += String(buffer: part)
          if text.contains("event: health"), !text.contains("\"burst\":3,") {
            hub.publish(Snapshots.standard(burst: 3))
          }
          if text.contains("\"burst\":3,\"bursts\":2,") { break }
        }
        return text
      }
    }
    #expect(text.lowercased().contains("content-type: text/event-stream"))
    #expect(text.contains("retry: 2000\n\n"))
    #expect(text.components(separatedBy: "event: status").count == 3)
    #expect(text.components(separatedBy: "event: health").count == 2)
  }

  @Test("a stream in which nothing changes gives a sign of life")
  func signOfLife() async throws {
    try await TestServer.with({ $0.limits.keepAlive = .milliseconds(50) }) { port async throws in
      try await Probe.open(port: port) { inbound, outbound in
        try await outbound.write(
          ByteBuffer(string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        var text = ""
        for try await part in inbound {
          text += String(buffer: part)
          if text.components(separatedBy: ": alive\n\n").count > 3 { break }
        }
        #expect(text.components(separatedBy: "event: ").count == 6)
      }
    }
  }

  @Test("streams beyond the limit get 503, and a stream that ends makes place")
  func limit() async throws {
    try await TestServer.with({ $0.limits.streams = 1 }) { port async throws in
      let ask = ByteBuffer(string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
      try await Probe.open(port: port) { inbound, outbound in
        try await outbound.write(ask)
        var iterator = inbound.makeAsyncIterator()
        #expect(try await iterator.next() != nil)
        let refused = try await Probe.ask("/api/v1/events", port: port)
        #expect(refused.status == 503)
        #expect(refused.field("retry-after") == "5")
        #expect(try await Probe.ask("/api/v1/events", port: port, method: "HEAD").status == 200)
      }
      // The server learns of the end when the connection closes.
      try await Probe.poll {
        try await Probe.ask("/metrics", port: port).body.contains("spillway_http_streams 0\n")
      }
    }
  }

  @Test("a client that reads nothing does not slow the run, keeps little, and is cut off")
  func deafClient() async throws {
    let hub = MonitorHub()
    hub.publish(Snapshots.standard())
    try await TestServer.with(
      hub: hub,
      {
        $0.limits.streamInterval = .zero
        $0.limits.stallTime = .milliseconds(300)
      }
    ) { port async throws in
      // Its channel reads only when it is asked to, so its window fills up.
      try await Probe.open(port: port) { _, outbound in
        try await outbound.write(
          ByteBuffer(string: "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n"))
        try await Probe.poll {
          try await Probe.ask("/metrics", port: port).body.contains("spillway_http_streams 1\n")
        }
        let before = ProcessMetrics.read()?.resident ?? 0
        // Documents of 400 kB, all different: more than what kernel and channel hold would be gigabytes.
        let published = NIOLockedValueBox<UInt64>(0)
        try await Probe.poll {
          var snapshot = Snapshots.standard()
          snapshot.status.input = String(repeating: "x", count: 400_000)
          for _ in 0..<50 {
            snapshot.status.bursts = published.withLockedValue { count in
              count += 1
              return count
            }
            hub.publish(snapshot)
          }
          return try await Probe.ask("/metrics", port: port).body.contains("spillway_http_streams 0\n")
        }
        #expect(hub.latest?.status.bursts == published.withLockedValue { $0 })
        let after = ProcessMetrics.read()?.resident ?? 0
        #expect(after - before < 200e6)
      }
    }
  }
}

extension ByteBuffer {
  /// All of it as text.
  var string: String { String(buffer: self) }
}
