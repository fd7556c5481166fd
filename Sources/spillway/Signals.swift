import Dispatch
import Foundation
import NIOConcurrencyHelpers

/// SIGINT and SIGTERM: the first one stops what is under way in order, one that nobody waits for ends the program.
enum Signals {
  private static let body = NIOLockedValueBox<(@Sendable () -> Void)?>(nil)

  /// Made once and never cancelled: on Linux a second source of the same signal never fires. Unsafe is safe here, as
  /// nobody looks into the list: it only keeps the sources alive.
  private nonisolated(unsafe) static let sources: [any DispatchSourceSignal] = [SIGINT, SIGTERM].map {
    number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
    source.setEventHandler {
      let body = body.withLockedValue { body in
        defer { body = nil }
        return body
      }
      if let body { return body() }
      signal(number, SIG_DFL)
      kill(getpid(), number)
    }
    source.resume()
    return source
  }

  /// Calls a function at the first signal; until ``release()``.
  static func handle(_ function: @Sendable @escaping () -> Void) {
    body.withLockedValue { $0 = function }
    _ = sources
  }

  /// Lets a signal end the program at once.
  static func release() { body.withLockedValue { $0 = nil } }

  /// Waits for a signal.
  static func wait() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    handle { continuation.finish() }
    for await _ in stream {}
    release()
  }
}
