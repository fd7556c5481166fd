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
  /// Number of clusters by view; those of view v begin at v × `viewLimit`.
  let counts: UnsafeMutablePointer<Int>
  private(set) var isOverflow = false

  init() {
    clusters = .allocate(capacity: StrawPlanes.viewCount * Self.viewLimit)
    counts = .allocate(capacity: StrawPlanes.viewCount)
    counts.initialize(repeating: 0, count: StrawPlanes.viewCount)
  }

  deinit {
    clusters.deallocate()
    counts.deallocate()
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
      var i = first
      while i < end {
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
        } else if i + 1 < end, all[i + 1].place == rank + 2 {
          let c = all[i + 1]
          let wc = table.weight(c.radius)
          if a.radius + c.radius > 7.5, Self.fits(a, c, wa, wc, steepest: steepest) {
            append(i, 2, a, wa, c, wc, out, &n)
            all[i].isClustered = 1
            all[i + 1].isClustered = 1
          }
        }
        if skips == 0, i + 1 < end, all[i + 1].place == rank + 1 {
          let b = all[i + 1]
          let wb = table.weight(b.radius)
          if Self.fits(a, b, wa, wb, steepest: steepest) {
            append(i, 2, a, wa, b, wb, out, &n)
            all[i].isClustered = 1
            all[i + 1].isClustered = 1
          }
        }
        if skips > 0 { skips -= 1 }
        i += 1
      }
      // A hit without neighbours may be on either side: the straw beside it did not answer. Neighbours that make
      // no cluster are of another time.
      for i in first..<max(end, first) where all[i].isClustered == 0 {
        let a = all[i]
        if i > first, all[i - 1].place + 2 > a.place { continue }
        if i + 1 < end, a.place + 2 > all[i + 1].place { continue }
        let w = table.weight(a.radius)
        if a.radius < 0.7 {
          append(i, 1, a.wire, 3, a.depth, out, &n)
        } else {
          append(i, 1, a.wire - a.radius, w, a.depth, out, &n)
          append(i, 1, a.wire + a.radius, w, a.depth, out, &n)
        }
      }
      sort(out, n)
      counts[view] = n
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
    out[n] = ViewCluster(
      position: Double(position), weight: Double(weight), depth: Double(depth),
      firstHit: UInt16(truncatingIfNeeded: first), hitCount: UInt16(truncatingIfNeeded: count))
    n += 1
  }
}
