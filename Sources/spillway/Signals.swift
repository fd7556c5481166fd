import Dispatch
import Foundation

/// SIGINT and SIGTERM.
enum Signals {
  private static let numbers = [SIGINT, SIGTERM]

  /// Calls `body` at the first of them; a second one ends the program. Keep what is returned as long as that should be so.
  static func handle(_ body: @Sendable @escaping () -> Void) -> [any DispatchSourceSignal] {
    numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        body()
        for number in numbers { signal(number, SIG_DFL) }
      }
      source.resume()
      return source
    }
  }

  /// Lets them end the program again.
  static func release(_ sources: [any DispatchSourceSignal]) {
    for source in sources { source.cancel() }
    for number in numbers { signal(number, SIG_DFL) }
  }

  /// Waits for one.
  static func wait() async {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
    let sources = handle { continuation.finish() }
    for await _ in stream {}
    release(sources)
  }
}
