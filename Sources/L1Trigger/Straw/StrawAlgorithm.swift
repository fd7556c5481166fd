import Detectors
import NA62Formats

/// The L1 STRAW algorithm (`l1.md` 5.9): hits to clusters to points, a Hough transform in y, tracklets,
/// tracks, six flags.
///
/// One object belongs to one worker. Everything it needs is allocated once; an event costs no allocation
/// after the lists have grown. In the order of the steps, each in a file of its own: hits and clusters
/// (`StrawAlgorithm+Clusters`), points (`+Points`), tracklets (`+Tracklets`), tracks and flags (`+Tracks`).
final class StrawAlgorithm {
  /// A straw with its first leading and last trailing time.
  struct Hit {
    var key: Int32
    var plane: Int32
    var lead: Double
    var trail: Double
    var position: Float
    var wire: Float
    var isOK = false
    var isUsed = false
  }

  /// A cluster of hits in one view: its coordinate, and 0, 1 or 2 for not used, used in a four-view point,
  /// used in a three-view point.
  struct Cluster {
    var w: Float
    var state: Int32
  }

  /// A point in a chamber.
  struct Point {
    var x: Float
    var y: Float
    var distance: Float
    var views: Int32
  }

  /// A tracklet of the scratch memory: points of chambers in the central bin, and in the bins around.
  struct Tracklet {
    var hc: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0)
    var cc: (Int8, Int8, Int8, Int8, Int8, Int8) = (0, 0, 0, 0, 0, 0)
    var hl: (UInt8, UInt8) = (0, 0)
    var cl: (Int8, Int8) = (0, 0)
    var nc: UInt8 = 0
    var nl: UInt8 = 0
  }

  /// A tracklet that has been kept, with its parameters.
  struct Candidate {
    /// (chamber, point) pairs, chamber in the high byte.
    var hits: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16)
    var nc: UInt8
    var count: UInt8
    var isUsed: Bool
    var q1: Float
    var q2: Float
    var m1: Float
    var m2: Float
    var my: Float
    var qy: Float
    var cda: Float
  }

  /// A track.
  struct Track {
    var line: StrawLine
    var bend: Float
    var pz: Float
    var cda: Float
    var vertexZ: Float
    var near: Int32 = 0
  }

  /// A list of the algorithm has reached its limit: the event is accepted with all flags.
  struct Overflow: Error {}

  static let slopeBins = 160
  static let interceptBins = 200

  let channels: [StrawChannel]
  let stationT0: Double
  let magicT0: Double
  let scratchMode: StrawScratch

  var edges = ScratchList<SRB.Edge>(capacity: 512)
  /// Hits by half view: 8 × chamber + 2 × view + half.
  var hits: [[Hit]] = Array(repeating: [], count: 32)
  /// Where a straw's hit is in its list, valid if the generation matches.
  var hitIndex: [(generation: UInt32, index: Int32)] = Array(repeating: (0, 0), count: 7809)
  var generation: UInt32 = 0
  /// Clusters by 4 × chamber + view.
  var clusters: [[Cluster]] = Array(repeating: [], count: 16)
  var points: [[Point]] = Array(repeating: [], count: 4)
  var rawPoints: [Point] = []
  var firstPass: [Point] = []
  var selectionMarks: [Bool] = []

  /// For each slope bin and point, in the order of the points, the intercept bin; 0 is none.
  var rows: [UInt8] = []
  /// Number of points in a row, padded.
  var rowStride = 0
  /// Chamber and point number modulo 256 of each column.
  var columns: [(chamber: Int8, point: UInt8)] = []
  let slopes: [Float]
  /// Slope × z of the chamber, by chamber and slope bin.
  let slopeShifts: [Float]
  var occupancy: [UInt8] = Array(repeating: 0, count: 256)

  let scratch: UnsafeMutablePointer<Tracklet>
  static let scratchCount = 3000
  var scratchUsed = 0
  var lateral: ([UInt8], [UInt8]) = ([], [])

  var candidates: [Candidate] = []
  var tracks: [Track] = []

  init(maps: L1DetectorMaps, scratch mode: StrawScratch) {
    channels = StrawChannel.table(maps)
    stationT0 = maps.strawStationT0
    magicT0 = maps.strawMagicT0
    scratchMode = mode
    slopes = (0..<Self.slopeBins).map { Float((Double($0) - 80.05) * 0.0004) }
    slopeShifts = StrawGeometry.chambers.flatMap { [slopes] z in slopes.map { $0 * z } }
    scratch = .allocate(capacity: Self.scratchCount)
    scratch.initialize(repeating: Tracklet(), count: Self.scratchCount)
  }

  deinit { scratch.deallocate() }

  /// Runs on the STRAW fragments of an event.
  ///
  /// - Parameters:
  ///   - fragmentCount: number of SRB fragments.
  ///   - timestamp: timestamp of the event.
  ///   - fineTime: fine time of the event.
  ///   - payload: the payload of a fragment, by arrival.
  /// - Returns: the summary, and whether data were bad or a list overflowed.
  func run(
    fragmentCount: Int, timestamp: UInt32, fineTime: UInt8, info: inout L1EventInfo,
    decode: (Int, inout ScratchList<SRB.Edge>) -> BoardStatus
  ) -> UInt8 {
    if scratchMode == .clean {
      for i in 0..<scratchUsed { scratch[i] = Tracklet() }
      scratchUsed = 0
    }
    var summary = StrawSummary()
    do throws(Overflow) {
      beginHits()
      var edgeCount = 0
      for fragment in 0..<fragmentCount {
        edges.removeAll()
        guard decode(fragment, &edges) == .good else {
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
