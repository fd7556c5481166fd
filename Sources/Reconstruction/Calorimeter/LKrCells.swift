import Detectors
import EventBuilding
import NA62Formats

/// The cells of LKr with a signal in one event.
struct LKrCells: ~Copyable {
  /// Cells of an event that are looked at; more is an overflow.
  static let limit = 4096
  /// Cells from one column to the next: those of the grid, and 8 empty ones at each end, so that what is around a cell
  /// is always there.
  static let stride = 144
  static let margin = 8
  private static let size = stride * stride

  /// A cell with a signal.
  struct Cell: BitwiseCopyable {
    /// Energy in GeV; 0 for none.
    var energy: Float = 0
    /// Time in ns from the trigger's.
    var time: Float = 0
    /// Place in the grid.
    var index: Int32 = 0
    /// Whether a sample is at the end of the range.
    var isSaturated = false
  }

  /// A board with channels. Not private, see `CHODFinder.Near`.
  struct Source: BitwiseCopyable {
    /// Where its payload begins, and its length.
    var begin: Int32
    var length: Int32
    /// Its lowest cell.
    var first: Int32
    /// Whether its cells are there.
    var isTaken = false
    var board: CREAM.Board
  }

  // A pointer stands first, see StrawAlgorithm.
  /// Where in `list` the cell at a place of the grid is; 0 for none. Small, so that it stays in the cache.
  let slots: UnsafeMutablePointer<UInt16>
  /// The cells in order of arrival, after one that stands for all that are not there.
  let list: UnsafeMutablePointer<Cell>
  private let pulses: UnsafeMutablePointer<PulseFit.Pulse>
  /// Cells whose fit is not at its end.
  private let open: UnsafeMutablePointer<Int32>
  private var sources = ScratchList<Source>(capacity: 512)
  /// Fragments with channels.
  private var filled = ScratchList<Int32>(capacity: 512)
  /// Number of cells; the last is at this place in `list`.
  private(set) var count = 0
  /// Cells whose energy is there.
  private var fitted = 0
  /// Whether something was left out of the present event.
  private(set) var isOverflow = false
  /// Fragments of the present event that could not be read.
  private(set) var badFragments = 0

  /// Lowest cell of the board by 32 × crate + slot; −1 for none.
  private let boards: ContiguousArray<Int32>
  private let pulse = PulseFit()
  private let settings: AssociationConfiguration.LKr
  /// Place of LKr among the sources read after L1.
  private let source: Int16

  init(settings: AssociationConfiguration.LKr, layout: EventLayout) {
    self.settings = settings
    source = Int16(truncatingIfNeeded: layout.l1Sources.firstIndex { $0.id == .lkr } ?? -1)
    slots = .allocate(capacity: Self.size)
    slots.initialize(repeating: 0, count: Self.size)
    list = .allocate(capacity: Self.limit + 1)
    list.initialize(to: Cell())
    pulses = .allocate(capacity: Self.limit + 1)
    open = .allocate(capacity: Self.limit + 1)
    var boards = ContiguousArray<Int32>(repeating: -1, count: 2048)
    for block in LKrGeometry.blocks {
      boards[Int(block.subID)] = Int32(Self.index(column: block.x, row: block.y))
    }
    self.boards = boards
  }

  deinit {
    slots.deallocate()
    list.deallocate()
    pulses.deallocate()
    open.deallocate()
  }

  /// Place of a cell.
  @inline(__always)
  static func index(column: Int, row: Int) -> Int { (column + margin) * stride + row + margin }

  /// Column and row of a place.
  @inline(__always)
  static func cell(_ index: Int) -> (column: Int, row: Int) {
    (index / stride - margin, index % stride - margin)
  }

  /// The cell at a place.
  @inline(__always)
  subscript(index: Int) -> Cell { list[Int(slots[index])] }

  /// Forgets the event before.
  private mutating func removeAll() {
    for i in 0..<count { slots[Int(list[i + 1].index)] = 0 }
    count = 0
    fitted = 0
    isOverflow = false
    badFragments = 0
    sources.removeAll()
    filled.removeAll()
  }

  /// Begins an event: reads the headers of its fragments. One that is not sound is left out and counted.
  mutating func begin(_ data: CalorimeterData) {
    removeAll()
    let bytes = data.bytes.span.bytes
    let fragments = data.fragments.span
    for i in fragments.indices {
      guard fragments[i].isFilled, fragments[i].source == source else { continue }
      filled.append(Int32(truncatingIfNeeded: i))
    }
    // All headers, then all samples, then all fits, step by step: so neither memory nor the arithmetic of one cell
    // holds up the others.
    for i in 0..<filled.count {
      let fragment = fragments[Int(filled[i])]
      if !addSource(bytes, Int(fragment.offset), Int(fragment.length)) { badFragments += 1 }
    }
  }

  /// Decodes the boards of the event with cells near a place, in columns and rows, that are not there yet.
  mutating func decode(_ data: CalorimeterData, near place: SIMD2<Float>, within distance: Float) {
    let bytes = data.bytes.span.bytes
    for i in 0..<sources.count where !sources[i].isTaken {
      let (column, row) = Self.cell(Int(sources[i].first))
      let low = SIMD2(Float(column), Float(row)) - place
      // How far the place is outside of the board's 4 × 8 cells.
      let high = -low - SIMD2(3, 7)
      let below = low.replacing(with: high, where: high .> low)
      let away = below.replacing(with: 0, where: below .< 0)
      if (away * away).sum() <= distance * distance { take(i, bytes) }
    }
  }

  /// Decodes all boards of the event.
  mutating func decodeAll(_ data: CalorimeterData) {
    let bytes = data.bytes.span.bytes
    for i in 0..<sources.count { take(i, bytes) }
  }

  private mutating func take(_ i: Int, _ bytes: RawSpan) {
    sources[i].isTaken = true
    let source = sources[i]
    let begin = Int(source.begin)
    add(source, bytes.extracting(begin..<(begin + Int(source.length))))
  }

  private mutating func addSource(_ bytes: RawSpan, _ begin: Int, _ length: Int) -> Bool {
    guard length >= L1Packet.headerByteCount, begin + length <= min(bytes.byteCount, Int(Int32.max)),
      let header = L1Packet.Fragment(bytes, at: begin)
    else { return false }
    let first = boards[Int(header.subID) & 2047]
    let payload = bytes.extracting((begin + L1Packet.headerByteCount)..<(begin + length))
    guard first >= 0, let board = try? CREAM.Board(payload),
      board.mask == 0 || board.sampleCount == LKrGeometry.samples
    else { return false }
    if board.mask != 0 {
      sources.append(
        Source(
          begin: Int32(begin + L1Packet.headerByteCount), length: Int32(length - L1Packet.headerByteCount),
          first: first, board: board))
    }
    return true
  }

  private mutating func add(_ source: Source, _ payload: RawSpan) {
    var left = source.board.mask
    var place = 0
    let first = Int(source.first)
    while left != 0 {
      let channel = left.trailingZeroBitCount
      left &= left &- 1
      let pulse = PulseFit.Pulse(source.board.eightSamples(payload, place: place))
      place += 1
      guard pulse.largest - pulse.smallest >= Float(settings.leastRange) else { continue }
      let index = first + channel / 8 * Self.stride + 7 - channel % 8
      // A board that is there twice counts once.
      guard slots[index] == 0 else { continue }
      guard count < Self.limit else {
        isOverflow = true
        return
      }
      count += 1
      slots[index] = UInt16(truncatingIfNeeded: count)
      (pulses + count).initialize(to: pulse)
      (list + count).initialize(
        to: Cell(
          index: Int32(truncatingIfNeeded: index), isSaturated: pulse.largest >= Float(CREAM.saturation)))
    }
  }

  /// Energies and times of the cells that have none yet: a cell without a pulse has an energy of 0.
  ///
  /// - Parameter reference: the trigger's fine time in ns.
  mutating func fit(_ reference: Float) {
    let cells = fitted..<count
    fitted = count
    for i in cells {
      pulses[i + 1].time = pulse.start(pulses[i + 1], reference: reference)
      open[i] = Int32(truncatingIfNeeded: i + 1)
    }
    var left = cells.upperBound
    for _ in 0..<PulseFit.steps {
      var next = cells.lowerBound
      for i in cells.lowerBound..<left {
        let cell = open[i]
        let isOpen = pulse.step(&pulses[Int(cell)])
        open[next] = cell
        next += isOpen ? 1 : 0
      }
      left = next
    }
    for i in cells {
      list[i + 1].energy = pulses[i + 1].height * settings.gain
      list[i + 1].time = pulses[i + 1].time - reference
    }
  }
}
