extension StrawAlgorithm {
  /// Fills the Hough transform in y and follows its bins (`l1.md` 5.9.6, 5.9.7).
  func makeTracklets() throws(Overflow) {
    candidates.removeAll(keepingCapacity: true)
    fillRows()
    for a in 0..<Self.slopeBins { try followRow(a) }
  }

  /// The intercept bin of each point for each slope.
  ///
  /// The bins of NA62's 160 × 200 table are not stored: a bin's entries are the columns of its row with
  /// the bin's number, in order, and only the first six count.
  private func fillRows() {
    columns.removeAll(keepingCapacity: true)
    for chamber in 0..<4 {
      for j in points[chamber].indices {
        columns.append((Int8(chamber), UInt8(truncatingIfNeeded: j)))
      }
    }
    rowStride = columns.count
    let wanted = rowStride * Self.slopeBins
    if rows.count < wanted { rows.append(contentsOf: repeatElement(0, count: wanted - rows.count)) }
    var column = 0
    rows.withUnsafeMutableBufferPointer { rows in
      slopeShifts.withUnsafeBufferPointer { shifts in
        for chamber in 0..<4 {
          for point in points[chamber] {
            let y = point.y
            for a in 0..<Self.slopeBins {
              let qy = y - shifts[chamber * Self.slopeBins + a]
              let bin = (qy * 200) / 3000 + 100
              rows[a * rowStride + column] = bin >= 1 && bin < 200 ? UInt8(bin) : 0
            }
            column += 1
          }
        }
      }
    }
  }

  /// Looks for the bins of a row with points of two chambers, in ascending order.
  private func followRow(_ a: Int) throws(Overflow) {
    let row = a * rowStride
    var low = 255
    var high = 0
    for column in 0..<rowStride {
      let bin = Int(rows[row + column])
      guard bin != 0 else { continue }
      let chamber = UInt8(1) << UInt8(columns[column].chamber)
      let before = occupancy[bin]
      occupancy[bin] = before | chamber
      if before != 0, before & ~chamber != 0 {
        low = min(low, bin)
        high = max(high, bin)
      }
    }
    defer { for column in 0..<rowStride { occupancy[Int(rows[row + column])] = 0 } }
    guard low <= high else { return }
    for bin in low...high where occupancy[bin] & (occupancy[bin] &- 1) != 0 {
      try followBin(a, bin)
    }
  }

  private typealias Entry = (chamber: Int8, point: UInt8)

  /// Calls `body` for the entries of a bin, in order.
  @inline(__always)
  private func forEachEntry(_ a: Int, _ bin: Int, _ body: (Entry) throws(Overflow) -> Void) throws(Overflow) {
    let row = a * rowStride
    var count = 0
    for column in 0..<rowStride where Int(rows[row + column]) == bin {
      try body(columns[column])
      count += 1
      if count == 6 { return }
    }
  }

  /// The tracklets of one bin.
  private func followBin(_ a: Int, _ bin: Int) throws(Overflow) {
    var present: UInt8 = 0
    try forEachEntry(a, bin) { entry throws(Overflow) in present |= 1 << UInt8(entry.chamber) }
    // The six entries of the bin can all be of one chamber although a seventh is not.
    guard present & (present &- 1) != 0 else { return }
    let missing = ~present & 0xF
    let add1 = missing == 0 ? -1 : Int8(missing.trailingZeroBitCount)
    let highest = missing == 0 ? -1 : Int8(7 - missing.leadingZeroBitCount)
    let add2: Int8 = highest == add1 ? -1 : highest

    var m = 0
    var c = 0
    var seen: UInt8 = 0
    try forEachEntry(a, bin) { entry throws(Overflow) in
      if seen & (1 << UInt8(bitPattern: entry.chamber)) == 0 {
        for j in 0...m {
          scratch[j].setCentral(c, entry.point, entry.chamber)
          // Evaluated within the loop, as in NA62's code: for j < m it is a stale chamber.
          seen |= 1 << UInt8(bitPattern: scratch[m].centralChamber(c) & 7)
          scratch[j].nc = UInt8(truncatingIfNeeded: c + 1)
          scratch[j].nl = 0
        }
        c += 1
        if c == 6 { throw Overflow() }
      } else {
        m += 1
        if m == Self.scratchCount { throw Overflow() }
        try branch(entry, c, &m)
      }
      scratchUsed = max(scratchUsed, m + 1)
    }
    if c == 2 || c == 3 { try addLateral(a, bin, add1, add2, &m) }
    scratchUsed = max(scratchUsed, m + 1)
    for j in 0...m where Int(scratch[j].nc) + Int(scratch[j].nl) > 2 {
      try keep(scratch[j], a, bin)
    }
  }

  /// A second point of a chamber: a copy of the last tracklet with the other point, or the better of both.
  private func branch(_ entry: Entry, _ c: Int, _ m: inout Int) throws(Overflow) {
    var p = 0
    for j in 0..<c {
      // NA62's code would read before the array here: the entry is dropped (`l1.md` section 10).
      guard m >= 1 else {
        m = max(m, 0)
        return
      }
      let chamber = scratch[m - 1].centralChamber(j)
      if chamber != entry.chamber {
        scratch[m].setCentral(p, scratch[m - 1].centralPoint(j), chamber)
      } else {
        let otherChamber = scratch[m - 1].centralChamber(p)
        let other = scratch[m - 1].centralPoint(p)
        let mine = views(entry.chamber, entry.point)
        let theirs = views(otherChamber, other)
        if mine > theirs {
          m -= 1
          scratch[m].setCentral(p, entry.point, entry.chamber)
        } else if mine == theirs {
          scratch[m].setCentral(p, entry.point, entry.chamber)
        } else {
          m -= 1
        }
      }
      p += 1
      if p == 6 { throw Overflow() }
    }
    scratch[m].nc = UInt8(truncatingIfNeeded: p)
    scratch[m].nl = 0
  }

  private func views(_ chamber: Int8, _ point: UInt8) -> Int32 {
    let list = points[Int(chamber) & 3]
    return Int(point) < list.count ? list[Int(point)].views : 0
  }

  /// Points of the missing chambers in the bins around (`l1.md` 5.9.7 step 3).
  private func addLateral(_ a: Int, _ bin: Int, _ add1: Int8, _ add2: Int8, _ m: inout Int) throws(Overflow) {
    lateral.0.removeAll(keepingCapacity: true)
    lateral.1.removeAll(keepingCapacity: true)
    for row in max(a - 1, 0)...min(a + 1, Self.slopeBins - 1) {
      for neighbour in max(bin - 1, 1)...min(bin + 1, Self.interceptBins - 1) {
        try forEachEntry(row, neighbour) { entry throws(Overflow) in
          if entry.chamber == add1, !lateral.0.contains(entry.point) {
            lateral.0.append(entry.point)
            if lateral.0.count == 50 { throw Overflow() }
          }
          if entry.chamber == add2, !lateral.1.contains(entry.point) {
            lateral.1.append(entry.point)
            if lateral.1.count == 50 { throw Overflow() }
          }
        }
      }
    }
    var last = m
    var l = 0
    for (found, chamber) in [(lateral.0, add1), (lateral.1, add2)] where !found.isEmpty {
      for j in 0...last {
        scratch[j].setLateral(l, found[0], chamber)
        scratch[j].nl = UInt8(l + 1)
      }
      for point in found.dropFirst() {
        for j in 0...last {
          m += 1
          if m == Self.scratchCount { throw Overflow() }
          scratch[m].copyHits(of: scratch[j])
          scratch[m].setLateral(l, point, chamber)
        }
      }
      l += 1
      last = m
    }
  }

  /// Gives a tracklet its parameters, and keeps it if they are those of a track (`l1.md` 5.9.7 step 4).
  private func keep(_ tracklet: Tracklet, _ a: Int, _ bin: Int) throws(Overflow) {
    var x = SIMD4<Float>(repeating: 0)
    var z = SIMD4<Float>(repeating: 0)
    var hits: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) = (0, 0, 0, 0, 0, 0, 0, 0)
    var count = 0
    withUnsafeMutableBytes(of: &hits) { raw in
      let hits = raw.assumingMemoryBound(to: UInt16.self)
      func take(_ chamber: Int8, _ point: UInt8) {
        let ch = Int(chamber) & 3
        if Int(point) < points[ch].count {
          x[ch] = points[ch][Int(point)].x
          z[ch] = StrawGeometry.chambers[ch]
        }
        if count < 8 { hits[count] = UInt16(ch) << 8 | UInt16(point) }
        count += 1
      }
      for i in 0..<Int(tracklet.nc) { take(tracklet.centralChamber(i), tracklet.centralPoint(i)) }
      for i in 0..<Int(tracklet.nl) { take(tracklet.lateralChamber(i), tracklet.lateralPoint(i)) }
    }
    let q1: Float
    let q2: Float
    let m1: Float
    let m2: Float
    if z[0] == 0 || z[1] == 0 {
      q2 = x[2] - (z[2] * (x[3] - x[2])) / (z[3] - z[2])
      q1 = q2
      m2 = (x[3] - x[2]) / (z[3] - z[2])
      m1 = z[0] == 0 ? (x[1] - q1) / z[1] : (x[0] - q1) / z[0]
    } else if z[2] == 0 || z[3] == 0 {
      q1 = x[0] - (z[0] * (x[1] - x[0])) / (z[1] - z[0])
      q2 = q1
      m1 = (x[1] - x[0]) / (z[1] - z[0])
      m2 = z[2] == 0 ? (x[3] - q2) / z[3] : (x[2] - q2) / z[2]
    } else {
      q1 = x[0] - (z[0] * (x[1] - x[0])) / (z[1] - z[0])
      m1 = (x[1] - x[0]) / (z[1] - z[0])
      q2 = x[2] - (z[2] * (x[3] - x[2])) / (z[3] - z[2])
      m2 = (x[3] - x[2]) / (z[3] - z[2])
    }
    let pz = 270 / abs(m2 - m1)
    let my = slopes[a]
    guard 3000 < pz, pz < 100_000, Double(my) < 0.020, Double(m1) < 0.020 else { return }
    let qy = Float(15 * bin - 1500)
    let cda = StrawLine.beam.approach(to: StrawLine(qx: q1, qy: qy, mx: m1, my: my)).cda
    candidates.append(
      Candidate(
        hits: hits, nc: tracklet.nc, count: UInt8(min(count, 8)), isUsed: false, q1: q1, q2: q2, m1: m1,
        m2: m2, my: my, qy: qy, cda: cda))
    if candidates.count == 4000 { throw Overflow() }
  }
}

extension StrawAlgorithm.Tracklet {
  @inline(__always)
  mutating func setCentral(_ i: Int, _ point: UInt8, _ chamber: Int8) {
    withUnsafeMutableBytes(of: &hc) { $0[i] = point }
    withUnsafeMutableBytes(of: &cc) { $0[i] = UInt8(bitPattern: chamber) }
  }
  @inline(__always)
  mutating func setLateral(_ i: Int, _ point: UInt8, _ chamber: Int8) {
    withUnsafeMutableBytes(of: &hl) { $0[i] = point }
    withUnsafeMutableBytes(of: &cl) { $0[i] = UInt8(bitPattern: chamber) }
  }
  @inline(__always)
  func centralPoint(_ i: Int) -> UInt8 { withUnsafeBytes(of: hc) { $0[i] } }
  @inline(__always)
  func centralChamber(_ i: Int) -> Int8 { withUnsafeBytes(of: cc) { Int8(bitPattern: $0[i]) } }
  @inline(__always)
  func lateralPoint(_ i: Int) -> UInt8 { withUnsafeBytes(of: hl) { $0[i] } }
  @inline(__always)
  func lateralChamber(_ i: Int) -> Int8 { withUnsafeBytes(of: cl) { Int8(bitPattern: $0[i]) } }

  /// Takes the counted hits of another tracklet; what lies behind them stays as it is.
  mutating func copyHits(of other: Self) {
    nc = other.nc
    nl = other.nl
    for i in 0..<Int(min(nc, 6)) { setCentral(i, other.centralPoint(i), other.centralChamber(i)) }
    for i in 0..<Int(min(nl, 2)) { setLateral(i, other.lateralPoint(i), other.lateralChamber(i)) }
  }
}
