import Foundation
import NIOConcurrencyHelpers

/// The aggregator's side of the connections: a thread that takes what nodes send to a ``Farm``, and answers.
public final class FarmServer: Sendable {
  private struct State: Sendable {
    var farm: Farm
    var isStopping = false
    var hasStopped = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state: NIOLockedValueBox<State>
  /// Where it listens, with the port that it got.
  public let endpoint: String

  private init(_ state: NIOLockedValueBox<State>, endpoint: String) {
    self.state = state
    self.endpoint = endpoint
  }

  /// Listens, and returns once it does.
  ///
  /// - Throws: `FarmError`, where the address cannot be had.
  public static func start(_ endpoint: FarmEndpoint, farm: Farm, key: FarmKey? = nil) async throws
    -> FarmServer
  {
    if let key, key.secretKey == nil {
      throw FarmError("the aggregator needs the file with the secret key, not that with the public one alone")
    }
    let state = NIOLockedValueBox(State(farm: farm))
    let bound: String = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        let socket: FarmSocket
        do throws(FarmError) {
          socket = try FarmSocket.open(.aggregator, endpoint.description, key: key)
        } catch {
          return continuation.resume(throwing: error)
        }
        continuation.resume(returning: socket.endpoint)
        serve(socket, state)
      }
    }
    return FarmServer(state, endpoint: bound)
  }

  private static func serve(_ socket: consuming FarmSocket, _ state: NIOLockedValueBox<State>) {
    while !state.withLockedValue({ $0.isStopping }) {
      guard socket.wait(milliseconds: 50) else { continue }
      while let (peer, bytes) = socket.receive() {
        let reply = state.withLockedValue { $0.farm.receive(bytes, now: FarmClock.now) }
        // A node that does not take the answer asks again.
        if let reply { _ = socket.send(reply, to: peer) }
        if state.withLockedValue({ $0.isStopping }) { break }
      }
    }
    _ = consume socket
    let waiting = state.withLockedValue { state in
      state.hasStopped = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  /// Does something with the farm, while nothing comes in.
  public func withFarm<Value>(_ body: (inout Farm, _ now: Int64) throws -> Value) rethrows -> Value {
    try state.withLockedValue { try body(&$0.farm, FarmClock.now) }
  }

  /// Stops listening; returns when the address is free.
  public func stop() async {
    await withCheckedContinuation { continuation in
      let isOver = state.withLockedValue { state in
        state.isStopping = true
        if !state.hasStopped { state.waiting.append(continuation) }
        return state.hasStopped
      }
      if isOver { continuation.resume() }
    }
  }
}
