import L1Trigger

/// A point of a track in a chamber, from clusters of two to four views.
///
/// The views stand up to 0.35 m apart, so where the point is depends on the slopes: position = `base` +
/// dx/dz × `bySlopeX` + dy/dz × `bySlopeY`, at the chamber's centre.
struct ChamberPoint: BitwiseCopyable {
  var base: SIMD2<Double>
  var bySlopeX: SIMD2<Double>
  var bySlopeY: SIMD2<Double>
  /// Cluster of each view, or −1.
  var clusters: SIMD4<Int16>
  var views: Int

  @inline(__always)
  func position(_ slope: SIMD2<Double>) -> SIMD2<Double> {
    base + slope.x * bySlopeX + slope.y * bySlopeY
  }
}

/// The points of an event by chamber.
struct ChamberPoints: ~Copyable {
  /// Points of a chamber; more is an overflow.
  static let limit = 192

  let points: UnsafeMutablePointer<ChamberPoint>
  let counts: UnsafeMutablePointer<Int>
  private(set) var isOverflow = false
  private let tolerance: Double
  /// Limits of the hole by 4 chamber + view.
  private let holes: UnsafeMutablePointer<SIMD2<Double>>

  init(tolerance: Double) {
    self.tolerance = tolerance
    points = .allocate(capacity: 4 * Self.limit)
    counts = .allocate(capacity: 4)
    counts.initialize(repeating: 0, count: 4)
    holes = .allocate(capacity: 16)
    for chamber in 0..<4 {
      let hole = StrawGeometry.hole(chamber: chamber)
      for view in 0..<4 {
        (holes + 4 * chamber + view).initialize(to: SIMD2(hole.low[view], hole.high[view]))
      }
    }
  }

  deinit {
    points.deallocate()
    counts.deallocate()
    holes.deallocate()
  }

  /// Whether a view has straws all about a point.
  @inline(__always)
  func sees(_ chamber: Int, _ view: Int, _ x: Double, _ y: Double) -> Bool {
    let d = StrawPlanes.direction(view)
    let across = d.x * x + d.y * y
    let along = view == 2 ? y : view == 3 ? x : view == 0 ? d.x * (x + y) : d.x * (x - y)
    let hole = holes[4 * chamber + view]
    let margin = tolerance + StrawGeometry.strawRadius
    return (across < hole.x - margin || across > hole.y + margin) && abs(across) < 1037 - margin
      && abs(along) < 1050 - margin
  }

  mutating func make(_ clusters: borrowing ViewClusters) {
    isOverflow = false
    for chamber in 0..<4 {
      counts[chamber] = 0
      makeChamber(chamber, clusters)
    }
  }

  private mutating func makeChamber(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let base = clusters.clusters + 4 * chamber * ViewClusters.viewLimit
    let vs = base
    let us = base + ViewClusters.viewLimit
    let xs = base + 2 * ViewClusters.viewLimit
    let ys = base + 3 * ViewClusters.viewLimit
    let counts = clusters.counts + 4 * chamber
    let (nv, nu, nx, ny) = (counts[0], counts[1], counts[2], counts[3])
    let d = 0.5.squareRoot()
    let tolerance = tolerance
    for ix in 0..<nx {
      let x = xs[ix].position
      for iy in 0..<ny {
        let y = ys[iy].position
        let (u, v) = (d * (x + y), d * (x - y))
        var found = false
        for iu in 0..<nu where abs(us[iu].position - u) < tolerance {
          found = true
          var both = false
          for iv in 0..<nv where abs(vs[iv].position - v) < tolerance {
            both = true
            add(chamber, base, iv, iu, ix, iy)
          }
          if !both { add(chamber, base, -1, iu, ix, iy) }
        }
        guard !found else { continue }
        for iv in 0..<nv where abs(vs[iv].position - v) < tolerance {
          found = true
          add(chamber, base, iv, -1, ix, iy)
        }
        if !found, isNearHole(x, y), !sees(chamber, 0, x, y), !sees(chamber, 1, x, y) {
          add(chamber, base, -1, -1, ix, iy)
        }
      }
    }
    for iu in 0..<nu {
      let u = us[iu].position
      for iv in 0..<nv {
        let v = vs[iv].position
        let (x, y) = (d * (u + v), d * (u - v))
        var (nearX, nearY) = (false, false)
        for ix in 0..<nx where abs(xs[ix].position - x) < tolerance { nearX = true }
        for iy in 0..<ny where abs(ys[iy].position - y) < tolerance { nearY = true }
        switch (nearX, nearY) {
        case (true, true): continue
        case (true, false):
          for ix in 0..<nx where abs(xs[ix].position - x) < tolerance { add(chamber, base, iv, iu, ix, -1) }
        case (false, true):
          for iy in 0..<ny where abs(ys[iy].position - y) < tolerance { add(chamber, base, iv, iu, -1, iy) }
        case (false, false):
          if isNearHole(x, y), !sees(chamber, 2, x, y), !sees(chamber, 3, x, y) {
            add(chamber, base, iv, iu, -1, -1)
          }
        }
      }
    }
    // One of x and y with one of u and v, where two views see it only: at the hole.
    for isV in [false, true] {
      let (list, n) = isV ? (vs, nv) : (us, nu)
      let side = isV ? -1.0 : 1.0
      for i in 0..<n {
        let w = list[i].position / d
        for ix in 0..<nx {
          let x = xs[ix].position
          let y = side * (w - x)
          guard isNearHole(x, y), !sees(chamber, 3, x, y), !sees(chamber, isV ? 1 : 0, x, y) else { continue }
          add(chamber, base, isV ? i : -1, isV ? -1 : i, ix, -1)
        }
        for iy in 0..<ny {
          let y = ys[iy].position
          let x = w - side * y
          guard isNearHole(x, y), !sees(chamber, 2, x, y), !sees(chamber, isV ? 1 : 0, x, y) else { continue }
          add(chamber, base, isV ? i : -1, isV ? -1 : i, -1, iy)
        }
      }
    }
  }

  /// Whether a point is where the strips without straws of two views cross.
  @inline(__always)
  private func isNearHole(_ x: Double, _ y: Double) -> Bool { abs(x - 90) < 260 && abs(y) < 260 }

  private mutating func add(
    _ chamber: Int, _ base: UnsafeMutablePointer<ViewCluster>, _ v: Int, _ u: Int, _ x: Int, _ y: Int
  ) {
    let n = counts[chamber]
    guard n < Self.limit else {
      isOverflow = true
      return
    }
    let chosen = SIMD4(
      Int16(truncatingIfNeeded: v), Int16(truncatingIfNeeded: u), Int16(truncatingIfNeeded: x),
      Int16(truncatingIfNeeded: y))
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    var (b, bx, by) = (SIMD2<Double>.zero, SIMD2<Double>.zero, SIMD2<Double>.zero)
    var views = 0
    for view in 0..<4 where chosen[view] >= 0 {
      let cluster = base[view * ViewClusters.viewLimit + Int(chosen[view])]
      let d = StrawPlanes.direction(view)
      let w = cluster.weight
      xx += w * d.x * d.x
      xy += w * d.x * d.y
      yy += w * d.y * d.y
      b += (w * cluster.position) * d
      bx -= (w * cluster.depth * d.x) * d
      by -= (w * cluster.depth * d.y) * d
      views += 1
    }
    let determinant = xx * yy - xy * xy
    guard determinant > 0 else { return }
    let (ixx, ixy, iyy) = (yy / determinant, -xy / determinant, xx / determinant)
    @inline(__always)
    func solve(_ c: SIMD2<Double>) -> SIMD2<Double> {
      SIMD2(ixx * c.x + ixy * c.y, ixy * c.x + iyy * c.y)
    }
    points[chamber * Self.limit + n] = ChamberPoint(
      base: solve(b), bySlopeX: solve(bx), bySlopeY: solve(by), clusters: chosen, views: views)
    counts[chamber] = n + 1
  }
}
