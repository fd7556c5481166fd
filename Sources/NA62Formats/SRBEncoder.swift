/// Builds the payload of a STRAW readout board: the inverse of `SRB.decode` (`l1.md` 4.2).
public struct SRBEncoder: Hashable, Sendable {
  /// One 16-bit edge (`l1.md` 4.2).
  public struct Edge: Hashable, Sendable {
    /// Fine time in 1/32 of a clock period, 5 bits.
    public var fineTime: UInt8
    /// Address of the straw.
    public var straw: UInt8
    /// Whether the edge is a leading one.
    public var isLeading: Bool
    /// Error flag, 2 bits, ignored by L1.
    public var errorFlag: UInt8

    /// An edge with the given fields.
    public init(fineTime: UInt8, straw: UInt8, isLeading: Bool, errorFlag: UInt8 = 0) {
      self.fineTime = fineTime
      self.straw = straw
      self.isLeading = isLeading
      self.errorFlag = errorFlag
    }

    /// The 16 bits.
    public var word: UInt16 {
      UInt16(fineTime & 31) | (isLeading ? 0 : 0x20) | UInt16(straw) << 6 | UInt16(errorFlag & 3) << 14
    }
  }

  /// Number of 25 ns slots.
  public static let slotCount = 16

  /// The board, 5 bits.
  public var board: UInt8
  /// Flags, 3 bits.
  public var flags: UInt8
  /// Trigger type, ignored by L1.
  public var triggerType: UInt8
  /// Time of the first slot in clock periods.
  public var firstSlotTime: UInt32
  /// The edges of each of the 16 slots.
  public private(set) var slots: [[Edge]] = Array(repeating: [], count: SRBEncoder.slotCount)

  /// A board without edges.
  public init(board: UInt8, firstSlotTime: UInt32, flags: UInt8 = 0, triggerType: UInt8 = 0) {
    self.board = board
    self.flags = flags
    self.triggerType = triggerType
    self.firstSlotTime = firstSlotTime
  }

  /// The board whose payload decodes to the given edges, sorted by slot.
  ///
  /// - Throws: `FormatError`, its offset the index of an edge of another board or outside the slots.
  public init(
    edges: [SRB.Edge], timestamp: UInt32, board: UInt8, firstSlotTime: UInt32, flags: UInt8 = 0,
    triggerType: UInt8 = 0
  ) throws(FormatError) {
    self.init(board: board, firstSlotTime: firstSlotTime, flags: flags, triggerType: triggerType)
    let firstSlot = Int64(firstSlotTime) - Int64(timestamp)
    for (index, edge) in edges.enumerated() {
      guard edge.channel >> 8 == UInt16(board & 31) else {
        throw FormatError("another board's channel of edge", at: index)
      }
      let units = (edge.time / ClockTicks.strawPeriod * 32).rounded()
      guard let ticks = Int64(exactly: units) else {
        throw FormatError("no finite time of edge", at: index)
      }
      let relative = (ticks >> 5) - firstSlot
      let fine = UInt8(truncatingIfNeeded: ticks & 31)
      let straw = UInt8(truncatingIfNeeded: edge.channel)
      let encoded = Edge(fineTime: fine, straw: straw, isLeading: edge.isLeading)
      guard let slot = Int(exactly: relative), append(encoded, slot: slot) else {
        throw FormatError("time outside the slots of edge", at: index)
      }
    }
  }

  /// Appends an edge to a slot; returns `false`, and does nothing, if there is no such slot or it
  /// already has 255 edges.
  public mutating func append(_ edge: Edge, slot: Int) -> Bool {
    guard slots.indices.contains(slot), slots[slot].count < 255 else { return false }
    slots[slot].append(edge)
    return true
  }

  /// The payload.
  public var bytes: [UInt8] {
    let count = slots.reduce(0) { $0 + $1.count }
    let data = (count + 1) / 2 * 4
    var out: [UInt8] = []
    out.reserveCapacity(24 + data)
    out.append(board & 0x1F | flags << 5)
    out.append(triggerType)
    out.appendLittle(UInt16(truncatingIfNeeded: 24 + data))
    out.appendLittle(firstSlotTime)
    for edge in slots.joined() { out.appendLittle(edge.word) }
    if count % 2 != 0 { out.appendLittle(UInt16(0)) }
    for slot in slots { out.append(UInt8(truncatingIfNeeded: slot.count)) }
    return out
  }
}
