import Detectors
import EventBuilding
import NA62Formats

/// The L1 STRAW algorithm (`l1.md` 5.9): hits to clusters to points, a Hough transform in y, tracklets,
/// tracks, six flags.
///
/// One value belongs to one worker. Everything it needs is allocated once, in lists whose capacity is the
/// length at which NA62's code gives up: each append is followed by that check, so that no list can be left.
/// It is a noncopyable struct, not a class, so that a whole event costs one check of exclusivity. In the
/// order of the steps, each in a file of its own: hits and clusters (`StrawAlgorithm+Clusters`), points
/// (`+Points`), tracklets (`+Tracklets`), tracks and flags (`+Tracks`).
struct StrawAlgorithm: ~Copyable {
  /// A straw with its first leading and last trailing time, in ns; −100 000 is none.
  ///
  /// All of NA62's double-precision values of the times are single-precision ones, so they are stored so.
  struct Hit: BitwiseCopyable {
    var key: UInt16
    var plane: UInt8
    /// Whether the leading time was changed by a later edge (`l1.md` 5.9.2: another drift distance).
    var isUpdated: Bool
    var position: Float
    var lead: Float
    var trail: Float
  }

  /// A hit that can take part in a cluster.
  struct Wire: BitwiseCopyable {
    var position: Float
    var drift: Float
    var plane: UInt8
    var isUsed: Bool
  }

  /// A cluster of hits in one view: its coordinate, and 0, 1 or 2 for not used, used in a four-view point,
  /// used in a three-view point.
  struct Cluster: BitwiseCopyable {
    var w: Float
    var state: Int32
  }

  /// A point in a chamber.
  struct Point: BitwiseCopyable {
    var x: Float
    var y: Float
    var distance: Float
    var views: Int32
  }

  /// A tracklet of the scratch memory: points of chambers in the central bin, and in the bins around.
  struct Tracklet: BitwiseCopyable {
    var hc: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
    var cc: (Int8, Int8, Int8, Int8, Int8, Int8) = (0, 0, 0, 0, 0, 0)
    var hl: (UInt8, UInt8) = (0, 0)
    var cl: (Int8, Int8) = (0, 0)
    var nc: UInt8 = 0
    var nl: UInt8 = 0
  }

  /// A tracklet that has been kept, with its parameters.
  struct Candidate: BitwiseCopyable {
    /// (chamber, point) pairs, chamber in the high byte; 0xFFFF where there is none.
    var hits: SIMD8<UInt16>
    var nc: UInt8
    var count: UInt8
    var isUsed: Bool
    var q1: Float
    var q2: Float
    var m1: Float
    var m2: Float
    var my: Float
    var qy: Float
    /// Closest distance of approach to the beam; `combineThree` finds it where it asks for it.
    var cda: Float
  }

  /// A track.
  struct Track: BitwiseCopyable {
    var line: StrawLine
    var bend: Float
    var pz: Float
    var cda: Float
    var vertexZ: Float
    var near: Int32 = 0
  }

  /// A column of the Hough transform: chamber, and point number modulo 256.
  struct Column: BitwiseCopyable {
    var chamber: Int8
    var point: UInt8
  }

  /// A list of the algorithm has reached its limit: the event is accepted with all flags.
  struct Overflow: Error {}

  static let slopeBins = 160
  static let interceptBins = 200
  static let hitLimit = 500
  static let clusterLimit = 500
  static let pointLimit = 2000
  static let rawPointLimit = 5000
  static let lateralLimit = 50
  static let scratchCount = 3000
  /// Points up to which pairs are looked at to find the rows that matter: beyond, rows are cheaper.
  static let pairLimit = 48
  /// Columns of the Hough transform, rounded up so that rows can be read by words of eight.
  static let rowStride = 4 * pointLimit
  static let candidateLimit = 4000
  static let trackLimit = 1000

  // A pointer stands first: else the compiler (6.3) crashes under the thread sanitizer, which takes the
  // first property of the structure for an address where memory behind one of its pointers is changed.
  /// By readout channel.
  let channels: UnsafeMutablePointer<StrawWire>
  /// By readout channel / 16.
  let mezzanineT0: UnsafeMutablePointer<Double>
  var edges = ScratchList<SRB.Edge>(capacity: 512)
  /// Hits by half view, 8 × chamber + 2 × view + half, in parts of `hitLimit`.
  let hits: UnsafeMutablePointer<Hit>
  let hitCounts: UnsafeMutablePointer<Int>
  /// Where a straw's hit would be in its list, by the straw's key; valid if there is a hit, with that key.
  let hitIndex: UnsafeMutablePointer<UInt16>
  /// The good hits of the two halves of a view, in parts of `hitLimit`.
  let wires: UnsafeMutablePointer<Wire>
  /// Clusters by 4 × chamber + view, in parts of `clusterLimit`.
  let clusters: UnsafeMutablePointer<Cluster>
  let clusterCounts: UnsafeMutablePointer<Int>
  /// Points by chamber, in parts of `pointLimit`.
  let points: UnsafeMutablePointer<Point>
  var pointCounts = SIMD4<Int>(repeating: 0)
  let rawPoints: UnsafeMutablePointer<Point>
  var rawCount = 0
  let firstPass: UnsafeMutablePointer<Point>
  let selectionMarks: UnsafeMutablePointer<Bool>

  let stationT0: Double
  let magicT0: Double
  let scratchMode: StrawScratch

  /// For each point, in the order of the points, the intercept bin by slope bin; 0 is none.
  let bins: UnsafeMutablePointer<UInt8>
  let columns: UnsafeMutablePointer<Column>
  var columnCount = 0
  /// By chamber its first column; one more is the number of columns.
  let columnStarts: UnsafeMutablePointer<Int>
  /// The bins of four rows, by row modulo 4 and column: what is asked of a row lies together.
  let rows: UnsafeMutablePointer<UInt8>
  /// Rows from this one on have not been copied to `rows`.
  var nextRow = 0
  let slopes: UnsafeMutablePointer<Float>
  /// Slope × z of the chamber, by chamber and slope bin.
  let slopeShifts: UnsafeMutablePointer<Float>
  /// Rows that may have a bin with points of two chambers.
  let rowMarks: UnsafeMutablePointer<Bool>
  /// Chambers with a point in a bin of the row that is followed; zero between rows.
  let occupancy: UnsafeMutablePointer<UInt8>

  let scratch: UnsafeMutablePointer<Tracklet>
  var scratchUsed = 0
  /// Points of the two missing chambers, in parts of `lateralLimit`.
  let lateral: UnsafeMutablePointer<UInt8>

  let candidates: UnsafeMutablePointer<Candidate>
  /// For each candidate a bit for each of its points, modulo 64; no bit once it is used up. Candidates whose
  /// bits do not meet share no point.
  let signatures: UnsafeMutablePointer<UInt64>
  var candidateCount = 0
  let tracks: UnsafeMutablePointer<Track>
  var trackCount = 0

  init(maps: L1DetectorMaps, scratch mode: StrawScratch) {
    let table = StrawChannel.table(maps)
    channels = .allocate(capacity: table.count)
    mezzanineT0 = .allocate(capacity: table.count / 16)
    for (i, channel) in table.enumerated() {
      // A hit's index by its key, and the counts by half view, are not checked again.
      precondition(channel.key < 7809 && channel.halfView < 32)
      (channels + i).initialize(
        to: StrawWire(
          key: UInt16(channel.key), halfView: UInt8(channel.halfView), plane: UInt8(channel.plane),
          position: channel.position))
      if i % 16 == 0 { (mezzanineT0 + i / 16).initialize(to: channel.mezzanineT0) }
    }
    stationT0 = maps.strawStationT0
    magicT0 = maps.strawMagicT0
    scratchMode = mode
    hits = .allocate(capacity: 32 * Self.hitLimit)
    hitCounts = .allocate(capacity: 32)
    hitIndex = .allocate(capacity: 7809)
    hitIndex.initialize(repeating: 0, count: 7809)
    wires = .allocate(capacity: 2 * Self.hitLimit)
    clusters = .allocate(capacity: 16 * Self.clusterLimit)
    clusterCounts = .allocate(capacity: 16)
    points = .allocate(capacity: 4 * Self.pointLimit)
    rawPoints = .allocate(capacity: Self.rawPointLimit)
    firstPass = .allocate(capacity: Self.pointLimit)
    selectionMarks = .allocate(capacity: Self.rawPointLimit)
    bins = .allocate(capacity: 4 * Self.pointLimit * Self.slopeBins)
    columns = .allocate(capacity: 4 * Self.pointLimit)
    rows = .allocate(capacity: 4 * Self.rowStride)
    rows.initialize(repeating: 0, count: 4 * Self.rowStride)
    slopes = .allocate(capacity: Self.slopeBins)
    slopeShifts = .allocate(capacity: 4 * Self.slopeBins)
    for a in 0..<Self.slopeBins {
      let slope = Float((Double(a) - 80.05) * 0.0004)
      (slopes + a).initialize(to: slope)
      for chamber in 0..<4 {
        (slopeShifts + chamber * Self.slopeBins + a).initialize(to: slope * StrawGeometry.z[chamber])
      }
    }
    columnStarts = .allocate(capacity: 5)
    columnStarts.initialize(repeating: 0, count: 5)
    rowMarks = .allocate(capacity: Self.slopeBins)
    occupancy = .allocate(capacity: 256)
    occupancy.initialize(repeating: 0, count: 256)
    scratch = .allocate(capacity: Self.scratchCount)
    scratch.initialize(repeating: Tracklet(), count: Self.scratchCount)
    lateral = .allocate(capacity: 2 * Self.lateralLimit)
    candidates = .allocate(capacity: Self.candidateLimit)
    signatures = .allocate(capacity: Self.candidateLimit)
    tracks = .allocate(capacity: Self.trackLimit)
  }

  deinit {
    channels.deallocate()
    mezzanineT0.deallocate()
    hits.deallocate()
    hitCounts.deallocate()
    hitIndex.deallocate()
    wires.deallocate()
    clusters.deallocate()
    clusterCounts.deallocate()
    points.deallocate()
    rawPoints.deallocate()
    firstPass.deallocate()
    selectionMarks.deallocate()
    bins.deallocate()
    columns.deallocate()
    rows.deallocate()
    slopes.deallocate()
    slopeShifts.deallocate()
    columnStarts.deallocate()
    rowMarks.deallocate()
    occupancy.deallocate()
    scratch.deallocate()
    lateral.deallocate()
    candidates.deallocate()
    signatures.deallocate()
    tracks.deallocate()
  }

  /// Runs on the STRAW fragments of an event.
  ///
  /// - Parameters:
  ///   - bytes: the payloads of the batch.
  ///   - fragments: the event's STRAW fragments, in the order of arrival.
  ///   - timestamp: timestamp of the event.
  ///   - fineTime: fine time of the event.
  ///   - info: takes the summary, and whether data were bad or a list overflowed.
  mutating func run(
    bytes: RawSpan, fragments: Span<EventFragment>, timestamp: UInt32, fineTime: UInt8,
    info: inout L1EventInfo
  ) -> UInt8 {
    if scratchMode == .clean {
      for i in 0..<scratchUsed { scratch[i] = Tracklet() }
      scratchUsed = 0
    }
    var summary = StrawSummary()
    do throws(Overflow) {
      beginHits()
      var edgeCount = 0
      for i in 0..<fragments.count {
        let fragment = fragments[i]
        let begin = Int(fragment.offset)
        edges.removeAll()
        guard
          SRB.decode(
            bytes.extracting(begin..<(begin + Int(fragment.length))), timestamp: timestamp, into: &edges)
            == .good
        else {
          info.straw = summary
          return info.fail(.straw)
        }
        try addHits(fineTime: fineTime, edgeCount: &edgeCount)
      }
      if edgeCount == 0 { info.mark(.straw, .empty) }
      try makeClusters()
      try makePoints()
      try makeTracklets()
      try makeTracks()
      summary = summarise()
    } catch {
      info.mark(.straw, .overflow)
      summary.flags = 0x3F
    }
    info.straw = summary
    return info.mark(.straw, result: summary.flags)
  }
}

/// What an edge needs to know of its readout channel.
struct StrawWire: BitwiseCopyable {
  var key: UInt16
  var halfView: UInt8
  var plane: UInt8
  var position: Float
}
