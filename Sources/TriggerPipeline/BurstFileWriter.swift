import EventBuilding
import Foundation
public import L1Trigger
import NA62Formats

/// Writes the events that L1 keeps as burst files, as NA62's farm and merger store them (`l1.md` 7).
///
/// The events of a burst are held until it ends, because the file's tables come before its events.
public final class BurstFileWriter {
  private let directory: String
  private let run: UInt32
  private let configuration: L1Configuration
  private var events: [UInt32: [[UInt8]]] = [:]
  /// Paths of the files written.
  public private(set) var files: [String] = []

  /// A writer into a directory, which is made if it is not there.
  ///
  /// - Throws: `RunDirectoryError`.
  public init(directory: String, run: UInt32, configuration: L1Configuration) throws {
    self.directory = directory
    self.run = run
    self.configuration = configuration
    do {
      try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    } catch {
      throw RunDirectoryError(
        description: "\(directory): cannot be made (\(error.localizedDescription)); name another")
    }
  }

  /// Takes the kept events of a batch, and writes the bursts that ended in it.
  ///
  /// - Throws: `FormatError` for an event that the format cannot hold, `RunDirectoryError`.
  public func add(_ judged: JudgedBatch) throws {
    for (i, event) in judged.batch.events.enumerated() where !judged.decisions[i].word.isEmpty {
      let bytes = try encode(event, judged, i)
      events[event.burst, default: []].append(bytes)
    }
    for burst in judged.batch.endedBursts { try write(burst.burst) }
  }

  /// Writes what is left.
  ///
  /// - Throws: `FormatError`, `RunDirectoryError`.
  public func finish() throws {
    for burst in events.keys.sorted() { try write(burst) }
  }

  private func encode(_ event: BuiltEvent, _ judged: JudgedBatch, _ index: Int) throws -> [UInt8] {
    let batch = judged.batch
    let header = StoredEventHeader(
      event: event.number, burst: event.burst, timestamp: event.timestamp,
      triggerWord: UInt32(event.l0.word.rawValue) | UInt32(judged.decisions[index].word.rawValue) << 8,
      fineTime: event.l0.fineTime, processingID: 0, startOfBurst: 0)
    let sources = batch.layout.sources.map { source in
      let fragments = batch.layout.fragments(of: source.id).map { f in
        let fragment = batch.fragments[Int(event.firstFragment) + f]
        return StoredEventEncoder.Fragment.l0(
          subID: fragment.subID, timestamp: fragment.timestamp,
          payload: payload(of: fragment, source.id, event, judged, index))
      }
      return StoredEventEncoder.Source(id: source.id, fragments: fragments)
    }
    return try StoredEventEncoder().encode(header, sources: sources)
  }

  /// What is stored of a fragment: its payload; for the farm's own L1 fragment the data block, and zeros for
  /// its others.
  private func payload(
    of fragment: EventFragment, _ source: SourceID, _ event: BuiltEvent, _ judged: JudgedBatch,
    _ index: Int
  ) -> [UInt8] {
    if fragment.isVirtual {
      guard source == .l1 else { return [UInt8](repeating: 0, count: Int(fragment.length)) }
      return L1DataBlock.encode(
        event: event, evaluation: judged.evaluations[index], decision: judged.decisions[index],
        configuration: configuration)
    }
    let begin = Int(fragment.offset)
    return Array(judged.batch.bytes[begin..<(begin + Int(fragment.length))])
  }

  private func write(_ burst: UInt32) throws {
    guard let kept = events.removeValue(forKey: burst) else { return }
    let encoded = try BurstFile.encode(run: run, burst: burst, events: kept, startOfBurst: 0)
    var copy = 1
    var path = ""
    repeat {
      path =
        "\(directory)/"
        + BurstFile.name(startOfBurst: 0, merger: 0, run: run, burst: burst, copy: copy)
      copy += 1
    } while FileManager.default.fileExists(atPath: path)
    let file = try OutputFile(path: path)
    try file.write(Data(encoded.bytes))
    try file.close()
    files.append(path)
  }
}
