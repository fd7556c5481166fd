extension StrawAlgorithm {
  /// Tracklets to tracks (`l1.md` 5.9.8).
  func makeTracks() throws(Overflow) {
    tracks.removeAll(keepingCapacity: true)
    try combineFour()
    try combineThree()
  }

  /// Number of points that two candidates share; 0 if the second is used up.
  @inline(__always)
  private func shared(_ t: Candidate, _ f: Candidate) -> Int {
    if f.isUsed { return 0 }
    var t = t
    var f = f
    var n = 0
    withUnsafeBytes(of: &t.hits) { a in
      withUnsafeBytes(of: &f.hits) { b in
        let a = a.assumingMemoryBound(to: UInt16.self)
        let b = b.assumingMemoryBound(to: UInt16.self)
        for i in 0..<Int(t.count) {
          for k in 0..<Int(f.count) where a[i] == b[k] { n += 1 }
        }
      }
    }
    return n
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

  private func append(_ sums: Sums) throws(Overflow) {
    let n = Float(sums.n)
    let m1 = sums.m1 / n
    let m2 = sums.m2 / n
    let line = StrawLine(qx: sums.q1 / n, qy: sums.qy / n, mx: m1, my: sums.my / n)
    let vertex = StrawLine.beam.approach(to: line)
    tracks.append(
      Track(
        line: line, bend: m1 - m2, pz: 270 / abs(m2 - m1), cda: vertex.cda, vertexZ: vertex.z))
    if tracks.count == 1000 { throw Overflow() }
  }

  private func combineFour() throws(Overflow) {
    for e in candidates.indices where !candidates[e].isUsed && candidates[e].count == 4 {
      var t = candidates[e]
      let g = t.q2 - t.q1
      if g < -13 || g > 0 {
        for f in e..<candidates.count where candidates[f].count == 4 {
          let other = candidates[f]
          guard shared(t, other) > 1 else { continue }
          let gf = other.q2 - other.q1
          let gt = t.q2 - t.q1
          if -13 < gf && gf < 0 || other.nc > t.nc || other.nc == t.nc && abs(gf + 3) < abs(gt + 3) {
            t = other
          }
        }
      }
      var sums = Sums()
      for f in candidates.indices {
        let s = shared(t, candidates[f])
        if s == Int(candidates[f].count) {
          sums.add(candidates[f])
          candidates[f].isUsed = true
        } else if candidates[f].count == 4 && s > 1 || candidates[f].count == 3 && s > 0 {
          candidates[f].isUsed = true
        }
      }
      try append(sums)
    }
  }

  private func combineThree() throws(Overflow) {
    for e in candidates.indices where !candidates[e].isUsed && candidates[e].count == 3 {
      var t = candidates[e]
      for f in candidates.indices {
        let other = candidates[f]
        if shared(t, other) > 1, other.nc > t.nc || other.cda < t.cda && other.nc == t.nc { t = other }
      }
      var sums = Sums()
      for f in candidates.indices {
        let s = shared(t, candidates[f])
        if s == Int(t.count) {
          sums.add(candidates[f])
          candidates[f].isUsed = true
        } else if t.nc == 3 && candidates[f].nc == 2 && s > 0 || s > 1 {
          candidates[f].isUsed = true
        }
      }
      try append(sums)
    }
  }

  /// The flags and the quantities of the L1 data block (`l1.md` 5.9.9).
  func summarise() -> StrawSummary {
    var out = StrawSummary()
    out.tracks = UInt32(tracks.count)
    if tracks.count >= 3 { out.flags |= 4 }
    for e in tracks.indices {
      let track = tracks[e]
      if e < 4 {
        out.momenta[e] = track.pz
        out.vertices[e] = track.vertexZ
      }
      for f in (e + 1)..<max(tracks.count, e + 1) {
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
