import NA62Formats

extension StrawAlgorithm {
  /// Edges to straws with their first leading and last trailing time (`l1.md` 5.9.1, 5.9.2).
  ///
  /// There is no branch in the loop, as neither what an edge is nor whether its straw is new can be foretold.
  /// A straw is new only once, so that no list has more than the straws of its half view.
  mutating func addHits(fineTime: UInt8, edgeCount: Int) {
    let reference = StrawGeometry.reference(fineTime: fineTime)
    let stationT0 = stationT0
    let magicT0 = magicT0
    // In variables of their own: through `self` each would be loaded again behind each store.
    let (codes, offsets, fineTimes) = (codes, offsets, fineTimes)
    let (keys, straws, mezzanineT0, timeLimits) = (keys, straws, mezzanineT0, timeLimits)
    let (hits, hitEnds, leastTimes, edgeStraws) = (hits, hitEnds, leastTimes, edgeStraws)
    for list in 0..<32 { hitEnds[list] = hits + list * Self.strawsInHalfView }
    // The straws are looked up first: so many at once that the processor need not wait for each of them to
    // come from a slower cache.
    for i in 0..<edgeCount {
      // 13 bits, so that no payload can lead out of the tables.
      let key = keys[codes[i].channel]
      edgeStraws[i] = EdgeStraw(key: key, halfView: straws[Int(key)].halfView)
    }
    for i in 0..<edgeCount {
      let code = codes[i]
      let channel = code.channel
      let edge = fineTimes[code.fineTime] + offsets[i]
      let time = Float((((edge - stationT0) - mezzanineT0[channel >> 4]) + magicT0) - reference)
      let key = edgeStraws[i].key
      let straw = straws + Int(key)
      let trailing = code.trailing
      let isNew = Int(straw.pointee.isNew)
      straw.pointee.isNew = 0
      // With its sign turned the last trailing time is the lowest one, as the first leading time is.
      let signed = Float(bitPattern: time.bitPattern ^ UInt32(truncatingIfNeeded: trailing) << 31)
      // Whether the time counts: a < b is the sign of a − b. One that does not is raised to that of none, by
      // a value from a table, which the compiler cannot make a branch of.
      let limits = timeLimits[2 &* isNew &+ trailing]
      let isTaken = ((limits.low - time).bitPattern & (time - limits.high).bitPattern) >> 31
      let least = leastTimes[Int(isTaken)]
      let candidate = signed > least ? signed : least
      // The times come first in a straw.
      let place = UnsafeMutableRawPointer(straw).assumingMemoryBound(to: Float.self) + trailing
      let before = place.pointee
      place.pointee = candidate < before ? candidate : before
      // Written in any case, and counted if the straw is new.
      let list = Int(edgeStraws[i].halfView)
      let end = hitEnds[list]
      end.pointee = Hit(key: UInt32(key), lead: straw.pointee.lead)
      hitEnds[list] = end + isNew
    }
  }

  /// Collects the good hits, half view by half view, and forgets all hits: no other can be in a cluster.
  mutating func gatherWires() {
    let (hits, hitEnds, straws, wires, wireStarts) = (hits, hitEnds, straws, wires, wireStarts)
    var n = 0
    for list in 0..<32 {
      wireStarts[list] = n
      var next = hits + list * Self.strawsInHalfView
      let end = hitEnds[list]
      while next != end {
        let straw = straws + Int(next.pointee.key)
        let hit = straw.pointee
        straw.pointee.lead = Straw.none
        straw.pointee.negativeTrail = Straw.none
        straw.pointee.isNew = 1
        // The drift distance is found below; until then the leading time stands in its place.
        wires[n] = Wire(
          position: hit.position, drift: hit.lead, plane: hit.plane, isUsed: false,
          isUpdated: hit.lead != next.pointee.lead)
        n &+= hit.isGood
        next += 1
      }
    }
    wireStarts[32] = n
    for i in 0..<n {
      let lead = wires[i].drift
      let drift = Float(StrawGeometry.drift(Double(Float(Double(lead) / 1000))))
      // Times below 1 ns are rare.
      wires[i].drift = lead >= 1 ? drift : wires[i].isUpdated ? earlyDrift : 0
    }
  }

  /// Good hits to clusters, view by view (`l1.md` 5.9.3).
  mutating func makeClusters() throws(Overflow) {
    let (pairs, pairStarts, nearPairs) = (pairs, pairStarts, nearPairs)
    for view in 0..<16 {
      clusterCounts[view] = 0
      let hits = wires + wireStarts[2 * view]
      let n0 = wireStarts[2 * view + 1] - wireStarts[2 * view]
      let n1 = wireStarts[2 * view + 2] - wireStarts[2 * view + 1]
      if max(n0, n1) <= Self.tabledHits {
        // All pairs in one loop without a branch, then the few that are near one another.
        let table = n0 * (Self.tabledHits + 1) + n1
        var count = 0
        for i in pairStarts[table]..<pairStarts[table + 1] {
          let pair = pairs[i]
          nearPairs[count] = pair
          count &+= isNear(pair, hits)
        }
        for i in 0..<count { try combine(nearPairs[i], hits, n0, n1, view) }
      } else {
        try Self.forEachPair(n0, n1) { pair throws(Overflow) in
          if isNear(pair, hits) != 0 { try combine(pair, hits, n0, n1, view) }
        }
      }
    }
  }

  /// The pairs of hits of a view in the order in which they are tried: for each hit of the first half those
  /// behind it, and for each of the second half those behind it and then those of the first half.
  ///
  /// Hits are numbered through both halves, of which the first has `n0` hits.
  static func forEachPair(
    _ n0: Int, _ n1: Int, _ body: (Pair) throws(Overflow) -> Void
  ) throws(Overflow) {
    for j in 0..<n0 {
      for k in (j + 1)..<max(n0, j + 1) { try body(Pair(j: UInt16(j), k: UInt16(k), isAcross: 0)) }
    }
    for j in n0..<(n0 + n1) {
      for k in (j + 1)..<max(n0 + n1, j + 1) { try body(Pair(j: UInt16(j), k: UInt16(k), isAcross: 0)) }
      for k in 0..<n0 { try body(Pair(j: UInt16(j), k: UInt16(k), isAcross: 1)) }
    }
  }

  /// 1 for a pair whose distance and drift distances are those of a cluster, else 0; without a branch: a < b
  /// is the sign of a − b.
  @inline(__always)
  private mutating func isNear(_ pair: Pair, _ hits: UnsafeMutablePointer<Wire>) -> Int {
    let a = hits + Int(pair.j)
    let b = hits + Int(pair.k)
    let limits = driftLimits[Int(pair.isAcross)]
    let sum = a.pointee.drift + b.pointee.drift
    let isClose = (abs(a.pointee.position - b.pointee.position) - 9).bitPattern
    let isRight = (limits.low - sum).bitPattern & (sum - limits.high).bitPattern
    return Int((isClose & isRight) >> 31)
  }

  /// Makes a cluster of a pair that is near, unless one of its hits is used.
  private mutating func combine(
    _ pair: Pair, _ hits: UnsafeMutablePointer<Wire>, _ n0: Int, _ n1: Int, _ view: Int
  ) throws(Overflow) {
    let a = hits + Int(pair.j)
    let b = hits + Int(pair.k)
    if a.pointee.isUsed || b.pointee.isUsed { return }
    // Whether the wires are met from the inside of the pair.
    let isInside: Bool
    if pair.isAcross != 0 {
      isInside = (a.pointee.plane == b.pointee.plane) == (view & 1 == 0)
    } else {
      isInside = a.pointee.position - b.pointee.position > 0
    }
    let pb = isInside ? b.pointee.position + b.pointee.drift : b.pointee.position - b.pointee.drift
    let pa = isInside ? a.pointee.position - a.pointee.drift : a.pointee.position + a.pointee.drift
    let mean = (pb + pa) / 2
    try appendCluster(mean, view)
    a.pointee.isUsed = true
    b.pointee.isUsed = true
    if pair.isAcross == 0 {
      // The straw between the two in the other half is theirs.
      for l in Int(pair.j) < n0 ? n0..<(n0 + n1) : 0..<n0 where abs(mean - hits[l].position) < 5 {
        hits[l].isUsed = true
      }
    }
  }

  @inline(__always)
  private mutating func appendCluster(_ w: Float, _ view: Int) throws(Overflow) {
    let count = clusterCounts[view]
    clusters[view * Self.clusterLimit + count] = Cluster(w: w, state: 0)
    clusterCounts[view] = count + 1
    if count + 1 == Self.clusterLimit { throw Overflow() }
  }
}
