@testable import Monitoring

/// A server on a free port for as long as a test needs it.
enum TestServer {
  /// A token that is long enough.
  static let token = "0123456789abcdef0123456789abcdef"

  /// Runs `body` with the port of a server, and stops the server afterwards: its end is part of each test.
  static func with<Result: Sendable>(
    hub: MonitorHub, displays: any CandidateDisplays = NoDisplays(),
    _ configure: (inout MonitorConfiguration) throws -> Void = { _ in },
    _ body: @Sendable (Int) async throws -> Result
  ) async throws -> Result {
    var configuration = MonitorConfiguration(port: 0)
    try configure(&configuration)
    let server = try MonitorServer(configuration: configuration, hub: hub, displays: displays)
    let (urls, ready) = AsyncStream.makeStream(of: String.self)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { ready.finish() }
        try await server.run { url in ready.yield(url) }
      }
      guard let url = await urls.first(where: { _ in true }),
        let port = url.split(separator: ":").last.flatMap({ Int($0.dropLast()) })
      else {
        try await group.waitForAll()
        throw Probe.TookTooLong()
      }
      let result = try await body(port)
      group.cancelAll()
      try await group.waitForAll()
      return result
    }
  }

  /// The same with a snapshot that is published already.
  static func with<Result: Sendable>(
    _ configure: (inout MonitorConfiguration) throws -> Void = { _ in },
    _ body: @Sendable (Int) async throws -> Result
  ) async throws -> Result {
    let hub = MonitorHub()
    hub.publish(Snapshots.standard())
    return try await with(hub: hub, displays: OneDisplay(), configure, body)
  }
}

/// A picture of the one candidate of ``Snapshots``.
struct OneDisplay: CandidateDisplays {
  func display(of id: String) async -> String? {
    id == "9001-1-17" ? #"<svg xmlns="http://www.w3.org/2000/svg"/>"# : nil
  }
}
