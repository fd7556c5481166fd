public import Detectors
public import EventBuilding
import NA62Formats

/// The L1 RICH algorithm, which NA62's decision never calls (`l1.md` 5.7).
///
/// It is here for studies: the multiplicity and the extent of the hits, as the code that was written for
/// the farm has them. Its time cut is switched off there, and so it is here; the ring fit's result is used
/// by nothing, and is left out.
public struct RICHAlgorithm: Sendable {
  /// What the algorithm finds.
  public struct Result: Hashable, Sendable {
    /// Hits of single photomultipliers.
    public var hits = 0
    /// Extent of the hits in x and y, in mm; 0 without hits.
    public var extent = SIMD2<Float>(repeating: 0)
    /// Whether a fragment was bad: the answer is then no.
    public var isBad = false
    /// Whether the event passes: 4 to 21 hits within 400 mm in each coordinate.
    public var passes: Bool { !isBad && hits > 3 && hits < 22 && extent.x <= 400 && extent.y <= 400 }
  }

  private static let channelsPerBoard = 512
  /// The board that carries the ORs of supercells and not photomultipliers, by arrival.
  private static let supercellBoard = 4
  /// Shift in x of the two disks, in mm.
  private static let shifts: [Float] = [127, 177]
  private let maps: L1DetectorMaps

  /// The algorithm with the given maps.
  public init(maps: L1DetectorMaps) { self.maps = maps }

  /// Runs on one event.
  public func run(_ event: BuiltEvent, of batch: EventBatch) -> Result {
    var result = Result()
    var edges = ScratchList<TEL62.Code>()
    var low = SIMD2<Float>(repeating: .infinity)
    var high = SIMD2<Float>(repeating: -.infinity)
    let storage = batch.bytes
    for (index, f) in batch.layout.fragments(of: .rich).enumerated() where index != Self.supercellBoard {
      let fragment = batch.fragments[Int(event.firstFragment) + f]
      let begin = Int(fragment.offset)
      edges.removeAll()
      let all = storage.span.bytes
      let length = Int(fragment.length)
      let board = TEL62.unpack(
        all.extracting(begin..<(begin + length)), byteCount: length, timestamp: event.timestamp, into: &edges)
      guard board.status == .good else { return Result(isBad: true) }
      for i in 0..<edges.count where edges[i].isLeading && edges[i].channel < Self.channelsPerBoard {
        let channel = Self.channelsPerBoard * index + edges[i].channel
        guard channel < maps.rich.count, let position = position(of: Int(maps.rich[channel])) else {
          continue
        }
        result.hits += 1
        low = pointwiseMin(low, position)
        high = pointwiseMax(high, position)
      }
    }
    if result.hits > 0 { result.extent = high - low }
    return result
  }

  /// Where the photomultiplier of a map value is, in mm; `nil` for none and for ORs.
  ///
  /// A value is disk × 100000 + half × 10000 + supercell × 100 + OR × 10 + photomultiplier.
  private func position(of place: Int) -> SIMD2<Float>? {
    guard place >= 0, place / 10 % 10 < 1 else { return nil }
    let disk = place / 100_000
    let half = place / 10_000 % 10
    let sequence = 8 * (place / 100 % 100) + place % 10 + 488 * half + 976 * disk
    let table = sequence % 976
    guard Self.shifts.indices.contains(disk), maps.richPosition.indices.contains(table) else { return nil }
    return maps.richPosition[table] - SIMD2(Self.shifts[disk], 0)
  }
}
