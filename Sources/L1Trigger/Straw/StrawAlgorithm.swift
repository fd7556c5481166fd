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
  /// A straw with its first leading and last trailing time, in ns.
  ///
  /// All of NA62's double-precision values of the times are single-precision ones, so they are stored so.
  struct Straw: BitwiseCopyable {
    /// A time that is none: later than all that count, and as a trailing time, whose sign is turned, what
    /// NA62's code has for none.
    static var none: Float { 100_000 }

    /// First leading time, and the last trailing time with its sign turned.
    var lead = none
    var negativeTrail = none
    var position: Float = 0
    /// 8 × chamber + 2 × view + half.
    var halfView: UInt8 = 0
    var plane: UInt8 = 0
    /// 1 before the first edge of an event, then 0.
    var isNew: UInt8 = 1

    /// 1 for a hit that can take part in a cluster, else 0.
    ///
    /// Without a branch, as nothing foretells it: a < b is the sign of a − b.
    @inline(__always)
    var isGood: Int {
      let lead = Double(lead)
      let trail = -Double(negativeTrail)
      @inline(__always)
      func isLess(_ a: Double, _ b: Double) -> UInt64 { (a - b).bitPattern }
      let isEarly = isLess(0, lead) & isLess(lead, 175)
      let isFit = isLess(lead, 1.35 * trail - 50) & isLess(4.8 * trail - 1150, lead)
      let isShort = isLess(55, trail) & isLess(trail, 250)
      return Int((isEarly & (isFit & isShort | isLess(trail, -99999))) >> 63)
    }
  }

  /// The straw of an edge.
  struct EdgeStraw: BitwiseCopyable {
    var key: UInt16
    var halfView: UInt8
  }

  /// A straw with an edge: its key, and its leading time as the first edge left it.
  struct Hit: BitwiseCopyable {
    var key: UInt32
    var lead: Float
  }

  /// Open limits of a value in single precision.
  struct Limits: BitwiseCopyable {
    var low: Float
    var high: Float

    init(_ low: Float, _ high: Float) {
      self.low = low
      self.high = high
    }

    /// Limits in double precision, as the single-precision ones between which the same values lie.
    init(low: Double, high: Double) {
      let (below, above) = (Float(low), Float(high))
      self.low = Double(below) <= low ? below : below.nextDown
      self.high = Double(above) >= high ? above : above.nextUp
    }
  }

  /// A hit that can take part in a cluster.
  struct Wire: BitwiseCopyable {
    var position: Float
    var drift: Float
    var plane: UInt8
    var isUsed: Bool
    /// The leading time was changed by a later edge (`l1.md` 5.9.2: another drift distance).
    var isUpdated: Bool
  }

  /// Two hits of a view by their numbers, and 1 if they are of different halves.
  struct Pair: BitwiseCopyable {
    var j: UInt16
    var k: UInt16
    /// 32 bits, so that a pair is copied as one word.
    var isAcross: UInt32
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

  /// A tracklet of the scratch memory: points of chambers in the central bin, and in the bins around. They are
  /// read and written through its address, in this layout: 6 + 6 + 2 + 2 bytes, then the two counts.
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
    /// (chamber, point) pairs of 16 bits from the low bits on, chamber in the high byte; 0xFFFF where there
    /// is none.
    var hits: SIMD2<UInt64>
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

  /// The parameters in x of a set of hits, and whether they and the momentum are those of a track.
  struct Fit: BitwiseCopyable {
    /// The hits as a candidate has them.
    var hits: SIMD2<UInt64>
    var q1: Float
    var q2: Float
    var m1: Float
    var m2: Float
    var isTrack: Bool
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
  /// The number in a row of a point that is in none of the bins; no neighbour of one.
  static let noBin = 255
  /// Hits of a half view up to which the pairs of its hits are listed in a table.
  static let tabledHits = 6
  /// Edges at which NA62's code gives up.
  static let edgeLimit = 1500
  /// Room for the 244 straws of a half view, and the one that stands for all unmapped channels;
  /// no power of two, with which the lists would share the same few sets of the cache.
  static let strawsInHalfView = 264
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
  /// The key of a straw by readout channel.
  let keys: UnsafeMutablePointer<UInt16>
  /// By readout channel / 16.
  let mezzanineT0: UnsafeMutablePointer<Double>
  /// Fine times in ns.
  let fineTimes: UnsafeMutablePointer<Double>
  /// Between which values a leading or trailing time counts; then the same for the first edge of a straw. A
  /// first trailing time is taken as it is; a first leading time out of range is as good as none.
  let timeLimits: UnsafeMutablePointer<Limits>
  /// What times are raised to: one that does not count, and one that does.
  let leastTimes: UnsafeMutablePointer<Float>
  /// The edges of the event, below `edgeLimit`, and what unpacking leaves behind them.
  let codes: UnsafeMutablePointer<SRB.Code>
  let offsets: UnsafeMutablePointer<Double>
  let edgeStraws: UnsafeMutablePointer<EdgeStraw>
  /// By key; those without hits are as they were made.
  let straws: UnsafeMutablePointer<Straw>
  /// The straws with hits, by half view in parts of `strawsInHalfView`, in order of first appearance, and
  /// where each part ends.
  let hits: UnsafeMutablePointer<Hit>
  let hitEnds: UnsafeMutablePointer<UnsafeMutablePointer<Hit>>
  /// The good hits of the event by half view, and where those of each begin; one more is their number.
  let wires: UnsafeMutablePointer<Wire>
  let wireStarts: UnsafeMutablePointer<Int>
  /// The pairs of views with few hits, and where those of n0 and n1 hits begin, at 7 × n0 + n1.
  let pairs: UnsafeMutablePointer<Pair>
  let pairStarts: UnsafeMutablePointer<Int>
  /// The pairs of a view that are near one another.
  let nearPairs: UnsafeMutablePointer<Pair>
  /// Between which values the sum of two drift distances has to be: one half, both halves.
  let driftLimits: UnsafeMutablePointer<Limits>
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
  let corrections: L1Corrections
  /// Slopes have to be above this.
  let slopeFloor: Double
  /// Drift distance of a hit that has become an early one.
  let earlyDrift: Float

  /// The columns of the Hough transform: the points in order, with the bit of their chamber and their
  /// coordinates.
  let columns: UnsafeMutablePointer<Column>
  let columnBits: UnsafeMutablePointer<UInt8>
  /// Four times the chamber of each column: where its words of `occupancy` begin.
  let columnChambers: UnsafeMutablePointer<UInt8>
  let columnY: UnsafeMutablePointer<Float>
  let columnZ: UnsafeMutablePointer<Float>
  var columnCount = 0
  /// Four rows of the Hough transform, by row modulo 4 and column, and which rows they are.
  let rows: UnsafeMutablePointer<UInt8>
  let rowNumbers: UnsafeMutablePointer<Int>
  let slopes: UnsafeMutablePointer<Float>
  /// A bit for each row to be followed; one word more.
  let rowMarks: UnsafeMutablePointer<UInt64>
  /// For each chamber four words with a bit for each bin of the row that is followed.
  let occupancy: UnsafeMutablePointer<UInt64>
  /// The entries of the bin that is followed.
  let entries: UnsafeMutablePointer<Column>
  /// The entries of the three bins around it in a row, in parts of 8, and their numbers.
  let neighbours: UnsafeMutablePointer<Column>
  let neighbourCounts: UnsafeMutablePointer<Int>

  let scratch: UnsafeMutablePointer<Tracklet>
  var scratchUsed = 0
  /// Points of the two missing chambers, in parts of `lateralLimit`.
  let lateral: UnsafeMutablePointer<UInt8>

  let candidates: UnsafeMutablePointer<Candidate>
  /// x and z of the chambers' points in a fit; 0 for none.
  let fitX: UnsafeMutablePointer<Float>
  let fitZ: UnsafeMutablePointer<Float>
  /// The last fit.
  var fit = Fit(hits: SIMD2(0, 0), q1: 0, q2: 0, m1: 0, m2: 0, isTrack: false)
  /// For each candidate a bit for each of its points, modulo 16 in each chamber; no bit once it is used up.
  /// Candidates whose bits do not meet share no point.
  let signatures: UnsafeMutablePointer<UInt64>
  /// Whether each bit of a signature stands for one hit.
  var hasExactSignatures = false
  var candidateCount = 0
  let tracks: UnsafeMutablePointer<Track>
  var trackCount = 0

  init(maps: L1DetectorMaps, scratch mode: StrawScratch, corrections: L1Corrections) {
    let table = StrawChannel.table(maps)
    keys = .allocate(capacity: table.count)
    mezzanineT0 = .allocate(capacity: table.count / 16)
    straws = .allocate(capacity: StrawChannel.keyCount)
    straws.initialize(repeating: Straw(), count: StrawChannel.keyCount)
    for (i, channel) in table.enumerated() {
      // A straw by its key, and the lists by half view, are not checked again.
      precondition(channel.key < StrawChannel.keyCount && channel.halfView < 32)
      (keys + i).initialize(to: UInt16(channel.key))
      straws[Int(channel.key)] = Straw(
        position: channel.position, halfView: UInt8(channel.halfView), plane: UInt8(channel.plane))
      if i % 16 == 0 { (mezzanineT0 + i / 16).initialize(to: channel.mezzanineT0) }
    }
    stationT0 = maps.strawStationT0
    magicT0 = maps.strawMagicT0
    scratchMode = mode
    self.corrections = corrections
    slopeFloor = corrections.contains(.strawSlopes) ? -0.020 : -.infinity
    earlyDrift = corrections.contains(.strawEarly) ? 0 : StrawGeometry.earlyDrift
    fineTimes = .allocate(capacity: 32)
    for i in 0..<32 { (fineTimes + i).initialize(to: SRB.nanoseconds(fineTime: i)) }
    timeLimits = .allocate(capacity: 4)
    let leading = Limits(-10, 300)
    timeLimits.initialize(
      from: [leading, Limits(-100, 300), leading, Limits(-.infinity, .infinity)], count: 4)
    leastTimes = .allocate(capacity: 2)
    leastTimes.initialize(from: [Straw.none, -.infinity], count: 2)
    codes = .allocate(capacity: Self.edgeLimit + 8)
    offsets = .allocate(capacity: Self.edgeLimit + 8)
    edgeStraws = .allocate(capacity: Self.edgeLimit)
    // One more in both: what is no new hit, or not good, is written behind the others and not counted.
    hits = .allocate(capacity: 32 * Self.strawsInHalfView + 1)
    hitEnds = .allocate(capacity: 32)
    wires = .allocate(capacity: Self.edgeLimit + 1)
    wireStarts = .allocate(capacity: 33)
    let sizes = (0...Self.tabledHits)
    var list: [Pair] = []
    var starts = [0]
    for n0 in sizes {
      for n1 in sizes {
        // Appending throws nothing.
        try? Self.forEachPair(n0, n1) { pair throws(Overflow) in list.append(pair) }
        starts.append(list.count)
      }
    }
    pairs = .allocate(capacity: list.count)
    pairs.initialize(from: list, count: list.count)
    pairStarts = .allocate(capacity: starts.count)
    pairStarts.initialize(from: starts, count: starts.count)
    let most = Self.tabledHits * (2 * Self.tabledHits - 1)
    nearPairs = .allocate(capacity: most + 1)
    driftLimits = .allocate(capacity: 2)
    driftLimits.initialize(from: [Limits(low: 8.6, high: 9.0), Limits(low: 2.9, high: 5.8)], count: 2)
    clusters = .allocate(capacity: 16 * Self.clusterLimit)
    clusterCounts = .allocate(capacity: 16)
    points = .allocate(capacity: 4 * Self.pointLimit)
    rawPoints = .allocate(capacity: Self.rawPointLimit)
    firstPass = .allocate(capacity: Self.pointLimit)
    selectionMarks = .allocate(capacity: Self.rawPointLimit)
    columns = .allocate(capacity: Self.rowStride)
    columnBits = .allocate(capacity: Self.rowStride)
    columnChambers = .allocate(capacity: Self.rowStride)
    columnY = .allocate(capacity: Self.rowStride)
    columnZ = .allocate(capacity: Self.rowStride)
    rows = .allocate(capacity: 4 * Self.rowStride)
    rowNumbers = .allocate(capacity: 4)
    slopes = .allocate(capacity: Self.slopeBins)
    for a in 0..<Self.slopeBins {
      (slopes + a).initialize(to: Float((Double(a) - 80.05) * 0.0004))
    }
    rowMarks = .allocate(capacity: 4)
    occupancy = .allocate(capacity: 16)
    entries = .allocate(capacity: 6)
    neighbours = .allocate(capacity: 24)
    neighbourCounts = .allocate(capacity: 3)
    scratch = .allocate(capacity: Self.scratchCount)
    scratch.initialize(repeating: Tracklet(), count: Self.scratchCount)
    lateral = .allocate(capacity: 2 * Self.lateralLimit)
    fitX = .allocate(capacity: 4)
    fitZ = .allocate(capacity: 4)
    candidates = .allocate(capacity: Self.candidateLimit)
    signatures = .allocate(capacity: Self.candidateLimit)
    tracks = .allocate(capacity: Self.trackLimit)
  }

  deinit {
    keys.deallocate()
    mezzanineT0.deallocate()
    fineTimes.deallocate()
    timeLimits.deallocate()
    leastTimes.deallocate()
    codes.deallocate()
    offsets.deallocate()
    edgeStraws.deallocate()
    straws.deallocate()
    hits.deallocate()
    hitEnds.deallocate()
    wires.deallocate()
    wireStarts.deallocate()
    pairs.deallocate()
    pairStarts.deallocate()
    nearPairs.deallocate()
    driftLimits.deallocate()
    clusters.deallocate()
    clusterCounts.deallocate()
    points.deallocate()
    rawPoints.deallocate()
    firstPass.deallocate()
    selectionMarks.deallocate()
    columns.deallocate()
    columnBits.deallocate()
    columnChambers.deallocate()
    columnY.deallocate()
    columnZ.deallocate()
    rows.deallocate()
    rowNumbers.deallocate()
    slopes.deallocate()
    rowMarks.deallocate()
    occupancy.deallocate()
    entries.deallocate()
    neighbours.deallocate()
    neighbourCounts.deallocate()
    scratch.deallocate()
    lateral.deallocate()
    fitX.deallocate()
    fitZ.deallocate()
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
      var edgeCount = 0
      for i in 0..<fragments.count {
        let begin = Int(fragments[i].offset)
        let payload = bytes.extracting(begin..<(begin + Int(fragments[i].length)))
        guard let board = SRB.Board(payload, timestamp: timestamp) else {
          info.straw = summary
          return info.fail(.straw)
        }
        guard edgeCount + board.edgeCount < Self.edgeLimit else { throw Overflow() }
        board.unpack(payload, codes: codes + edgeCount, offsets: offsets + edgeCount)
        edgeCount += board.edgeCount
      }
      if edgeCount == 0 { info.mark(.straw, .empty) }
      if corrections.contains(.mappedOnly) { edgeCount = dropUnmapped(edgeCount) }
      addHits(fineTime: fineTime, edgeCount: edgeCount)
      gatherWires()
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
