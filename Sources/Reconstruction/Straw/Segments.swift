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
  private let largestChi2: Float
  private let steepest: SIMD2<Double>
  private let magnet: Double

  /// - Parameter chamber: the first of the two chambers.
  init(chamber: Int, configuration: ReconstructionConfiguration) {
    self.chamber = chamber
    largestChi2 = Float(configuration.straw.segmentChi2)
    steepest = configuration.steepest(behindMagnet: chamber >= 2)
    magnet = configuration.magnet.z
    segments = .allocate(capacity: Self.limit)
  }

  deinit { segments.deallocate() }

  mutating func make(_ points: borrowing ChamberPoints) {
    count = 0
    isOverflow = false
    let first = points.points + chamber * ChamberPoints.limit
    let second = points.points + (chamber + 1) * ChamberPoints.limit
    let length = StrawGeometry.chamberZ[chamber + 1] - StrawGeometry.chamberZ[chamber]
    let lever = magnet - StrawGeometry.chamberZ[chamber]
    // With slopes the points move by up to 20 mm.
    let reach = length * steepest + 20
    let (firstCount, secondCount) = (points.counts[chamber], points.counts[chamber + 1])
    // Points are in order of y: those that can follow a point begin no sooner than those of the one before.
    var begin = 0
    for i in 0..<firstCount {
      let a = first + i
      while begin < secondCount, second[begin].base.y - a.pointee.base.y < -reach.y - 0.1 { begin += 1 }
      var k = begin - 1
      while k + 1 < secondCount {
        k += 1
        let b = second + k
        let step = b.pointee.base - a.pointee.base
        if step.y > reach.y + 0.1 { break }
        guard abs(step.x) < reach.x else { continue }
        // position(b) − position(a) = length × slope, solved for the slopes.
        let (cx, cy) = (b.pointee.bySlopeX - a.pointee.bySlopeX, b.pointee.bySlopeY - a.pointee.bySlopeY)
        let (m00, m01, m10, m11) = (length - cx.x, -cy.x, -cx.y, length - cy.y)
        let scale = 1 / (m00 * m11 - m01 * m10)
        let slope = SIMD2((m11 * step.x - m01 * step.y) * scale, (m00 * step.y - m10 * step.x) * scale)
        guard abs(slope.x) < steepest.x, abs(slope.y) < steepest.y else { continue }
        let views = a.pointee.views + b.pointee.views
        let largest = largestChi2 * Float(max(views - 4, 1))
        var chi2 = b.pointee.agreement.chi2(slope)
        guard chi2 <= largest else { continue }
        chi2 += a.pointee.agreement.chi2(slope)
        guard chi2 <= largest else { continue }
        let position = a.pointee.position(slope)
        guard count < Self.limit else {
          isOverflow = true
          return
        }
        segments[count] = Segment(
          first: Int16(truncatingIfNeeded: i), second: Int16(truncatingIfNeeded: k),
          views: Int16(truncatingIfNeeded: views), chi2: chi2, slope: slope,
          atMagnet: position + lever * slope)
        count += 1
      }
    }
  }
}
