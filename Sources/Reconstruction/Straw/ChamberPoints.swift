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
  /// Steepest slopes in x and y before and behind the magnet.
  private let before: SIMD2<Double>
  private let behind: SIMD2<Double>
  /// Limits of the hole by 4 chamber + view.
  private let holes: UnsafeMutablePointer<SIMD2<Double>>

  init(configuration: ReconstructionConfiguration) {
    before = configuration.steepest(behindMagnet: false)
    behind = configuration.steepest(behindMagnet: true)
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

  /// A straw, and what 25 mrad make of half of the distance between the views, mm.
  @inline(__always) private var margin: Double { StrawGeometry.strawRadius + 5 }

  /// Whether a view has straws all about a point.
  @inline(__always)
  func sees(_ chamber: Int, _ view: Int, _ x: Double, _ y: Double) -> Bool {
    let d = 0.5.squareRoot()
    let (across, along): (Double, Double) =
      switch view {
      case 0: (d * (x - y), d * (x + y))
      case 1: (d * (x + y), d * (x - y))
      case 2: (x, y)
      default: (y, x)
      }
    let hole = holes[4 * chamber + view]
    return (across < hole.x - margin || across > hole.y + margin) && abs(across) < 1037 - margin
      && abs(along) < 1050 - margin
  }

  mutating func make(_ clusters: borrowing ViewClusters) {
    isOverflow = false
    for chamber in 0..<4 {
      counts[chamber] = 0
      addFromXY(chamber, clusters)
      addFromUV(chamber, clusters)
      addPairs(chamber, clusters)
    }
  }

  /// Points with x and y: those with both u and v, and those with one or none where the others do not see them.
  private mutating func addFromXY(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let base = clusters.clusters + 4 * chamber * ViewClusters.viewLimit
    let vs = base
    let us = base + ViewClusters.viewLimit
    let xs = base + 2 * ViewClusters.viewLimit
    let ys = base + 3 * ViewClusters.viewLimit
    let counts = clusters.counts + 4 * chamber
    let (nv, nu, nx, ny) = (counts[0], counts[1], counts[2], counts[3])
    let d = 0.5.squareRoot()
    let steepest = chamber < 2 ? before : behind
    let (reachU, reachV) = (
      d * (233 * steepest.x + 290 * steepest.y) + 1.5, d * (290 * steepest.x + 347 * steepest.y) + 1.5
    )
    for iy in 0..<ny {
      let y = ys[iy].position
      // For a given y, u and v rise with x.
      var (firstU, firstV) = (0, 0)
      for ix in 0..<nx {
        let x = xs[ix].position
        let (u, v) = (d * (x + y), d * (x - y))
        while firstU < nu, us[firstU].position < u - reachU { firstU += 1 }
        while firstV < nv, vs[firstV].position < v - reachV { firstV += 1 }
        let hasU = firstU < nu && us[firstU].position < u + reachU
        let hasV = firstV < nv && vs[firstV].position < v + reachV
        if hasU, hasV {
          var iu = firstU
          while iu < nu, us[iu].position < u + reachU {
            let a = (u - us[iu].position) / d
            var iv = firstV
            while iv < nv, vs[iv].position < v + reachV {
              // What the two miss by tells the slopes, as the views stand behind one another.
              let b = (v - vs[iv].position) / d
              let slopeX = (347 * a + 290 * b) / (233 * 347 + 290 * 290)
              let slopeY = (290 * a - 233 * b) / (233 * 347 + 290 * 290)
              if abs(slopeX) < steepest.x + 0.005, abs(slopeY) < steepest.y + 0.005 {
                add(chamber, base, iv, iu, ix, iy)
              }
              iv += 1
            }
            iu += 1
          }
        }
        if hasU, !sees(chamber, 0, x, y) {
          var iu = firstU
          while iu < nu, us[iu].position < u + reachU {
            add(chamber, base, -1, iu, ix, iy)
            iu += 1
          }
        }
        if hasV, !sees(chamber, 1, x, y) {
          var iv = firstV
          while iv < nv, vs[iv].position < v + reachV {
            add(chamber, base, iv, -1, ix, iy)
            iv += 1
          }
        }
        if !hasU, !hasV, isNearHole(chamber, x, y) || isAtRim(x, y), !sees(chamber, 0, x, y),
          !sees(chamber, 1, x, y)
        {
          add(chamber, base, -1, -1, ix, iy)
        }
      }
    }
  }

  /// Points with u and v and one of x and y, or none, where the others do not see them.
  private mutating func addFromUV(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let base = clusters.clusters + 4 * chamber * ViewClusters.viewLimit
    let vs = base
    let us = base + ViewClusters.viewLimit
    let xs = base + 2 * ViewClusters.viewLimit
    let ys = base + 3 * ViewClusters.viewLimit
    let counts = clusters.counts + 4 * chamber
    let (nv, nu, nx, ny) = (counts[0], counts[1], counts[2], counts[3])
    let d = 0.5.squareRoot()
    let steepest = chamber < 2 ? before : behind
    // u and v are 57 mm apart, x and y 262 mm and 319 mm behind their middle.
    let (reachX, reachY) = (
      262 * steepest.x + 29 * steepest.y + 1.5, 319 * steepest.y + 29 * steepest.x + 1.5
    )
    for iu in 0..<nu {
      let u = us[iu].position
      for iv in 0..<nv {
        let v = vs[iv].position
        let (x, y) = (d * (u + v), d * (u - v))
        let (seesX, seesY) = (sees(chamber, 2, x, y), sees(chamber, 3, x, y))
        guard !seesX || !seesY else { continue }
        var (hasX, hasY) = (false, false)
        for ix in 0..<nx where abs(xs[ix].position - x) < reachX {
          hasX = true
          if !seesY { add(chamber, base, iv, iu, ix, -1) }
        }
        for iy in 0..<ny where abs(ys[iy].position - y) < reachY {
          hasY = true
          if !seesX { add(chamber, base, iv, iu, -1, iy) }
        }
        if !hasX, !hasY, !seesX, !seesY, isNearHole(chamber, x, y) || isAtRim(x, y) {
          add(chamber, base, iv, iu, -1, -1)
        }
      }
    }
  }

  /// Points with one of x and y and one of u and v, where the others do not see them: at the hole.
  private mutating func addPairs(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let base = clusters.clusters + 4 * chamber * ViewClusters.viewLimit
    let counts = clusters.counts + 4 * chamber
    let root = 2.0.squareRoot()
    for view in 0..<2 {
      let list = base + view * ViewClusters.viewLimit
      let side = view == 0 ? -1.0 : 1.0
      for i in 0..<counts[view] {
        let w = list[i].position * root
        guard abs(w - 90) < 420 else { continue }
        let margin = margin
        for second in 2..<4 {
          let others = base + second * ViewClusters.viewLimit
          // The strip of the view that is missing of x and y.
          let strip = holes[4 * chamber + 5 - second]
          for k in 0..<counts[second] {
            let other = others[k].position
            let missing = second == 2 ? side * (w - other) : w - side * other
            guard missing > strip.x - margin, missing < strip.y + margin else { continue }
            let (x, y) = second == 2 ? (other, missing) : (missing, other)
            guard isNearHole(chamber, x, y), !sees(chamber, 1 - view, x, y) else { continue }
            add(
              chamber, base, view == 0 ? i : -1, view == 1 ? i : -1, second == 2 ? k : -1,
              second == 3 ? k : -1)
          }
        }
      }
    }
  }

  /// Whether a point is where the strips without straws of two views cross: within 155 mm of the hole's centre,
  /// and the margins.
  @inline(__always)
  private func isNearHole(_ chamber: Int, _ x: Double, _ y: Double) -> Bool {
    let hole = holes[4 * chamber + 2]
    return abs(x - (hole.x + hole.y) / 2) < 190 && abs(y) < 190
  }

  /// Whether a point is where x and y do not reach, or u and v: each pair sees a square.
  @inline(__always)
  private func isAtRim(_ x: Double, _ y: Double) -> Bool { x * x + y * y > 900 * 900 }

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
    var (views, singles) = (0, 0)
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
      if cluster.hitCount == 1 { singles += 1 }
    }
    // One straw alone says too little where there are few views.
    guard singles < views - 1 else { return }
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
