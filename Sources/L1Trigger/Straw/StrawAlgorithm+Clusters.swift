import NA62Formats

extension StrawAlgorithm {
  mutating func beginHits() {
    hitCounts.update(repeating: 0, count: 32)
  }

  /// Edges to hits, one for each straw (`l1.md` 5.9.1, 5.9.2).
  ///
  /// The drift distance is left to `makeClusters`: only good hits need one.
  mutating func addHits(fineTime: UInt8, edgeCount: inout Int) throws(Overflow) {
    let reference = (Double(fineTime) * ClockTicks.strawPeriod) / 256 + 0.5
    edgeCount += edges.count
    if edgeCount >= 1500 { throw Overflow() }
    let stationT0 = stationT0
    let magicT0 = magicT0
    let isFull = edges.withElements { edges in
      for edge in edges {
        // 13 bits, so that no payload can lead out of the table.
        let number = Int(edge.channel & 0x1FFF)
        let channel = channels[number]
        let time = Float((((edge.time - stationT0) - mezzanineT0[number >> 4]) + magicT0) - reference)
        let list = Int(channel.halfView)
        let count = hitCounts[list]
        let hits = hits + list * Self.hitLimit
        let index = Int(hitIndex[Int(channel.key)])
        if index < count, hits[index].key == channel.key {
          if edge.isLeading {
            let first = hits[index].lead
            if time < first || first <= -10, time > -10, time < 300 {
              hits[index].isUpdated = true
              hits[index].lead = time
            }
          } else {
            let last = hits[index].trail
            if last < -100 || last < time, time > -100, time < 300 { hits[index].trail = time }
          }
        } else {
          hitIndex[Int(channel.key)] = UInt16(truncatingIfNeeded: count)
          hits[count] = Hit(
            key: channel.key, plane: channel.plane, isUpdated: false, position: channel.position,
            lead: edge.isLeading ? time : -100_000, trail: edge.isLeading ? -100_000 : time)
          hitCounts[list] = count + 1
          if count + 1 == Self.hitLimit { return true }
        }
      }
      return false
    }
    if isFull { throw Overflow() }
  }

  /// Hits to clusters, view by view (`l1.md` 5.9.3).
  mutating func makeClusters() throws(Overflow) {
    let half = Self.hitLimit
    for view in 0..<16 {
      clusterCounts[view] = 0
      let n0 = gather(2 * view, to: wires)
      let n1 = gather(2 * view + 1, to: wires + half)
      for j in 0..<n0 { try pairNeighbours(wires, n0, wires + half, n1, j, view) }
      for j in 0..<n1 {
        try pairNeighbours(wires + half, n1, wires, n0, j, view)
        try pairHalves(wires, n0, wires + half, j, view)
      }
    }
  }

  /// Collects the good hits of a half view: no other can be in a cluster.
  @inline(__always)
  private func gather(_ list: Int, to out: UnsafeMutablePointer<Wire>) -> Int {
    var n = 0
    let hits = hits + list * Self.hitLimit
    for i in 0..<hitCounts[list] {
      let hit = hits[i]
      guard Self.isOK(hit) else { continue }
      let lead = hit.lead
      let drift =
        lead >= 1
        ? Float(StrawGeometry.drift(Double(Float(Double(lead) / 1000))))
        : hit.isUpdated ? StrawGeometry.earlyDrift : 0
      out[n] = Wire(position: hit.position, drift: drift, plane: hit.plane, isUsed: false)
      n += 1
    }
    return n
  }

  @inline(__always)
  private static func isOK(_ hit: Hit) -> Bool {
    guard 0 < hit.lead, hit.lead < 175 else { return false }
    let lead = Double(hit.lead)
    let trail = Double(hit.trail)
    return (lead < 1.35 * trail - 50 && lead > 4.8 * trail - 1150 && 55 < trail && trail < 250)
      || trail < -99999
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
      guard -9 < d, d < 9, !hitK.isUsed else { continue }
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
