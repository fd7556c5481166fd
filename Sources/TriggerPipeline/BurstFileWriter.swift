import EventBuilding
import Foundation
import NA62Formats

/// Writes the stored events of a run as burst files, as NA62's merger does (`l1.md` 7.2, 7.3).
///
/// The events of a burst are held until it ends, because the file's tables come before its events. The
/// end-of-burst record of L1 goes into the NSTD block of the end-of-burst event, where the events have one.
public final class BurstFileWriter {
  /// The books of the files: every event is in exactly one column.
  public struct Books: Hashable, Sendable, Codable {
    /// Events to be written.
    public var events: UInt64 = 0
    /// Events written.
    public var written: UInt64 = 0
    /// Events of a number that the burst had already; NA62's merger drops them too.
    public var duplicate: UInt64 = 0
    /// Events that do not fit into the format.
    public var tooLong: UInt64 = 0

    /// Whether every event is in exactly one column.
    public var closes: Bool { events == written + duplicate + tooLong }

    /// Adds the books of another part.
    public static func += (a: inout Self, b: Self) {
      a.events += b.events
      a.written += b.written
      a.duplicate += b.duplicate
      a.tooLong += b.tooLong
    }
  }

  private struct Burst: Hashable, Comparable {
    var run: UInt32
    var burst: UInt32

    static func < (a: Self, b: Self) -> Bool { (a.run, a.burst) < (b.run, b.burst) }
  }

  private let directory: String
  private var events: [Burst: [[UInt8]]] = [:]
  /// Paths of the files written.
  public private(set) var files: [String] = []
  /// The books; they close when the last burst is written.
  public private(set) var books = Books()

  /// A writer into a directory, which is made if it is not there.
  ///
  /// - Throws: `RunDirectoryError`.
  public init(directory: String) throws {
    self.directory = directory
    try OutputDirectory.make(directory, option: "--write-bursts")
  }

  /// Takes the stored events of a batch, and writes the bursts that ended in it.
  ///
  /// - Throws: `FormatError` for a file that the format cannot hold, `RunDirectoryError`.
  public func add(_ judged: JudgedBatch) throws {
    for record in judged.stored {
      books.events += 1
      if let bytes = record.bytes {
        events[Burst(run: record.run, burst: record.burst), default: []].append(bytes)
      } else {
        books.tooLong += 1
      }
    }
    for ended in judged.endedBursts { try write(ended) }
  }

  private func write(_ ended: BurstStatistics) throws {
    let burst = ended.burst
    guard var kept = events.removeValue(forKey: Burst(run: burst.run, burst: burst.burst)) else { return }
    let record = ended.counts.l1Record(endOfBurst: burst.endOfBurst).bytes
    for index in kept.indices {
      // An event that would become too long for its pointers stays without the record.
      if let full = try? EndOfBurst.insert([record], into: kept[index], timestamp: burst.endOfBurst) {
        kept[index] = full
      }
    }
    let encoded = try BurstFile.encode(
      run: burst.run, burst: burst.burst, events: kept, startOfBurst: burst.startOfBurst)
    books.duplicate += UInt64(encoded.dropped)
    books.written += UInt64(kept.count - encoded.dropped)
    var copy = 1
    var path = ""
    repeat {
      path =
        "\(directory)/"
        + BurstFile.name(
          startOfBurst: burst.startOfBurst, merger: 0, run: burst.run, burst: burst.burst, copy: copy)
      copy += 1
    } while FileManager.default.fileExists(atPath: path)
    let file = try OutputFile(path: path)
    try file.write(Data(encoded.bytes))
    try file.close()
    files.append(path)
  }
}
