extension StrawAlgorithm {
  /// Clusters to points, chamber by chamber (`l1.md` 5.9.4, 5.9.5).
  mutating func makePoints() throws(Overflow) {
    for chamber in 0..<4 {
      rawCount = 0
      try combineViews(chamber)
      let out = points + chamber * Self.pointLimit
      if rawCount < 7 {
        out.update(from: rawPoints, count: rawCount)
        pointCounts[chamber] = rawCount
      } else {
        let count = try Self.select(rawPoints, rawCount, rawPoints, byY: true, firstPass, selectionMarks)
        pointCounts[chamber] = try Self.select(
          firstPass, count, rawPoints, byY: false, out, selectionMarks)
      }
    }
  }

  @inline(__always)
  private mutating func appendPoint(_ x: Float, _ y: Float, _ distance: Float, _ views: Int32)
    throws(Overflow)
  {
    rawPoints[rawCount] = Point(x: x, y: y, distance: distance, views: views)
    rawCount += 1
    if rawCount == Self.rawPointLimit { throw Overflow() }
  }

  /// f32(sum / √2), with the division in double precision.
  @inline(__always)
  private static func overSqrt2(_ sum: Float) -> Float { Float(Double(sum) / StrawGeometry.sqrt2) }

  private mutating func combineViews(_ chamber: Int) throws(Overflow) {
    let base = 4 * chamber
    let v = UnsafeMutableBufferPointer(
      start: clusters + base * Self.clusterLimit, count: clusterCounts[base])
    let u = UnsafeMutableBufferPointer(
      start: clusters + (base + 1) * Self.clusterLimit, count: clusterCounts[base + 1])
    let x = UnsafeMutableBufferPointer(
      start: clusters + (base + 2) * Self.clusterLimit, count: clusterCounts[base + 2])
    let y = UnsafeMutableBufferPointer(
      start: clusters + (base + 3) * Self.clusterLimit, count: clusterCounts[base + 3])
    // Four views.
    if !v.isEmpty, !u.isEmpty {
      for iy in y.indices {
        for ix in x.indices {
          let sum = Self.overSqrt2(y[iy].w + x[ix].w)
          let difference = Self.overSqrt2(x[ix].w - y[iy].w)
          for iu in u.indices {
            var d = abs(u[iu].w - sum)
            guard d < 6 else { continue }
            for iv in v.indices {
              let d4 = abs(v[iv].w - difference)
              guard d4 < 6 else { continue }
              // The smaller distance stays for the next v, as in NA62's code.
              d = min(d, d4)
              try appendPoint(x[ix].w, y[iy].w, d, 4)
              y[iy].state = 1
              x[ix].state = 1
              u[iu].state = 1
              v[iv].state = 1
            }
          }
        }
      }
    }
    // The other points need two clusters that no four-view point has taken.
    guard Self.free(v) + Self.free(u) + Self.free(x) + Self.free(y) >= 2 else { return }
    // Three views: x, y and one of u, v.
    for iy in y.indices {
      for ix in x.indices {
        let sum = Self.overSqrt2(y[iy].w + x[ix].w)
        for iu in u.indices {
          let d = abs(u[iu].w - sum)
          guard d < 6, Self.mostlyFree(u[iu].state, x[ix].state, y[iy].state) else { continue }
          try appendPoint(x[ix].w, y[iy].w, d, 3)
          u[iu].state = 2
          x[ix].state = 2
          y[iy].state = 2
        }
        let difference = Self.overSqrt2(x[ix].w - y[iy].w)
        for iv in v.indices {
          let d = abs(v[iv].w - difference)
          guard d < 6, Self.mostlyFree(v[iv].state, x[ix].state, y[iy].state) else { continue }
          try appendPoint(x[ix].w, y[iy].w, d, 3)
          v[iv].state = 2
          x[ix].state = 2
          y[iy].state = 2
        }
      }
    }
    // Three views: v, u and one of x, y.
    for iv in v.indices {
      for iu in u.indices {
        let sum = Self.overSqrt2(v[iv].w + u[iu].w)
        let difference = Self.overSqrt2(u[iu].w - v[iv].w)
        for ix in x.indices {
          let d = abs(x[ix].w - sum)
          guard d < 6, Self.mostlyFree(v[iv].state, u[iu].state, x[ix].state) else { continue }
          try appendPoint(x[ix].w, difference, d, 3)
          v[iv].state = 2
          u[iu].state = 2
          x[ix].state = 2
        }
        for iy in y.indices {
          let d = abs(y[iy].w - difference)
          guard d < 6, Self.mostlyFree(v[iv].state, u[iu].state, y[iy].state) else { continue }
          try appendPoint(sum, y[iy].w, d, 3)
          v[iv].state = 2
          u[iu].state = 2
          y[iy].state = 2
        }
      }
    }
    try combineTwoViews(chamber, v, u, x, y)
  }

  /// Two views, for clusters in no other point, where only two views see the chamber.
  private mutating func combineTwoViews(
    _ chamber: Int, _ v: UnsafeMutableBufferPointer<Cluster>, _ u: UnsafeMutableBufferPointer<Cluster>,
    _ x: UnsafeMutableBufferPointer<Cluster>, _ y: UnsafeMutableBufferPointer<Cluster>
  ) throws(Overflow) {
    let s = StrawGeometry.sqrt2
    let hole = StrawGeometry.hole(chamber: chamber)
    for a in v where a.state == 0 {
      for b in u where b.state == 0 { try add(Double(a.w + b.w) / s, Double(b.w - a.w) / s, hole) }
      for b in x where b.state == 0 { try add(Double(b.w), Double(b.w) - s * Double(a.w), hole) }
      for b in y where b.state == 0 { try add(s * Double(a.w) + Double(b.w), Double(b.w), hole) }
    }
    for a in u where a.state == 0 {
      for b in x where b.state == 0 { try add(Double(b.w), s * Double(a.w) - Double(b.w), hole) }
      for b in y where b.state == 0 { try add(s * Double(a.w) - Double(b.w), Double(b.w), hole) }
    }
    for a in x where a.state == 0 {
      for b in y where b.state == 0 { try add(Double(a.w), Double(b.w), hole) }
    }
  }

  /// A point of two views, if only two see it.
  private mutating func add(
    _ x: Double, _ y: Double, _ hole: (low: SIMD4<Double>, high: SIMD4<Double>)
  ) throws(Overflow) {
    guard StrawGeometry.isInTwoViews(hole: hole, x: x, y: y) else { return }
    try appendPoint(Float(x), Float(y), 0, 2)
  }

  /// Number of clusters that no four-view point has taken.
  @inline(__always)
  private static func free(_ clusters: UnsafeMutableBufferPointer<Cluster>) -> Int {
    var count = 0
    for cluster in clusters { count &+= cluster.state == 0 ? 1 : 0 }
    return count
  }

  /// Whether at least two of three clusters are not taken by a four-view point.
  @inline(__always)
  private static func mostlyFree(_ a: Int32, _ b: Int32, _ c: Int32) -> Bool {
    (a == 1 ? 1 : 0) + (b == 1 ? 1 : 0) + (c == 1 ? 1 : 0) <= 1
  }

  /// Of points that are close in one coordinate keeps the best (`l1.md` 5.9.5).
  ///
  /// - Parameters:
  ///   - list: the points.
  ///   - count: their number.
  ///   - original: where the distance of the second point is looked up. In the second pass that is the list
  ///     before the first pass, which is not shorter: NA62's slip, which is kept.
  ///   - byY: whether y is the coordinate, or x.
  ///   - out: takes the points.
  ///   - marks: scratch memory for `count` marks.
  /// - Returns: how many points `out` has.
  private static func select(
    _ list: UnsafeMutablePointer<Point>, _ count: Int, _ original: UnsafeMutablePointer<Point>, byY: Bool,
    _ out: UnsafeMutablePointer<Point>, _ marks: UnsafeMutablePointer<Bool>
  ) throws(Overflow) -> Int {
    marks.update(repeating: false, count: count)
    var found = 0
    for j in 0..<count {
      let views = list[j].views
      if views == 2 {
        out[found] = list[j]
      } else {
        guard !marks[j] else { continue }
        let coordinate = byY ? list[j].y : list[j].x
        var t = j
        marks[j] = true
        var k = j + 1
        while k < count {
          defer { k += 1 }
          guard list[k].views == views, !marks[k],
            abs(coordinate - (byY ? list[k].y : list[k].x)) < 4.0
          else { continue }
          let delta = list[t].distance - list[k].distance
          if delta > 1.0, list[t].distance > 3.0 {
            t = k
            marks[k] = true
          }
          if delta < -1.0, original[k].distance > 3.0 { marks[k] = true }
        }
        out[found] = list[t]
      }
      found += 1
      if found == pointLimit { throw Overflow() }
    }
    return found
  }
}
