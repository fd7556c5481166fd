extension StrawAlgorithm {
  /// Fills the Hough transform in y and follows its bins (`l1.md` 5.9.6, 5.9.7).
  mutating func makeTracklets() throws(Overflow) {
    candidateCount = 0
    // A bin needs two chambers.
    guard (0..<4).count(where: { pointCounts[$0] != 0 }) >= 2 else { return }
    fillBins()
    markRows()
    nextRow = 0
    for a in 0..<Self.slopeBins where rowMarks[a] {
      copyRows(around: a)
      try followRow(a)
    }
  }

  /// Copies a row and its neighbours to `rows`; rows come in ascending order, so that none is copied twice.
  private mutating func copyRows(around a: Int) {
    let columnCount = columnCount
    // The last word of a row is read as a whole; 0 is no bin.
    let padded = min((columnCount + 7) & ~7, Self.rowStride)
    let end = min(a + 2, Self.slopeBins)
    for number in max(a - 1, nextRow, 0)..<max(end, max(a - 1, nextRow, 0)) {
      let from = bins + number
      let to = rows + (number & 3) * Self.rowStride
      for column in 0..<columnCount { to[column] = from[column * Self.slopeBins] }
      for column in columnCount..<padded { to[column] = 0 }
    }
    nextRow = end
  }

  /// A row that `copyRows` has copied.
  @inline(__always)
  private func row(_ a: Int) -> UnsafeMutablePointer<UInt8> { rows + (a & 3) * Self.rowStride }

  /// Eight columns of a row; the first of them in the low byte.
  @inline(__always)
  private static func word(_ row: UnsafeMutablePointer<UInt8>, _ column: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(row + column).loadUnaligned(as: UInt64.self))
  }

  /// The high bit of each byte of a word that has the value of `pattern`'s bytes, and no other bit.
  @inline(__always)
  private static func equalBytes(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    let x = word ^ pattern
    let low: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    return ~(((x & low) &+ low) | x | low)
  }

  /// A number below 256 in each byte of a word.
  @inline(__always)
  private static func pattern(_ bin: Int) -> UInt64 {
    UInt64(UInt8(truncatingIfNeeded: bin)) &* 0x0101_0101_0101_0101
  }

  /// The intercept bin of each point for each slope.
  ///
  /// The bins of NA62's 160 × 200 table are not stored: a bin's entries are the points with the bin's number
  /// in the row, in order, and only the first six count.
  private mutating func fillBins() {
    columnCount = 0
    let shifts = UnsafeRawPointer(slopeShifts)
    for chamber in 0..<4 {
      defer { columnStarts[chamber + 1] = columnCount }
      for j in 0..<pointCounts[chamber] {
        columns[columnCount] = Column(chamber: Int8(chamber), point: UInt8(truncatingIfNeeded: j))
        let y = SIMD8<Float>(repeating: points[chamber * Self.pointLimit + j].y)
        let out = UnsafeMutableRawPointer(bins + columnCount * Self.slopeBins)
        for a in stride(from: 0, to: Self.slopeBins, by: 8) {
          let qy =
            y
            - shifts.loadUnaligned(fromByteOffset: 4 * (chamber * Self.slopeBins + a), as: SIMD8<Float>.self)
          let bin = (qy * 200) / 3000 + 100
          let isIn = (bin .>= 1) .& (bin .< 200)
          let value = SIMD8<Float>(repeating: 0).replacing(with: bin, where: isIn)
          // Truncation without a conversion of each lane: a number of 0 to 200 plus 2²³ is rounded to an
          // integer, which then is the low bits of the sum.
          let rounded = (value + 0x1p23) - 0x1p23
          let whole = rounded.replacing(with: rounded - 1, where: rounded .> value) + 0x1p23
          let bits = unsafeBitCast(whole, to: SIMD8<UInt32>.self)
          out.storeBytes(
            of: SIMD8<UInt8>(truncatingIfNeeded: bits), toByteOffset: a, as: SIMD8<UInt8>.self)
        }
        columnCount += 1
      }
    }
  }

  /// Marks the rows where points of two chambers are in one bin.
  ///
  /// Where that can be for two points follows from their distance in y. The rows are a little more than
  /// those, so that no rounding matters, and the bins themselves decide.
  private mutating func markRows() {
    guard columnCount <= Self.pairLimit else {
      rowMarks.update(repeating: true, count: Self.slopeBins)
      return
    }
    rowMarks.update(repeating: false, count: Self.slopeBins)
    var first = 0
    for chamber in 0..<4 {
      let behind = first + pointCounts[chamber]
      for p in first..<behind {
        let y = points[chamber * Self.pointLimit + p - first].y
        let binsP = bins + p * Self.slopeBins
        var q = behind
        for other in (chamber + 1)..<max(4, chamber + 1) {
          let rows = 1 / ((StrawGeometry.z[other] - StrawGeometry.z[chamber]) * 0.0004)
          let reach = 15.5 * rows + 1
          for j in 0..<pointCounts[other] {
            let binsQ = bins + q * Self.slopeBins
            q += 1
            let centre = 80.05 - (y - points[other * Self.pointLimit + j].y) * rows
            guard centre - reach < 159, centre + reach > 0 else { continue }
            for a in Int(max(centre - reach, 0))...Int(min(centre + reach, 159))
            where binsP[a] == binsQ[a] && binsP[a] != 0 {
              rowMarks[a] = true
            }
          }
        }
      }
      first = behind
    }
  }

  /// Looks for the bins of a row with points of two chambers, in ascending order.
  private mutating func followRow(_ a: Int) throws(Overflow) {
    let row = row(a)
    let columnCount = columnCount
    let occupancy = occupancy
    var low = 255
    var high = 0
    for column in 0..<columnCount {
      let bin = Int(row[column])
      guard bin != 0 else { continue }
      let chamber = UInt8(1) << UInt8(columns[column].chamber)
      let before = occupancy[bin]
      occupancy[bin] = before | chamber
      if before != 0, before & ~chamber != 0 {
        low = min(low, bin)
        high = max(high, bin)
      }
    }
    defer { for column in 0..<columnCount { occupancy[Int(row[column])] = 0 } }
    guard low <= high else { return }
    for bin in low...high where occupancy[bin] & (occupancy[bin] &- 1) != 0 {
      try followBin(a, bin)
    }
  }

  /// The tracklets of one bin.
  private mutating func followBin(_ a: Int, _ bin: Int) throws(Overflow) {
    let row = row(a)
    let pattern = Self.pattern(bin)
    var entries = SIMD8<UInt8>(repeating: 0)
    var entryChambers = SIMD8<Int8>(repeating: 0)
    var count = 0
    var present: UInt8 = 0
    search: for first in stride(from: 0, to: columnCount, by: 8) {
      var found = Self.equalBytes(Self.word(row, first), pattern)
      while found != 0 {
        let column = columns[first + found.trailingZeroBitCount >> 3]
        found &= found &- 1
        entries[count] = column.point
        entryChambers[count] = column.chamber
        present |= 1 << UInt8(column.chamber & 3)
        count += 1
        if count == 6 { break search }
      }
    }
    // The six entries of the bin can all be of one chamber although a seventh is not.
    guard present & (present &- 1) != 0 else { return }
    let missing = ~present & 0xF
    let add1 = missing == 0 ? -1 : Int8(missing.trailingZeroBitCount)
    let highest = missing == 0 ? -1 : Int8(7 - missing.leadingZeroBitCount)
    let add2: Int8 = highest == add1 ? -1 : highest

    var found = (0, 0)
    if count == 2 {
      found = try gatherLateral(a, bin, add1, add2)
      // Two points and none around make no tracklet, and leave a trace in the first scratch tracklet only.
      // Nobody sees it: a bin reads of the first one only what it has written there itself.
      if found == (0, 0) { return }
    }

    var m = 0
    var c = 0
    var seen: UInt8 = 0
    for i in 0..<count {
      let entry = Column(chamber: entryChambers[i], point: entries[i])
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
    if c == 2 || c == 3 {
      if count != 2 { found = try gatherLateral(a, bin, add1, add2) }
      try addLateral(lateral, found.0, add1, 0, &m)
      try addLateral(lateral + Self.lateralLimit, found.1, add2, found.0 > 0 ? 1 : 0, &m)
    }
    scratchUsed = max(scratchUsed, m + 1)
    for j in 0...m where Int(scratch[j].nc) + Int(scratch[j].nl) > 2 {
      try keep(scratch[j], a, bin)
    }
  }

  /// A second point of a chamber: a copy of the last tracklet with the other point, or the better of both.
  private mutating func branch(_ entry: Column, _ c: Int, _ m: inout Int) throws(Overflow) {
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
    let chamber = Int(chamber) & 3
    return Int(point) < pointCounts[chamber] ? points[chamber * Self.pointLimit + Int(point)].views : 0
  }

  /// Finds the points of the missing chambers in the bins around, in order and without repetition
  /// (`l1.md` 5.9.7 step 3); returns how many of each.
  private mutating func gatherLateral(
    _ a: Int, _ bin: Int, _ add1: Int8, _ add2: Int8
  ) throws(Overflow) -> (Int, Int) {
    var found = (0, 0)
    for number in max(a - 1, 0)...min(a + 1, Self.slopeBins - 1) {
      let row = row(number)
      // Most rows have no point of a missing chamber in the three bins.
      guard hasPoint(of: add1, row, bin) || hasPoint(of: add2, row, bin) else { continue }
      for neighbour in max(bin - 1, 1)...min(bin + 1, Self.interceptBins - 1) {
        var count = 0
        let pattern = Self.pattern(neighbour)
        search: for first in stride(from: 0, to: columnCount, by: 8) {
          var equal = Self.equalBytes(Self.word(row, first), pattern)
          while equal != 0 {
            let entry = columns[first + equal.trailingZeroBitCount >> 3]
            equal &= equal &- 1
            if entry.chamber == add1 {
              try Self.collect(entry.point, lateral, &found.0)
            } else if entry.chamber == add2 {
              try Self.collect(entry.point, lateral + Self.lateralLimit, &found.1)
            }
            count += 1
            if count == 6 { break search }
          }
        }
      }
    }
    return found
  }

  /// Whether a chamber, if it is one, may have a point in the three bins around a bin of a row; `false` is
  /// certain, and `true` may come from a column behind the chamber's.
  @inline(__always)
  private func hasPoint(of chamber: Int8, _ row: UnsafeMutablePointer<UInt8>, _ bin: Int) -> Bool {
    guard chamber >= 0 else { return false }
    let patterns = (Self.pattern(bin - 1), Self.pattern(bin), Self.pattern(bin + 1))
    let end = columnStarts[Int(chamber) + 1]
    for first in stride(from: columnStarts[Int(chamber)], to: end, by: 8) {
      let word = Self.word(row, min(first, Self.rowStride - 8))
      let found =
        Self.equalBytes(word, patterns.0) | Self.equalBytes(word, patterns.1)
        | Self.equalBytes(word, patterns.2)
      if found != 0 { return true }
    }
    return false
  }

  @inline(__always)
  private static func collect(_ point: UInt8, _ list: UnsafeMutablePointer<UInt8>, _ count: inout Int)
    throws(Overflow)
  {
    for i in 0..<count where list[i] == point { return }
    list[count] = point
    count += 1
    if count == lateralLimit { throw Overflow() }
  }

  /// Adds the points of one missing chamber to the tracklets: the first to all, and each further one to
  /// copies of them.
  private mutating func addLateral(
    _ found: UnsafeMutablePointer<UInt8>, _ count: Int, _ chamber: Int8, _ l: Int, _ m: inout Int
  ) throws(Overflow) {
    guard count > 0 else { return }
    let last = m
    for j in 0...last {
      scratch[j].setLateral(l, found[0], chamber)
      scratch[j].nl = UInt8(l + 1)
    }
    for i in 1..<max(count, 1) {
      for j in 0...last {
        m += 1
        if m == Self.scratchCount { throw Overflow() }
        scratch[m].copyHits(of: scratch[j])
        scratch[m].setLateral(l, found[i], chamber)
      }
    }
  }

  /// Gives a tracklet its parameters, and keeps it if they are those of a track (`l1.md` 5.9.7 step 4).
  private mutating func keep(_ tracklet: Tracklet, _ a: Int, _ bin: Int) throws(Overflow) {
    var x = SIMD4<Float>(repeating: 0)
    var z = SIMD4<Float>(repeating: 0)
    var hits = SIMD8<UInt16>(repeating: 0xFFFF)
    var count = 0
    var signature: UInt64 = 0
    for i in 0..<(Int(tracklet.nc) + Int(tracklet.nl)) {
      let isCentral = i < Int(tracklet.nc)
      let k = isCentral ? i : i - Int(tracklet.nc)
      let chamber = Int(isCentral ? tracklet.centralChamber(k) : tracklet.lateralChamber(k)) & 3
      let point = isCentral ? tracklet.centralPoint(k) : tracklet.lateralPoint(k)
      if Int(point) < pointCounts[chamber] {
        x[chamber] = points[chamber * Self.pointLimit + Int(point)].x
        z[chamber] = StrawGeometry.z[chamber]
      }
      if count < 8 {
        hits[count] = UInt16(chamber) << 8 | UInt16(point)
        signature |= 1 << UInt64((chamber << 4 | Int(point) & 15) & 63)
      }
      count += 1
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
    signatures[candidateCount] = signature
    candidates[candidateCount] = Candidate(
      hits: hits, nc: tracklet.nc, count: UInt8(min(count, 8)), isUsed: false, q1: q1, q2: q2, m1: m1,
      m2: m2, my: my, qy: qy, cda: 0)
    candidateCount += 1
    if candidateCount == Self.candidateLimit { throw Overflow() }
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
