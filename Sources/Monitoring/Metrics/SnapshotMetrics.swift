import CoreMetrics
import Foundation
import NIOConcurrencyHelpers

/// Brings the numbers of a snapshot into a registry, when somebody asks for them.
final class SnapshotMetrics: Sendable {
  /// A series that has been brought in.
  private struct Key: Sendable, Hashable {
    var name: String
    var labels: [String]
  }

  private let registry: PrometheusRegistry
  private let totals = NIOLockedValueBox<[Key: Double]>([:])

  init(registry: PrometheusRegistry) {
    self.registry = registry
    for family in MetricCatalogue.families { registry.declare(family) }
  }

  /// Brings in a snapshot, and what the kernel says of the process.
  func collect(_ snapshot: MonitorSnapshot?) {
    if let snapshot {
      collect(snapshot.status)
      collect(snapshot.rates)
      collect(snapshot.counts)
      collect(snapshot.alerts)
      collect(snapshot.health)
      if let nodes = snapshot.nodes { collect(nodes) }
    }
    if let process = ProcessMetrics.read() {
      set("process_resident_memory_bytes", process.resident)
      set("process_virtual_memory_bytes", process.virtual)
      count("process_cpu_seconds_total", process.processor)
      set("process_open_fds", process.files)
      set("process_max_fds", process.fileLimit)
      set("process_start_time_seconds", process.start)
    }
    count("spillway_metrics_dropped_series_total", Double(registry.dropped))
  }

  private func collect(_ status: RunStatus) {
    set(
      "spillway_build_info", 1,
      [("version", status.version), ("configuration_hash", status.configurationHash)])
    set("spillway_run_info", 1, [("source", status.source.rawValue), ("menu", status.menu)])
    for state in RunStatus.State.allCases {
      set("spillway_run_state", state == status.state ? 1 : 0, [("state", state.rawValue)])
    }
    if let run = status.run { set("spillway_run_number", Double(run)) }
    if let burst = status.burst { set("spillway_burst_number", Double(burst)) }
    count("spillway_bursts_total", Double(status.bursts))
    set("spillway_test_mode", status.isTest ? 1 : 0)
    if let time = status.dataTime.flatMap(Self.seconds) { set("spillway_data_time_seconds", time) }
    if let time = Self.seconds(status.wallTime) { set("spillway_snapshot_time_seconds", time) }
    if let speed = status.speed { set("spillway_speed_ratio", speed) }
  }

  private func collect(_ rates: RateDocument) {
    for line in rates.lines {
      let labels = [("level", line.level.rawValue), ("line", line.name)]
      if let total = line.total { count("spillway_line_counts_total", Double(total), labels) }
      let ended = rates.isBurstOpen ? line.bursts.dropLast() : line.bursts[...]
      if let rate = ended.last?.rate { set("spillway_line_rate_hertz", rate, labels) }
      if let band = line.band {
        set("spillway_line_expected_hertz", band.expected, labels)
        set("spillway_line_low_hertz", band.low, labels)
        set("spillway_line_high_hertz", band.high, labels)
      }
      let condition: Double =
        switch line.condition {
        case .normal: 0
        case .high: 1
        case .low: -1
        case .dead: -2
        }
      set("spillway_line_condition", condition, labels)
    }
  }

  private func collect(_ counts: CountsDocument) {
    for selection in counts.selections {
      let labels = [("selection", selection.name), ("role", selection.role)]
      if let events = selection.events {
        count("spillway_selection_events_total", Double(events), labels)
      }
      set("spillway_selection_blind", selection.isBlind ? 1 : 0, labels)
      if let selected = selection.selected {
        count("spillway_selection_selected_total", Double(selected), labels)
      }
      guard let state = selection.state else { continue }
      set("spillway_selection_background_events", state.background, labels)
      set("spillway_selection_upper_limit_events", state.upperLimit, labels)
      if let z = state.zOneSided { set("spillway_selection_significance", z, labels) }
    }
  }

  private func collect(_ alerts: AlertDocument) {
    for rule in alerts.rules {
      count("spillway_alerts_total", Double(rule.raised), [("rule", rule.rule)])
      set("spillway_alerts_firing", Double(rule.firing), [("rule", rule.rule)])
    }
    for sink in alerts.sinks {
      count("spillway_alerts_delivered_total", Double(sink.delivered), [("sink", sink.name)])
      count("spillway_alerts_failed_total", Double(sink.failed), [("sink", sink.name)])
      set("spillway_alerts_pending", Double(sink.pending), [("sink", sink.name)])
    }
  }

  private func collect(_ health: HealthDocument) {
    for account in health.books {
      count("spillway_items_entered_total", Double(account.entered), [("item", account.item)])
      set("spillway_books_closed", account.closes ? 1 : 0, [("item", account.item)])
      for column in account.columns {
        count(
          "spillway_items_total", Double(column.count), [("item", account.item), ("column", column.name)])
        guard column.isLoss else { continue }
        count(
          "spillway_items_lost_total", Double(column.count),
          [("item", account.item), ("reason", column.name)])
      }
    }
    if let bytes = health.bytes { count("spillway_bytes_total", Double(bytes)) }
    if let drops = health.kernelDrops { count("spillway_kernel_drops_total", Double(drops)) }
    if let drops = health.interfaceDrops { count("spillway_interface_drops_total", Double(drops)) }
    for stage in health.stages {
      let labels = [("stage", stage.name)]
      set("spillway_stage_waiting_batches", Double(stage.waiting), labels)
      set("spillway_stage_capacity_batches", Double(stage.capacity), labels)
      count("spillway_stage_batches_total", Double(stage.batches), labels)
      count("spillway_stage_busy_seconds_total", stage.busySeconds, labels)
    }
    if let lateness = health.lateness { set("spillway_lateness_p99_seconds", lateness * 1e-6) }
    set("spillway_alerts_waiting", Double(health.alertsPending))
  }

  private func collect(_ farm: NodesDocument) {
    for node in farm.nodes {
      let label = ("node", "\(node.node)")
      for state in NodesDocument.State.allCases {
        set("spillway_node_state", state == node.state ? 1 : 0, [label, ("state", state.rawValue)])
      }
      if let age = node.age { set("spillway_node_message_age_seconds", age, [label]) }
      if let lag = node.lag { set("spillway_node_lag_seconds", lag, [label]) }
      count("spillway_node_events_total", Double(node.events), [label])
      count("spillway_node_dropped_events_total", Double(node.droppedEvents), [label])
      count("spillway_node_restarts_total", Double(node.restarts), [label])
    }
  }

  private func set(_ name: String, _ value: Double, _ labels: [(String, String)] = []) {
    Meter(label: name, dimensions: labels, factory: registry).set(value)
  }

  /// Brings a counter to a total. A lower one than before is that of another run: the counter begins again, which
  /// Prometheus knows.
  func count(_ name: String, _ total: Double, _ labels: [(String, String)] = []) {
    guard total.isFinite, total >= 0 else { return }
    let key = Key(name: name, labels: labels.map(\.1))
    let counter = FloatingPointCounter(label: name, dimensions: labels, factory: registry)
    totals.withLockedValue { totals in
      let before = totals[key] ?? 0
      if total < before { counter.reset() }
      counter.increment(by: total < before ? total : total - before)
      totals[key] = total
    }
  }

  /// Seconds since 1970 of a time of RFC 3339.
  private static func seconds(_ text: String) -> Double? {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
    return (try? style.parse(text))?.timeIntervalSince1970
  }
}
