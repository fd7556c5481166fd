/// The numbers of a registry as text for Prometheus.
enum PrometheusText {
  /// A form of the text.
  enum Format: Sendable, Hashable {
    /// Text exposition format 0.0.4.
    case text
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// What a client asks for in `Accept`.
    init(accept: String?) {
      self = accept?.lowercased().contains("application/openmetrics-text") == true ? .openMetrics : .text
    }

    /// `Content-Type`.
    var mediaType: String {
      switch self {
      case .text: "text/plain; version=0.0.4; charset=utf-8"
      case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
      }
    }
  }

  /// All families that have a series, by name; the series by their labels.
  static func render(_ registry: PrometheusRegistry, as format: Format) -> String {
    var text = ""
    for content in registry.contents where !content.series.isEmpty {
      let family = content.family
      let head = format == .openMetrics ? String(family.stem) : family.name
      text += "# HELP \(head) \(escapedHelp(family.help, as: format))\n"
      text += "# TYPE \(head) \(family.kind.rawValue)\n"
      if format == .openMetrics, let unit = family.unit { text += "# UNIT \(head) \(unit)\n" }
      let series = content.series.map { (labels: labelText($0.key), series: $0.value) }
        .sorted { $0.labels < $1.labels }
      for (labels, series) in series { write(series, family, labels, to: &text) }
    }
    if format == .openMetrics { text += "# EOF\n" }
    return text
  }

  private static func write(
    _ series: PrometheusRegistry.Series, _ family: MetricFamily, _ labels: String, to text: inout String
  ) {
    switch series {
    case .number(let number):
      text += "\(family.name)\(labels.isEmpty ? "" : "{\(labels)}") \(numberText(number.value))\n"
    case .histogram(let histogram):
      let content = histogram.content
      var sum: UInt64 = 0
      for (bin, count) in content.bins.enumerated() {
        sum += count
        let edge = bin < family.edges.count ? numberText(family.edges[bin]) : "+Inf"
        let comma = labels.isEmpty ? "" : ","
        text += "\(family.name)_bucket{\(labels)\(comma)le=\"\(edge)\"} \(sum)\n"
      }
      let braces = labels.isEmpty ? "" : "{\(labels)}"
      text += "\(family.name)_sum\(braces) \(numberText(content.sum))\n"
      text += "\(family.name)_count\(braces) \(sum)\n"
    }
  }

  /// Labels without their braces.
  static func labelText(_ labels: [PrometheusRegistry.Label]) -> String {
    labels.map { "\($0.name)=\"\(escapedLabel($0.value))\"" }.joined(separator: ",")
  }

  /// A number; a whole one without a fraction.
  static func numberText(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return String(value)
  }

  private static func escapedLabel(_ text: String) -> String {
    escaped(text) { scalar in scalar == "\"" }
  }

  private static func escapedHelp(_ text: String, as format: Format) -> String {
    escaped(text) { scalar in format == .openMetrics && scalar == "\"" }
  }

  /// Puts a backslash before each backslash and what else is asked for, and writes a line break as `\n`.
  private static func escaped(_ text: String, also quote: (Unicode.Scalar) -> Bool) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case _ where scalar == "\\" || quote(scalar):
        result.append("\\")
        result.append(scalar)
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
