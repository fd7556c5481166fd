/// A measurement of a track's coordinate in a view: two or three straws whose drift circles touch one line, or
/// one straw on one side.
struct ViewCluster: BitwiseCopyable {
  /// The coordinate, mm.
  var position: Double
  /// 1/σ² of it, mm⁻².
  var weight: Double
  /// Mean z of its straws from the chamber's centre, mm.
  var depth: Double
  /// The first hit and the number of hits, of which a middle one is among them if there are three.
  var firstHit: UInt16
  var hitCount: UInt16
}

/// The clusters of an event, view by view in rising order of the position.
struct ViewClusters: ~Copyable {
  /// Clusters of a view; more is an overflow.
  static let viewLimit = 64

  let clusters: UnsafeMutablePointer<ViewCluster>
  /// Their positions alone, four infinite ones behind those of a view, for `count`.
  private let positions: UnsafeMutablePointer<Double>
  private static let positionLimit = viewLimit + 4
  /// Number of clusters by view; those of view v begin at v × `viewLimit`.
  let counts: UnsafeMutablePointer<Int>
  /// Hits with a neighbour, and then those that are alone.
  private let neighbours: UnsafeMutablePointer<UInt16>
  private(set) var isOverflow = false

  init() {
    neighbours = .allocate(capacity: StrawHits.viewLimit)
    clusters = .allocate(capacity: StrawPlanes.viewCount * Self.viewLimit)
    positions = .allocate(capacity: StrawPlanes.viewCount * Self.positionLimit)
    counts = .allocate(capacity: StrawPlanes.viewCount)
    counts.initialize(repeating: 0, count: StrawPlanes.viewCount)
  }

  deinit {
    clusters.deallocate()
    positions.deallocate()
    counts.deallocate()
    neighbours.deallocate()
  }

  /// Where the clusters of each view of a chamber begin.
  typealias Lists = (
    v: UnsafeMutablePointer<ViewCluster>, u: UnsafeMutablePointer<ViewCluster>,
    x: UnsafeMutablePointer<ViewCluster>, y: UnsafeMutablePointer<ViewCluster>
  )

  /// The clusters of the views of a chamber, and how many there are in each.
  @inline(__always)
  func views(of chamber: Int) -> (lists: Lists, counts: (v: Int, u: Int, x: Int, y: Int)) {
    let first = clusters + 4 * chamber * Self.viewLimit
    let counts = counts + 4 * chamber
    return (
      (first, first + Self.viewLimit, first + 2 * Self.viewLimit, first + 3 * Self.viewLimit),
      (counts[0], counts[1], counts[2], counts[3])
    )
  }

  /// How many of the clusters of a view, which are in order, are below a position. All are compared, four at a time: to
  /// stop at the first that is not costs more, as lists are short and where it stops cannot be foretold.
  @inline(__always)
  func count(_ view: Int, below limit: Double) -> Int {
    let positions = UnsafeRawPointer(positions + view * Self.positionLimit)
    var sum = SIMD4<Int64>.zero
    var i = 0
    while i < counts[view] {
      let four = positions.loadUnaligned(fromByteOffset: 8 &* i, as: SIMD4<Double>.self)
      sum = sum.replacing(with: sum &+ 1, where: four .< limit)
      i &+= 4
    }
    let halves = sum.lowHalf &+ sum.highHalf
    return Int(halves.x &+ halves.y)
  }

  /// How much a line may rise across the straws of a view: 12 mrad, and behind the magnet what bends a track of
  /// 5 GeV/c. Steeper ones lose some clusters, and more of those that chance makes would cost more.
  private static func steepest(_ view: Int) -> Float {
    guard view >= 8, view & 3 != 3 else { return 0.012 }
    return view & 3 == 2 ? 0.055 : 0.040
  }

  /// Whether two drift circles touch a line between their wires: the sum of the radii is the distance of the
  /// wires, but for the resolution and for the way of a steep track between the layers.
  @inline(__always)
  private static func fits(
    _ a: StrawHit, _ b: StrawHit, _ wa: Float, _ wb: Float, steepest: Float
  ) -> Bool {
    let miss = abs((b.wire - a.wire) - (a.radius + b.radius))
    // 3.5 σ, and what the slope makes between the layers.
    let free = max(miss - steepest * abs(a.depth - b.depth), 0)
    return free * free < 12 * (1 / wa + 1 / wb)
  }

  mutating func make(_ hits: borrowing StrawHits, _ table: borrowing DriftTable) {
    isOverflow = false
    for view in 0..<StrawPlanes.viewCount {
      let (first, end) = (hits.starts[view], hits.starts[view + 1])
      var n = 0
      let out = clusters + view * Self.viewLimit
      let all = hits.hits
      let steepest = Self.steepest(view)
      // Pairs that belong to a triple make no cluster of their own.
      var skips = 0
      // Those with a neighbour first, without a branch: which they are cannot be foretold.
      let neighbours = neighbours
      var pairs = 0
      for i in first..<max(end - 1, first) {
        neighbours[pairs] = UInt16(truncatingIfNeeded: i)
        pairs &+= all[i + 1].place <= all[i].place + 2 ? 1 : 0
      }
      for k in 0..<pairs {
        let i = Int(neighbours[k])
        let a = all[i]
        let wa = table.weight(a.radius)
        let rank = a.place
        if i + 2 < end, all[i + 2].place == rank + 2 {
          let (middle, c) = (all[i + 1], all[i + 2])
          let wc = table.weight(c.radius)
          if middle.radius < 1.6, a.radius + c.radius > 7.5, Self.fits(a, c, wa, wc, steepest: steepest) {
            append(i, 3, a, wa, c, wc, out, &n)
            all[i].isClustered = 1
            all[i + 1].isClustered = 1
            all[i + 2].isClustered = 1
            skips = 2
          }
        } else if all[i + 1].place == rank + 2 {
          let c = all[i + 1]
          let wc = table.weight(c.radius)
          if a.radius + c.radius > 7.5, Self.fits(a, c, wa, wc, steepest: steepest) {
            append(i, 2, a, wa, c, wc, out, &n)
            all[i].isClustered = 1
            all[i + 1].isClustered = 1
          }
        }
        if skips == 0, all[i + 1].place == rank + 1 {
          let b = all[i + 1]
          let wb = table.weight(b.radius)
          if Self.fits(a, b, wa, wb, steepest: steepest) {
            append(i, 2, a, wa, b, wb, out, &n)
            all[i].isClustered = 1
            all[i + 1].isClustered = 1
          }
        }
        if skips > 0 { skips -= 1 }
      }
      // A hit without neighbours may be on either side: the straw beside it did not answer. Neighbours that make
      // no cluster are of another time. Which are alone is found first, without a branch as above.
      var before = -2
      var alone = 0
      for i in first..<max(end, first) {
        let place = Int(all[i].place)
        let next = i + 1 < end ? Int(all[i + 1].place) : Int.max
        neighbours[alone] = UInt16(truncatingIfNeeded: i)
        alone &+=
          (all[i].isClustered == 0 ? 1 : 0) & (before + 2 <= place ? 1 : 0) & (next - 2 >= place ? 1 : 0)
        before = place
      }
      if n + 2 > Self.viewLimit, first < end {
        isOverflow = true
        alone = 0
      }
      for k in 0..<alone {
        let i = Int(neighbours[k])
        let hit = all + i
        let (wire, radius) = (hit.pointee.wire, hit.pointee.radius)
        let isOnWire = radius < 0.7
        let w = isOnWire ? 3 : table.weight(radius)
        write(i, 1, isOnWire ? wire : wire - radius, w, hit.pointee.depth, out + n)
        write(i, 1, wire + radius, w, hit.pointee.depth, out + (n + 1))
        n &+= isOnWire ? 1 : 2
        if n + 2 > Self.viewLimit {
          isOverflow = isOverflow || i + 1 < end
          break
        }
      }
      sort(out, n)
      counts[view] = n
      let positions = positions + view * Self.positionLimit
      for i in 0..<n { positions[i] = out[i].position }
      UnsafeMutableRawPointer(positions + n).storeBytes(
        of: SIMD4(repeating: .infinity), as: SIMD4<Double>.self)
    }
  }

  /// Sorts by position, by insertion: the list is nearly in order.
  private func sort(_ list: UnsafeMutablePointer<ViewCluster>, _ n: Int) {
    for i in 1..<max(n, 1) where list[i - 1].position > list[i].position {
      let cluster = list[i]
      var k = i
      while k > 0, list[k - 1].position > cluster.position {
        list[k] = list[k - 1]
        k -= 1
      }
      list[k] = cluster
    }
  }

  /// Appends the cluster of a line between two wires.
  @inline(__always)
  private mutating func append(
    _ first: Int, _ count: Int, _ a: StrawHit, _ wa: Float, _ b: StrawHit, _ wb: Float,
    _ out: UnsafeMutablePointer<ViewCluster>, _ n: inout Int
  ) {
    let sum = wa + wb
    append(
      first, count, (wa * (a.wire + a.radius) + wb * (b.wire - b.radius)) / sum, sum,
      (wa * a.depth + wb * b.depth) / sum, out, &n)
  }

  @inline(__always)
  private mutating func append(
    _ first: Int, _ count: Int, _ position: Float, _ weight: Float, _ depth: Float,
    _ out: UnsafeMutablePointer<ViewCluster>, _ n: inout Int
  ) {
    guard n < Self.viewLimit else {
      isOverflow = true
      return
    }
    write(first, count, position, weight, depth, out + n)
    n += 1
  }

  @inline(__always)
  private func write(
    _ first: Int, _ count: Int, _ position: Float, _ weight: Float, _ depth: Float,
    _ out: UnsafeMutablePointer<ViewCluster>
  ) {
    out.pointee = ViewCluster(
      position: Double(position), weight: Double(weight), depth: Double(depth),
      firstHit: UInt16(truncatingIfNeeded: first), hitCount: UInt16(truncatingIfNeeded: count))
  }
}
