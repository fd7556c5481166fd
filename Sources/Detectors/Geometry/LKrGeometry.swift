/// Where the cells of LKr are, and which CREAM reads them (`detectors.md` 12.1, C).
public enum LKrGeometry {
  /// z of the front, mm.
  public static let z = 241_093.0
  /// Size of a cell, mm.
  public static let cell = 19.7383881
  /// Cells on a side of the grid.
  public static let side = 128
  /// Samples of a channel, and the one that a hit at the trigger's time peaks in.
  public static let samples = 8
  /// The sample that a hit at the trigger's time peaks in.
  public static let peakSample = 5

  /// Column or row, counted in cells, of a coordinate in mm: a whole number in the middle of a cell.
  @inlinable
  public static func place(_ coordinate: Double) -> Double { coordinate / cell + 63.5 }

  /// The coordinate in mm of a column or row.
  @inlinable
  public static func coordinate(_ place: Double) -> Double { cell * (place - 63.5) }

  /// A CREAM: crate, index of its slot, and its lowest cell.
  public struct Block: Sendable, Hashable {
    /// Crate, 1 to 30.
    public var crate: Int
    /// Index of the slot: 0 to 7 for slots 3 to 10, 8 to 15 for slots 13 to 20.
    public var slot: Int
    /// Lowest column and row of its 4 × 8 cells.
    public var x: Int
    /// Lowest row.
    public var y: Int

    /// A board.
    public init(crate: Int, slot: Int, x: Int, y: Int) {
      self.crate = crate
      self.slot = slot
      self.x = x
      self.y = y
    }

    /// The fragment's sub-identifier: crate, and slot as it is counted there.
    public var subID: UInt16 { UInt16(crate << 5 | (slot < 8 ? slot + 3 : slot + 5)) }

    /// Column and row that a channel, 0 to 31, reads.
    @inlinable
    public func cell(channel: Int) -> (column: Int, row: Int) { (x + channel / 8, y + 7 - channel % 8) }
  }

  /// The 432 CREAMs, by crate and slot.
  public static let blocks: [Block] = {
    // Crates at the corners of the octagon: slot index, column, row.
    let corners: [Int: [(Int, Int, Int)]] = [
      4: [(0, 8, 96), (1, 12, 96), (6, 24, 112), (7, 28, 112)]
        + (0..<4).map { (8 + $0, 16 + 4 * $0, 104) } + (0..<4).map { (12 + $0, 16 + 4 * $0, 96) },
      7: (0..<4).map { ($0, 16 + 4 * $0, 24) } + (0..<4).map { (4 + $0, 16 + 4 * $0, 16) }
        + [(10, 24, 8), (11, 28, 8), (12, 8, 24), (13, 12, 24)],
      24: [(2, 112, 96), (3, 116, 96), (4, 96, 112), (5, 100, 112)]
        + (0..<4).map { (8 + $0, 96 + 4 * $0, 104) } + (0..<4).map { (12 + $0, 96 + 4 * $0, 96) },
      27: (0..<4).map { ($0, 96 + 4 * $0, 24) } + (0..<4).map { (4 + $0, 96 + 4 * $0, 16) }
        + [(8, 96, 8), (9, 100, 8), (14, 112, 24), (15, 116, 24)],
    ]
    var blocks: [Block] = []
    for crate in 0..<32 where ![0, 3, 28, 31].contains(crate) {
      if let corner = corners[crate] {
        for (slot, x, y) in corner { blocks.append(Block(crate: crate, slot: slot, x: x, y: y)) }
        continue
      }
      for slot in 0..<16 {
        let x = 16 * (crate / 4) + 4 * (slot % 4)
        let y = 120 - 32 * (crate % 4) - 8 * (slot / 4)
        blocks.append(Block(crate: crate, slot: slot, x: x, y: y))
      }
    }
    return blocks
  }()

  /// Where a cell, 128 × column + row, is read: 512 crate + 32 slot index + channel, or −1.
  public static let channels: [Int16] = {
    var table = [Int16](repeating: -1, count: side * side)
    for block in blocks {
      for channel in 0..<32 {
        let cell = block.cell(channel: channel)
        table[cell.column * side + cell.row] = Int16(512 * block.crate + 32 * block.slot + channel)
      }
    }
    return table
  }()
}
