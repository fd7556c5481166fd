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

  // A pointer stands first, see StrawAlgorithm.
  /// Place by readout channel.
  private let places: UnsafeMutablePointer<UInt16>
  /// What to add to the raw time of an edge, ns, by readout channel.
  private let timeOffsets: UnsafeMutablePointer<Float>
  private let wires: UnsafeMutablePointer<Float>
  private let depths: UnsafeMutablePointer<Float>
  private let leads: UnsafeMutablePointer<Float>
  private let trails: UnsafeMutablePointer<Float>
  private let bits: UnsafeMutablePointer<UInt64>
  private let codes: UnsafeMutablePointer<SRB.Code>
  private let offsets: UnsafeMutablePointer<Double>
  private let touched: UnsafeMutablePointer<UInt16>
  private let fineTimes: UnsafeMutablePointer<Float>
  /// The hits.
  let hits: UnsafeMutablePointer<StrawHit>
  /// Where the hits of each view begin; one more is their number.
  let starts: UnsafeMutablePointer<Int>
  private let leading: ClosedRange<Float>
  private let trailing: ClosedRange<Float>
  /// Whether something was left out of the present event.
  private(set) var isOverflow = false

  init(maps: L1DetectorMaps, settings: ReconstructionConfiguration.Straw) {
    let table = StrawChannel.table(maps)
    let total = StrawPlanes.viewCount * StrawPlanes.ranks
    places = .allocate(capacity: table.count)
    timeOffsets = .allocate(capacity: table.count)
    wires = .allocate(capacity: total)
    depths = .allocate(capacity: total)
    leads = .allocate(capacity: total)
    trails = .allocate(capacity: total)
    wires.initialize(repeating: 0, count: total)
    depths.initialize(repeating: 0, count: total)
    leads.initialize(repeating: .infinity, count: total)
    trails.initialize(repeating: -.infinity, count: total)
    bits = .allocate(capacity: total / 64)
    bits.initialize(repeating: 0, count: total / 64)
    codes = .allocate(capacity: Self.edgeLimit + 8)
    offsets = .allocate(capacity: Self.edgeLimit + 8)
    touched = .allocate(capacity: Self.edgeLimit)
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
      (timeOffsets + i).initialize(to: Float(offset))
      guard straw >= 0, straw < 7808 else {
        (places + i).initialize(to: StrawPlanes.noPlace)
        continue
      }
      let (view, layer, tube) = (straw / 488, straw / 122 % 4, straw % 122)
      let place = StrawPlanes.ranks * view + StrawPlanes.rank(view: view & 3, layer: layer, tube: tube)
      (places + i).initialize(to: UInt16(place))
      wires[place] = channel.position
      depths[place] = Float(StrawGeometry.viewZ[view & 3] + StrawGeometry.layerZ[layer])
    }
  }

  deinit {
    places.deallocate()
    timeOffsets.deallocate()
    wires.deallocate()
    depths.deallocate()
    leads.deallocate()
    trails.deallocate()
    bits.deallocate()
    codes.deallocate()
    offsets.deallocate()
    touched.deallocate()
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
    gather(edgeCount)
    return bad
  }

  /// Edges to straws with the first leading and the last trailing time.
  private mutating func note(_ edgeCount: Int, reference: Double) {
    let (places, timeOffsets, fineTimes) = (places, timeOffsets, fineTimes)
    let (codes, offsets, touched) = (codes, offsets, touched)
    let (leads, trails, bits) = (leads, trails, bits)
    for i in 0..<edgeCount {
      let code = codes[i]
      let place = Int(places[code.channel])
      touched[i] = UInt16(truncatingIfNeeded: place)
      let time =
        Float(offsets[i] - reference) + (fineTimes[code.fineTime] + timeOffsets[code.channel])
      if code.trailing != 0 {
        trails[place] = max(trails[place], time)
      } else if time >= leading.lowerBound, time <= leading.upperBound {
        leads[place] = min(leads[place], time)
        bits[place >> 6] |= 1 << UInt64(place & 63)
      }
    }
    bits[Int(StrawPlanes.noPlace) >> 6] &= ~(1 << UInt64(StrawPlanes.noPlace & 63))
  }

  /// Straws to hits, in order of place, and forgets the straws.
  private mutating func gather(_ edgeCount: Int) {
    let (leads, trails, bits, hits) = (leads, trails, bits, hits)
    var n = 0
    for view in 0..<StrawPlanes.viewCount {
      starts[view] = n
      let end = n + Self.viewLimit
      for word in (8 * view)..<(8 * view + 8) {
        var left = bits[word]
        bits[word] = 0
        while left != 0 {
          let place = 64 &* word &+ left.trailingZeroBitCount
          left &= left &- 1
          let trail = trails[place]
          // No trailing edge is one that came too late or not at all.
          guard trail == -.infinity || trail >= trailing.lowerBound && trail <= trailing.upperBound else {
            continue
          }
          guard n < end else {
            isOverflow = true
            continue
          }
          let time = leads[place]
          hits[n] = StrawHit(
            wire: wires[place], depth: depths[place], radius: Self.radius(time), time: time,
            place: UInt16(truncatingIfNeeded: place), view: UInt8(truncatingIfNeeded: view))
          n &+= 1
        }
      }
    }
    starts[StrawPlanes.viewCount] = n
    for i in 0..<edgeCount {
      let place = Int(touched[i])
      leads[place] = .infinity
      trails[place] = -.infinity
    }
  }

  /// The drift distance of a time, within the straw.
  @inline(__always)
  static func radius(_ nanoseconds: Float) -> Float {
    guard nanoseconds > 8.1 else { return 0 }
    return Float(min(StrawGeometry.drift(Double(nanoseconds) / 1000), 4.9))
  }
}
