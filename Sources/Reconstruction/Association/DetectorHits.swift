import EventBuilding
import NA62Formats

/// A hit: what the channel map says, and its time.
struct DetectorHit: BitwiseCopyable {
  /// The channel map's value, or the readout channel.
  var place: Int32
  /// Time from the trigger's, ns.
  var time: Float
}

/// Leading edges near a trigger, of one source.
struct DetectorHits: ~Copyable {
  /// How far from the trigger's time an edge may be, ns: more than any readout window.
  private static let reach: Float = 100

  /// The hits, in stored order.
  private(set) var list: ScratchList<DetectorHit>
  /// Whether hits were left out.
  private(set) var isOverflow = false
  private let limit: Int

  /// A list with room for so many hits; more is an overflow.
  init(limit: Int) {
    self.limit = limit
    list = ScratchList(capacity: limit)
  }

  @inline(__always) var count: Int { list.count }
  @inline(__always) subscript(i: Int) -> DetectorHit { list[i] }

  mutating func removeAll() {
    list.removeAll()
    isOverflow = false
  }

  /// Decodes a board and appends its leading edges.
  ///
  /// - Parameters:
  ///   - origin: the trigger's time in 1/256 of a clock period.
  ///   - place: says of a readout channel of the board what it is; −1 for none.
  /// - Returns: whether the board is good.
  @inline(__always)
  mutating func decode(
    _ fragment: EventFragment, _ bytes: RawSpan, timestamp: UInt32, origin: Int64,
    codes: inout ScratchList<TEL62.Code>, place: (Int) -> Int32
  ) -> Bool {
    codes.removeAll()
    guard fragment.unpackTEL62(bytes, timestamp: timestamp, into: &codes).status == .good else {
      return false
    }
    codes.withElements { codes in
      for code in codes where code.isLeading && code.channel < 512 {
        let time = Float(code.time &- origin) * Float(ClockTicks.fineTimeUnit)
        guard abs(time) < Self.reach else { continue }
        let number = place(code.channel)
        guard number >= 0 else { continue }
        append(DetectorHit(place: number, time: time))
      }
    }
    return true
  }

  @inline(__always)
  mutating func append(_ hit: DetectorHit) {
    guard list.count < limit else {
      isOverflow = true
      return
    }
    list.append(hit)
  }

  /// How many hits are within a window about a time.
  func count(within window: Float, of time: Float) -> Int {
    list.withElements { hits in hits.reduce(0) { $0 + (abs($1.time - time) <= window ? 1 : 0) } }
  }
}
