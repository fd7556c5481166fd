import EventBuilding
import NA62Formats

/// Blocks of LAV, with the time at which their pulses began: the two thresholds, on a straight rise
/// (`detectors.md` section 8).
struct LAVFinder: ~Copyable {
  /// Edges of a board, and blocks of an event, that are looked at; more is an overflow.
  private static let boardLimit = 96
  private static let limit = 512

  // A pointer stands first, see StrawAlgorithm.
  /// By channel of a board the first of its edges, and by edge the next one of the channel; −1 for none.
  private let first: UnsafeMutablePointer<Int16>
  private let following: UnsafeMutablePointer<Int16>
  private var edges: DetectorHits
  /// The blocks; `place` is 512 × board + channel of the low threshold.
  var blocks = DetectorHits(limit: LAVFinder.limit)
  /// Whether a list was full.
  private(set) var isOverflow = false
  private let settings: AssociationConfiguration.LAV
  /// By how much of the time between the thresholds a pulse began before the low one.
  private let early: Float

  /// - Parameter latest: how far from the trigger the time may be that blocks are compared with, ns.
  init(settings: AssociationConfiguration.LAV, latest: Float) {
    self.settings = settings
    early = settings.low / (settings.high - settings.low)
    first = .allocate(capacity: ChannelMap.channels)
    first.initialize(repeating: -1, count: ChannelMap.channels)
    following = .allocate(capacity: Self.boardLimit)
    // A block in time, with the low and the high threshold behind its beginning.
    edges = DetectorHits(
      limit: Self.boardLimit, reach: latest + settings.window + settings.rise * (1 + early))
  }

  deinit {
    first.deallocate()
    following.deallocate()
  }

  /// Begins an event.
  mutating func removeAll() {
    blocks.removeAll()
    isOverflow = false
  }

  /// Decodes a board; `false` if it is not good.
  ///
  /// - Parameter map: a block's low threshold is followed by its high one, by 512 × board + channel.
  mutating func decode(
    _ fragment: EventFragment, _ bytes: RawSpan, _ origin: EdgeOrigin, board: Int,
    of map: borrowing ChannelMap, codes: inout ScratchList<TEL62.Code>
  ) -> Bool {
    edges.removeAll()
    guard edges.decode(fragment, bytes, origin, board: board, of: map, codes: &codes) else { return false }
    // The edges of each channel, from the last to the first: of those of a high threshold the first that fits counts.
    for i in stride(from: edges.count - 1, through: 0, by: -1) {
      let channel = Int(edges[i].place) & (ChannelMap.channels - 1)
      following[i] = first[channel]
      first[channel] = Int16(truncatingIfNeeded: i)
    }
    for i in 0..<edges.count where edges[i].place % 2 == 0 {
      let low = edges[i]
      var start = low.time
      var next = Int(first[Int(low.place + 1) & (ChannelMap.channels - 1)])
      while next >= 0 {
        let rise = edges[next].time - low.time
        if rise >= 0, rise <= settings.rise {
          start = low.time - rise * early
          break
        }
        next = Int(following[next])
      }
      blocks.append(DetectorHit(place: low.place, time: start))
    }
    for i in 0..<edges.count { first[Int(edges[i].place) & (ChannelMap.channels - 1)] = -1 }
    if edges.isOverflow || blocks.isOverflow { isOverflow = true }
    return true
  }
}
