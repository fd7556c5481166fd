import CoreMetrics
import NIOConcurrencyHelpers

/// One number of a family: a counter or a gauge.
final class MetricSeries: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler {
  private let number = NIOLockedValueBox(0.0)

  /// Its value.
  var value: Double { number.withLockedValue { $0 } }

  func increment(by amount: Int64) { increment(by: Double(amount)) }
  func increment(by amount: Double) { number.withLockedValue { $0 += amount } }
  func decrement(by amount: Double) { number.withLockedValue { $0 -= amount } }
  func reset() { set(0.0) }
  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { number.withLockedValue { $0 = value } }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }
}

/// Values of a family by size: a histogram, also of times in seconds.
final class MetricHistogram: RecorderHandler, TimerHandler {
  /// What has been recorded.
  struct Content: Sendable {
    /// Values in each bin, the last one without an upper edge.
    var bins: [UInt64]
    /// Their sum.
    var sum = 0.0
  }

  private let edges: [Double]
  private let recorded: NIOLockedValueBox<Content>

  init(edges: [Double]) {
    self.edges = edges
    recorded = NIOLockedValueBox(Content(bins: Array(repeating: 0, count: edges.count + 1)))
  }

  /// What has been recorded.
  var content: Content { recorded.withLockedValue { $0 } }

  func record(_ value: Int64) { record(Double(value)) }
  func recordNanoseconds(_ duration: Int64) { record(Double(duration) * 1e-9) }

  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bin = edges.firstIndex { value <= $0 } ?? edges.count
    recorded.withLockedValue { content in
      content.bins[bin] += 1
      content.sum += value
    }
  }
}
