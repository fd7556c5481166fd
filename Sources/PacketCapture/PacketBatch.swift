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
  /// Every later datagram has a time not before this one, where the inputs are in time order.
  public let watermark: DataTime
  private let pool: SlabPool?

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
  }

  deinit {
    pool?.give(slab: bytes, index: datagrams)
  }
}
