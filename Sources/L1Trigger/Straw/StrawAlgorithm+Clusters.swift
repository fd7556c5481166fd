import NA62Formats

extension StrawAlgorithm {
  func beginHits() {
    for i in 0..<32 { hits[i].removeAll(keepingCapacity: true) }
    generation &+= 1
  }

  /// Edges to hits, one for each straw (`l1.md` 5.9.1, 5.9.2).
  func addHits(fineTime: UInt8, edgeCount: inout Int) throws(Overflow) {
    let reference = (Double(fineTime) * ClockTicks.strawPeriod) / 256 + 0.5
    let count = edges.count
    for i in 0..<count {
      let edge = edges[i]
      let channel = channels[Int(edge.channel)]
      let time = Float(
        (((edge.time - stationT0) - channel.mezzanineT0) + magicT0) - reference)
      let lead = edge.isLeading ? Double(time) : -100_000
      let trail = edge.isLeading ? -100_000 : Double(time)
      let list = Int(channel.halfView)
      let entry = hitIndex[Int(channel.key)]
      if entry.generation == generation {
        let index = Int(entry.index)
        let first = hits[list][index].lead
        if lead < first || first <= -10, lead > -10, lead < 300 {
          hits[list][index].wire = lead < 1 ? StrawGeometry.earlyDrift : Self.wire(lead)
          hits[list][index].lead = lead
        }
        let last = hits[list][index].trail
        if last < -100 || last < trail, trail > -100, trail < 300 { hits[list][index].trail = trail }
      } else {
        let wire: Float = lead <= -100 ? -100 : lead < 1 ? 0 : Self.wire(lead)
        hitIndex[Int(channel.key)] = (generation, Int32(hits[list].count))
        hits[list].append(
          Hit(
            key: channel.key, plane: channel.plane, lead: lead, trail: trail, position: channel.position,
            wire: wire))
        if hits[list].count == 500 { throw Overflow() }
      }
      edgeCount += 1
      if edgeCount == 1500 { throw Overflow() }
    }
  }

  /// Drift distance for a leading time in ns.
  @inline(__always)
  private static func wire(_ lead: Double) -> Float {
    Float(StrawGeometry.drift(Double(Float(lead / 1000))))
  }

  /// Hits to clusters, view by view (`l1.md` 5.9.3).
  func makeClusters() throws(Overflow) {
    for view in 0..<16 {
      clusters[view].removeAll(keepingCapacity: true)
      for half in 0..<2 {
        let list = 2 * view + half
        for i in hits[list].indices { hits[list][i].isOK = Self.isOK(hits[list][i]) }
      }
      for j in hits[2 * view].indices where hits[2 * view][j].isOK {
        try pairNeighbours(2 * view, 2 * view + 1, j, view)
      }
      for j in hits[2 * view + 1].indices where hits[2 * view + 1][j].isOK {
        try pairNeighbours(2 * view + 1, 2 * view, j, view)
        try pairHalves(2 * view, 2 * view + 1, j, view)
      }
    }
  }

  private static func isOK(_ hit: Hit) -> Bool {
    let lead = hit.lead
    let trail = hit.trail
    let inShape =
      (lead < 1.35 * trail - 50 && lead > 4.8 * trail - 1150 && 55 < trail && trail < 250)
      || trail < -99999
    return inShape && 0 < lead && lead < 175
  }

  /// Two neighbouring straws of one half view, and the mark on the straw between them in the other half.
  private func pairNeighbours(_ a: Int, _ b: Int, _ j: Int, _ view: Int) throws(Overflow) {
    let hitJ = hits[a][j]
    var k = j + 1
    while k < hits[a].count, !hits[a][j].isUsed {
      defer { k += 1 }
      let hitK = hits[a][k]
      guard hitK.isOK, !hitK.isUsed else { continue }
      let d = hitJ.position - hitK.position
      guard -9 < d, d < 9 else { continue }
      let pk = d > 0 ? hitK.position + hitK.wire : hitK.position - hitK.wire
      let pj = d > 0 ? hitJ.position - hitJ.wire : hitJ.position + hitJ.wire
      let mean = (pk + pj) / 2
      let sum = hitJ.wire + hitK.wire
      guard 8.6 < Double(sum), Double(sum) < 9.0 else { continue }
      try appendCluster(mean, view)
      hits[a][j].isUsed = true
      hits[a][k].isUsed = true
      for l in hits[b].indices where abs(mean - hits[b][l].position) < 5 { hits[b][l].isUsed = true }
    }
  }

  /// One straw of each half view.
  private func pairHalves(_ h0: Int, _ h1: Int, _ j: Int, _ view: Int) throws(Overflow) {
    let hitJ = hits[h1][j]
    var h = 0
    while h < hits[h0].count, !hits[h1][j].isUsed {
      defer { h += 1 }
      let hitH = hits[h0][h]
      guard hitH.isOK, abs(hitJ.position - hitH.position) < 9, !hitH.isUsed else { continue }
      let isPlainView = view & 1 == 0
      let s = (hitJ.plane == hitH.plane) == isPlainView
      let ph = s ? hitH.position + hitH.wire : hitH.position - hitH.wire
      let pj = s ? hitJ.position - hitJ.wire : hitJ.position + hitJ.wire
      let mean = (ph + pj) / 2
      let sum = hitJ.wire + hitH.wire
      guard 2.9 < Double(sum), Double(sum) < 5.8 else { continue }
      try appendCluster(mean, view)
      hits[h1][j].isUsed = true
      hits[h0][h].isUsed = true
    }
  }

  private func appendCluster(_ w: Float, _ view: Int) throws(Overflow) {
    clusters[view].append(Cluster(w: w, state: 0))
    if clusters[view].count == 500 { throw Overflow() }
  }
}
