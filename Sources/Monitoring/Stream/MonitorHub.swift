import NIOConcurrencyHelpers

/// Where a run puts its newest snapshot, and the server finds it.
///
/// ``publish(_:)`` stores a value under a lock and returns: it never waits for a reader, and nothing queues up.
/// A snapshot that nobody has read before the next one comes is forgotten.
public final class MonitorHub: Sendable {
  private struct State: Sendable {
    var snapshot: MonitorSnapshot?
    var readers: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var nextReader: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())

  /// A hub without a snapshot.
  public init() {}

  /// Makes a snapshot the newest one, and wakes those who wait for a change.
  public func publish(_ snapshot: MonitorSnapshot) {
    let readers = state.withLockedValue { state in
      state.snapshot = snapshot
      return Array(state.readers.values)
    }
    for reader in readers { reader.yield() }
  }

  /// The newest snapshot; nil before the first.
  public var latest: MonitorSnapshot? { state.withLockedValue { $0.snapshot } }

  /// Signals that there is a new snapshot, at most one of them waiting; one comes at once if there is a snapshot
  /// already.
  public func changes() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let key = state.withLockedValue { state in
      state.nextReader += 1
      state.readers[state.nextReader] = continuation
      return state.nextReader
    }
    continuation.onTermination = { [state] _ in
      _ = state.withLockedValue { $0.readers.removeValue(forKey: key) }
    }
    if latest != nil { continuation.yield() }
    return stream
  }
}
