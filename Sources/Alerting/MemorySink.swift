import NIOConcurrencyHelpers

/// A sink that keeps its lines in memory, for tests and for small runs.
public final class MemorySink: AlertSink {
  private let kept = NIOLockedValueBox<[String]>([])

  /// An empty sink.
  public init() {}

  /// All lines delivered so far, in order.
  public var lines: [String] { kept.withLockedValue { $0 } }

  /// Keeps the lines; never throws.
  public func deliver(_ lines: [String]) {
    kept.withLockedValue { $0 += lines }
  }
}
