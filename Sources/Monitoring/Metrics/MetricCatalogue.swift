/// All families that Spillway has, with what they mean (`Docs/Monitoring.md` has the table).
enum MetricCatalogue {
  /// The families.
  static let families: [MetricFamily] = [
    // What runs.
    gauge("spillway_build_info", "1; version and hash of the effective configuration are its labels."),
    gauge("spillway_run_info", "1; where the data come from, and the menu, are its labels."),
    gauge("spillway_run_state", "1 for the state that the run has, 0 for the others."),
    gauge("spillway_run_number", "Run number."),
    gauge("spillway_burst_number", "The burst under way, or the last one."),
    counter("spillway_bursts_total", "Bursts that have ended."),
    gauge("spillway_test_mode", "1 where alerts are marked as tests."),
    gauge("spillway_data_time_seconds", "Newest data time, in s since 1970."),
    gauge("spillway_snapshot_time_seconds", "Wall time of these numbers, in s since 1970."),
    gauge("spillway_speed_ratio", "Data time for real time that was asked for; none as fast as possible."),
    // The books.
    counter("spillway_bytes_total", "Bytes of packets that were read."),
    counter("spillway_items_entered_total", "Items that came in, by level of the books."),
    counter("spillway_items_total", "Items by the column of the books that they went to."),
    counter("spillway_items_lost_total", "Items lost, by kind and reason."),
    gauge("spillway_books_closed", "1 where each item is in exactly one column of the books."),
    counter("spillway_kernel_drops_total", "Packets that the kernel dropped before they were read."),
    counter("spillway_interface_drops_total", "Packets that the interface dropped."),
    // Rates.
    counter(
      "spillway_line_counts_total", "Counts of a line: detector, L0 mask, L1 mask, algorithm, selection."),
    gauge("spillway_line_rate_hertz", "Rate of a line in the last burst that has ended."),
    gauge("spillway_line_expected_hertz", "Rate that is expected of a line."),
    gauge("spillway_line_low_hertz", "Lower edge of a line's band."),
    gauge("spillway_line_high_hertz", "Upper edge of a line's band."),
    gauge("spillway_line_condition", "0 in its band or without one, 1 above, -1 below, -2 dead."),
    // Selections; a blind one shows no count.
    counter("spillway_selection_events_total", "Events that a selection looked at; none while blind."),
    counter("spillway_selection_selected_total", "Events selected; none while blind."),
    gauge("spillway_selection_blind", "1 where the signal region is sealed."),
    gauge("spillway_selection_background_events", "Expected background of the counting experiment."),
    gauge("spillway_selection_upper_limit_events", "Upper limit in signal events; none while blind."),
    gauge("spillway_selection_significance", "One-sided significance; none while blind or where infinite."),
    // Stages.
    gauge("spillway_stage_waiting_batches", "Batches that wait before a stage."),
    gauge("spillway_stage_capacity_batches", "Batches that may wait before a stage."),
    counter("spillway_stage_batches_total", "Batches that went through a stage."),
    counter("spillway_stage_busy_seconds_total", "Time that a stage worked."),
    gauge(
      "spillway_lateness_p99_seconds", "How late packets are released at a given speed, 99th percentile."),
    // Alerts.
    counter("spillway_alerts_total", "Alerts raised, by rule."),
    gauge("spillway_alerts_firing", "Alarms that are on, by rule."),
    gauge("spillway_alerts_waiting", "Alerts that wait for delivery."),
    counter("spillway_alerts_delivered_total", "Alerts that a sink has taken."),
    gauge("spillway_alerts_pending", "Alerts that wait for a sink."),
    counter("spillway_alerts_failed_total", "Attempts of delivery that failed, by sink."),
    // The nodes of a farm.
    gauge("spillway_node_state", "1 for the state that a node of a farm has, 0 for the others."),
    gauge("spillway_node_message_age_seconds", "Time since the last message of a node."),
    gauge("spillway_node_lag_seconds", "How far the data of a node are behind those of the first one."),
    counter("spillway_node_events_total", "Events of a node in bursts that are settled."),
    counter("spillway_node_dropped_events_total", "Events of bursts that a node did not live to end."),
    counter("spillway_node_restarts_total", "Processes of a node that have taken the place of another one."),
    // The server itself.
    counter("spillway_http_requests_total", "Requests, by status code."),
    MetricFamily(
      name: "spillway_http_request_seconds", kind: .histogram,
      help: "Time from the head of a request to that of its response.", edges: PrometheusRegistry.timeEdges),
    gauge("spillway_http_connections", "Connections that are open."),
    gauge("spillway_http_streams", "Event streams that are open."),
    counter("spillway_http_refused_total", "Connections turned away because too many were open."),
    counter("spillway_metrics_dropped_series_total", "Series that found no place."),
    // The process, by the names that all client libraries use.
    gauge("process_resident_memory_bytes", "Resident memory."),
    gauge("process_virtual_memory_bytes", "Virtual memory."),
    counter("process_cpu_seconds_total", "Time on processors."),
    gauge("process_open_fds", "Files that are open."),
    gauge("process_max_fds", "Files that may be open."),
    gauge("process_start_time_seconds", "Start of the process, in s since 1970."),
  ]

  private static func counter(_ name: String, _ help: String) -> MetricFamily {
    MetricFamily(name: name, kind: .counter, help: help)
  }

  private static func gauge(_ name: String, _ help: String) -> MetricFamily {
    MetricFamily(name: name, kind: .gauge, help: help)
  }
}
