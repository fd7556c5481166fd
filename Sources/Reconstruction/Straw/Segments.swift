import L1Trigger

/// A straight piece of a track: points in two chambers on the same side of the magnet.
struct Segment: BitwiseCopyable {
  /// Points in the first and the second chamber.
  var first: Int16
  var second: Int16
  var views: Int16
  var chi2: Float
  /// dx/dz, dy/dz.
  var slope: SIMD2<Double>
  /// x, y in the middle of the magnet.
  var atMagnet: SIMD2<Double>
}

/// The segments before or behind the magnet.
struct Segments: ~Copyable {
  /// Segments of a side; more is an overflow.
  static let limit = 256

  let segments: UnsafeMutablePointer<Segment>
  private(set) var count = 0
  private(set) var isOverflow = false
  private let chamber: Int
  private let largestChi2: Double
  private let steepest: SIMD2<Double>
  private let magnet: Double

  /// - Parameter chamber: the first of the two chambers.
  init(chamber: Int, configuration: ReconstructionConfiguration) {
    self.chamber = chamber
    largestChi2 = configuration.straw.segmentChi2
    steepest = configuration.steepest(behindMagnet: chamber >= 2)
    magnet = configuration.magnet.z
    segments = .allocate(capacity: Self.limit)
  }

  deinit { segments.deallocate() }

  mutating func make(_ points: borrowing ChamberPoints, _ clusters: borrowing ViewClusters) {
    count = 0
    isOverflow = false
    let first = points.points + chamber * ChamberPoints.limit
    let second = points.points + (chamber + 1) * ChamberPoints.limit
    let length = StrawGeometry.chamberZ[chamber + 1] - StrawGeometry.chamberZ[chamber]
    let lever = magnet - StrawGeometry.chamberZ[chamber]
    // With slopes the points move by up to 20 mm.
    let reach = length * steepest + 20
    for i in 0..<points.counts[chamber] {
      let a = first[i]
      for k in 0..<points.counts[chamber + 1] {
        let b = second[k]
        let step = b.base - a.base
        guard abs(step.x) < reach.x, abs(step.y) < reach.y else { continue }
        // position(b) − position(a) = length × slope, solved for the slopes.
        let (cx, cy) = (b.bySlopeX - a.bySlopeX, b.bySlopeY - a.bySlopeY)
        let (m00, m01, m10, m11) = (length - cx.x, -cy.x, -cx.y, length - cy.y)
        let scale = 1 / (m00 * m11 - m01 * m10)
        let slope = SIMD2((m11 * step.x - m01 * step.y) * scale, (m00 * step.y - m10 * step.x) * scale)
        guard abs(slope.x) < steepest.x, abs(slope.y) < steepest.y else { continue }
        let views = a.views + b.views
        let largest = largestChi2 * Double(max(views - 4, 1))
        let position = a.position(slope)
        var chi2 = Self.chi2(a, chamber, position, slope, clusters)
        guard chi2 <= largest else { continue }
        chi2 += Self.chi2(b, chamber + 1, b.position(slope), slope, clusters)
        guard chi2 <= largest else { continue }
        guard count < Self.limit else {
          isOverflow = true
          return
        }
        segments[count] = Segment(
          first: Int16(truncatingIfNeeded: i), second: Int16(truncatingIfNeeded: k),
          views: Int16(truncatingIfNeeded: views), chi2: Float(chi2), slope: slope,
          atMagnet: position + lever * slope)
        count += 1
      }
    }
  }

  /// Chi-squared of the views of a point, with the slopes.
  @inline(__always)
  private static func chi2(
    _ point: ChamberPoint, _ chamber: Int, _ position: SIMD2<Double>, _ slope: SIMD2<Double>,
    _ clusters: borrowing ViewClusters
  ) -> Double {
    guard point.views > 2 else { return 0 }
    var sum = 0.0
    for view in 0..<4 where point.clusters[view] >= 0 {
      let cluster =
        clusters.clusters[(4 * chamber + view) * ViewClusters.viewLimit + Int(point.clusters[view])]
      let d = StrawPlanes.direction(view)
      let at = position + cluster.depth * slope
      let miss = cluster.position - (d.x * at.x + d.y * at.y)
      sum += cluster.weight * miss * miss
    }
    return sum
  }
}
