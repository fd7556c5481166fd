public import NA62Formats

/// A slab of bytes and an index of the datagrams in it: what was read in one interval of data time.
///
/// The memory of a batch goes back to the reader that made it when the last reference to the batch is
/// dropped: keep the batch, not copies of its arrays.
public final class PacketBatch: Sendable {
  /// The frames; may be longer than what is used.
  public let bytes: ContiguousArray<UInt8>
  /// The datagrams, in the order of data time of the inputs.
  public let datagrams: ContiguousArray<Datagram>
  /// The packets for the quarantine.
  public let rejects: ContiguousArray<RejectedPacket>
  /// What this batch adds to the books.
  public let books: CaptureBooks
  /// The burst of all datagrams, where the input itself says it; `nil` where it has to be found from the data.
  public let burst: BurstIdentity?
  /// Number of the pass over the inputs, from 0, where they are read again and again: where it changes, whatever
  /// burst was under way has ended.
  public let pass: UInt32
  /// Every later datagram has a time not before this one, where the inputs are in time order.
  public let watermark: DataTime
  /// Whether a burst has ended in front of the first datagram, and nothing that came before matters to those from
  /// there on: a pipeline can go on from here with little that it carries over.
  public let beginsSegment: Bool
  private let pool: SlabPool?
  /// The batch that this one is a part of, whose memory must not go back before.
  private let whole: PacketBatch?

  /// A batch of the given bytes and index, whose memory is not recycled.
  public convenience init(
    bytes: ContiguousArray<UInt8>, datagrams: ContiguousArray<Datagram>,
    rejects: ContiguousArray<RejectedPacket> = [], books: CaptureBooks = CaptureBooks(),
    burst: BurstIdentity? = nil, watermark: DataTime
  ) {
    self.init(
      bytes: bytes, datagrams: datagrams, rejects: rejects, books: books, burst: burst,
      watermark: watermark, pool: nil)
  }

  init(
    bytes: ContiguousArray<UInt8>, datagrams: ContiguousArray<Datagram>,
    rejects: ContiguousArray<RejectedPacket>, books: CaptureBooks, burst: BurstIdentity? = nil,
    watermark: DataTime, pool: SlabPool?
  ) {
    self.bytes = bytes
    self.datagrams = datagrams
    self.rejects = rejects
    self.books = books
    self.burst = burst
    self.watermark = watermark
    self.pool = pool
    pass = 0
    beginsSegment = false
    whole = nil
  }

  /// A part of a batch: some of its datagrams, in the same memory.
  private init(_ whole: PacketBatch, _ range: Range<Int>, beginsSegment: Bool) {
    let isLast = range.upperBound == whole.datagrams.count
    bytes = whole.bytes
    datagrams = ContiguousArray(whole.datagrams[range])
    rejects = isLast ? whole.rejects : []
    books = isLast ? whole.books : CaptureBooks()
    burst = whole.burst
    pass = whole.pass
    // Of a batch that was read to its middle no more is known than the datagrams say.
    watermark =
      isLast ? whole.watermark : datagrams.last.map { min($0.time, whole.watermark) } ?? whole.watermark
    self.beginsSegment = beginsSegment
    pool = nil
    self.whole = whole
  }

  /// The batch of a later pass over the inputs, in the same memory.
  private init(_ whole: PacketBatch, pass: UInt32, later nanoseconds: Int64, burst: BurstIdentity?) {
    bytes = whole.bytes
    var datagrams = whole.datagrams
    for i in datagrams.indices { datagrams[i].time = datagrams[i].time.later(by: nanoseconds) }
    self.datagrams = datagrams
    var rejects = whole.rejects
    for i in rejects.indices { rejects[i].time = rejects[i].time.later(by: nanoseconds) }
    self.rejects = rejects
    books = whole.books
    self.burst = burst
    self.pass = pass
    beginsSegment = whole.beginsSegment
    watermark = whole.watermark.later(by: nanoseconds)
    pool = nil
    self.whole = whole
  }

  /// The batch as one of a later pass over the inputs.
  ///
  /// - Parameters:
  ///   - pass: number of the pass.
  ///   - nanoseconds: how much later all its data times are, in ns.
  ///   - burst: the burst that the input says, for this pass.
  public func repeated(
    pass: UInt32, later nanoseconds: Int64, burst: BurstIdentity?
  ) -> PacketBatch {
    PacketBatch(self, pass: pass, later: nanoseconds, burst: burst)
  }

  /// A part of the batch: the datagrams at the indices `range`, clamped to those that there are. The last part
  /// carries the books and the packets for the quarantine, so that all parts together are the batch.
  public func part(_ range: Range<Int>) -> PacketBatch {
    let range = range.clamped(to: 0..<datagrams.count)
    return range == 0..<datagrams.count
      ? self : PacketBatch(self, range, beginsSegment: beginsSegment && range.lowerBound == 0)
  }

  /// A part of the batch, as ``part(_:)`` gives it, in front of which a burst has ended.
  public func segment(_ range: Range<Int>) -> PacketBatch {
    PacketBatch(self, range.clamped(to: 0..<datagrams.count), beginsSegment: true)
  }

  deinit {
    pool?.give(slab: bytes, index: datagrams)
  }
}

extension DataTime {
  /// This time and some ns; the last possible time where there is none so late.
  fileprivate func later(by nanoseconds: Int64) -> DataTime {
    let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
    return DataTime(nanoseconds: overflow ? .max : sum)
  }
}
