import EventBuilding
import NA62Formats

/// A hit: what the channel map says, and its time.
struct DetectorHit: BitwiseCopyable {
  /// The channel map's value, or the readout channel.
  var place: Int32
  /// Time from the trigger's, ns.
  var time: Float
}

/// The trigger whose boards are decoded.
struct EdgeOrigin {
  /// How far from the trigger's time an edge may be, ns: more than any readout window.
  static let reach: Float = 100

  /// The event's timestamp in clock periods.
  let timestamp: UInt32
  /// The trigger's time in 1/256 of a clock period.
  let time: Int64

  init(timestamp: UInt32, fineTime: UInt8) {
    self.timestamp = timestamp
    time = Int64(timestamp) << 8 + Int64(fineTime)
  }

  /// A reach in ns in 1/256 of a clock period, rounded up; never beyond `reach`.
  static func ticks(_ reach: Float) -> Int64 {
    let unit = Float(ClockTicks.fineTimeUnit)
    let most = Int64(Self.reach / unit)
    return reach < Self.reach ? min(Int64((max(reach, 0) / unit).rounded(.up)), most) : most
  }
}

/// Leading edges near a trigger, of one source.
struct DetectorHits: ~Copyable {
  /// The hits, in stored order.
  private var storage: UnsafeMutablePointer<DetectorHit>
  private var capacity: Int
  private(set) var count = 0
  /// Whether hits were left out.
  private(set) var isOverflow = false
  private let limit: Int
  /// How far from the trigger an edge may be, in 1/256 of a clock period.
  private let reach: Int64

  /// A list with room for so many hits, more is an overflow; of the edges that are decoded those within `reach`, in
  /// ns, about the trigger count.
  init(limit: Int, reach: Float = EdgeOrigin.reach) {
    self.limit = limit
    self.reach = EdgeOrigin.ticks(reach)
    capacity = limit + 256
    storage = .allocate(capacity: capacity)
  }

  deinit { storage.deallocate() }

  /// A hit, whose index has to be below `count`.
  @inline(__always) subscript(i: Int) -> DetectorHit {
    precondition(i >= 0 && i < count)
    return storage[i]
  }

  mutating func removeAll() {
    count = 0
    isOverflow = false
  }

  /// Decodes a board and appends its leading edges.
  ///
  /// - Returns: whether the board is good.
  mutating func decode(
    _ fragment: EventFragment, _ bytes: RawSpan, _ origin: EdgeOrigin, board: Int,
    of map: borrowing ChannelMap, codes: inout ScratchList<TEL62.Code>
  ) -> Bool {
    codes.removeAll()
    guard board < map.boards,
      fragment.unpackTEL62(bytes, timestamp: origin.timestamp, into: &codes).status == .good
    else { return false }
    let added = codes.count
    guard added > 0 else { return true }
    reserve(added)
    let places = map.places + ChannelMap.channels * board
    let (out, reach, time) = (storage, reach, origin.time)
    let end = codes.withElements { codes in
      // What is in time is hard to predict: each edge is written, and the next one over it where it does not count.
      var end = count
      for code in codes {
        let late = code.time &- time
        let channel = code.channel
        let place = places[channel & (ChannelMap.channels - 1)]
        out[end] = DetectorHit(place: place, time: Float(late) * Float(ClockTicks.fineTimeUnit))
        end &+=
          (late.magnitude <= UInt64(bitPattern: reach) ? 1 : 0) & (code.isLeading ? 1 : 0)
          & (channel < ChannelMap.channels ? 1 : 0) & (place >= 0 ? 1 : 0)
      }
      return end
    }
    if end > limit { isOverflow = true }
    count = min(end, limit)
    return true
  }

  private mutating func reserve(_ extra: Int) {
    guard count + extra > capacity else { return }
    let larger = max(count + extra, 2 * capacity)
    let fresh = UnsafeMutablePointer<DetectorHit>.allocate(capacity: larger)
    fresh.update(from: storage, count: count)
    storage.deallocate()
    storage = fresh
    capacity = larger
  }

  @inline(__always)
  mutating func append(_ hit: DetectorHit) {
    guard count < limit else {
      isOverflow = true
      return
    }
    storage[count] = hit
    count += 1
  }

  /// How many hits are within a window about a time.
  func count(within window: Float, of time: Float) -> Int {
    var found = 0
    for i in 0..<count { found &+= abs(storage[i].time - time) <= window ? 1 : 0 }
    return found
  }
}
