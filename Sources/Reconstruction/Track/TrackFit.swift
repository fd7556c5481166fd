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

  /// What a pass leaves.
  private struct State: BitwiseCopyable {
    /// The hits that the pass took.
    var chosen: UnsafeMutablePointer<UInt16>
    var chosenCount = 0
    var trajectory = Trajectory(x: .zero, y: .zero, before: .zero, after: .zero, bend: 0)
    var chi2 = 0.0
    /// Bits of the views with hits, 4 chamber + view.
    var viewBits: UInt16 = 0
    /// Change of dy/dz in the magnet, as the momentum keeps its size.
    var changeY = 0.0
    var equations: BrokenLineEquations?
  }

  private var state: State
  /// The state that `keep` has put aside.
  private var kept: State
  private let kick: Double
  private let magnet: Double
  /// Plane angle of scattering in a chamber, times the momentum in GeV/c.
  private let scattering: Double

  var chosen: UnsafeMutablePointer<UInt16> { state.chosen }
  var chosenCount: Int { state.chosenCount }
  var trajectory: Trajectory { state.trajectory }
  var chi2: Double { state.chi2 }
  var viewBits: UInt16 { state.viewBits }

  init(configuration: ReconstructionConfiguration) {
    kick = configuration.magnet.kick
    magnet = configuration.magnet.z
    let lengths = configuration.straw.radiationLengths
    scattering = Scattering.planeAngle(radiationLengths: lengths)
    state = State(chosen: .allocate(capacity: Self.hitLimit))
    kept = State(chosen: .allocate(capacity: Self.hitLimit))
  }

  deinit {
    state.chosen.deallocate()
    kept.chosen.deallocate()
  }

  /// Puts the state aside; the next pass starts from its trajectory.
  mutating func keep() {
    swap(&state, &kept)
    state.trajectory = kept.trajectory
    state.changeY = kept.changeY
  }

  /// Takes the state back that was put aside.
  mutating func restore() { swap(&state, &kept) }

  // Distances of the chambers, and from chamber 2 and the magnet to chamber 3.
  @inline(__always) private static var l12: Double { 194_066 - 183_508 }
  @inline(__always) private static var l23: Double { 204_459 - 194_066 }
  @inline(__always) private static var l34: Double { 218_885 - 204_459 }
  @inline(__always) private var behind: Double { 204_459 - magnet }

  /// dx/dz and dy/dz at the magnet, before it.
  private var atMagnet: SIMD2<Double> {
    let t = trajectory
    return SIMD2(
      (t.x[2] - t.x[1] + t.bend * behind) / Self.l23, (t.y[2] - t.y[1] - state.changeY * behind) / Self.l23)
  }

  /// px / p for slopes.
  @inline(__always)
  private static func sine(_ slope: SIMD2<Double>) -> Double {
    slope.x / (1 + slope.x * slope.x + slope.y * slope.y).squareRoot()
  }

  /// Charge over momentum, (GeV/c)⁻¹.
  var inverseMomentum: Double {
    let slope = atMagnet
    let out = SIMD2(slope.x - trajectory.bend, slope.y + state.changeY)
    return (Self.sine(slope) - Self.sine(out)) / kick
  }

  /// The same for slopes before and behind the magnet.
  func inverseMomentum(_ before: SIMD2<Double>, _ after: SIMD2<Double>) -> Double {
    (Self.sine(before) - Self.sine(after)) / kick
  }

  mutating func begin(_ start: Trajectory) {
    state.trajectory = start
    state.changeY = 0
    noteChangeY()
  }

  private mutating func noteChangeY() {
    let slope = atMagnet
    let out = slope.x - trajectory.bend
    let y2 = slope.y * slope.y
    state.changeY = slope.y * (((1 + out * out + y2) / (1 + slope.x * slope.x + y2)).squareRoot() - 1)
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
    let t = trajectory
    var choice = Choice(
      chosen: chosen, limit: sigmas * sigmas, slack: slack, delay: delay)
    let a = choice.add(0, t, hits, table)
    let b = choice.add(1, t, hits, table)
    let c = choice.add(2, t, hits, table)
    let d = choice.add(3, t, hits, table)
    state.chosenCount = choice.count
    state.viewBits = choice.bits
    var sum = choice.sum

    // The kinks in chambers 2 and 3, by x1 to x4 and the bend; y has the same but for the bend.
    let weight = 1 / (angle * angle)
    let (r12, r23, r34) = (1 / Self.l12, 1 / Self.l23, 1 / Self.l34)
    let middle = atMagnet
    let in2 = SIMD2(t.x[1] - t.x[0], t.y[1] - t.y[0]) * r12
    let out3 = SIMD2(t.x[3] - t.x[2], t.y[3] - t.y[2]) * r34
    let in3 = SIMD2(middle.x - t.bend, middle.y + state.changeY)
    let (kink2, kink3) = (weight * (middle - in2), weight * (out3 - in3))
    let part = behind * r23
    let by2 = SIMD4(r12, -r12 - r23, r23, 0)
    let by3 = SIMD4(0, r23, -r23 - r34, r34)
    sum += (kink2 * (middle - in2) + kink3 * (out3 - in3)).sum()
    guard
      let solved = BrokenLineEquations(
        blocks: (a.block, b.block, c.block, d.block),
        right: (
          a.right - r12 * kink2, b.right - (by2[1] * kink2 + by3[1] * kink3),
          c.right - (by2[2] * kink2 + by3[2] * kink3), d.right - r34 * kink3
        ), rightBend: -(part * kink2.x + (1 - part) * kink3.x), kinks: (by2, by3),
        kinksByBend: (part, 1 - part), weight: weight)
    else { return false }
    state.equations = solved
    state.chi2 = sum - solved.gain
    state.trajectory.x += solved.x
    state.trajectory.bend += solved.bend
    state.trajectory.y += solved.y
    let (x, y) = (trajectory.x, trajectory.y)
    state.trajectory.before = SIMD2(x[1] - x[0], y[1] - y[0]) * r12
    state.trajectory.after = SIMD2(x[3] - x[2], y[3] - y[2]) * r34
    noteChangeY()
    return chi2.isFinite
  }

  /// The hits near a trajectory: their choice, and what they add to the equations.
  private struct Choice {
    let chosen: UnsafeMutablePointer<UInt16>
    let limit: Float
    let slack: Float
    let delay: Float
    var count = 0
    var bits: UInt16 = 0
    /// Part of chi-squared before the step.
    var sum = 0.0

    init(chosen: UnsafeMutablePointer<UInt16>, limit: Float, slack: Float, delay: Float) {
      self.chosen = chosen
      self.limit = limit
      self.slack = slack
      self.delay = delay
    }

    /// The hits of a chamber.
    @inline(__always)
    mutating func add(
      _ chamber: Int, _ t: Trajectory, _ hits: borrowing StrawHits, _ table: borrowing DriftTable
    ) -> (block: Symmetric2, right: SIMD2<Double>) {
      let slope = chamber < 2 ? t.before : t.after
      let across = SIMD4<Float>(StrawPlanes.byX * t.x[chamber] + StrawPlanes.byY * t.y[chamber])
      let rise = SIMD4<Float>(StrawPlanes.byX * slope.x + StrawPlanes.byY * slope.y)
      let first = 4 * chamber
      let v = add(first, across.x, rise.x, StrawPlanes.viewZ.x, hits, table)
      let u = add(first + 1, across.y, rise.y, StrawPlanes.viewZ.y, hits, table)
      let x = add(first + 2, across.z, rise.z, StrawPlanes.viewZ.z, hits, table)
      let y = add(first + 3, across.w, rise.w, StrawPlanes.viewZ.w, hits, table)
      let d = 0.5.squareRoot()
      let (both, turned) = (v + u, u - v)
      return (
        Symmetric2(xx: 0.5 * both.x + x.x, xy: 0.5 * turned.x, yy: 0.5 * both.x + y.x),
        SIMD2(d * both.y + x.y, d * turned.y + y.y)
      )
    }

    /// The hits of a view; the sums of their weights, and of the weights times what the line misses by.
    @inline(never)
    mutating func add(
      _ view: Int, _ here: Float, _ turn: Float, _ z: Float, _ hits: borrowing StrawHits,
      _ table: borrowing DriftTable
    ) -> SIMD2<Double> {
      var (weights, misses, squares) = (Float(0), Float(0), 0.0)
      var count = count
      // 5.6 mm, half of the distance of the ranks, and what the slope makes between the layers.
      let reach = 8 + StrawPlanes.layerReach * abs(turn)
      let before = count
      for i in hits.near(here + turn * z, reach: reach, view: view) {
        let hit = hits.hits + i
        let distance = here + turn * hit.pointee.depth - hit.pointee.wire
        let size = abs(distance)
        guard size < 5.6 else { continue }
        let weight = table.weight(size)
        let radius = delay == 0 ? hit.pointee.radius : StrawHits.radius(hit.pointee.time - delay)
        let miss = (distance < 0 ? -radius : radius) - distance
        let free = max(abs(miss) - slack, 0)
        guard free * free * weight < limit, count < TrackFit.hitLimit else { continue }
        weights += weight
        misses += weight * miss
        squares += Double(weight * miss * miss)
        chosen[count] = UInt16(truncatingIfNeeded: i)
        count += 1
      }
      if count > before { bits |= 1 &<< UInt16(view) }
      self.count = count
      sum += squares
      return SIMD2(Double(weights), Double(misses))
    }
  }

  /// Width of the scattering angle in a plane.
  private var angle: Double { max(scattering * abs(trajectory.bend) / kick, 1e-7) }

  /// The state before the spectrometer at ``TrackColumns/upstreamZ`` and behind it at
  /// ``TrackColumns/downstreamZ``, with covariances.
  func finish(_ track: inout Track) {
    guard let c = state.equations?.covariance else { return }
    let t = trajectory
    let lever = TrackColumns.upstreamZ - 183_508
    let theta2 = angle * angle
    track.upstream.position = SIMD2(t.x[0] + lever * t.before.x, t.y[0] + lever * t.before.y)
    track.upstream.slope = t.before
    track.downstream.position = SIMD2(t.x[3], t.y[3])
    track.downstream.slope = t.after
    track.inverseMomentum = inverseMomentum
    // Weights of the places in chambers 1 and 2 in position and slope.
    let (p0, p1) = (1 - lever / Self.l12, lever / Self.l12)
    let (s0, s1) = (-1 / Self.l12, 1 / Self.l12)
    let turned = c.c01.transposed
    let both = c.c01 + turned
    let place = (p0 * p0) * c.c00 + (p0 * p1) * both + (p1 * p1) * c.c11
    let mixed = (p0 * s0) * c.c00 + (p0 * s1) * c.c01 + (p1 * s0) * turned + (p1 * s1) * c.c11
    let slope = (s0 * s0) * c.c00 + (s0 * s1) * both + (s1 * s1) * c.c11
    var up = TrackCovariance()
    up.xx = place.x.x + lever * lever * theta2
    up.xy = place.y.x
    up.yy = place.y.y + lever * lever * theta2
    up.xTx = mixed.x.x + lever * theta2
    up.xTy = mixed.y.x
    up.yTx = mixed.x.y
    up.yTy = mixed.y.y + lever * theta2
    up.txTx = slope.x.x + theta2
    up.txTy = slope.y.x
    up.tyTy = slope.y.y + theta2
    // q/p is the bend over the kick, but for 1e-4 of it.
    let r = 1 / kick
    let (placeQ, slopeQ) = (r * (p0 * c.bend0 + p1 * c.bend1), r * (s0 * c.bend0 + s1 * c.bend1))
    (up.xQ, up.yQ, up.txQ, up.tyQ) = (placeQ.x, placeQ.y, slopeQ.x, slopeQ.y)
    up.qq = r * r * c.bendBend
    track.covariance = up
    let q = 1 / Self.l34
    let downMixed = q * (c.c33 - c.c32)
    let downSlope = (q * q) * (c.c33 - c.c32 - c.c32.transposed + c.c22)
    var down = LineCovariance()
    down.xx = c.c33.x.x
    down.xy = c.c33.y.x
    down.yy = c.c33.y.y
    down.xTx = downMixed.x.x
    down.xTy = downMixed.y.x
    down.yTx = downMixed.x.y
    down.yTy = downMixed.y.y
    down.txTx = downSlope.x.x + theta2
    down.txTy = downSlope.y.x
    down.tyTy = downSlope.y.y + theta2
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
    var k = 0
    for chamber in 0..<4 {
      let slope = chamber < 2 ? t.before : t.after
      let across = SIMD4<Float>(StrawPlanes.byX * t.x[chamber] + StrawPlanes.byY * t.y[chamber])
      let rise = SIMD4<Float>(StrawPlanes.byX * slope.x + StrawPlanes.byY * slope.y)
      while k < chosenCount {
        let hit = hits.hits[Int(chosen[k])]
        guard Int(hit.view) >> 2 == chamber else { break }
        k += 1
        let view = Int(hit.view) & 3
        let distance = abs(across[view] + rise[view] * hit.depth - hit.wire)
        // Next to the wire the side is not known, and the time is later than that of the distance.
        guard distance > 1 else { continue }
        let drift = table.drift(distance)
        weights += drift.weight
        sum += drift.weight * (hit.time - drift.time)
      }
    }
    guard weights > 0 else { return (0, .infinity) }
    return (sum / weights, 1 / weights.squareRoot())
  }
}
