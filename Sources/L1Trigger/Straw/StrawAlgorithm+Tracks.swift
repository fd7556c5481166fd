extension StrawAlgorithm {
  /// Tracklets to tracks (`l1.md` 5.9.8).
  mutating func makeTracks() throws(Overflow) {
    trackCount = 0
    try combineFour()
    try combineThree()
  }

  /// Number of points that a candidate shares with the one of the given hits and signature; 0 if it is used
  /// up.
  @inline(__always)
  private mutating func shared(_ hits: SIMD2<UInt64>, _ signature: UInt64, _ f: Int) -> Int {
    let common = signatures[f] & signature
    if hasExactSignatures { return common.nonzeroBitCount }
    return common == 0 ? 0 : Self.count(hits, candidates[f].hits)
  }

  /// Number of pairs of equal hits.
  private static func count(_ a: SIMD2<UInt64>, _ b: SIMD2<UInt64>) -> Int {
    var count = 0
    for i in 0..<8 {
      let hit = UInt16(truncatingIfNeeded: a[i >> 2] >> UInt64(16 * (i & 3)))
      guard hit != 0xFFFF else { break }
      for k in 0..<8 where UInt16(truncatingIfNeeded: b[k >> 2] >> UInt64(16 * (k & 3))) == hit {
        count += 1
      }
    }
    return count
  }

  /// Sums of the parameters of candidates that make one track.
  private struct Sums {
    var n = 0
    var my: Float = 0
    var qy: Float = 0
    var m1: Float = 0
    var q1: Float = 0
    var m2: Float = 0

    mutating func add(_ f: Candidate) {
      n += 1
      my += f.my
      qy += f.qy
      m1 += f.m1
      q1 += f.q1
      m2 += f.m2
    }
  }

  private mutating func append(_ sums: Sums) throws(Overflow) {
    let n = Float(sums.n)
    let m1 = sums.m1 / n
    let m2 = sums.m2 / n
    let line = StrawLine(qx: sums.q1 / n, qy: sums.qy / n, mx: m1, my: sums.my / n)
    let vertex = StrawLine.beam.approach(to: line)
    tracks[trackCount] = Track(
      line: line, bend: m1 - m2, pz: 270 / abs(m2 - m1), cda: vertex.cda, vertexZ: vertex.z)
    trackCount += 1
    if trackCount == Self.trackLimit { throw Overflow() }
  }

  /// Marks a candidate as used up: from then on it shares nothing.
  @inline(__always)
  private mutating func use(_ f: Int) {
    candidates[f].isUsed = true
    signatures[f] = 0
  }

  private mutating func combineFour() throws(Overflow) {
    let candidates = candidates
    let signatures = signatures
    for e in 0..<candidateCount where !candidates[e].isUsed && candidates[e].count == 4 {
      // The number of the best candidate so far, not a copy: most others share no point with it.
      var t = e
      let g = candidates[e].q2 - candidates[e].q1
      if g < -13 || g > 0 {
        for f in e..<candidateCount where signatures[f] & signatures[t] != 0 && candidates[f].count == 4 {
          let gf = candidates[f].q2 - candidates[f].q1
          let gt = candidates[t].q2 - candidates[t].q1
          let isBetter =
            -13 < gf && gf < 0 || candidates[f].nc > candidates[t].nc
            || candidates[f].nc == candidates[t].nc && abs(gf + 3) < abs(gt + 3)
          if isBetter, shared(candidates[t].hits, signatures[t], f) > 1 { t = f }
        }
      }
      var sums = Sums()
      // The best candidate is used up on the way, and is compared with those behind it as well.
      let best = candidates[t]
      let signature = signatures[t]
      for f in 0..<candidateCount where signatures[f] & signature != 0 {
        let s = shared(best.hits, signature, f)
        let count = candidates[f].count
        if s == Int(count) {
          sums.add(candidates[f])
          use(f)
        } else if count == 4 && s > 1 || count == 3 && s > 0 {
          use(f)
        }
      }
      try append(sums)
    }
  }

  private mutating func combineThree() throws(Overflow) {
    let candidates = candidates
    let signatures = signatures
    for f in 0..<candidateCount where signatures[f] != 0 {
      let line = StrawLine(
        qx: candidates[f].q1, qy: candidates[f].qy, mx: candidates[f].m1, my: candidates[f].my)
      candidates[f].cda = StrawLine.beam.approach(to: line).cda
    }
    for e in 0..<candidateCount where !candidates[e].isUsed && candidates[e].count == 3 {
      var t = e
      for f in 0..<candidateCount where signatures[f] & signatures[t] != 0 {
        let isBetter =
          candidates[f].nc > candidates[t].nc
          || candidates[f].cda < candidates[t].cda && candidates[f].nc == candidates[t].nc
        if isBetter, shared(candidates[t].hits, signatures[t], f) > 1 { t = f }
      }
      var sums = Sums()
      let best = candidates[t]
      let signature = signatures[t]
      for f in 0..<candidateCount where signatures[f] & signature != 0 {
        let s = shared(best.hits, signature, f)
        if s == Int(best.count) {
          sums.add(candidates[f])
          use(f)
        } else if best.nc == 3 && candidates[f].nc == 2 && s > 0 || s > 1 {
          use(f)
        }
      }
      try append(sums)
    }
  }

  /// The flags and the quantities of the L1 data block (`l1.md` 5.9.9).
  mutating func summarise() -> StrawSummary {
    var out = StrawSummary()
    out.tracks = UInt32(trackCount)
    if trackCount >= 3 { out.flags |= 4 }
    for e in 0..<trackCount {
      let track = tracks[e]
      if e < 4 {
        out.momenta[e] = track.pz
        out.vertices[e] = track.vertexZ
      }
      for f in (e + 1)..<max(trackCount, e + 1) {
        let vertex = track.line.approach(to: tracks[f].line)
        guard vertex.cda < 30 else { continue }
        tracks[e].near += 1
        tracks[f].near += 1
        if track.bend * tracks[f].bend < 0, vertex.z < 180_000 {
          let distance = StrawLine.beam.distance(x: vertex.x, y: vertex.y, z: vertex.z)
          if distance > out.distance {
            out.distance = distance
            out.cda = vertex.cda
          }
        }
      }
      let isFromBeam = -100_000 < track.vertexZ && track.vertexZ < 180_000 && track.cda < 200
      if isFromBeam, track.pz < 50_000, tracks[e].near == 0 { out.flags |= 1 }
      if track.bend < 0 { out.flags |= 2 }
      if isFromBeam, track.pz < 65_000 { out.flags |= 32 }
    }
    if out.distance > 50 { out.flags |= 8 }
    if out.distance > 100 { out.flags |= 16 }
    return out
  }
}
