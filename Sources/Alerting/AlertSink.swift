/// A place that alert lines go to.
public protocol AlertSink: Sendable {
  /// Takes lines, each without its line end, in order; returns when they are handed over whole, or throws.
  func deliver(_ lines: [String]) throws
}
