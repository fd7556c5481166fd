/// Memory for packets that wait for those of other detectors: cells of one packet each. The cell that was
/// given back last is taken first, so that few cells stay in the cache while a stream is in order.
struct PacketCells: ~Copyable {
  /// Bytes of a cell: the longest packet there is.
  static let size = 1472

  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var free: ContiguousArray<Int32>

  init() {
    capacity = 64
    base = .allocate(byteCount: capacity * Self.size, alignment: 64)
    free = ContiguousArray((0..<Int32(capacity)).reversed())
  }

  deinit { base.deallocate() }

  /// Cells that hold a packet.
  var inUse: Int { capacity - free.count }

  /// Copies a packet of at most `size` bytes into a cell; returns its number.
  mutating func put(_ payload: RawSpan) -> Int32 {
    if free.isEmpty { grow() }
    let cell = free.removeLast()
    payload.withUnsafeBytes { source in
      UnsafeMutableRawBufferPointer(start: base + Int(cell) * Self.size, count: Self.size)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(Self.size)))
    }
    return cell
  }

  /// Gives a cell back.
  mutating func give(_ cell: Int32) { free.append(cell) }

  /// The first `length` bytes of a cell; they hold until the next `put`.
  @inline(__always)
  func bytes(_ cell: Int32, length: Int32) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base + Int(cell) * Self.size, count: min(Int(length), Self.size))
  }

  private mutating func grow() {
    let bigger = UnsafeMutableRawPointer.allocate(byteCount: 2 * capacity * Self.size, alignment: 64)
    bigger.copyMemory(from: base, byteCount: capacity * Self.size)
    base.deallocate()
    base = bigger
    free.append(contentsOf: (Int32(capacity)..<Int32(2 * capacity)).reversed())
    capacity *= 2
  }
}
