import Foundation
import NA62Formats
import PacketCapture

/// Burst files as a source of packets: each stored fragment becomes the packet that its board would have
/// sent, so that everything behind the capture serves burst files too.
///
/// The farm's own fragments (sources 0x44, 0x48, 0x4C) are left out: event building makes them anew. The
/// data time of an event is the burst's start, as stored, and its timestamp; a burst without a stored start
/// begins 20 s after the one before. A packet's number is the number of its event in the file, from 1.
final class BurstFileSource: PacketSource {
  /// A burst file that has been looked at.
  struct File: Sendable {
    let path: String
    let run: UInt32
    let burst: UInt32

    init(path: String) throws(CaptureError) {
      self.path = path
      let bytes = try readWholeFileDecompressed(path, maximumSize: BurstFileSource.sizeLimit)
      do {
        let file = try BurstFile(bytes.span.bytes)
        (run, burst) = (file.run, file.burst)
      } catch {
        throw .notACapture(path: path, looksLike: "a damaged burst file (\(error))")
      }
    }
  }

  /// Longest file that is read, in bytes.
  static let sizeLimit = 4 << 30
  private static let eventsPerBatch = 256
  /// The sources that NA62 reads after L1, where the configuration lists none.
  static let defaultL1Sources: Set<SourceID> = [.lkr, .muv1, .muv2]
  private static let virtualSources: Set<SourceID> = [.l1, .l2, .nstd]

  private(set) var warnings: [CaptureWarning] = []
  private let files: [File]
  private var current = -1
  private var bytes: ContiguousArray<UInt8> = []
  private var file: BurstFile?
  private var entry = 0
  private let l1Sources: Set<SourceID>
  /// The present burst; its start is that of the file's first event.
  private var identity = BurstIdentity(run: 0, burst: 0, startOfBurst: 0)
  private var last = DataTime(nanoseconds: 0)
  private let run: UInt32?
  private let numbers: [UInt32]?

  /// A source of the packets of files.
  ///
  /// - Parameters:
  ///   - files: the files, in the order of their bursts.
  ///   - l1Sources: the sources whose fragments have the headers of L1 data.
  ///   - run: the run number, instead of those in the files.
  ///   - numbers: the number of each file among the inputs of the run; nil counts them from 0.
  init(files: [File], l1Sources: Set<SourceID>, run: UInt32?, numbers: [UInt32]? = nil) {
    self.files = files
    self.numbers = numbers
    self.l1Sources = l1Sources
    self.run = run
  }

  static func isRegularFile(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
  }

  func next() throws(CaptureError) -> PacketBatch? {
    while entry >= (file?.entries.count ?? 0) {
      current += 1
      guard current < files.count else { return nil }
      bytes = try readWholeFileDecompressed(files[current].path, maximumSize: Self.sizeLimit)
      do {
        file = try BurstFile(bytes.span.bytes)
      } catch {
        throw .notACapture(path: files[current].path, looksLike: "a damaged burst file (\(error))")
      }
      entry = 0
      identity = BurstIdentity(
        run: run ?? files[current].run, burst: files[current].burst, startOfBurst: startOfBurst())
      // What a file's first event may lack does not come from the file before: a file can be read alone.
      last = Self.start(identity.startOfBurst, number: number)
    }
    guard let file else { return nil }
    var out = PacketMaker(input: number, last: last)
    let end = min(entry + Self.eventsPerBatch, file.entries.count)
    while entry < end {
      defer { entry += 1 }
      do throws(FormatError) {
        let all = bytes.span.bytes
        let range = try file.range(ofEntry: entry, in: all)
        let stored = try StoredEvent(all.extracting(range), l1Sources: l1Sources)
        out.add(stored, all.extracting(range), number: UInt32(entry + 1))
      } catch {
        out.lost()
        warnings.append(
          CaptureWarning(
            path: files[current].path, packet: UInt32(entry + 1),
            message: "damaged event, left out: \(error)", isDataLoss: true))
      }
    }
    last = out.last
    return out.batch(identity)
  }

  /// The number of the present file among the inputs of the run.
  private var number: UInt32 {
    numbers.flatMap { $0.indices.contains(current) ? $0[current] : nil } ?? UInt32(clamping: current)
  }

  /// When a burst begins: as stored, in s since 1970; without that 20 s behind that of the input before.
  private static func start(_ stored: UInt32, number: UInt32) -> DataTime {
    DataTime(nanoseconds: (stored == 0 ? 20 * Int64(number) : Int64(stored)) * 1_000_000_000)
  }

  /// Start of burst of the present file, from the first of its events that can be read; 0 if none says it.
  private func startOfBurst() -> UInt32 {
    guard let file else { return 0 }
    for index in file.entries.indices {
      if let start = Self.startOfBurst(of: index, in: file, bytes.span.bytes) { return start }
    }
    return 0
  }

  private static func startOfBurst(of index: Int, in file: BurstFile, _ all: RawSpan) -> UInt32? {
    guard let range = try? file.range(ofEntry: index, in: all) else { return nil }
    return try? StoredEventHeader(all.extracting(range)).startOfBurst
  }

  /// Makes packets from stored events.
  private struct PacketMaker {
    private let input: UInt32
    private var bytes: ContiguousArray<UInt8> = []
    private var datagrams: ContiguousArray<Datagram> = []
    private var books = CaptureBooks()
    private(set) var last: DataTime

    init(input: UInt32, last: DataTime) {
      self.input = input
      self.last = last
    }

    mutating func lost() { books.cutInputs += 1 }

    mutating func add(_ stored: StoredEvent, _ event: RawSpan, number: UInt32) {
      let start = BurstFileSource.start(stored.header.startOfBurst, number: input).nanoseconds
      // An unfinished last event has no timestamp: it comes at the end of what was before.
      if stored.header.triggerWord != StoredEvent.incompleteTriggerWord || stored.header.timestamp != 0 {
        last = DataTime(
          nanoseconds: start + Int64(Double(stored.header.timestamp) * ClockTicks.strawPeriod))
      }
      let isLast = stored.header.triggerWord & 0xFF == UInt32(L0Word.endOfBurst.rawValue)
      for source in stored.sources where !virtualSources.contains(source.id) {
        for fragment in source.fragments where !fragment.isMissing {
          var packet: [UInt8]
          if source.stage == .l1 {
            packet = copy(event, fragment.offset..<(fragment.offset + fragment.length))
          } else {
            var encoder = L0MEPEncoder(
              firstEvent: stored.header.event, source: source.id,
              subID: UInt8(truncatingIfNeeded: fragment.subID))
            let payload = copy(event, fragment.payload)
            guard encoder.append(payload: payload, timestamp: fragment.timestamp, isLastOfBurst: isLast)
            else {
              books.cutInputs += 1
              continue
            }
            packet = encoder.bytes
          }
          append(packet, number: number, port: source.stage == .l1 ? 58915 : 58913)
        }
      }
    }

    private func copy(_ span: RawSpan, _ range: Range<Int>) -> [UInt8] {
      guard range.lowerBound >= 0, range.upperBound <= span.byteCount else { return [] }
      return span.extracting(range).withUnsafeBytes { Array($0) }
    }

    private mutating func append(_ packet: [UInt8], number: UInt32, port: UInt16) {
      datagrams.append(
        Datagram(
          time: last, packet: PacketReference(input: input, number: number), frameOffset: bytes.count,
          frameLength: packet.count, payloadOffset: bytes.count, payloadLength: packet.count,
          sourceAddress: 0, destinationAddress: 0, sourcePort: port, destinationPort: port))
      bytes.append(contentsOf: packet)
      books.packets += 1
      books.bytes += UInt64(packet.count)
      books.datagrams += 1
    }

    func batch(_ burst: BurstIdentity) -> PacketBatch {
      PacketBatch(bytes: bytes, datagrams: datagrams, books: books, burst: burst, watermark: last)
    }
  }
}
