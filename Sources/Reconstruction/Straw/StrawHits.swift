import Detectors
import EventBuilding
import L1Trigger
import NA62Formats

/// A straw with a drift time.
struct StrawHit: BitwiseCopyable {
  /// The wire across the view, mm.
  var wire: Float
  /// z of the layer from the chamber's centre, mm.
  var depth: Float
  /// Drift distance, mm.
  var radius: Float
  /// Leading time from the trigger's, ns.
  var time: Float
  /// Place of the straw, see ``StrawPlanes``.
  var place: UInt16
  /// 4 chamber + view.
  var view: UInt8
  /// 1 if a cluster holds it.
  var isClustered: UInt8 = 0
}

/// The hits of an event, view by view in order of the coordinate: bits for the straws, so that no sorting is
/// needed.
struct StrawHits: ~Copyable {
  /// Edges of an event that are looked at; more is an overflow.
  static let edgeLimit = 6000
  /// Hits of a view that are looked at; more is an overflow.
  static let viewLimit = 96

  /// What is known of a place, and the times of the present event's edges there.
  private struct Straw: BitwiseCopyable {
    var wire: Float = 0
    var depth: Float = 0
    /// First leading and last trailing time.
    var lead = Float.infinity
    var trail = -Float.infinity
  }

  /// An edge that counts.
  private struct Edge: BitwiseCopyable {
    var time: Float
    var place: UInt32
  }

  // A pointer stands first, see StrawAlgorithm.
  /// Place by readout channel.
  private let places: UnsafeMutablePointer<UInt16>
  /// What to add to the raw time of an edge, ns, by mezzanine.
  private let timeOffsets: UnsafeMutablePointer<Float>
  private let straws: UnsafeMutablePointer<Straw>
  /// A bit for each place.
  private let bits: UnsafeMutablePointer<UInt64>
  private let codes: UnsafeMutablePointer<SRB.Code>
  private let offsets: UnsafeMutablePointer<Double>
  private let leadingEdges: UnsafeMutablePointer<Edge>
  private let trailingEdges: UnsafeMutablePointer<Edge>
  private let fineTimes: UnsafeMutablePointer<Float>
  /// The hits.
  let hits: UnsafeMutablePointer<StrawHit>
  /// Where the hits of each view begin; one more is their number.
  let starts: UnsafeMutablePointer<Int>
  /// The places of the hits, a bit each, and where the hits of each word begin.
  private let occupied: UnsafeMutablePointer<UInt64>
  private let wordStarts: UnsafeMutablePointer<UInt16>
  /// The wire of rank 0 by view.
  private let lowest: UnsafeMutablePointer<Float>
  private let leading: ClosedRange<Float>
  private let trailing: ClosedRange<Float>
  /// Whether something was left out of the present event.
  private(set) var isOverflow = false

  init(maps: L1DetectorMaps, settings: ReconstructionConfiguration.Straw) {
    let table = StrawChannel.table(maps)
    let total = StrawPlanes.viewCount * StrawPlanes.ranks
    places = .allocate(capacity: table.count)
    timeOffsets = .allocate(capacity: table.count / 16)
    straws = .allocate(capacity: total)
    straws.initialize(repeating: Straw(), count: total)
    bits = .allocate(capacity: total / 64)
    bits.initialize(repeating: 0, count: total / 64)
    occupied = .allocate(capacity: total / 64)
    occupied.initialize(repeating: 0, count: total / 64)
    wordStarts = .allocate(capacity: total / 64)
    wordStarts.initialize(repeating: 0, count: total / 64)
    lowest = .allocate(capacity: StrawPlanes.viewCount)
    for number in 0..<StrawPlanes.viewCount {
      let (chamber, view) = (number >> 2, number & 3)
      let offset = StrawGeometry.planeOffsets[view].min() ?? 0
      (lowest + number).initialize(to: Float(offset + StrawGeometry.viewOffsets[chamber][view]))
    }
    codes = .allocate(capacity: Self.edgeLimit + 8)
    offsets = .allocate(capacity: Self.edgeLimit + 8)
    leadingEdges = .allocate(capacity: Self.edgeLimit)
    trailingEdges = .allocate(capacity: Self.edgeLimit)
    fineTimes = .allocate(capacity: 32)
    for i in 0..<32 { (fineTimes + i).initialize(to: Float(SRB.nanoseconds(fineTime: i))) }
    hits = .allocate(capacity: StrawPlanes.viewCount * Self.viewLimit)
    starts = .allocate(capacity: StrawPlanes.viewCount + 1)
    starts.initialize(repeating: 0, count: StrawPlanes.viewCount + 1)
    leading = Float(settings.leading.lowerBound)...Float(settings.leading.upperBound)
    trailing = Float(settings.trailing.lowerBound)...Float(settings.trailing.upperBound)
    for (i, channel) in table.enumerated() {
      let straw = Int(channel.key) - 1
      let offset = maps.strawMagicT0 - maps.strawStationT0 - channel.mezzanineT0
      if i % 16 == 0 { (timeOffsets + i / 16).initialize(to: Float(offset)) }
      guard straw >= 0, straw < 7808 else {
        (places + i).initialize(to: StrawPlanes.noPlace)
        continue
      }
      let (view, layer, tube) = (straw / 488, straw / 122 % 4, straw % 122)
      let place = StrawPlanes.ranks * view + StrawPlanes.rank(view: view & 3, layer: layer, tube: tube)
      (places + i).initialize(to: UInt16(place))
      straws[place].wire = channel.position
      straws[place].depth = Float(StrawGeometry.viewZ[view & 3] + StrawGeometry.layerZ[layer])
    }
  }

  deinit {
    places.deallocate()
    timeOffsets.deallocate()
    straws.deallocate()
    bits.deallocate()
    occupied.deallocate()
    wordStarts.deallocate()
    lowest.deallocate()
    codes.deallocate()
    offsets.deallocate()
    leadingEdges.deallocate()
    trailingEdges.deallocate()
    fineTimes.deallocate()
    hits.deallocate()
    starts.deallocate()
  }

  /// Decodes the fragments of an event. A bad fragment is left out.
  ///
  /// - Returns: the number of bad fragments.
  mutating func decode(
    bytes: RawSpan, fragments: Span<EventFragment>, timestamp: UInt32, fineTime: UInt8
  ) -> Int {
    isOverflow = false
    var bad = 0
    var edgeCount = 0
    for i in 0..<fragments.count {
      let begin = Int(fragments[i].offset)
      let payload = bytes.extracting(begin..<(begin + Int(fragments[i].length)))
      guard !fragments[i].isVirtual, let board = SRB.Board(payload, timestamp: timestamp) else {
        bad += 1
        continue
      }
      guard edgeCount + board.edgeCount < Self.edgeLimit else {
        isOverflow = true
        break
      }
      board.unpack(payload, codes: codes + edgeCount, offsets: offsets + edgeCount)
      edgeCount += board.edgeCount
    }
    note(edgeCount, reference: StrawGeometry.reference(fineTime: fineTime))
    gather()
    return bad
  }

  /// Edges to straws with the first leading and the last trailing time.
  ///
  /// Leading edges within the limits first, then the trailing ones of the same straws. What an edge is cannot be
  /// foretold, so the loops have no branch: each edge is written to both lists, and counted in one or none.
  private mutating func note(_ edgeCount: Int, reference: Double) {
    let (places, timeOffsets, fineTimes) = (places, timeOffsets, fineTimes)
    let (codes, offsets) = (codes, offsets)
    let (leadingEdges, trailingEdges) = (leadingEdges, trailingEdges)
    let (straws, bits) = (straws, bits)
    let (low, high) = (leading.lowerBound, leading.upperBound)
    var (leads, trails) = (0, 0)
    for i in 0..<edgeCount {
      let code = codes[i]
      let time =
        Float(offsets[i] - reference) + (fineTimes[code.fineTime] + timeOffsets[code.channel >> 4])
      let edge = Edge(time: time, place: UInt32(places[code.channel]))
      leadingEdges[leads] = edge
      trailingEdges[trails] = edge
      // a < b is the sign of a − b.
      let isWithin = Int(((low - time).bitPattern & (time - high).bitPattern) >> 31)
      leads &+= isWithin & (1 &- code.trailing)
      trails &+= code.trailing
    }
    for i in 0..<leads {
      let edge = leadingEdges[i]
      let straw = straws + Int(edge.place)
      straw.pointee.lead = min(straw.pointee.lead, edge.time)
      bits[Int(edge.place >> 6)] |= 1 &<< UInt64(edge.place & 63)
    }
    let none = Int(StrawPlanes.noPlace)
    bits[none >> 6] &= ~(1 &<< UInt64(none & 63))
    for i in 0..<trails {
      let edge = trailingEdges[i]
      let isLed = bits[Int(edge.place >> 6)] &>> UInt64(edge.place & 63) & 1
      let straw = straws + (isLed != 0 ? Int(edge.place) : none)
      straw.pointee.trail = max(straw.pointee.trail, edge.time)
    }
    straws[none] = Straw()
  }

  /// Straws to hits, in order of place, and forgets the straws.
  private mutating func gather() {
    let (straws, bits, occupied, hits) = (straws, bits, occupied, hits)
    let (low, high) = (trailing.lowerBound, trailing.upperBound)
    var n = 0
    for view in 0..<StrawPlanes.viewCount {
      starts[view] = n
      let end = n + Self.viewLimit
      for word in (8 * view)..<(8 * view + 8) {
        var left = bits[word]
        bits[word] = 0
        wordStarts[word] = UInt16(truncatingIfNeeded: n)
        var kept: UInt64 = 0
        while left != 0 {
          let bit = left.trailingZeroBitCount
          left &= left &- 1
          let straw = straws + (64 &* word &+ bit)
          let (lead, trail) = (straw.pointee.lead, straw.pointee.trail)
          straw.pointee.lead = .infinity
          straw.pointee.trail = -.infinity
          guard n < end else {
            isOverflow = true
            continue
          }
          hits[n] = StrawHit(
            wire: straw.pointee.wire, depth: straw.pointee.depth, radius: Self.radius(lead), time: lead,
            place: UInt16(truncatingIfNeeded: 64 &* word &+ bit), view: UInt8(truncatingIfNeeded: view))
          // No trailing edge is one that came too late or not at all.
          let isGood = trail == -.infinity || trail >= low && trail <= high
          kept |= (isGood ? 1 : 0) &<< UInt64(bit)
          n &+= isGood ? 1 : 0
        }
        occupied[word] = kept
      }
    }
    starts[StrawPlanes.viewCount] = n
  }

  /// The hits of a view with wires within a reach of a position, and perhaps the next ones.
  ///
  /// By counting bits: where a loop over the hits would begin and end cannot be foretold.
  @inline(__always)
  func near(_ position: Float, reach: Float, view: Int) -> Range<Int> {
    let rank = (position - lowest[view]) * Float(1 / StrawPlanes.step)
    let width = reach * Float(1 / StrawPlanes.step)
    let (first, last) = (Self.within(rank - width), Self.within(rank + width))
    let (lower, upper) = (8 &* view &+ first >> 6, 8 &* view &+ last >> 6)
    let below = occupied[lower] & ((1 &<< UInt64(first & 63)) &- 1)
    let upTo = occupied[upper] & ((2 &<< UInt64(last & 63)) &- 1)
    let begin = Int(wordStarts[lower]) &+ below.nonzeroBitCount
    let end = Int(wordStarts[upper]) &+ upTo.nonzeroBitCount
    return Range(uncheckedBounds: (begin, max(begin, end)))
  }

  /// A rank of a view; what is not a number is 0.
  @inline(__always)
  private static func within(_ rank: Float) -> Int {
    let positive = rank > 0 ? rank : 0
    // The bits of a number from 2²³ on are those of the integer next to it.
    let place = (positive < Float(StrawPlanes.ranks - 1) ? positive : Float(StrawPlanes.ranks - 1)) + 0x1p23
    return Int(truncatingIfNeeded: place.bitPattern & 511)
  }

  /// The drift distance of a time, within the straw.
  @inline(__always)
  static func radius(_ nanoseconds: Float) -> Float {
    guard nanoseconds > 8.1 else { return 0 }
    return Float(min(StrawGeometry.drift(Double(nanoseconds) / 1000), 4.9))
  }
}
