import L0Trigger
import NA62Formats

/// What packets are counted into: fixed places, and two for each board as it is first seen.
///
/// Counting a packet costs one or two additions in plain memory.
struct PacketTally: Sendable {
  /// The fixed places.
  enum Place {
    static let primitivePackets = 0
    static let l0Packets = 1
    static let l1Packets = 2
    static let otherPackets = 3
    static let rejectedPackets = 4
    /// Primitives of the L0 detectors, and their packets.
    static let primitives = 5
    /// For each L0 detector, of the packets looked into, the bits 0 to 14 and in place 15 all primitives.
    static let detectorPackets = primitives + L0Detector.count
    static let bits = detectorPackets + L0Detector.count
    static let boards = bits + L0Detector.count * 16

    static func bit(_ detector: Int, _ bit: Int) -> Int { bits + detector * 16 + bit }
  }

  /// Of so many primitive packets of a detector, one is looked into for its identifiers.
  static let sampling: UInt32 = 16
  /// Boards that are told apart; the packets of more count without a board.
  static let maximumBoards = 2048

  /// A board of a source.
  struct Board: Sendable, Hashable, Codable {
    var source: SourceID
    var number: UInt8
  }

  /// The counts of the bin under way.
  var counts = ContiguousArray<UInt64>(repeating: 0, count: Place.boards)
  /// The boards in the order in which they were first seen, those of the reference first.
  private(set) var boards: [Board] = []
  private var placeOfBoard = ContiguousArray<UInt16>(repeating: 0, count: 65536)
  private var untilSample = ContiguousArray<UInt32>(repeating: 0, count: L0Detector.count)
  private let format: MTP.Format

  init(format: MTP.Format) { self.format = format }

  /// What it has come to, to be kept with a checkpoint.
  struct State: Sendable, Codable {
    var counts: ContiguousArray<UInt64>
    var boards: [Board]
    var untilSample: ContiguousArray<UInt32>
  }

  var state: State { State(counts: counts, boards: boards, untilSample: untilSample) }

  /// Goes on from a state; `false`, changing nothing, where it is not one of such a tally.
  mutating func restore(_ state: State) -> Bool {
    guard state.boards.count <= Self.maximumBoards, Set(state.boards).count == state.boards.count,
      state.counts.count == Place.boards + 2 * state.boards.count,
      state.untilSample.count == untilSample.count
    else { return false }
    (counts, boards, untilSample) = (state.counts, state.boards, state.untilSample)
    for index in placeOfBoard.indices { placeOfBoard[index] = 0 }
    for (number, board) in boards.enumerated() { placeOfBoard[Self.index(board)] = UInt16(number + 1) }
    return true
  }

  /// The place of a board's packets, its fragments behind it; nil beyond ``maximumBoards``.
  @inline(__always)
  mutating func place(of board: Board) -> Int? {
    let index = Self.index(board)
    let known = placeOfBoard[index]
    if known != 0 { return Place.boards + 2 * (Int(known) - 1) }
    return begin(board, index)
  }

  @inline(__always)
  private static func index(_ board: Board) -> Int { Int(board.source.rawValue) << 8 | Int(board.number) }

  private mutating func begin(_ board: Board, _ index: Int) -> Int? {
    guard boards.count < Self.maximumBoards else { return nil }
    boards.append(board)
    placeOfBoard[index] = UInt16(boards.count)
    counts += [0, 0]
    return counts.count - 2
  }

  /// Counts a packet of primitives.
  @inline(__always)
  mutating func addPrimitives(_ payload: RawSpan) {
    counts[Place.primitivePackets] &+= 1
    guard let header = MTPHeader(payload), let detector = L0Detector(source: header.source)?.rawValue,
      payload.byteCount <= MTP.maximumByteCount
    else {
      counts[Place.rejectedPackets] &+= 1
      return
    }
    // The header has the number modulo 256; a packet of the 32-bit format has at most 366 words.
    let words = (payload.byteCount - MTPHeader.byteCount) / (format == .words32 ? 4 : 8)
    let said = Int(header.primitiveCount)
    let number = said + 256 <= words ? said + 256 : min(said, words)
    counts[Place.primitives + detector] &+= UInt64(number)
    counts[Place.detectorPackets + detector] &+= 1
    if untilSample[detector] == 0 {
      untilSample[detector] = Self.sampling
      sample(payload, header, detector)
    }
    untilSample[detector] &-= 1
  }

  private mutating func sample(_ payload: RawSpan, _ header: MTPHeader, _ detector: Int) {
    let place = Place.bit(detector, 0)
    MTP.forEachPrimitive(of: payload, header: header, format: format) { primitive in
      guard primitive.identifier & Primitive.calibrationBit == 0 else { return }
      counts[place + 15] &+= 1
      var bits = primitive.identifier
      while bits != 0 {
        counts[place + bits.trailingZeroBitCount] &+= 1
        bits &= bits &- 1
      }
    }
  }

  /// Takes the counts of the bin that ends.
  mutating func take() -> ContiguousArray<UInt64> {
    defer { counts = ContiguousArray(repeating: 0, count: counts.count) }
    return counts
  }

  /// The lines of the places that are shown, in their order: nil for identifier bits and fragments of boards.
  func line(at place: Int) -> RateLine? {
    switch place {
    case Place.primitivePackets: return RateLine(.stream, "primitive packets")
    case Place.l0Packets: return RateLine(.stream, "L0 packets")
    case Place.l1Packets: return RateLine(.stream, "L1 packets")
    case Place.otherPackets: return RateLine(.stream, "other packets")
    case Place.rejectedPackets: return RateLine(.stream, "packets rejected")
    case Place.primitives..<Place.detectorPackets:
      return RateLine(.detector, L0Detector.names[place - Place.primitives])
    case Place.boards...:
      let (board, part) = (place - Place.boards).quotientAndRemainder(dividingBy: 2)
      return part == 0 && board < boards.count ? Self.line(boards[board]) : nil
    default: return nil
    }
  }

  /// The line of a board's packets.
  static func line(_ board: Board) -> RateLine {
    RateLine(.detector, "\(board.source.name) board \(board.number)")
  }

  /// The line of an identifier bit of a detector.
  static func line(detector: Int, bit: Int) -> RateLine {
    RateLine(.detector, "\(L0Detector.names[detector]) identifier bit \(bit)")
  }

  /// The board of a line, if it is one.
  static func board(_ line: RateLine) -> Board? {
    let parts = line.name.split(separator: " ")
    guard line.level == .detector, parts.count == 3, parts[1] == "board", let number = UInt8(parts[2]) else {
      return nil
    }
    let name = String(parts[0])
    let source =
      SourceID.named.first { $0.name == name }?.id
      ?? (name.hasPrefix("0x") ? UInt8(name.dropFirst(2), radix: 16).map(SourceID.init(rawValue:)) : nil)
    return source.map { Board(source: $0, number: number) }
  }
}
