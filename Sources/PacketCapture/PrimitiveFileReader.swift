public import NA62Formats

/// Reads raw primitive files burst by burst, one `PacketBatch` at a time: the files of a burst are merged by
/// the time in the headers, equal times in the order of the files. Synchronous, no concurrency; memory does
/// not grow with the files.
///
/// Every packet becomes a datagram to the port of primitives. Its data time is the start of burst, 20 s times
/// the number of bursts before it, plus the header's time (frames of 256 clock periods). Its number is that of
/// the packet in its file, from 1. The detector is the one that the header names, as for captures: the prefix of
/// the file's name is only compared with it.
///
/// A file that is cut or damaged is read as far as its packets are sound, and reported in `warnings`.
public final class PrimitiveFileReader {
  /// Options of the reader.
  public struct Options: Sendable, Hashable {
    /// Length of the slab of a batch, in bytes.
    public var slabSize = 1 << 20
    /// Sources whose packets are in the 64-bit format, where the header counts clock periods.
    public var wideSources: Set<SourceID> = []
    /// The run number, instead of those in the names.
    public var run: UInt32?
    /// What `PacketReference.input` says of each file; nil counts them from 0.
    public var inputNumbers: [UInt32]?
    /// Bursts of the run ahead of the first of these files, which others read.
    public var burstsBefore = 0
    /// The default options.
    public init() {}
  }

  /// Distance of the starts of two bursts in data time, in seconds.
  public static let burstDistance = 20
  /// Frames that data time follows; a burst of more would reach into the next one.
  private static let maximumFrame = Int64(Double(burstDistance) * 1e9 / frameNanoseconds) - 1
  /// Length of a frame, in ns.
  private static let frameNanoseconds = 256 * ClockTicks.strawPeriod

  /// What was noticed so far about the files.
  public private(set) var warnings: [CaptureWarning] = []
  /// The books of all batches so far.
  public private(set) var books = CaptureBooks()
  /// The files, in the order of `PacketReference.input`.
  public let files: [PrimitiveFile]

  private let options: Options
  private let pool: SlabPool
  /// The first file that was not opened yet.
  private var nextFile = 0
  /// Bursts begun.
  private var bursts: Int
  private var identity = BurstIdentity(run: 0, burst: 0, startOfBurst: 0)
  /// The files of the present burst.
  private var sources: [PrimitiveFileSource] = []
  private var newest = DataTime(nanoseconds: 0)

  /// A reader of files in the order of their runs and bursts, as `PrimitiveFile.expand` gives them.
  public init(files: [PrimitiveFile], options: Options = Options()) {
    self.files = files
    self.options = options
    bursts = max(0, options.burstsBefore)
    pool = SlabPool(slabSize: max(MTP.maximumByteCount, options.slabSize))
  }

  /// The next batch, of packets of one burst; nil at the end of all files.
  ///
  /// Throws where a file cannot be opened.
  public func next() throws(CaptureError) -> PacketBatch? {
    var delta = CaptureBooks()
    while sources.isEmpty {
      guard nextFile < files.count else {
        // Damage in files without any sound packet is in the books as well.
        guard delta != CaptureBooks() else { return nil }
        books += delta
        return PacketBatch(bytes: [], datagrams: [], books: delta, burst: identity, watermark: newest)
      }
      try openBurst(&delta)
    }
    var (slab, index) = pool.take()
    var used = 0
    while let source = earliest(), source.length <= slab.count - used {
      let length = source.length
      let frame = min(max(0, source.frame), Self.maximumFrame)
      let start = Int64(bursts - 1) * Int64(Self.burstDistance) * 1_000_000_000
      let time = DataTime(nanoseconds: start + Int64(Double(frame) * Self.frameNanoseconds))
      newest = max(newest, time)
      index.append(
        Datagram(
          time: time, packet: PacketReference(input: source.index, number: source.number), frameOffset: used,
          frameLength: length, payloadOffset: used, payloadLength: length, sourceAddress: 0,
          destinationAddress: 0, sourcePort: MTP.port, destinationPort: MTP.port))
      source.take { packet in
        slab.withUnsafeMutableBytes { slab in
          UnsafeMutableRawBufferPointer(rebasing: slab[used..<(used + length)]).copyMemory(from: packet)
        }
      }
      used += length
      delta.packets += 1
      delta.datagrams += 1
      delta.bytes += UInt64(length)
      collect(source, &delta)
    }
    sources.removeAll { $0.length == 0 }
    books += delta
    return PacketBatch(
      bytes: slab, datagrams: index, rejects: [], books: delta, burst: identity, watermark: newest,
      pool: pool)
  }

  /// Opens the files of the next burst.
  private func openBurst(_ delta: inout CaptureBooks) throws(CaptureError) {
    let first = files[nextFile]
    identity = BurstIdentity(run: options.run ?? first.run, burst: first.burst, startOfBurst: 0)
    bursts += 1
    while nextFile < files.count, files[nextFile].run == first.run, files[nextFile].burst == first.burst {
      defer { nextFile += 1 }
      let wide = options.wideSources
      let number = options.inputNumbers.flatMap { $0.indices.contains(nextFile) ? $0[nextFile] : nil }
      let source = try PrimitiveFileSource(index: number ?? UInt32(nextFile), file: files[nextFile]) {
        wide.contains($0)
      }
      collect(source, &delta)
      if source.length > 0 { sources.append(source) }
    }
  }

  /// The file whose next packet is the earliest, or nil at the end of the burst.
  private func earliest() -> PrimitiveFileSource? {
    var best: PrimitiveFileSource?
    for source in sources where source.length > 0 {
      if let best, best.frame <= source.frame { continue }
      best = source
    }
    return best
  }

  /// Takes what was noticed of a file.
  private func collect(_ source: PrimitiveFileSource, _ delta: inout CaptureBooks) {
    guard !source.warnings.isEmpty else { return }
    delta.cutInputs += UInt64(source.warnings.count(where: \.isDataLoss))
    warnings += source.warnings
    source.warnings = []
  }
}
