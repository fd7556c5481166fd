public import Configuration
import NA62Formats
import TriggerPipeline

/// The table of the rates of all bursts, as CSV.
public enum RatesByBurst {
  /// The first row.
  public static let header = "run,burst,begin_ns,seconds,level,line,count,rate_hz"

  /// A row for each burst and line that counted something, in the order of bursts and lines.
  public static func rows(of counts: RateCounts) -> [String] {
    counts.bursts.sorted { $0.key < $1.key }.flatMap { rows(of: $1, $0) }
  }

  /// The rows of one burst.
  public static func rows(of burst: RateCounts.Burst, _ key: RateCounts.Key) -> [String] {
    burst.lines.sorted { $0.key < $1.key }.map { line, value in
      let seconds = burst.seconds
      let rate = seconds > 0 ? "\(Double(value.count) / seconds)" : ""
      return "\(key.run),\(key.burst),\(burst.begin.nanoseconds),\(seconds),\(line.level.rawValue),"
        + "\(CSV.field(line.name)),\(value.count),\(rate)"
    }
  }

  /// The counts of a table that was written, without what lay along the bursts.
  ///
  /// - Parameters:
  ///   - text: the table.
  ///   - file: its name, for the errors.
  /// - Throws: `ConfigurationError` with the row that cannot be read.
  public static func counts(of text: String, file: String) throws(ConfigurationError) -> RateCounts {
    var counts = RateCounts(binNanoseconds: 1)
    let rows = text.split(separator: "\n")
    func broken(_ row: Int, _ problem: String) -> ConfigurationError {
      ConfigurationError(
        file: "\(file):\(row + 1)", problem: problem, advice: "give a table that Spillway wrote")
    }
    guard rows.first.map(String.init) == header else { throw broken(0, "expected the columns \(header)") }
    for (number, row) in rows.enumerated().dropFirst() {
      guard let fields = CSV.fields(row), fields.count == 8, let run = UInt32(fields[0]),
        let burst = UInt32(fields[1]), let begin = Int64(fields[2]), let seconds = Double(fields[3]),
        seconds >= 0, seconds < 1e6, let line = RateLine(text: "\(fields[4])/\(fields[5])"),
        let count = UInt64(fields[6])
      else { throw broken(number, "not a row of rates: \(row.prefix(80))") }
      let key = RateCounts.Key(run: run, burst: burst)
      let end = begin.addingReportingOverflow(Int64((seconds * 1e9).rounded()))
      var part = RateCounts.Burst(
        begin: DataTime(nanoseconds: begin),
        end: DataTime(nanoseconds: end.overflow ? .max : end.partialValue), firstBin: 0)
      var value = RateCounts.Line()
      value.count = count
      part.lines[line] = value
      if counts.bursts[key] == nil { counts.bursts[key] = part } else { counts.bursts[key]? += part }
    }
    return counts
  }
}
