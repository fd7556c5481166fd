import L1Trigger

/// A point of a track in a chamber, from clusters of two to four views.
///
/// The views stand up to 0.35 m apart, so where the point is depends on the slopes: position = `base` +
/// dx/dz × `bySlopeX` + dy/dz × `bySlopeY`, at the chamber's centre.
struct ChamberPoint: BitwiseCopyable {
  var base: SIMD2<Double>
  var bySlopeX: SIMD2<Double>
  var bySlopeY: SIMD2<Double>
  /// What the views say of the slopes.
  var agreement: ViewAgreement
  /// Cluster of each view, or −1.
  var clusters: SIMD4<Int16>
  var views: Int

  @inline(__always)
  func position(_ slope: SIMD2<Double>) -> SIMD2<Double> {
    base + slope.x * bySlopeX + slope.y * bySlopeY
  }
}

/// How well the views of a point agree, by the slopes: more than two views are related, and the relation has the
/// slopes as the views stand behind one another.
struct ViewAgreement: BitwiseCopyable {
  /// What one or two relations miss by, mm, at no slope and by dx/dz and dy/dz.
  var miss = SIMD2<Float>.zero
  var bySlopeX = SIMD2<Float>.zero
  var bySlopeY = SIMD2<Float>.zero
  /// The inverse of their covariance, mm⁻².
  var weights = SIMD2<Float>.zero
  var weightBetween: Float = 0

  /// Chi-squared of the views.
  @inline(__always)
  func chi2(_ slope: SIMD2<Double>) -> Float {
    let r = miss + Float(slope.x) * bySlopeX + Float(slope.y) * bySlopeY
    return (weights * r * r).sum() + 2 * weightBetween * r.x * r.y
  }
}

/// The points of an event by chamber, in rising order of `base.y`.
struct ChamberPoints: ~Copyable {
  /// Points of a chamber; more is an overflow.
  static let limit = 192

  let points: UnsafeMutablePointer<ChamberPoint>
  /// The points of a chamber as they were found, and their order.
  private let found: UnsafeMutablePointer<ChamberPoint>
  private let keys: UnsafeMutablePointer<UInt64>
  /// Coordinates at which a view has a cluster near, or no straws; see `addFromXY`.
  private let nearU: UnsafeMutablePointer<UInt64>
  private let nearV: UnsafeMutablePointer<UInt64>
  /// The bins of the clusters of x, and the first cluster of each bin.
  private let binsX: UnsafeMutablePointer<UInt8>
  private let firstX: UnsafeMutablePointer<UInt8>
  /// v times √2.
  private let across: UnsafeMutablePointer<Float>
  /// Coordinates without straws of u and v by 2 chamber + view: bits as in `nearU`.
  private let unseen: UnsafeMutablePointer<UInt64>
  /// The same of the rim alone, by sum and difference.
  private let rim: UnsafeMutablePointer<UInt64>
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
    found = .allocate(capacity: Self.limit)
    keys = .allocate(capacity: Self.limit)
    nearU = .allocate(capacity: Self.sumWords)
    nearV = .allocate(capacity: Self.sumWords)
    binsX = .allocate(capacity: ViewClusters.viewLimit)
    firstX = .allocate(capacity: 256)
    across = .allocate(capacity: ViewClusters.viewLimit)
    rim = .allocate(capacity: 2 * Self.sumWords)
    rim.initialize(repeating: 0, count: 2 * Self.sumWords)
    unseen = .allocate(capacity: 8 * Self.sumWords)
    unseen.initialize(repeating: 0, count: 8 * Self.sumWords)
    counts = .allocate(capacity: 4)
    counts.initialize(repeating: 0, count: 4)
    holes = .allocate(capacity: 16)
    let (root, corner) = (2.0.squareRoot(), 1600.0)
    // In the corners of the square of x and y there is no straw of u and v.
    let beyond = [(-corner, margin - Self.halfWidth), (Self.halfWidth - margin, corner)]
    for (low, high) in beyond {
      Self.mark(rim, root * low, root * high, isSum: true)
      Self.mark(rim + Self.sumWords, root * low, root * high, isSum: false)
    }
    for chamber in 0..<4 {
      let hole = StrawGeometry.hole(chamber: chamber)
      for view in 0..<4 {
        (holes + 4 * chamber + view).initialize(to: SIMD2(hole.low[view], hole.high[view]))
      }
      for view in 0..<2 {
        let bits = unseen + Self.sumWords * (2 * chamber + view)
        let strip = (hole.low[view] - margin, hole.high[view] + margin)
        for (low, high) in beyond + [strip] { Self.mark(bits, root * low, root * high, isSum: view == 1) }
      }
    }
  }

  deinit {
    points.deallocate()
    found.deallocate()
    keys.deallocate()
    nearU.deallocate()
    nearV.deallocate()
    binsX.deallocate()
    firstX.deallocate()
    across.deallocate()
    unseen.deallocate()
    rim.deallocate()
    counts.deallocate()
    holes.deallocate()
  }

  /// A straw, and what 25 mrad make of half of the distance between the views, mm.
  @inline(__always) private var margin: Double { StrawGeometry.strawRadius + 5 }

  /// How far the straws reach across a view, mm.
  @inline(__always) private static var halfWidth: Double { 1037 }

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
    return (across < hole.x - margin || across > hole.y + margin) && abs(across) < Self.halfWidth - margin
      && abs(along) < 1050 - margin
  }

  mutating func make(_ clusters: borrowing ViewClusters) {
    isOverflow = false
    for chamber in 0..<4 {
      counts[chamber] = 0
      addFromXY(chamber, clusters)
      addFromUV(chamber, clusters)
      addPairs(chamber, clusters)
      arrange(chamber)
    }
  }

  /// Puts the points of a chamber in order.
  private func arrange(_ chamber: Int) {
    let n = counts[chamber]
    let out = points + chamber * Self.limit
    for i in 0..<n {
      // y in steps of 1/64 mm, so that it is positive and has the bits above those of the number.
      let y = min(max(found[i].base.y, -4000), 4000)
      let key = UInt64((y + 4096) * 64) << 16 | UInt64(i)
      var k = i
      while k > 0, keys[k - 1] > key {
        keys[k] = keys[k - 1]
        k -= 1
      }
      keys[k] = key
    }
    for i in 0..<n { out[i] = found[Int(keys[i] & 0xFFFF)] }
  }

  // MARK: Bins

  // x and y have bins of 16 mm from −1120 mm on. So have x + y, which is √2 u, and x − y, which is √2 v, from
  // −2240 mm on: of the bins a of x and b of y, the sum is in a + b or one above, the difference in a − b + 140
  // or one below. Those of all x for one y are a window in the bits of the sum or difference.
  private static var sumWords: Int { 6 }
  private static var differenceShift: Int { 140 }

  @inline(__always)
  private static func bin(_ coordinate: Double) -> Int {
    Int(min(max(coordinate + 1120, 0), 2239) * 0.0625)
  }

  /// Marks the bins a + b, or a − b + 140, of all x and y with a sum, or difference, in a range.
  @inline(__always)
  private static func mark(_ bits: UnsafeMutablePointer<UInt64>, _ low: Double, _ high: Double, isSum: Bool) {
    let first = Int(min(max(low + 2240, 16), 4464) * 0.0625) - (isSum ? 1 : 0)
    let last = Int(min(max(high + 2240, 16), 4464) * 0.0625) + (isSum ? 0 : 1)
    // Strips are longer than a word.
    var i = first
    while i + 63 < last {
      Self.mark(bits, i, 64)
      i += 64
    }
    Self.mark(bits, i, last - i + 1)
  }

  /// Sets up to 64 bits from a place on.
  @inline(__always)
  private static func mark(_ bits: UnsafeMutablePointer<UInt64>, _ place: Int, _ count: Int) {
    let ones = ~UInt64(0) &>> UInt64(64 &- count)
    let (word, shift) = (place >> 6, UInt64(place & 63))
    bits[word] |= ones &<< shift
    bits[word + 1] |= (ones &>> 1) &>> (63 &- shift)
  }

  /// 64 bits from a place on.
  @inline(__always)
  private static func window(_ bits: UnsafeMutablePointer<UInt64>, _ place: Int) -> UInt64 {
    let (word, shift) = (place >> 6, UInt64(place & 63))
    return bits[word] &>> shift | (bits[word + 1] &<< 1) &<< (63 &- shift)
  }

  /// Points with x and y: those with both u and v, and those with one or none where the others do not see them.
  private mutating func addFromXY(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let ((vs, us, xs, ys), (nv, nu, nx, ny)) = clusters.views(of: chamber)
    let d = 0.5.squareRoot()
    let steepest = chamber < 2 ? before : behind
    let (reachU, reachV) = (
      d * (233 * steepest.x + 290 * steepest.y) + 1.5, d * (290 * steepest.x + 347 * steepest.y) + 1.5
    )
    guard nx > 0, ny > 0 else { return }
    // Which sums and differences of x and y have u and v near, or where these see nothing.
    let (nearU, nearV, rim, binsX, firstX) = (nearU, nearV, rim, binsX, firstX)
    nearV.update(from: unseen + Self.sumWords * 2 * chamber, count: Self.sumWords)
    nearU.update(from: unseen + Self.sumWords * (2 * chamber + 1), count: Self.sumWords)
    for i in 0..<nu {
      Self.mark(nearU, (us[i].position - reachU) / d, (us[i].position + reachU) / d, isSum: true)
    }
    for i in 0..<nv {
      Self.mark(nearV, (vs[i].position - reachV) / d, (vs[i].position + reachV) / d, isSum: false)
    }
    var occupied = (UInt64(0), UInt64(0), UInt64(0))
    for i in stride(from: nx - 1, through: 0, by: -1) {
      let bin = Self.bin(xs[i].position)
      binsX[i] = UInt8(truncatingIfNeeded: bin)
      firstX[bin] = UInt8(truncatingIfNeeded: i)
      let bit = 1 &<< UInt64(bin & 63)
      if bin < 64 { occupied.0 |= bit } else if bin < 128 { occupied.1 |= bit } else { occupied.2 |= bit }
    }
    for iy in 0..<ny {
      let y = ys[iy].position
      let (sum, difference) = (Self.bin(y), Self.differenceShift - Self.bin(y))
      // At the rim u is hidden where v is, and the other way round.
      let isRim = abs(y) > 340
      for word in 0..<3 {
        let here = word == 0 ? occupied.0 : word == 1 ? occupied.1 : occupied.2
        guard here != 0 else { continue }
        let (inSum, inDifference) = (sum + 64 * word, difference + 64 * word)
        var open = Self.window(nearU, inSum) & Self.window(nearV, inDifference)
        if isRim { open |= Self.window(rim, inSum) | Self.window(rim + Self.sumWords, inDifference) }
        var left = here & open
        while left != 0 {
          let bin = 64 &* word &+ left.trailingZeroBitCount
          left &= left &- 1
          var ix = Int(firstX[bin])
          while ix < nx, Int(binsX[ix]) == bin {
            addFromXY(
              chamber, clusters, vs, iy, ix, y, xs[ix].position, nv, nu, reachU, reachV, steepest)
            ix += 1
          }
        }
      }
    }
  }

  /// Points of one x and one y.
  @inline(__always)
  private mutating func addFromXY(
    _ chamber: Int, _ clusters: borrowing ViewClusters, _ base: UnsafeMutablePointer<ViewCluster>, _ iy: Int,
    _ ix: Int, _ y: Double, _ x: Double, _ nv: Int, _ nu: Int, _ reachU: Double, _ reachV: Double,
    _ steepest: SIMD2<Double>
  ) {
    let vs = base
    let us = base + ViewClusters.viewLimit
    let d = 0.5.squareRoot()
    let (u, v) = (d * (x + y), d * (x - y))
    let firstU = clusters.count(4 * chamber + 1, below: u - reachU)
    let firstV = clusters.count(4 * chamber, below: v - reachV)
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

  /// Points with u and v and one of x and y, or none, where the others do not see them.
  private mutating func addFromUV(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let ((vs, us, xs, ys), (nv, nu, nx, ny)) = clusters.views(of: chamber)
    let d = 0.5.squareRoot()
    let steepest = chamber < 2 ? before : behind
    // u and v are 57 mm apart, x and y 262 mm and 319 mm behind their middle.
    let (reachX, reachY) = (
      262 * steepest.x + 29 * steepest.y + 1.5, 319 * steepest.y + 29 * steepest.x + 1.5
    )
    // Where x or y see nothing: a strip about the hole, and the rim.
    let (holeX, holeY) = (holes[4 * chamber + 2], holes[4 * chamber + 3])
    let root = Float(2.0.squareRoot())
    let (centreX, centreY) = (Float(holeX.x + holeX.y), Float(holeY.x + holeY.y))
    let (stripX, stripY) = (
      Float(holeX.y - holeX.x + 2 * margin) + 0.01, Float(holeY.y - holeY.x + 2 * margin) + 0.01
    )
    let rim = Float(2 * (Self.halfWidth - margin)) - 0.01
    let across = across
    for iv in 0..<nv { across[iv] = Float(vs[iv].position) * root }
    for iu in 0..<nu {
      let u = us[iu].position
      let sum = Float(u) * root
      for iv in 0..<nv {
        let (x2, y2) = (sum + across[iv], sum - across[iv])
        let strips = min(abs(x2 - centreX) - stripX, abs(y2 - centreY) - stripY)
        guard min(strips, rim - max(abs(x2), abs(y2))) < 0 else { continue }
        let v = vs[iv].position
        let (x, y) = (d * (u + v), d * (u - v))
        let (seesX, seesY) = (sees(chamber, 2, x, y), sees(chamber, 3, x, y))
        guard !seesX || !seesY else { continue }
        // What is near of a view counts where the other sees nothing.
        var (hasX, hasY) = (false, false)
        if !seesY {
          for ix in 0..<nx where abs(xs[ix].position - x) < reachX {
            hasX = true
            add(chamber, vs, iv, iu, ix, -1)
          }
        }
        if !seesX {
          for iy in 0..<ny where abs(ys[iy].position - y) < reachY {
            hasY = true
            add(chamber, vs, iv, iu, -1, iy)
          }
        }
        if !hasX, !hasY, !seesX, !seesY, isNearHole(chamber, x, y) || isAtRim(x, y) {
          add(chamber, vs, iv, iu, -1, -1)
        }
      }
    }
  }

  /// Points with one of x and y and one of u and v, where the others do not see them: at the hole.
  private mutating func addPairs(_ chamber: Int, _ clusters: borrowing ViewClusters) {
    let base = clusters.clusters + 4 * chamber * ViewClusters.viewLimit
    let counts = clusters.counts + 4 * chamber
    let root = 2.0.squareRoot()
    let hole = holes[4 * chamber + 2]
    let middle = (hole.x + hole.y) / 2
    let margin = margin
    for second in 2..<4 {
      let others = base + second * ViewClusters.viewLimit
      // The strip of the view that is missing of x and y.
      let strip = holes[4 * chamber + 5 - second]
      let centre = second == 2 ? middle : 0
      for k in 0..<counts[second] {
        // Near the hole, and no straw alone.
        let other = others[k].position
        guard abs(other - centre) < Self.nearHole, others[k].hitCount > 1 else { continue }
        for view in 0..<2 {
          let list = base + view * ViewClusters.viewLimit
          let side = view == 0 ? -1.0 : 1.0
          for i in 0..<counts[view] {
            let w = list[i].position * root
            let missing = second == 2 ? side * (w - other) : w - side * other
            guard missing > strip.x - margin, missing < strip.y + margin, list[i].hitCount > 1 else {
              continue
            }
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

  /// How far from the hole's centre strips of two views cross, in x and in y, mm: 155, and the margins.
  @inline(__always) private static var nearHole: Double { 190 }

  /// Whether a point is where the strips without straws of two views cross.
  @inline(__always)
  private func isNearHole(_ chamber: Int, _ x: Double, _ y: Double) -> Bool {
    let hole = holes[4 * chamber + 2]
    return abs(x - (hole.x + hole.y) / 2) < Self.nearHole && abs(y) < Self.nearHole
  }

  /// Whether a point is where x and y do not reach, or u and v: each pair sees a square.
  @inline(__always)
  private func isAtRim(_ x: Double, _ y: Double) -> Bool { x * x + y * y > 900 * 900 }

  private mutating func add(
    _ chamber: Int, _ base: UnsafeMutablePointer<ViewCluster>, _ v: Int, _ u: Int, _ x: Int, _ y: Int
  ) {
    // A view that is not there has no weight.
    @inline(__always)
    func cluster(_ view: Int, _ i: Int) -> (position: Double, weight: Double, depth: Double, isSingle: Int) {
      let cluster = base + view * ViewClusters.viewLimit + max(i, 0)
      guard i >= 0 else { return (0, 0, 0, 0) }
      return (
        cluster.pointee.position, cluster.pointee.weight, cluster.pointee.depth,
        cluster.pointee.hitCount == 1 ? 1 : 0
      )
    }
    let (cv, cu, cx, cy) = (cluster(0, v), cluster(1, u), cluster(2, x), cluster(3, y))
    let views = (v < 0 ? 0 : 1) + (u < 0 ? 0 : 1) + (x < 0 ? 0 : 1) + (y < 0 ? 0 : 1)
    // One straw alone says too little where there are few views.
    guard cv.isSingle + cu.isSingle + cx.isSingle + cy.isSingle < views - 1 else { return }
    let n = counts[chamber]
    guard n < Self.limit else {
      isOverflow = true
      return
    }
    let d = 0.5.squareRoot()
    let (both, turned) = (0.5 * (cv.weight + cu.weight), 0.5 * (cu.weight - cv.weight))
    guard let inverse = Symmetric2(xx: both + cx.weight, xy: turned, yy: both + cy.weight).inverted() else {
      return
    }
    let (pv, pu) = (d * cv.weight * cv.position, d * cu.weight * cu.position)
    let position = SIMD2(pv + pu + cx.weight * cx.position, pu - pv + cy.weight * cy.position)
    let (zv, zu) = (0.5 * cv.weight * cv.depth, 0.5 * cu.weight * cu.depth)
    let (xx, yy) = (zv + zu + cx.weight * cx.depth, zv + zu + cy.weight * cy.depth)

    /// A relation of the views with these factors: what it misses by, and that by the slopes.
    @inline(__always)
    func relation(_ fv: Double, _ fu: Double, _ fx: Double, _ fy: Double) -> SIMD3<Double> {
      SIMD3(
        fv * cv.position + fu * cu.position + fx * cx.position + fy * cy.position,
        -d * (fv * cv.depth + fu * cu.depth) - fx * cx.depth,
        d * (fv * cv.depth - fu * cu.depth) - fy * cy.depth)
    }
    var agreement = ViewAgreement()
    if views > 2 {
      let root = 2.0.squareRoot()
      // √2 u = x + y and √2 v = x − y, or one of them, or the same for x or y.
      let r1 = x < 0 ? relation(-d, d, 0, -1) : y < 0 ? relation(d, d, -1, 0) : relation(0, root, -1, -1)
      let r2 = relation(root, 0, -1, 1)
      let (vv, vu, vx, vy) = (1 / cv.weight, 1 / cu.weight, 1 / cx.weight, 1 / cy.weight)
      if views == 4 {
        let weights = Symmetric2(xx: 2 * vu + vx + vy, xy: vx - vy, yy: 2 * vv + vx + vy).inverted()
        guard let weights else { return }
        agreement.weights = SIMD2(Float(weights.xx), Float(weights.yy))
        agreement.weightBetween = Float(weights.xy)
      } else if x < 0 {
        agreement.weights.x = Float(1 / (0.5 * (vv + vu) + vy))
      } else if y < 0 {
        agreement.weights.x = Float(1 / (0.5 * (vv + vu) + vx))
      } else if v < 0 {
        agreement.weights.x = Float(1 / (2 * vu + vx + vy))
      } else {
        agreement.weights.y = Float(1 / (2 * vv + vx + vy))
      }
      agreement.miss = SIMD2(Float(r1.x), Float(r2.x))
      agreement.bySlopeX = SIMD2(Float(r1.y), Float(r2.y))
      agreement.bySlopeY = SIMD2(Float(r1.z), Float(r2.z))
    }
    found[n] = ChamberPoint(
      base: inverse * position, bySlopeX: inverse * SIMD2(-xx, zv - zu),
      bySlopeY: inverse * SIMD2(zv - zu, -yy), agreement: agreement,
      clusters: SIMD4(
        Int16(truncatingIfNeeded: v), Int16(truncatingIfNeeded: u), Int16(truncatingIfNeeded: x),
        Int16(truncatingIfNeeded: y)), views: views)
    counts[chamber] = n + 1
  }
}
