import Foundation
import NIOConcurrencyHelpers

/// A node's side of the connection: a thread that sends what a ``NodeReport`` has to tell. Nobody waits for it but at the
/// start and at the end.
public final class NodeLink: Sendable {
  private struct State: Sendable {
    var report: NodeReport
    var isStopping = false
  }

  /// How long nothing is looked for, in ms.
  private static let pause = 10
  private let state: NIOLockedValueBox<State>

  private init(_ state: NIOLockedValueBox<State>) { self.state = state }

  /// Connects to an aggregator, which need not be there yet.
  ///
  /// - Throws: `FarmError`, where the address is none.
  public static func start(
    _ endpoint: FarmEndpoint, _ report: NodeReport, key: FarmKey? = nil
  ) async throws -> NodeLink {
    let state = NIOLockedValueBox(State(report: report))
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread {
        let socket: FarmSocket
        do throws(FarmError) { socket = try FarmSocket.open(.node, endpoint.description, key: key) } catch {
          return continuation.resume(throwing: error)
        }
        continuation.resume()
        talk(socket, state)
      }
    }
    return NodeLink(state)
  }

  private static func talk(_ socket: consuming FarmSocket, _ state: NIOLockedValueBox<State>) {
    while !state.withLockedValue({ $0.isStopping }) {
      if let bytes = state.withLockedValue({ $0.report.next(now: FarmClock.now) }) {
        // What does not go is as good as lost: it is sent again.
        _ = socket.send(bytes)
      }
      guard socket.wait(milliseconds: pause) else { continue }
      while let (_, bytes) = socket.receive() { state.withLockedValue { $0.report.receive(bytes) } }
    }
  }

  /// Does something with what there is to tell.
  public func withReport<Value>(_ body: (inout NodeReport) throws -> Value) rethrows -> Value {
    try state.withLockedValue { try body(&$0.report) }
  }

  /// Waits until something holds, or time has passed; whether it holds.
  private func wait(_ patience: Duration, _ holds: (NodeReport) -> Bool) async -> Bool {
    let end = ContinuousClock.now + patience
    while !state.withLockedValue({ holds($0.report) }) {
      guard ContinuousClock.now < end else { return false }
      try? await Task.sleep(for: .milliseconds(10))
    }
    return true
  }

  /// Waits for the first answer, at most so long; what it was.
  public func verdict(within patience: Duration) async -> NodeReport.Verdict {
    _ = await wait(patience) { $0.verdict != .none }
    return state.withLockedValue { $0.report.verdict }
  }

  /// Waits until all is told, at most so long, and ends the connection; whether all was told.
  public func finish(within patience: Duration) async -> Bool {
    let isDone = await wait(patience) { report in
      if case .refused = report.verdict { return true }
      return report.isDone
    }
    state.withLockedValue { $0.isStopping = true }
    return isDone && state.withLockedValue { $0.report.isDone }
  }
}
