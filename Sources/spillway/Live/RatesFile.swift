import RateMonitoring
import TriggerPipeline

/// `rates-by-burst.csv` of a run directory: the rows of a burst are written when it has ended.
final class RatesFile {
  static let fileName = "rates-by-burst.csv"
  private let path: String
  private let file: OutputFile

  /// Begins it, or goes on with it.
  ///
  /// - Parameters:
  ///   - directory: the run directory.
  ///   - files: to go on, the lengths of the run's files at its checkpoint.
  init(directory: String, continuing files: [String: UInt64]?) throws {
    let path = "\(directory)/\(Self.fileName)"
    self.path = path
    let length = files?[Self.fileName]
    // A run that was not monitored so far begins it now.
    file = try OutputFile(path: path, continuing: length.map { [path: $0] })
    if length == nil { try file.write(RatesByBurst.header + "\n") }
  }

  /// Writes the rows of bursts that have ended.
  func write(_ bursts: [(key: RateCounts.Key, burst: RateCounts.Burst)]) throws {
    guard !bursts.isEmpty else { return }
    let rows = bursts.flatMap { RatesByBurst.rows(of: $0.burst, $0.key) }
    try file.write(rows.map { $0 + "\n" }.joined())
  }

  /// Its length by its name, once what was written is on the disk.
  func lengths() throws -> [String: UInt64] {
    let lengths = try RunFiles.lengths(of: [path])
    return Dictionary(lengths.map { (Self.fileName, $0.value) }, uniquingKeysWith: { $1 })
  }

  func close() throws { try file.close() }
}
