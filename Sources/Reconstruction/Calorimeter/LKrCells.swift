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

  // A pointer stands first, see StrawAlgorithm.
  /// Energy in GeV by cell; 0 for none.
  let energy: UnsafeMutablePointer<Float>
  /// Time in ns from the trigger's, where there is an energy.
  let time: UnsafeMutablePointer<Float>
  /// 1 where a sample is at the end of the range.
  let isSaturated: UnsafeMutablePointer<UInt8>
  /// The cells with an energy, in order of arrival.
  let list: UnsafeMutablePointer<Int32>
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
    energy = .allocate(capacity: Self.size)
    time = .allocate(capacity: Self.size)
    isSaturated = .allocate(capacity: Self.size)
    list = .allocate(capacity: Self.limit)
    energy.initialize(repeating: 0, count: Self.size)
    time.initialize(repeating: 0, count: Self.size)
    isSaturated.initialize(repeating: 0, count: Self.size)
    var boards = ContiguousArray<Int32>(repeating: -1, count: 2048)
    for block in LKrGeometry.blocks {
      boards[Int(block.subID)] = Int32(Self.index(column: block.x, row: block.y))
    }
    self.boards = boards
  }

  deinit {
    energy.deallocate()
    time.deallocate()
    isSaturated.deallocate()
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

  /// Forgets the event before.
  private mutating func removeAll() {
    for i in 0..<count {
      let index = Int(list[i])
      energy[index] = 0
      isSaturated[index] = 0
    }
    count = 0
    isOverflow = false
    badFragments = 0
  }

  /// Decodes the fragments of an event. One that is not sound is left out and counted.
  ///
  /// - Parameters:
  ///   - data: the fragments.
  ///   - reference: the trigger's fine time in ns.
  mutating func decode(_ data: CalorimeterData, reference: Float) {
    removeAll()
    let bytes = data.bytes.span.bytes
    for fragment in data.fragments where fragment.source == source {
      let begin = Int(fragment.offset)
      let length = Int(fragment.length)
      // Header, two words and the last: a board without a channel (`detectors.md` 12.2), as most are.
      if length == L1Packet.headerByteCount + 12 { continue }
      guard length >= L1Packet.headerByteCount, begin + length <= bytes.byteCount,
        let header = L1Packet.Fragment(bytes, at: begin)
      else {
        badFragments += 1
        continue
      }
      let first = boards[Int(header.subID) & 2047]
      let payload = bytes.extracting((begin + L1Packet.headerByteCount)..<(begin + length))
      guard first >= 0, let board = try? CREAM.Board(payload),
        board.mask == 0 || board.sampleCount == LKrGeometry.samples
      else {
        badFragments += 1
        continue
      }
      add(board, payload, first: Int(first), reference)
    }
  }

  private mutating func add(_ board: CREAM.Board, _ payload: RawSpan, first: Int, _ reference: Float) {
    var left = board.mask
    var place = 0
    while left != 0 {
      let channel = left.trailingZeroBitCount
      left &= left &- 1
      let samples = board.eightSamples(payload, place: place)
      place += 1
      let range = Int(samples.max()) - Int(samples.min())
      guard range >= settings.leastRange else { continue }
      let index = first + channel / 8 * Self.stride + 7 - channel % 8
      // A board that is there twice counts once.
      guard energy[index] == 0 else { continue }
      guard count < Self.limit else {
        isOverflow = true
        return
      }
      let fit = pulse.fit(samples, reference: reference)
      guard fit.height > 0 else { continue }
      energy[index] = fit.height * settings.gain
      time[index] = fit.time - reference
      isSaturated[index] = samples.max() >= CREAM.saturation ? 1 : 0
      list[count] = Int32(truncatingIfNeeded: index)
      count += 1
    }
  }
}
