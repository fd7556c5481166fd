public import CoreMetrics
import NIOConcurrencyHelpers

/// A backend of swift-metrics that keeps numbers for Prometheus.
///
/// It is bounded: at most so many families, and so many series in each. What goes beyond is added up in one series
/// whose labels are all `other`, and counted in `spillway_metrics_dropped_series_total`.
public final class PrometheusRegistry: MetricsFactory {
  /// A label of a series.
  struct Label: Sendable, Hashable {
    var name: String
    var value: String
  }

  /// A series of a family.
  enum Series: Sendable {
    case number(MetricSeries)
    case histogram(MetricHistogram)
  }

  /// All of a family.
  struct Content: Sendable {
    var family: MetricFamily
    var series: [[Label]: Series] = [:]
  }

  private struct State: Sendable {
    var families: [String: Content] = [:]
    var dropped: UInt64 = 0
  }

  /// Longest value of a label, in characters.
  static let labelLength = 120
  /// Edges for times, in s, where a family has none of its own.
  static let timeEdges = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  private let state = NIOLockedValueBox(State())
  private let familyLimit: Int
  private let seriesLimit: Int

  /// A registry for so many families with so many series each.
  public init(families: Int = 256, series: Int = 1024) {
    familyLimit = max(1, families)
    seriesLimit = max(2, series)
  }

  /// Says what a family is before it is used.
  func declare(_ family: MetricFamily) {
    state.withLockedValue { state in
      if state.families[family.name] == nil { state.families[family.name] = Content(family: family) }
    }
  }

  /// Series that found no place.
  var dropped: UInt64 { state.withLockedValue { $0.dropped } }

  /// The families with what is in them, by name.
  var contents: [Content] {
    state.withLockedValue { $0.families.values.sorted { $0.family.name < $1.family.name } }
  }

  // What `MetricsFactory` asks for.

  /// A counter; its name gets `_total` where it does not end so.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    number(Self.ending(label, "_total"), .counter, dimensions)
  }

  /// As ``makeCounter(label:dimensions:)``.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    number(Self.ending(label, "_total"), .counter, dimensions)
  }

  /// A gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    number(label, .gauge, dimensions)
  }

  /// A histogram if it is to aggregate, else a gauge.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate ? histogram(label, dimensions) : number(label, .gauge, dimensions)
  }

  /// A histogram of seconds; its name gets `_seconds` where it does not end so.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(Self.ending(label, "_seconds"), dimensions)
  }

  /// Does nothing: a series of Prometheus stays.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Does nothing.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  /// Does nothing.
  public func destroyMeter(_ handler: any MeterHandler) {}
  /// Does nothing.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Does nothing.
  public func destroyTimer(_ handler: any TimerHandler) {}

  private static func ending(_ name: String, _ suffix: String) -> String {
    name.hasSuffix(suffix) ? name : name + suffix
  }

  private func number(
    _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)]
  ) -> MetricSeries {
    let series = series(name, kind, dimensions) { _ in .number(MetricSeries()) }
    // A name that is a histogram already cannot be a number as well: what is recorded here is not shown.
    if case .number(let number) = series { return number }
    return MetricSeries()
  }

  private func histogram(_ name: String, _ dimensions: [(String, String)]) -> MetricHistogram {
    let series = series(name, .histogram, dimensions) { family in
      .histogram(MetricHistogram(edges: family.edges))
    }
    if case .histogram(let histogram) = series { return histogram }
    return MetricHistogram(edges: [])
  }

  private func series(
    _ name: String, _ kind: MetricFamily.Kind, _ dimensions: [(String, String)],
    make: (MetricFamily) -> Series
  ) -> Series? {
    let name = MetricFamily.sanitized(name)
    let labels = Self.labels(dimensions)
    return state.withLockedValue { state in
      if state.families[name] == nil {
        guard state.families.count < familyLimit else {
          state.dropped += 1
          return nil
        }
        let edges = kind == .histogram ? Self.timeEdges : []
        state.families[name] = Content(
          family: MetricFamily(name: name, kind: kind, help: "\(name), without a description.", edges: edges))
      }
      guard let content = state.families[name], content.family.kind == kind else { return nil }
      if let series = content.series[labels] { return series }
      var key = labels
      if content.series.count >= seriesLimit - 1, !labels.isEmpty {
        state.dropped += 1
        key = labels.map { Label(name: $0.name, value: "other") }
        if let series = content.series[key] { return series }
      }
      let series = make(content.family)
      state.families[name]?.series[key] = series
      return series
    }
  }

  /// Labels by name; names as Prometheus takes them, each once, values of a bounded length.
  private static func labels(_ dimensions: [(String, String)]) -> [Label] {
    var seen = Set<String>()
    return dimensions.map {
      Label(name: MetricFamily.sanitized($0.0), value: String($0.1.prefix(labelLength)))
    }
    .filter { seen.insert($0.name).inserted }
    .sorted { $0.name < $1.name }
  }
}
