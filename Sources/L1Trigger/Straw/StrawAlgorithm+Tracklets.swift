extension StrawAlgorithm {
  /// Fills the Hough transform in y and follows its bins (`l1.md` 5.9.6, 5.9.7).
  mutating func makeTracklets() throws(Overflow) {
    candidateCount = 0
    // A bin needs two chambers.
    guard (0..<4).count(where: { pointCounts[$0] != 0 }) >= 2 else { return }
    fillColumns()
    markRows()
    for word in 0..<3 {
      while rowMarks[word] != 0 {
        let a = 64 * word + rowMarks[word].trailingZeroBitCount
        rowMarks[word] &= rowMarks[word] &- 1
        try followRow(a)
      }
    }
  }

  /// Lists the points by chamber: each is a column of the Hough transform.
  private mutating func fillColumns() {
    columnCount = 0
    hasExactSignatures = true
    // The hits of no candidate: points have changed since the last event.
    fit.hits = SIMD2(.max, .max)
    for chamber in 0..<4 {
      if pointCounts[chamber] > 16 { hasExactSignatures = false }
      for j in 0..<pointCounts[chamber] {
        columns[columnCount] = Column(chamber: Int8(chamber), point: UInt8(truncatingIfNeeded: j))
        columnBits[columnCount] = 1 << UInt8(chamber)
        columnChambers[columnCount] = UInt8(4 * chamber)
        columnY[columnCount] = points[chamber * Self.pointLimit + j].y
        columnZ[columnCount] = StrawGeometry.z[chamber]
        columnCount += 1
      }
    }
    // Rows are made and read by eights: what is behind the last column is in no bin.
    for column in columnCount..<min((columnCount + 7) & ~7, Self.rowStride) {
      columnBits[column] = 0
      columnY[column] = .nan
      columnZ[column] = 0
    }
    for i in 0..<4 { rowNumbers[i] = -1 }
  }

  /// A row of the Hough transform: for each column its intercept bin with this slope, or `noBin`.
  ///
  /// The bins of NA62's 160 × 200 table are not stored: a bin's entries are the columns with the bin's number
  /// in the row, in order, and only the first six count. Rows come in ascending order with their neighbours,
  /// so that of any four in succession each is made once.
  @inline(__always)
  private mutating func row(_ a: Int) -> UnsafeMutablePointer<UInt8> {
    let row = rows + (a & 3) * Self.rowStride
    if rowNumbers[a & 3] != a { makeRow(a, row) }
    return row
  }

  private mutating func makeRow(_ a: Int, _ row: UnsafeMutablePointer<UInt8>) {
    rowNumbers[a & 3] = a
    let slope = SIMD8<Float>(repeating: slopes[a])
    for column in stride(from: 0, to: columnCount, by: 8) {
      let y = UnsafeRawPointer(columnY + column).loadUnaligned(as: SIMD8<Float>.self)
      let z = UnsafeRawPointer(columnZ + column).loadUnaligned(as: SIMD8<Float>.self)
      let qy = y - slope * z
      let bin = (qy * 200) / 3000 + 100
      let isIn = (bin .>= 1) .& (bin .< 200)
      let value = SIMD8<Float>(repeating: Float(Self.noBin)).replacing(with: bin, where: isIn)
      // Truncation without a conversion of each lane: a number of 0 to 255 plus 2²³ is rounded to an
      // integer, which then is the low bits of the sum.
      let rounded = (value + 0x1p23) - 0x1p23
      let whole = rounded.replacing(with: rounded - 1, where: rounded .> value) + 0x1p23
      let bits = unsafeBitCast(whole, to: SIMD8<UInt32>.self)
      UnsafeMutableRawPointer(row + column).storeBytes(
        of: SIMD8<UInt8>(truncatingIfNeeded: bits), as: SIMD8<UInt8>.self)
    }
  }

  /// Eight columns of a row; the first of them in the low byte.
  @inline(__always)
  private static func word(_ row: UnsafeMutablePointer<UInt8>, _ column: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(row + column).loadUnaligned(as: UInt64.self))
  }

  private static var lowBits: UInt64 { 0x7F7F_7F7F_7F7F_7F7F }

  /// The high bit of each byte of a word that has the value of `pattern`'s bytes, and no other bit.
  @inline(__always)
  private static func equalBytes(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    let x = word ^ pattern
    return ~(((x & lowBits) &+ lowBits) | x | lowBits)
  }

  /// The high bit of each byte of a word that is at most 2 above that of `pattern`, modulo 256.
  @inline(__always)
  private static func nearBytes(_ word: UInt64, _ pattern: UInt64) -> UInt64 {
    // Byte by byte word − pattern, the high bits apart so that nothing is borrowed from the next byte.
    let x = ((word | ~lowBits) &- (pattern & lowBits)) ^ ((word ^ ~pattern) & ~lowBits)
    return ~(((x & lowBits) &+ self.pattern(0x7D)) | x | lowBits)
  }

  /// A number below 256 in each byte of a word.
  @inline(__always)
  private static func pattern(_ bin: Int) -> UInt64 {
    UInt64(UInt8(truncatingIfNeeded: bin)) &* 0x0101_0101_0101_0101
  }

  /// Marks the rows where points of two chambers can be in one bin.
  ///
  /// Two points are in one bin of 15 mm only near the slope that joins them in y. The rows are a little more
  /// than those, so that no rounding matters, and the bins themselves decide.
  private mutating func markRows() {
    guard columnCount <= Self.pairLimit else {
      for word in 0..<3 { rowMarks[word] = word == 2 ? 0xFFFF_FFFF : .max }
      return
    }
    for word in 0..<4 { rowMarks[word] = 0 }
    var first = 0
    for chamber in 0..<3 {
      let behind = first + pointCounts[chamber]
      for q in behind..<columnCount {
        let rows = 1 / ((columnZ[q] - StrawGeometry.z[chamber]) * 0.0004)
        let reach = 15.1 * rows + 0.1
        for p in first..<behind {
          let centre = 80.05 - (columnY[p] - columnY[q]) * rows
          let low = max(centre - reach, 0)
          let high = min(centre + reach, 159)
          guard low <= high else { continue }
          // At most 2 × reach + 1 rows, that is 9: they lie in one word or in two.
          let a = Int(low.rounded(.up))
          let bits = (UInt64(1) << UInt64(max(Int(high) - a + 1, 0))) &- 1
          rowMarks[a >> 6] |= bits << UInt64(a & 63)
          rowMarks[(a >> 6) + 1] |= bits >> UInt64(64 - a & 63)
        }
      }
      first = behind
    }
  }

  /// Follows the bins of a row with points of two chambers, in ascending order.
  private mutating func followRow(_ a: Int) throws(Overflow) {
    let row = row(a)
    let occupancy = occupancy
    let columnChambers = columnChambers
    // A bit for each bin that a chamber has a point in, without a branch. `noBin` is the last bit.
    occupancy.update(repeating: 0, count: 16)
    for column in 0..<columnCount {
      let bin = Int(row[column])
      occupancy[Int(columnChambers[column]) &+ bin >> 6] |= 1 << UInt64(bin & 63)
    }
    for word in 0..<4 {
      let (c0, c1) = (occupancy[word], occupancy[4 + word])
      let (c2, c3) = (occupancy[8 + word], occupancy[12 + word])
      var shared = c0 & c1 | c2 & c3 | (c0 | c1) & (c2 | c3)
      if word == Self.noBin >> 6 { shared &= ~(1 << UInt64(Self.noBin & 63)) }
      while shared != 0 {
        let bin = word << 6 | shared.trailingZeroBitCount
        shared &= shared &- 1
        try followBin(a, bin)
      }
    }
  }

  /// The tracklets of one bin.
  private mutating func followBin(_ a: Int, _ bin: Int) throws(Overflow) {
    let row = row(a)
    let pattern = Self.pattern(bin)
    let (columns, columnBits, columnCount, entries) = (columns, columnBits, columnCount, entries)
    var count = 0
    var present: UInt8 = 0
    var first = 0
    search: while first < columnCount {
      var found = Self.equalBytes(Self.word(row, first), pattern)
      while found != 0 {
        let column = first + found.trailingZeroBitCount >> 3
        found &= found &- 1
        entries[count] = columns[column]
        present |= columnBits[column]
        count &+= 1
        if count == 6 { break search }
      }
      first &+= 8
    }
    // The six entries of the bin can all be of one chamber although a seventh is not.
    guard present & (present &- 1) != 0 else { return }
    let missing = ~present & 0xF
    let add1 = missing == 0 ? -1 : Int8(missing.trailingZeroBitCount)
    let highest = missing == 0 ? -1 : Int8(7 - missing.leadingZeroBitCount)
    let add2: Int8 = highest == add1 ? -1 : highest

    var found = (0, 0)
    if count == 2 {
      found = try gatherLateral(a, bin, missing, add1, add2)
      // Two points and none around make no tracklet, and leave a trace in the first scratch tracklet only.
      // Nobody sees it: a bin reads of the first one only what it has written there itself.
      if found == (0, 0) { return }
    }

    var m = 0
    var c = 0
    var seen: UInt8 = 0
    let marksOwnChamber = corrections.contains(.strawSeen)
    for i in 0..<count {
      let entry = entries[i]
      if seen & (1 << UInt8(bitPattern: entry.chamber)) == 0 {
        for j in 0...m {
          (scratch + j).setCentral(c, entry.point, entry.chamber)
          // Evaluated within the loop, as in NA62's code: for j < m it is a stale chamber, unless corrected.
          if !marksOwnChamber { seen |= 1 << UInt8(bitPattern: (scratch + m).centralChamber(c) & 7) }
          scratch[j].nc = UInt8(truncatingIfNeeded: c + 1)
          scratch[j].nl = 0
        }
        if marksOwnChamber { seen |= 1 << UInt8(bitPattern: entry.chamber) }
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
      if count != 2 { found = try gatherLateral(a, bin, missing, add1, add2) }
      try addLateral(lateral, found.0, add1, 0, &m)
      try addLateral(lateral + Self.lateralLimit, found.1, add2, found.0 > 0 ? 1 : 0, &m)
    }
    scratchUsed = max(scratchUsed, m + 1)
    for j in 0...m where Int(scratch[j].nc) + Int(scratch[j].nl) > 2 {
      try keep(scratch + j, a, bin)
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
      let chamber = (scratch + m - 1).centralChamber(j)
      if chamber != entry.chamber {
        (scratch + m).setCentral(p, (scratch + m - 1).centralPoint(j), chamber)
      } else {
        let otherChamber = (scratch + m - 1).centralChamber(p)
        let other = (scratch + m - 1).centralPoint(p)
        let mine = views(entry.chamber, entry.point)
        let theirs = views(otherChamber, other)
        if mine > theirs {
          m -= 1
          (scratch + m).setCentral(p, entry.point, entry.chamber)
        } else if mine == theirs {
          (scratch + m).setCentral(p, entry.point, entry.chamber)
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

  private mutating func views(_ chamber: Int8, _ point: UInt8) -> Int32 {
    let chamber = Int(chamber) & 3
    return Int(point) < pointCounts[chamber] ? points[chamber * Self.pointLimit + Int(point)].views : 0
  }

  /// Finds the points of the missing chambers in the bins around, in order and without repetition
  /// (`l1.md` 5.9.7 step 3); returns how many of each.
  private mutating func gatherLateral(
    _ a: Int, _ bin: Int, _ missing: UInt8, _ add1: Int8, _ add2: Int8
  ) throws(Overflow) -> (Int, Int) {
    var found = (0, 0)
    guard missing != 0 else { return found }
    let (columns, columnBits, columnCount) = (columns, columnBits, columnCount)
    let (neighbours, neighbourCounts, lateral) = (neighbours, neighbourCounts, lateral)
    let wanted = Self.pattern(Int(missing))
    for number in max(a - 1, 0)...min(a + 1, Self.slopeBins - 1) {
      let row = row(number)
      if columnCount <= 64 {
        // Most rows have no point of a missing chamber in the three bins, and most others have one.
        let nearby = Self.pointsNear(bin, row, wanted, columnBits, columnCount)
        if nearby.wanted == 0 { continue }
        // With six points at most, none is beyond the sixth of its bin: those of other chambers do not count.
        if nearby.points <= 6 {
          let isOnly = nearby.wanted & (nearby.wanted &- 1) == 0
          for neighbour in isOnly ? 0..<1 : -1..<2 {
            var left = nearby.wanted
            while left != 0 {
              let column = left.trailingZeroBitCount
              left &= left &- 1
              if !isOnly, Int(row[column]) != bin &+ neighbour { continue }
              let entry = columns[column]
              if entry.chamber == add1 {
                try Self.collect(entry.point, lateral, &found.0)
              } else {
                try Self.collect(entry.point, lateral + Self.lateralLimit, &found.1)
              }
            }
          }
          continue
        }
      }
      // The entries of the three bins, six of each at most.
      neighbourCounts.update(repeating: 0, count: 3)
      let lowest = Self.pattern(bin - 1)
      var first = 0
      while first < columnCount {
        var near = Self.nearBytes(Self.word(row, first), lowest)
        while near != 0 {
          let column = first + near.trailingZeroBitCount >> 3
          near &= near &- 1
          let neighbour = Int(row[column]) + 1 - bin
          let count = neighbourCounts[neighbour]
          neighbours[8 * neighbour + count] = columns[column]
          neighbourCounts[neighbour] = min(count + 1, 6)
        }
        first &+= 8
      }
      for neighbour in 0..<3 {
        for i in 0..<neighbourCounts[neighbour] {
          let entry = neighbours[8 * neighbour + i]
          if entry.chamber == add1 {
            try Self.collect(entry.point, lateral, &found.0)
          } else if entry.chamber == add2 {
            try Self.collect(entry.point, lateral + Self.lateralLimit, &found.1)
          }
        }
      }
    }
    return found
  }

  /// How many points of 64 columns at most are in the three bins around a bin of a row, and a bit for the
  /// column of each of them that is of a wanted chamber.
  @inline(__always)
  private static func pointsNear(
    _ bin: Int, _ row: UnsafeMutablePointer<UInt8>, _ chambers: UInt64,
    _ columnBits: UnsafeMutablePointer<UInt8>, _ columnCount: Int
  ) -> (points: UInt64, wanted: UInt64) {
    let lowest = pattern(bin - 1)
    var sums: UInt64 = 0
    var wanted: UInt64 = 0
    var first = 0
    while first < columnCount {
      let near = nearBytes(word(row, first), lowest)
      sums &+= near >> 7
      // The high bit of each column of the chambers; the sums stay within their bytes.
      let found = near & ((word(columnBits, first) & chambers) &+ lowBits)
      // Multiplications move the bits of the bytes together, and add up the bytes, in the highest one.
      wanted |= (((found >> 7) &* 0x0102_0408_1020_4080) >> 56) &<< UInt64(first)
      first &+= 8
    }
    return ((sums &* pattern(1)) >> 56, wanted)
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
      (scratch + j).setLateral(l, found[0], chamber)
      scratch[j].nl = UInt8(l + 1)
    }
    for i in 1..<max(count, 1) {
      for j in 0...last {
        m += 1
        if m == Self.scratchCount { throw Overflow() }
        (scratch + m).copyHits(of: scratch + j)
        (scratch + m).setLateral(l, found[i], chamber)
      }
    }
  }

  /// Gives a tracklet its parameters, and keeps it if they are those of a track (`l1.md` 5.9.7 step 4).
  private mutating func keep(
    _ tracklet: UnsafeMutablePointer<Tracklet>, _ a: Int, _ bin: Int
  ) throws(Overflow) {
    // The hits, (chamber, point) in 16 bits each, in two words: of eight only the last two can be missing.
    var low = UInt64.max
    var high = UInt64.max
    var signature: UInt64 = 0
    let count = Int(tracklet.pointee.nc) + Int(tracklet.pointee.nl)
    for i in 0..<min(count, 8) {
      let isCentral = i < Int(tracklet.pointee.nc)
      let k = isCentral ? i : i - Int(tracklet.pointee.nc)
      let chamber =
        UInt64(truncatingIfNeeded: isCentral ? tracklet.centralChamber(k) : tracklet.lateralChamber(k)) & 3
      let point = UInt64(isCentral ? tracklet.centralPoint(k) : tracklet.lateralPoint(k))
      let mask = ~(chamber << 8 | point) & 0xFFFF
      let place = UInt64(16 * (i & 3))
      if i < 4 { low ^= mask << place } else { high ^= mask << place }
      signature |= 1 << (chamber << 4 | point & 15)
    }
    // The same points are met in one bin after another, with the same parameters in x.
    let hits = SIMD2(low, high)
    if hits != fit.hits { fit = makeFit(hits, count) }
    guard fit.isTrack else { return }
    let my = slopes[a]
    guard Double(my) < 0.020, Double(my) > slopeFloor else { return }
    if signature.nonzeroBitCount != count { hasExactSignatures = false }
    signatures[candidateCount] = signature
    candidates[candidateCount] = Candidate(
      hits: hits, nc: tracklet.pointee.nc, count: UInt8(min(count, 8)), isUsed: false, q1: fit.q1, q2: fit.q2,
      m1: fit.m1, m2: fit.m2, my: my, qy: Float(15 * bin - 1500), cda: 0)
    candidateCount += 1
    if candidateCount == Self.candidateLimit { throw Overflow() }
  }

  /// Finds the parameters of up to eight hits; those of later hits of a chamber hold.
  private mutating func makeFit(_ hits: SIMD2<UInt64>, _ count: Int) -> Fit {
    // In memory and not in vectors, which would have to be taken apart for each hit.
    let x = fitX
    let z = fitZ
    x.update(repeating: 0, count: 4)
    z.update(repeating: 0, count: 4)
    for i in 0..<min(count, 8) {
      let hit = Int(truncatingIfNeeded: (i < 4 ? hits[0] : hits[1]) >> UInt64(16 * (i & 3)))
      let chamber = (hit >> 8) & 3
      let point = hit & 0xFF
      if point < pointCounts[chamber] {
        x[chamber] = points[chamber * Self.pointLimit + point].x
        z[chamber] = StrawGeometry.z[chamber]
      }
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
    return Fit(
      hits: hits, q1: q1, q2: q2, m1: m1, m2: m2,
      isTrack: 3000 < pz && pz < 100_000 && Double(m1) < 0.020 && Double(m1) > slopeFloor)
  }
}

/// The hits of a tracklet, byte by byte where they lie: a byte that has just been written is not read as part
/// of a larger value, for which the processor would have to wait.
extension UnsafeMutablePointer<StrawAlgorithm.Tracklet> {
  private var bytes: UnsafeMutablePointer<UInt8> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: UInt8.self)
  }
  @inline(__always)
  func setCentral(_ i: Int, _ point: UInt8, _ chamber: Int8) {
    bytes[i] = point
    bytes[6 + i] = UInt8(bitPattern: chamber)
  }
  @inline(__always)
  func setLateral(_ i: Int, _ point: UInt8, _ chamber: Int8) {
    bytes[12 + i] = point
    bytes[14 + i] = UInt8(bitPattern: chamber)
  }
  @inline(__always)
  func centralPoint(_ i: Int) -> UInt8 { bytes[i] }
  @inline(__always)
  func centralChamber(_ i: Int) -> Int8 { Int8(bitPattern: bytes[6 + i]) }
  @inline(__always)
  func lateralPoint(_ i: Int) -> UInt8 { bytes[12 + i] }
  @inline(__always)
  func lateralChamber(_ i: Int) -> Int8 { Int8(bitPattern: bytes[14 + i]) }

  /// Takes the counted hits of another tracklet; what lies behind them stays as it is.
  func copyHits(of other: Self) {
    pointee.nc = other.pointee.nc
    pointee.nl = other.pointee.nl
    for i in 0..<Int(Swift.min(pointee.nc, 6)) {
      setCentral(i, other.centralPoint(i), other.centralChamber(i))
    }
    for i in 0..<Int(Swift.min(pointee.nl, 2)) {
      setLateral(i, other.lateralPoint(i), other.lateralChamber(i))
    }
  }
}
