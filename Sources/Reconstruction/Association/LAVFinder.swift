import EventBuilding
import NA62Formats

/// Blocks of LAV, with the time at which their pulses began: the two thresholds, on a straight rise
/// (`detectors.md` section 8).
struct LAVFinder: ~Copyable {
  /// Edges of a board, and blocks of an event, that are looked at; more is an overflow.
  private static let boardLimit = 96
  private static let limit = 512

  private var edges = DetectorHits(limit: LAVFinder.boardLimit)
  /// The blocks; `place` is 512 × board + channel of the low threshold.
  var blocks = DetectorHits(limit: LAVFinder.limit)
  /// Whether a list was full.
  private(set) var isOverflow = false
  private let settings: AssociationConfiguration.LAV

  init(settings: AssociationConfiguration.LAV) { self.settings = settings }

  /// Begins an event.
  mutating func removeAll() {
    blocks.removeAll()
    isOverflow = false
  }

  /// Decodes a board; `false` if it is not good.
  ///
  /// - Parameter map: the channel map of LAV: a block's low threshold is followed by its high one.
  mutating func decode(
    _ fragment: EventFragment, _ bytes: RawSpan, board: Int, map: ContiguousArray<Int32>, timestamp: UInt32,
    origin: Int64, codes: inout ScratchList<TEL62.Code>
  ) -> Bool {
    edges.removeAll()
    let first = 512 * board
    let isGood = edges.decode(fragment, bytes, timestamp: timestamp, origin: origin, codes: &codes) {
      let channel = first + $0
      return channel < map.count && map[channel] >= 0 ? Int32(truncatingIfNeeded: channel) : -1
    }
    guard isGood else { return false }
    for i in 0..<edges.count where edges[i].place % 2 == 0 {
      let low = edges[i]
      var start = low.time
      for j in 0..<edges.count where edges[j].place == low.place + 1 {
        let rise = edges[j].time - low.time
        guard rise >= 0, rise <= settings.rise else { continue }
        start = low.time - rise * settings.low / (settings.high - settings.low)
        break
      }
      blocks.append(DetectorHit(place: low.place, time: start))
    }
    if edges.isOverflow || blocks.isOverflow { isOverflow = true }
    return true
  }
}
