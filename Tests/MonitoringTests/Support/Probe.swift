import NIOCore
import NIOPosix

/// A client that sends just the bytes that it is given.
enum Probe {
  /// What came back.
  struct Answer: Sendable {
    /// All bytes as text.
    var text: String
    /// Status code; nil if nothing came.
    var status: Int? { text.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
    /// Head, without the body.
    var head: String { text.firstRange(of: "\r\n\r\n").map { String(text[..<$0.lowerBound]) } ?? text }
    /// Body.
    var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }

    /// A header field; nil if there is none.
    func field(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
        return String(parts[1].drop(while: { $0 == " " }))
      }
      return nil
    }
  }

  /// The other side did not do what it should within a time that is ample.
  struct TookTooLong: Error {}

  /// Asks for a path and reads until the server closes.
  static func ask(
    _ path: String, port: Int, method: String = "GET", host: String = "127.0.0.1", fields: [String] = [],
    body: String = ""
  ) async throws -> Answer {
    var lines = ["\(method) \(path) HTTP/1.1", "Host: \(host)", "Connection: close"] + fields
    if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
    return try await send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body, port: port)
  }

  /// Sends bytes and reads until the server closes.
  static func send(_ text: String, port: Int) async throws -> Answer {
    try await open(port: port) { inbound, outbound in
      var answer = ByteBuffer()
      do {
        try await outbound.write(ByteBuffer(string: text))
        for try await part in inbound { answer.writeImmutableBuffer(part) }
      } catch is IOError {
        // A server that closes while it is still being sent to resets the connection.
      } catch is ChannelError {}
      return Answer(text: String(buffer: answer))
    }
  }

  /// A connection for as long as `body` runs.
  static func open<Result: Sendable>(
    port: Int,
    _ body:
      @escaping @Sendable (
        NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>
      ) async throws -> Result
  ) async throws -> Result {
    try await within(.seconds(60)) {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
          }
        }
      return try await channel.executeThenClose { inbound, outbound in
        try await body(inbound, outbound)
      }
    }
  }

  /// Fails rather than hangs.
  static func within<Result: Sendable>(
    _ time: Duration, _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask { try await body() }
      group.addTask {
        try await Task.sleep(for: time)
        throw TookTooLong()
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw TookTooLong() }
      return first
    }
  }

  /// Looks again and again until something holds.
  static func poll(_ isSo: @escaping @Sendable () async throws -> Bool) async throws {
    try await within(.seconds(60)) {
      while try await !isSo() { try await Task.sleep(for: .milliseconds(10)) }
    }
  }
}
