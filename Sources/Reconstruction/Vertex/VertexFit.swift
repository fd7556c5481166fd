/// A vertex of two to five tracks.
struct FittedVertex: BitwiseCopyable {
  var position = SIMD3<Double>.zero
  var covariance = SIMD8<Double>.zero
  var chi2 = 0.0
  var charge = 0
  var distance = 0.0
  var momentum = SIMD3<Double>.zero
  var count = 0
  /// The tracks, from the first of the event.
  var members = SIMD8<UInt8>.zero
  private var x = SIMD8<Double>.zero
  private var y = SIMD8<Double>.zero
  private var z = SIMD8<Double>.zero

  @inline(__always)
  func trackMomentum(_ i: Int) -> SIMD3<Double> { SIMD3(x[i], y[i], z[i]) }

  @inline(__always)
  mutating func setMomentum(_ i: Int, _ p: SIMD3<Double>) {
    x[i] = p.x
    y[i] = p.y
    z[i] = p.z
    momentum += p
  }
}

/// What the vertex fit needs of a track.
struct VertexTrack: BitwiseCopyable {
  var line: TrackLine
  var inverseMomentum: Double
  var covariance: TrackCovariance
  var time: Float
  var charge: Int
}

/// The least-squares fit of straight tracks to one point: position and slopes of each track with their whole
/// covariance, which also moves q/p. Slopes and momenta at the vertex follow, as in a fit with all of them as
/// parameters: for straight lines the two are the same.
enum VertexFit {
  /// Symmetric 2 × 2 matrix.
  private struct Weight {
    var xx: Double
    var xy: Double
    var yy: Double
  }

  /// Covariance of x and y of a track at a distance `dz` from its plane, inverted.
  @inline(__always)
  private static func weight(_ track: UnsafeMutablePointer<VertexTrack>, _ dz: Double) -> Weight? {
    let c = track.pointee.covariance
    let xx = c.xx + dz * (2 * c.xTx + dz * c.txTx)
    let xy = c.xy + dz * (c.xTy + c.yTx + dz * c.txTy)
    let yy = c.yy + dz * (2 * c.yTy + dz * c.tyTy)
    let determinant = xx * yy - xy * xy
    guard determinant > 0 else { return nil }
    let r = 1 / determinant
    return Weight(xx: yy * r, xy: -xy * r, yy: xx * r)
  }

  /// Fits the tracks `members` to a vertex; `nil` if they do not determine one.
  static func fit(
    _ tracks: UnsafeMutablePointer<VertexTrack>, _ members: SIMD8<UInt8>, _ count: Int
  ) -> FittedVertex? {
    // Start: z of the least sum of squares of the distances from the mean, all alike.
    let plane = TrackColumns.upstreamZ
    var (meanP, meanT) = (SIMD2<Double>.zero, SIMD2<Double>.zero)
    for i in 0..<count {
      let line = (tracks + Int(members[i])).pointee.line
      meanP += line.position
      meanT += line.slope
    }
    let n = Double(count)
    meanP /= n
    meanT /= n
    var (pt, tt) = (0.0, 0.0)
    for i in 0..<count {
      let line = (tracks + Int(members[i])).pointee.line
      let t = line.slope - meanT
      pt += ((line.position - meanP) * t).sum()
      tt += (t * t).sum()
    }
    guard tt > 0 else { return nil }
    var dz = min(max(-pt / tt, -400_000), 10_000)
    var place = meanP + dz * meanT
    var inverse = Symmetric3()
    var chi2 = 0.0
    for pass in 0..<3 {
      var normal = Symmetric3()
      var right = SIMD3<Double>.zero
      chi2 = 0
      for i in 0..<count {
        let track = tracks + Int(members[i])
        guard let w = weight(track, dz) else { return nil }
        let t = track.pointee.line.slope
        let r = track.pointee.line.position + dz * t - place
        let wr = SIMD2(w.xx * r.x + w.xy * r.y, w.xy * r.x + w.yy * r.y)
        let wt = SIMD2(w.xx * t.x + w.xy * t.y, w.xy * t.x + w.yy * t.y)
        chi2 += (r * wr).sum()
        normal.xx += w.xx
        normal.xy += w.xy
        normal.yy += w.yy
        normal.xz -= wt.x
        normal.yz -= wt.y
        normal.zz += (t * wt).sum()
        right += SIMD3(wr.x, wr.y, -(t * wr).sum())
      }
      guard let solved = normal.inverted() else { return nil }
      inverse = solved
      // The last pass is for the weights and the residuals where the vertex is.
      guard pass < 2 else { break }
      let step = solved.times(right)
      place += SIMD2(step.x, step.y)
      dz = min(max(dz + step.z, -400_000), 10_000)
    }
    guard chi2.isFinite else { return nil }
    var vertex = FittedVertex()
    vertex.position = SIMD3(place.x, place.y, plane + dz)
    vertex.covariance = SIMD8(
      inverse.xx, inverse.yy, inverse.zz, inverse.xy, inverse.xz, inverse.yz, 0, 0)
    vertex.chi2 = chi2
    vertex.count = count
    vertex.members = members
    for i in 0..<count {
      let track = tracks + Int(members[i])
      let c = track.pointee.covariance
      let line = track.pointee.line
      guard let w = weight(track, dz) else { return nil }
      let r = line.position + dz * line.slope - place
      let wr = SIMD2(w.xx * r.x + w.xy * r.y, w.xy * r.x + w.yy * r.y)
      let slope = SIMD2(
        (c.xTx + dz * c.txTx) * wr.x + (c.yTx + dz * c.txTy) * wr.y,
        (c.xTy + dz * c.txTy) * wr.x + (c.yTy + dz * c.tyTy) * wr.y)
      let q = (c.xQ + dz * c.txQ) * wr.x + (c.yQ + dz * c.tyQ) * wr.y
      vertex.setMomentum(
        i, Track.vector(slope: line.slope - slope, inverseMomentum: track.pointee.inverseMomentum - q))
      vertex.charge += track.pointee.charge
    }
    return vertex
  }
}

/// A symmetric 3 × 3 matrix.
struct Symmetric3: BitwiseCopyable {
  var xx = 0.0
  var xy = 0.0
  var xz = 0.0
  var yy = 0.0
  var yz = 0.0
  var zz = 0.0

  func inverted() -> Symmetric3? {
    let a = yy * zz - yz * yz
    let b = xz * yz - xy * zz
    let c = xy * yz - xz * yy
    let determinant = xx * a + xy * b + xz * c
    guard determinant > 0 else { return nil }
    let r = 1 / determinant
    return Symmetric3(
      xx: a * r, xy: b * r, xz: c * r, yy: (xx * zz - xz * xz) * r, yz: (xy * xz - xx * yz) * r,
      zz: (xx * yy - xy * xy) * r)
  }

  @inline(__always)
  func times(_ v: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      xx * v.x + xy * v.y + xz * v.z, xy * v.x + yy * v.y + yz * v.z, xz * v.x + yz * v.y + zz * v.z)
  }
}
