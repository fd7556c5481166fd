import NA62Formats

extension StrawAlgorithm {
  /// Edges to straws with their first leading and last trailing time (`l1.md` 5.9.1, 5.9.2).
  ///
  /// There is no branch in the loop, as neither what an edge is nor whether its straw is new can be foretold.
  /// A straw is new only once, so that no list has more than the straws of its half view.
  mutating func addHits(fineTime: UInt8, edgeCount: Int) {
    let reference = (Double(fineTime) * ClockTicks.strawPeriod) / 256 + 0.5
    let stationT0 = stationT0
    let magicT0 = magicT0
    let none = Straw.none.bitPattern
    // In variables of their own: through `self` each would be loaded again behind each store.
    let (codes, offsets, fineTimes) = (codes, offsets, fineTimes)
    let (keys, straws, mezzanineT0, earliest) = (keys, straws, mezzanineT0, earliest)
    let (hits, hitCounts) = (hits, hitCounts)
    hitCounts.update(repeating: 0, count: 32)
    for i in 0..<edgeCount {
      let code = codes[i]
      // 13 bits, so that no payload can lead out of the tables.
      let channel = code.channel
      let edge = fineTimes[code.fineTime] + offsets[i]
      let time = Float((((edge - stationT0) - mezzanineT0[channel >> 4]) + magicT0) - reference)
      let key = keys[channel]
      let straw = straws + Int(key)
      let flags = straw.pointee.flags
      let isNew = (flags & Straw.isHit) ^ Straw.isHit
      let trailing = code.trailing
      let trailingBit = UInt8(truncatingIfNeeded: trailing)
      let isInRange: UInt8 = (time > earliest[trailing] ? 1 : 0) & (time < 300 ? 1 : 0)
      // A first trailing time is taken as it is; a first leading time out of range is as good as none.
      let isTaken = isInRange | isNew & trailingBit
      // With its sign turned the last trailing time is the lowest one, as the first leading time is.
      let signed = time.bitPattern ^ UInt32(truncatingIfNeeded: trailing) << 31
      let candidate = Float(bitPattern: none ^ (none ^ signed) & (0 &- UInt32(isTaken)))
      // The times come first in a straw.
      let place = UnsafeMutableRawPointer(straw).assumingMemoryBound(to: Float.self) + trailing
      let before = place.pointee
      let isBetter: UInt8 = candidate < before ? 1 : 0
      place.pointee = candidate < before ? candidate : before
      // Bit 1 for a leading time that is not the straw's first edge.
      let isUpdate = isBetter & ~(isNew | trailingBit)
      straw.pointee.flags = flags | Straw.isHit | isUpdate << 1
      let list = Int(straw.pointee.halfView)
      let count = hitCounts[list]
      hits[list * Self.strawsInHalfView + count] = key
      hitCounts[list] = count &+ Int(isNew)
    }
  }

  /// Collects the good hits, half view by half view, and forgets all hits: no other can be in a cluster.
  mutating func gatherWires() {
    let (hits, hitCounts, straws, wires, wireStarts) = (hits, hitCounts, straws, wires, wireStarts)
    var n = 0
    for list in 0..<32 {
      wireStarts[list] = n
      let keys = hits + list * Self.strawsInHalfView
      for i in 0..<hitCounts[list] {
        let straw = straws + Int(keys[i])
        let hit = straw.pointee
        straw.pointee.lead = Straw.none
        straw.pointee.negativeTrail = Straw.none
        straw.pointee.flags = 0
        // The drift distance is found below; until then the leading time stands in its place.
        wires[n] = Wire(
          position: hit.position, drift: hit.lead, plane: hit.plane, isUsed: false,
          isUpdated: hit.flags & Straw.isUpdated != 0)
        n &+= hit.isGood
      }
    }
    wireStarts[32] = n
    // Two at once; the second of the last pair may be no hit.
    for i in stride(from: 0, to: n, by: 2) {
      let leads = SIMD2(wires[i].drift, wires[i + 1].drift)
      let drifts = StrawGeometry.drift(SIMD2<Double>(SIMD2<Float>(SIMD2<Double>(leads) / 1000)))
      for k in 0..<2 {
        wires[i + k].drift =
          leads[k] >= 1 ? Float(drifts[k]) : wires[i + k].isUpdated ? StrawGeometry.earlyDrift : 0
      }
    }
  }

  /// Good hits to clusters, view by view (`l1.md` 5.9.3).
  mutating func makeClusters() throws(Overflow) {
    for view in 0..<16 {
      clusterCounts[view] = 0
      let h0 = wires + wireStarts[2 * view]
      let h1 = wires + wireStarts[2 * view + 1]
      let n0 = h1 - h0
      let n1 = wireStarts[2 * view + 2] - wireStarts[2 * view + 1]
      for j in 0..<n0 { try pairNeighbours(h0, n0, h1, n1, j, view) }
      for j in 0..<n1 {
        try pairNeighbours(h1, n1, h0, n0, j, view)
        try pairHalves(h0, n0, h1, j, view)
      }
    }
  }

  /// Two neighbouring straws of one half view, and the mark on the straw between them in the other half.
  @inline(__always)
  private mutating func pairNeighbours(
    _ a: UnsafeMutablePointer<Wire>, _ na: Int, _ b: UnsafeMutablePointer<Wire>, _ nb: Int, _ j: Int,
    _ view: Int
  ) throws(Overflow) {
    if a[j].isUsed { return }
    let hitJ = a[j]
    var k = j + 1
    while k < na {
      defer { k += 1 }
      let hitK = a[k]
      let d = hitJ.position - hitK.position
      guard abs(d) < 9, !hitK.isUsed else { continue }
      let pk = d > 0 ? hitK.position + hitK.drift : hitK.position - hitK.drift
      let pj = d > 0 ? hitJ.position - hitJ.drift : hitJ.position + hitJ.drift
      let mean = (pk + pj) / 2
      let sum = hitJ.drift + hitK.drift
      guard 8.6 < Double(sum), Double(sum) < 9.0 else { continue }
      try appendCluster(mean, view)
      a[j].isUsed = true
      a[k].isUsed = true
      for l in 0..<nb where abs(mean - b[l].position) < 5 { b[l].isUsed = true }
      return
    }
  }

  /// One straw of each half view.
  @inline(__always)
  private mutating func pairHalves(
    _ h0: UnsafeMutablePointer<Wire>, _ n0: Int, _ h1: UnsafeMutablePointer<Wire>, _ j: Int, _ view: Int
  ) throws(Overflow) {
    if h1[j].isUsed { return }
    let hitJ = h1[j]
    for h in 0..<n0 {
      let hitH = h0[h]
      guard abs(hitJ.position - hitH.position) < 9, !hitH.isUsed else { continue }
      let isPlainView = view & 1 == 0
      let s = (hitJ.plane == hitH.plane) == isPlainView
      let ph = s ? hitH.position + hitH.drift : hitH.position - hitH.drift
      let pj = s ? hitJ.position - hitJ.drift : hitJ.position + hitJ.drift
      let mean = (ph + pj) / 2
      let sum = hitJ.drift + hitH.drift
      guard 2.9 < Double(sum), Double(sum) < 5.8 else { continue }
      try appendCluster(mean, view)
      h1[j].isUsed = true
      h0[h].isUsed = true
      return
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
