import CPcap
import NA62Formats

/// Fills batches with the packets of libpcap's handles: the part that captures of files and of interfaces share.
final class BatchFiller {
  /// What the batch under way has taken in, and what outlives it.
  var intake: Intake
  /// The books of all batches so far.
  private(set) var books = CaptureBooks()
  private let pool: SlabPool
  private var slab: ContiguousArray<UInt8> = []

  init(options: CaptureOptions) {
    pool = SlabPool(slabSize: max(1 << 10, options.slabSize))
    intake = Intake(options)
  }

  /// Begins a batch.
  func begin() {
    (slab, intake.datagrams) = pool.take()
    intake.rejects = []
    intake.used = 0
    intake.capacity = slab.count
  }

  /// Moves what waits into the slab. Returns false where the batch is full.
  func makeRoom() -> Bool {
    if intake.isFull { return false }
    if !intake.hasWaiting { return true }
    if intake.used == 0 { grow(intake.waiting[intake.waitingHead].frame.count) }
    return slab.withUnsafeMutableBytes { bytes in
      intake.base = bytes.baseAddress
      defer { intake.base = nil }
      return intake.drain()
    } && !intake.isFull
  }

  /// Makes an empty slab large enough for a packet of `size` bytes.
  private func grow(_ size: Int) {
    guard size > slab.count else { return }
    slab.append(contentsOf: repeatElement(0, count: size - slab.count))
    intake.capacity = slab.count
  }

  /// Takes packets of a handle, the held one first, until one is beyond the limit of the intake or finds no room
  /// (`intake.stopped`; that one is held), or there is none at present.
  ///
  /// - Returns: what pcap_dispatch(3) returned last.
  func run(_ handle: OpaquePointer, held: inout HeldPacket, packetNumber: inout UInt32) -> Int32 {
    if intake.used == 0, held.header != nil { grow(held.bytes.count) }
    intake.packetNumber = packetNumber
    intake.handle = handle
    intake.stopped = false
    intake.refused = false
    var status: Int32 = 0
    slab.withUnsafeMutableBytes { bytes in
      intake.base = bytes.baseAddress
      defer { intake.base = nil }
      if offer(held, elsewhere: bytes.baseAddress) { held.taken() }
      if intake.stopped { return }
      swap(&intake.held, &held)
      withUnsafeMutablePointer(to: &intake) { intake in
        while !intake.pointee.stopped {
          status = pcap_dispatch(
            handle, -1,
            { user, header, data in
              guard let user, let header, let data else { return }
              user.withMemoryRebound(to: Intake.self, capacity: 1) { intake in
                if intake.pointee.receive(header, data) { return }
                if intake.pointee.refused { intake.pointee.held.keep(header.pointee, data) }
                pcap_breakloop(intake.pointee.handle)
              }
            }, UnsafeMutableRawPointer(intake).assumingMemoryBound(to: UInt8.self))
          // A break left over from the last run comes back at once and means nothing.
          if status == 0 || status == PCAP_ERROR { break }
        }
      }
      swap(&intake.held, &held)
    }
    packetNumber = intake.packetNumber
    return status
  }

  /// Offers the packet that is held, if there is one. Returns whether it was taken.
  ///
  /// - Parameter address: any address, for a packet without bytes; it is never read.
  private func offer(_ held: HeldPacket, elsewhere address: UnsafeMutableRawPointer?) -> Bool {
    guard var header = held.header else { return false }
    return held.bytes.withUnsafeBufferPointer { bytes in
      guard let data = bytes.baseAddress ?? UnsafePointer(address?.assumingMemoryBound(to: UInt8.self)) else {
        return true
      }
      return intake.receive(&header, data) || !intake.refused
    }
  }

  /// Ends the batch under way; nil where it would hold nothing and is not wanted empty.
  func finish(evenIfEmpty: Bool = false) -> PacketBatch? {
    let delta = intake.books
    let datagrams = intake.datagrams
    intake.datagrams = []
    let bytes = slab
    slab = []
    intake.books = CaptureBooks()
    if !evenIfEmpty, datagrams.isEmpty, intake.rejects.isEmpty, delta == CaptureBooks() {
      pool.give(slab: bytes, index: datagrams)
      return nil
    }
    books += delta
    let batch = PacketBatch(
      bytes: bytes, datagrams: datagrams, rejects: intake.rejects, books: delta,
      watermark: DataTime(nanoseconds: intake.newest), pool: pool)
    intake.rejects = []
    return batch
  }
}
