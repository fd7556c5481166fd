import L1Trigger

/// A way through the spectrometer: places at the chambers' centres and the slopes before and behind the magnet.
struct Trajectory: BitwiseCopyable {
  var x: SIMD4<Double>
  var y: SIMD4<Double>
  /// dx/dz, dy/dz between chambers 1 and 2, and between 3 and 4.
  var before: SIMD2<Double>
  var after: SIMD2<Double>
  /// dx/dz that the magnet takes off.
  var bend: Double
}

/// The least-squares fit of a track, by way of its broken line.
///
/// Unknown are the places (x, y) in the four chambers and the bend. Measurements are the distances from the
/// wires, on the side on which the line passes; the kinks in the chambers 2 and 3 are measurements of 0 with
/// the width of multiple scattering. That is the same as five parameters with scattering in the covariance of
/// the measurements, but the equations stay nine whatever the number of hits. Chambers 1 and 4 scatter outside
/// of what is measured: they widen the slopes that are given for the way before and behind the spectrometer.
struct TrackFit: ~Copyable {
  /// Hits of a track.
  static let hitLimit = 128

  private var solver = SymmetricSolver()
  /// The hits that the last pass took, with the signed distances of the line from the wire before the pass.
  let chosen: UnsafeMutablePointer<UInt16>
  private(set) var chosenCount = 0
  private let kick: Double
  private let magnet: Double
  /// Plane angle of scattering in a chamber, times the momentum in GeV/c.
  private let scattering: Double
  private(set) var trajectory = Trajectory(x: .zero, y: .zero, before: .zero, after: .zero, bend: 0)
  private(set) var chi2 = 0.0
  /// Bits of the views with hits, 4 chamber + view.
  private(set) var viewBits: UInt16 = 0
  /// Change of dy/dz in the magnet, as the momentum keeps its size.
  private var changeY = 0.0

  init(configuration: ReconstructionConfiguration) {
    kick = configuration.magnet.kick
    magnet = configuration.magnet.z
    let lengths = configuration.straw.radiationLengths
    scattering = Scattering.planeAngle(radiationLengths: lengths)
    chosen = .allocate(capacity: Self.hitLimit)
  }

  deinit { chosen.deallocate() }

  // Distances of the chambers, and from chamber 2 and the magnet to chamber 3.
  @inline(__always) private static var l12: Double { 194_066 - 183_508 }
  @inline(__always) private static var l23: Double { 204_459 - 194_066 }
  @inline(__always) private static var l34: Double { 218_885 - 204_459 }
  @inline(__always) private var behind: Double { 204_459 - magnet }

  /// dx/dz and dy/dz at the magnet, before it.
  private var atMagnet: SIMD2<Double> {
    let t = trajectory
    return SIMD2(
      (t.x[2] - t.x[1] + t.bend * behind) / Self.l23, (t.y[2] - t.y[1] - changeY * behind) / Self.l23)
  }

  /// px / p for slopes.
  @inline(__always)
  private static func sine(_ slope: SIMD2<Double>) -> Double {
    slope.x / (1 + slope.x * slope.x + slope.y * slope.y).squareRoot()
  }

  /// Charge over momentum, (GeV/c)⁻¹.
  var inverseMomentum: Double {
    let slope = atMagnet
    let out = SIMD2(slope.x - trajectory.bend, slope.y + changeY)
    return (Self.sine(slope) - Self.sine(out)) / kick
  }

  /// The same for slopes before and behind the magnet.
  func inverseMomentum(_ before: SIMD2<Double>, _ after: SIMD2<Double>) -> Double {
    (Self.sine(before) - Self.sine(after)) / kick
  }

  mutating func begin(_ start: Trajectory) {
    trajectory = start
    changeY = 0
    noteChangeY()
  }

  private mutating func noteChangeY() {
    let slope = atMagnet
    let out = slope.x - trajectory.bend
    let y2 = slope.y * slope.y
    changeY = slope.y * (((1 + out * out + y2) / (1 + slope.x * slope.x + y2)).squareRoot() - 1)
  }

  /// One pass: chooses hits near the trajectory and moves it to where chi-squared is least.
  ///
  /// - Parameters:
  ///   - sigmas: how many standard deviations a hit may be off.
  ///   - slack: and how many mm beyond.
  ///   - delay: by how many ns the track is later than the trigger; 0 takes the distances of the hits.
  /// - Returns: `false` if the hits do not determine a track.
  mutating func pass(
    _ hits: borrowing StrawHits, _ table: borrowing DriftTable, sigmas: Float, slack: Float,
    delay: Float = 0
  ) -> Bool {
    solver.reset()
    let (m, g) = (solver.matrix, solver.vector)
    let t = trajectory
    var sum = 0.0
    var count = 0
    var bits: UInt16 = 0
    let chosen = chosen
    let limit = sigmas * sigmas
    for chamber in 0..<4 {
      let slope = chamber < 2 ? t.before : t.after
      let across = SIMD4<Float>(StrawPlanes.byX * t.x[chamber] + StrawPlanes.byY * t.y[chamber])
      let rise = SIMD4<Float>(StrawPlanes.byX * slope.x + StrawPlanes.byY * slope.y)
      // Sums of the weights, and of the weights times what the line misses by, by view.
      var (w, wr) = (SIMD4<Float>.zero, SIMD4<Float>.zero)
      for view in 0..<4 {
        let number = 4 * chamber + view
        let (here, turn) = (across[view], rise[view])
        var (viewWeight, viewMiss) = (Float(0), Float(0))
        var hit = hits.hits + hits.starts[number]
        let end = hits.hits + hits.starts[number + 1]
        // Hits are in the order of their wires; slopes between the layers move a line by less than 25 mm.
        while hit < end, hit.pointee.wire < here - 30 { hit += 1 }
        while hit < end {
          let distance = here + turn * hit.pointee.depth - hit.pointee.wire
          let size = abs(distance)
          if size < 5.6 {
            let weight = table.weight(size)
            let radius =
              delay == 0 ? hit.pointee.radius : StrawHits.radius(hit.pointee.time - delay)
            let miss = (distance < 0 ? -radius : radius) - distance
            let free = max(abs(miss) - slack, 0)
            if free * free * weight < limit, count < Self.hitLimit {
              viewWeight += weight
              viewMiss += weight * miss
              sum += Double(weight * miss * miss)
              chosen[count] = UInt16(truncatingIfNeeded: hit - hits.hits)
              count += 1
              bits |= 1 << UInt16(number)
            }
          } else if distance < -7 {
            break
          }
          hit += 1
        }
        w[view] = viewWeight
        wr[view] = viewMiss
      }
      let (weight, miss) = (SIMD4<Double>(w), SIMD4<Double>(wr))
      let (byX, byY) = (StrawPlanes.byX, StrawPlanes.byY)
      let (xx, xy, yy) = ((weight * byX * byX).sum(), (weight * byX * byY).sum(), (weight * byY * byY).sum())
      let b = SIMD2((miss * byX).sum(), (miss * byY).sum())
      m[9 * chamber + chamber] += xx
      m[9 * (5 + chamber) + chamber] += xy
      m[9 * (5 + chamber) + 5 + chamber] += yy
      g[chamber] += b.x
      g[5 + chamber] += b.y
    }
    chosenCount = count
    viewBits = bits
    sum += addKinks()
    let (g0, g1, g2) = (SIMD4(g[0], g[1], g[2], g[3]), g[4], SIMD4(g[5], g[6], g[7], g[8]))
    guard solver.factor() else { return false }
    solver.solve()
    let (d0, d1, d2) = (SIMD4(g[0], g[1], g[2], g[3]), g[4], SIMD4(g[5], g[6], g[7], g[8]))
    chi2 = sum - (g0 * d0).sum() - g1 * d1 - (g2 * d2).sum()
    trajectory.x += d0
    trajectory.bend += d1
    trajectory.y += d2
    let (x, y) = (trajectory.x, trajectory.y)
    trajectory.before = SIMD2(x[1] - x[0], y[1] - y[0]) / Self.l12
    trajectory.after = SIMD2(x[3] - x[2], y[3] - y[2]) / Self.l34
    noteChangeY()
    return chi2.isFinite
  }

  /// Width of the scattering angle in a plane.
  private var angle: Double { max(scattering * abs(trajectory.bend) / kick, 1e-7) }

  /// Adds the kinks in chambers 2 and 3 to the equations; returns their part of chi-squared.
  private mutating func addKinks() -> Double {
    let t = trajectory
    let weight = 1 / (angle * angle)
    let (r12, r23, r34) = (1 / Self.l12, 1 / Self.l23, 1 / Self.l34)
    let middle = atMagnet
    let in2 = SIMD2(t.x[1] - t.x[0], t.y[1] - t.y[0]) * r12
    let out3 = SIMD2(t.x[3] - t.x[2], t.y[3] - t.y[2]) * r34
    let in3 = SIMD2(middle.x - t.bend, middle.y + changeY)
    let kinks = (middle - in2, out3 - in3)
    let part = behind * r23
    // By x1 to x4 and the bend; y has the same but for the bend.
    let by2 = SIMD4(r12, -r12 - r23, r23, 0)
    let by3 = SIMD4(0, r23, -r23 - r34, r34)
    let (m, g) = (solver.matrix, solver.vector)
    for i in 0..<4 {
      for j in 0...i {
        let value = weight * (by2[i] * by2[j] + by3[i] * by3[j])
        m[9 * i + j] += value
        m[9 * (5 + i) + 5 + j] += value
      }
      m[9 * 4 + i] += weight * (by2[i] * part + by3[i] * (1 - part))
      g[i] -= weight * (by2[i] * kinks.0.x + by3[i] * kinks.1.x)
      g[5 + i] -= weight * (by2[i] * kinks.0.y + by3[i] * kinks.1.y)
    }
    m[9 * 4 + 4] += weight * (part * part + (1 - part) * (1 - part))
    g[4] -= weight * (part * kinks.0.x + (1 - part) * kinks.1.x)
    let squares = kinks.0 * kinks.0 + kinks.1 * kinks.1
    return weight * (squares.x + squares.y)
  }

  /// The state before the spectrometer at ``TrackColumns/upstreamZ`` and behind it at
  /// ``TrackColumns/downstreamZ``, with covariances. To be called once after the last pass.
  mutating func finish(_ track: inout Track) {
    solver.invert()
    let c = solver.inverse
    let t = trajectory
    let lever = TrackColumns.upstreamZ - StrawGeometry.chamberZ[0]
    let theta2 = angle * angle
    track.upstream.position = SIMD2(t.x[0] + lever * t.before.x, t.y[0] + lever * t.before.y)
    track.upstream.slope = t.before
    track.downstream.position = SIMD2(t.x[3], t.y[3])
    track.downstream.slope = t.after
    track.inverseMomentum = inverseMomentum
    // Weights of the places in chambers 1 and 2 in position and slope.
    let (p0, p1) = (1 - lever / Self.l12, lever / Self.l12)
    let (s0, s1) = (-1 / Self.l12, 1 / Self.l12)
    @inline(__always)
    func pair(_ i: Int, _ a: (Double, Double), _ k: Int, _ b: (Double, Double)) -> Double {
      a.0 * (b.0 * c[9 * i + k] + b.1 * c[9 * i + k + 1])
        + a.1 * (b.0 * c[9 * (i + 1) + k] + b.1 * c[9 * (i + 1) + k + 1])
    }
    let (p, s) = ((p0, p1), (s0, s1))
    var up = TrackCovariance()
    up.xx = pair(0, p, 0, p) + lever * lever * theta2
    up.xy = pair(0, p, 5, p)
    up.yy = pair(5, p, 5, p) + lever * lever * theta2
    up.xTx = pair(0, p, 0, s) + lever * theta2
    up.xTy = pair(0, p, 5, s)
    up.yTx = pair(5, p, 0, s)
    up.yTy = pair(5, p, 5, s) + lever * theta2
    up.txTx = pair(0, s, 0, s) + theta2
    up.txTy = pair(0, s, 5, s)
    up.tyTy = pair(5, s, 5, s) + theta2
    // q/p is the bend over the kick, but for 1e-4 of it.
    let r = 1 / kick
    up.xQ = r * (p0 * c[9 * 4 + 0] + p1 * c[9 * 4 + 1])
    up.yQ = r * (p0 * c[9 * 4 + 5] + p1 * c[9 * 4 + 6])
    up.txQ = r * (s0 * c[9 * 4 + 0] + s1 * c[9 * 4 + 1])
    up.tyQ = r * (s0 * c[9 * 4 + 5] + s1 * c[9 * 4 + 6])
    up.qq = r * r * c[9 * 4 + 4]
    track.covariance = up
    let e = (0.0, 1.0)
    let q = (-1 / Self.l34, 1 / Self.l34)
    var down = LineCovariance()
    down.xx = pair(2, e, 2, e)
    down.xy = pair(2, e, 7, e)
    down.yy = pair(7, e, 7, e)
    down.xTx = pair(2, e, 2, q)
    down.xTy = pair(2, e, 7, q)
    down.yTx = pair(7, e, 2, q)
    down.yTy = pair(7, e, 7, q)
    down.txTx = pair(2, q, 2, q) + theta2
    down.txTy = pair(2, q, 7, q)
    down.tyTy = pair(7, q, 7, q) + theta2
    track.downstreamCovariance = down
    track.chi2 = Float(chi2)
    track.degreesOfFreedom = Int16(truncatingIfNeeded: chosenCount - 5)
    track.hitCount = UInt8(truncatingIfNeeded: chosenCount)
    track.views = viewBits
  }

  /// The time of the track: by how much the leading edges are later than the drift times of the distances.
  func time(_ hits: borrowing StrawHits, _ table: borrowing DriftTable) -> (time: Float, error: Float) {
    var (weights, sum) = (Float(0), Float(0))
    let t = trajectory
    for k in 0..<chosenCount {
      let hit = hits.hits[Int(chosen[k])]
      let chamber = Int(hit.view) >> 2
      let d = StrawPlanes.direction(Int(hit.view) & 3)
      let slope = chamber < 2 ? t.before : t.after
      let depth = Double(hit.depth)
      let at = SIMD2(t.x[chamber] + slope.x * depth, t.y[chamber] + slope.y * depth)
      let distance = abs(Float(d.x * at.x + d.y * at.y) - hit.wire)
      // Next to the wire the side is not known, and the time is later than that of the distance.
      guard distance > 1 else { continue }
      let rate = max(table.slope(distance), 1)
      let weight = table.weight(distance) / (rate * rate)
      weights += weight
      sum += weight * (hit.time - table.time(distance))
    }
    guard weights > 0 else { return (0, .infinity) }
    return (sum / weights, 1 / weights.squareRoot())
  }
}
