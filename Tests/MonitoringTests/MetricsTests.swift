import CoreMetrics
import Testing

@testable import Monitoring

@Suite("Metrics")
struct MetricsTests {
  @Test("numbers are written as Prometheus reads them")
  func text() {
    let registry = PrometheusRegistry()
    registry.declare(MetricFamily(name: "a_total", kind: .counter, help: "One\\two\nthree \"four\"."))
    registry.declare(MetricFamily(name: "empty", kind: .gauge, help: "Never set."))
    Counter(label: "a", dimensions: [("k", "x\"y\\z\n")], factory: registry).increment(by: 3)
    Meter(label: "b_seconds", factory: registry).set(-0.5)
    Meter(label: "c", factory: registry).set(Double.infinity)
    #expect(
      PrometheusText.render(registry, as: .text) == #"""
        # HELP a_total One\\two\nthree "four".
        # TYPE a_total counter
        a_total{k="x\"y\\z\n"} 3
        # HELP b_seconds b_seconds, without a description.
        # TYPE b_seconds gauge
        b_seconds -0.5
        # HELP c c, without a description.
        # TYPE c gauge
        c +Inf

        """#)
    #expect(
      PrometheusText.render(registry, as: .openMetrics) == #"""
        # HELP a One\\two\nthree \"four\".
        # TYPE a counter
        a_total{k="x\"y\\z\n"} 3
        # HELP b_seconds b_seconds, without a description.
        # TYPE b_seconds gauge
        # UNIT b_seconds seconds
        b_seconds -0.5
        # HELP c c, without a description.
        # TYPE c gauge
        c +Inf
        # EOF

        """#)
  }

  @Test("a timer is a histogram of seconds, whose bins add up")
  func histogram() {
    let registry = PrometheusRegistry()
    registry.declare(MetricFamily(name: "t_seconds", kind: .histogram, help: "T.", edges: [0.5, 1]))
    let timer = Timer(label: "t", dimensions: [("k", "v")], factory: registry)
    timer.recordMilliseconds(250)
    timer.recordMilliseconds(500)
    timer.recordSeconds(4)
    #expect(
      PrometheusText.render(registry, as: .text) == """
        # HELP t_seconds T.
        # TYPE t_seconds histogram
        t_seconds_bucket{k="v",le="0.5"} 2
        t_seconds_bucket{k="v",le="1"} 2
        t_seconds_bucket{k="v",le="+Inf"} 3
        t_seconds_sum{k="v"} 4.75
        t_seconds_count{k="v"} 3

        """)
  }

  @Test("labels without end come to one series, and are counted")
  func cardinality() {
    let registry = PrometheusRegistry(families: 2, series: 4)
    for number in 0..<100 {
      Counter(label: "a", dimensions: [("k", "\(number)")], factory: registry).increment()
    }
    #expect(registry.contents.first?.series.count == 4)
    #expect(PrometheusText.render(registry, as: .text).contains("a_total{k=\"other\"} 97\n"))
    #expect(registry.dropped == 97)
    Meter(label: "b", factory: registry).set(1)
    Meter(label: "c", factory: registry).set(1)
    #expect(registry.contents.count == 2)
  }

  @Test("names and label values are cut to what Prometheus takes")
  func names() {
    #expect(MetricFamily.sanitized("a.b-c d") == "a_b_c_d")
    #expect(MetricFamily.sanitized("9é") == "_9_")
    #expect(MetricFamily.sanitized("") == "_")
    let registry = PrometheusRegistry()
    Meter(label: "m", dimensions: [("k", String(repeating: "x", count: 1000))], factory: registry).set(1)
    #expect(PrometheusText.render(registry, as: .text).utf8.count < 300)
  }

  @Test("a snapshot gives its numbers; a blind selection gives no count")
  func snapshot() {
    let registry = PrometheusRegistry()
    let metrics = SnapshotMetrics(registry: registry)
    var snapshot = Snapshots.standard()
    // Even a document that holds what is sealed does not bring it out.
    snapshot.counts.selections[0].selected = 7
    snapshot.counts.selections[0].state = snapshot.counts.selections[1].state
    metrics.collect(snapshot)
    let text = PrometheusText.render(registry, as: .text)
    for line in [
      #"spillway_build_info{configuration_hash="c0ffee",version="0.7.0"} 1"#,
      #"spillway_items_entered_total{item="packets"} 1000"#,
      #"spillway_items_lost_total{item="packets",reason="bad-length"} 3"#,
      #"spillway_line_rate_hertz{level="detector",line="RICH"} 2000"#,
      #"spillway_line_condition{level="l0",line="PNN \"a\\b\""} -2"#,
      #"spillway_selection_blind{role="signal",selection="kpinunu"} 1"#,
      #"spillway_selection_selected_total{role="normalisation",selection="k3pi"} 4"#,
      #"spillway_selection_upper_limit_events{role="normalisation",selection="k3pi"} +Inf"#,
      #"spillway_stage_busy_seconds_total{stage="build"} 0.25"#,
      #"spillway_lateness_p99_seconds 0.000125"#,
      #"spillway_data_time_seconds 1527854407.5"#,
      #"spillway_alerts_pending{sink="webhook"} 1"#,
      #"spillway_run_state{state="running"} 1"#,
      #"spillway_run_state{state="failed"} 0"#,
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    #expect(!text.contains(#"spillway_selection_selected_total{role="signal""#))
    #expect(!text.contains(#"spillway_selection_upper_limit_events{role="signal""#))
    #expect(!text.contains("spillway_kernel_drops_total"))
    #expect(!text.contains("without a description"))
  }

  @Test("counters follow the totals, and begin again with another run")
  func totals() {
    let registry = PrometheusRegistry()
    let metrics = SnapshotMetrics(registry: registry)
    for (packets, shown) in [(1000, 1000), (1500, 1500), (1500, 1500), (20, 20)] as [(UInt64, Int)] {
      metrics.collect(Snapshots.standard(packets: packets))
      let text = PrometheusText.render(registry, as: .text)
      #expect(text.contains("spillway_items_entered_total{item=\"packets\"} \(shown)\n"))
    }
  }

  @Test("the process is told by the names of all client libraries")
  func process() throws {
    let numbers = try #require(ProcessMetrics.read())
    #expect(numbers.resident > 1e6)
    #expect(numbers.virtual >= numbers.resident)
    #expect(numbers.files >= 3)
    #expect(numbers.fileLimit >= numbers.files)
    #expect(numbers.start > 1.6e9)
  }
}
