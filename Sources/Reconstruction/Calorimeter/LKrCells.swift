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
    var board: CREAM.Board
  }

  // A pointer stands first, see StrawAlgorithm.
  /// Where in `list` the cell at a place of the grid is; 0 for none. Small, so that it stays in the cache.
  let slots: UnsafeMutablePointer<UInt16>
  /// The cells in order of arrival, after one that stands for all that are not there.
  let list: UnsafeMutablePointer<Cell>
  private var sources = ScratchList<Source>(capacity: 512)
  /// Number of cells; the last is at this place in `list`.
  private(set) var count = 0
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
    var boards = ContiguousArray<Int32>(repeating: -1, count: 2048)
    for block in LKrGeometry.blocks {
      boards[Int(block.subID)] = Int32(Self.index(column: block.x, row: block.y))
    }
    self.boards = boards
  }

  deinit {
    slots.deallocate()
    list.deallocate()
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
    isOverflow = false
    badFragments = 0
    sources.removeAll()
  }

  /// Decodes the fragments of an event. One that is not sound is left out and counted.
  ///
  /// - Parameters:
  ///   - data: the fragments.
  ///   - reference: the trigger's fine time in ns.
  mutating func decode(_ data: CalorimeterData, reference: Float) {
    removeAll()
    let bytes = data.bytes.span.bytes
    let fragments = data.fragments.span
    // First all headers, then the samples: memory is slow for the boards one by one.
    for i in fragments.indices {
      let length = Int(fragments[i].length)
      // Header, two words and the last: a board without a channel (`detectors.md` 12.2), as most are.
      guard length != L1Packet.headerByteCount + 12, fragments[i].source == source else { continue }
      if !addSource(bytes, Int(fragments[i].offset), length) { badFragments += 1 }
    }
    for i in 0..<sources.count {
      let source = sources[i]
      let begin = Int(source.begin)
      add(source, bytes.extracting(begin..<(begin + Int(source.length))), reference)
    }
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

  private mutating func add(_ source: Source, _ payload: RawSpan, _ reference: Float) {
    var left = source.board.mask
    var place = 0
    let first = Int(source.first)
    while left != 0 {
      let channel = left.trailingZeroBitCount
      left &= left &- 1
      let samples = source.board.eightSamples(payload, place: place)
      place += 1
      let (smallest, largest) = Self.range(samples)
      guard largest - smallest >= settings.leastRange else { continue }
      let index = first + channel / 8 * Self.stride + 7 - channel % 8
      // A board that is there twice counts once.
      guard slots[index] == 0 else { continue }
      guard count < Self.limit else {
        isOverflow = true
        return
      }
      let fit = pulse.fit(samples, reference: reference)
      guard fit.height > 0 else { continue }
      count += 1
      slots[index] = UInt16(truncatingIfNeeded: count)
      (list + count).initialize(
        to: Cell(
          energy: fit.height * settings.gain, time: fit.time - reference,
          index: Int32(truncatingIfNeeded: index), isSaturated: largest >= Int(CREAM.saturation)))
    }
  }

  /// The smallest and the largest sample, with instructions that every x86-64 has: those of signed numbers.
  @inline(__always)
  private static func range(_ samples: SIMD8<UInt16>) -> (Int, Int) {
    let s = SIMD8<Int16>(truncatingIfNeeded: samples ^ 0x8000)
    @inline(__always)
    func low<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar == Int16 { a.replacing(with: b, where: b .< a) }
    @inline(__always)
    func high<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar == Int16 { a.replacing(with: b, where: b .> a) }
    let (a, b) = (low(s.lowHalf, s.highHalf), high(s.lowHalf, s.highHalf))
    let (c, d) = (low(a.lowHalf, a.highHalf), high(b.lowHalf, b.highHalf))
    return (Int(min(c.x, c.y)) + 0x8000, Int(max(d.x, d.y)) + 0x8000)
  }
}
