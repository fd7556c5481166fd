public import Configuration
import PacketCapture

/// Reads the truth of a simulation from a file, line by line: plain, gzip or zstd. Memory is bounded by the
/// longest line.
public final class TruthReader {
  /// The first line.
  public let header: TruthHeader
  /// Name of the file in messages.
  public var path: String { lines.path }
  /// Number of the line read last, from 1.
  public var lineNumber: Int { lines.lineNumber }
  /// Whether lines of triggers are passed over unread, for those who need the decays only.
  public var skipsTriggers = false

  private let lines: LineReader
  private var decoder = TruthDecoder()

  /// Opens the file at `path` and reads its header.
  ///
  /// Throws `CaptureError` where it cannot be read, and `ConfigurationError` where it is no truth.
  public init(path: String, maximumLineLength: Int = 16 << 20) throws {
    let lines = try LineReader(path: path, maximumLength: maximumLineLength)
    var decoder = TruthDecoder()
    let first = try lines.next { bytes in try Self.decode(bytes, &decoder, lines) }
    guard case .header(let header)? = first else {
      throw ConfigurationError(
        file: lines.path, line: 1,
        problem: first == nil ? "the file is empty" : "the first line is no header",
        advice: Self.advice)
    }
    self.lines = lines
    self.header = header
    self.decoder = decoder
  }

  /// The next record; `nil` at the end of the file.
  ///
  /// Throws `ConfigurationError` for a line that cannot be taken, `CaptureError` where the file breaks.
  public func next() throws -> TruthRecord? {
    while true {
      var isSkipped = false
      let record = try lines.next { bytes -> TruthRecord? in
        isSkipped = skipsTriggers && bytes.starts(with: Self.triggerStart)
        return isSkipped ? nil : try Self.decode(bytes, &decoder, lines)
      }
      guard !isSkipped else { continue }
      if case .header?? = record {
        throw error("a second header", advice: "give one file for each simulation")
      }
      return record ?? nil
    }
  }

  /// An error at the line read last.
  public func error(_ problem: String, key: String = "", advice: String) -> ConfigurationError {
    ConfigurationError(file: path, line: lineNumber, keyPath: key, problem: problem, advice: advice)
  }

  private static let triggerStart = Array(#"{"event_type":"trigger""#.utf8)
  private static let advice = "give the file that 'spillway simulate --truth' wrote"

  private static func decode(
    _ bytes: UnsafeBufferPointer<UInt8>, _ decoder: inout TruthDecoder, _ lines: LineReader
  ) throws -> TruthRecord {
    do throws(TruthSyntaxError) {
      return try decoder.decode(bytes)
    } catch {
      throw ConfigurationError(
        file: lines.path, line: lines.lineNumber, keyPath: error.key, problem: error.problem, advice: advice)
    }
  }
}
