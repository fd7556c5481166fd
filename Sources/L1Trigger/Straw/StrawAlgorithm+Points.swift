extension StrawAlgorithm {
  /// Clusters to points, chamber by chamber (`l1.md` 5.9.4, 5.9.5).
  func makePoints() throws(Overflow) {
    for chamber in 0..<4 {
      rawPoints.removeAll(keepingCapacity: true)
      try combineViews(chamber)
      points[chamber].removeAll(keepingCapacity: true)
      if rawPoints.count < 7 {
        points[chamber].append(contentsOf: rawPoints)
      } else {
        firstPass.removeAll(keepingCapacity: true)
        try Self.select(rawPoints, original: rawPoints, byY: true, into: &firstPass, &selectionMarks)
        try Self.select(
          firstPass, original: rawPoints, byY: false, into: &points[chamber], &selectionMarks)
      }
    }
  }

  private func appendPoint(_ x: Float, _ y: Float, _ distance: Float, _ views: Int32) throws(Overflow) {
    rawPoints.append(Point(x: x, y: y, distance: distance, views: views))
    if rawPoints.count == 5000 { throw Overflow() }
  }

  /// f32(sum / √2), with the division in double precision.
  @inline(__always)
  private func overSqrt2(_ sum: Float) -> Float { Float(Double(sum) / StrawGeometry.sqrt2) }

  private func combineViews(_ chamber: Int) throws(Overflow) {
    let base = 4 * chamber
    // The lists are taken out, so that they can be read and written without a check of uniqueness.
    var v = clusters[base]
    var u = clusters[base + 1]
    var x = clusters[base + 2]
    var y = clusters[base + 3]
    // Four views.
    for iy in y.indices {
      for ix in x.indices {
        for iu in u.indices {
          var d = abs(u[iu].w - overSqrt2(y[iy].w + x[ix].w))
          guard d < 6 else { continue }
          for iv in v.indices {
            let d4 = abs(v[iv].w - overSqrt2(x[ix].w - y[iy].w))
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
    // Three views: x, y and one of u, v.
    for iy in y.indices {
      for ix in x.indices {
        for iu in u.indices where Self.mostlyFree(u[iu].state, x[ix].state, y[iy].state) {
          let d = abs(u[iu].w - overSqrt2(y[iy].w + x[ix].w))
          guard d < 6 else { continue }
          try appendPoint(x[ix].w, y[iy].w, d, 3)
          u[iu].state = 2
          x[ix].state = 2
          y[iy].state = 2
        }
        for iv in v.indices where Self.mostlyFree(v[iv].state, x[ix].state, y[iy].state) {
          let d = abs(v[iv].w - overSqrt2(x[ix].w - y[iy].w))
          guard d < 6 else { continue }
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
        for ix in x.indices where Self.mostlyFree(v[iv].state, u[iu].state, x[ix].state) {
          let d = abs(x[ix].w - overSqrt2(v[iv].w + u[iu].w))
          guard d < 6 else { continue }
          try appendPoint(x[ix].w, overSqrt2(u[iu].w - v[iv].w), d, 3)
          v[iv].state = 2
          u[iu].state = 2
          x[ix].state = 2
        }
        for iy in y.indices where Self.mostlyFree(v[iv].state, u[iu].state, y[iy].state) {
          let d = abs(y[iy].w - overSqrt2(u[iu].w - v[iv].w))
          guard d < 6 else { continue }
          try appendPoint(overSqrt2(v[iv].w + u[iu].w), y[iy].w, d, 3)
          v[iv].state = 2
          u[iu].state = 2
          y[iy].state = 2
        }
      }
    }
    try combineTwoViews(chamber, v, u, x, y)
  }

  /// Two views, for clusters in no other point, where only two views see the chamber.
  private func combineTwoViews(
    _ chamber: Int, _ v: [Cluster], _ u: [Cluster], _ x: [Cluster], _ y: [Cluster]
  ) throws(Overflow) {
    let s = StrawGeometry.sqrt2
    func add(_ px: Double, _ py: Double) throws(Overflow) {
      guard StrawGeometry.isInTwoViews(chamber: chamber, x: px, y: py) else { return }
      try appendPoint(Float(px), Float(py), 0, 2)
    }
    for a in v where a.state == 0 {
      for b in u where b.state == 0 { try add(Double(a.w + b.w) / s, Double(b.w - a.w) / s) }
      for b in x where b.state == 0 { try add(Double(b.w), Double(b.w) - s * Double(a.w)) }
      for b in y where b.state == 0 { try add(s * Double(a.w) + Double(b.w), Double(b.w)) }
    }
    for a in u where a.state == 0 {
      for b in x where b.state == 0 { try add(Double(b.w), s * Double(a.w) - Double(b.w)) }
      for b in y where b.state == 0 { try add(s * Double(a.w) - Double(b.w), Double(b.w)) }
    }
    for a in x where a.state == 0 {
      for b in y where b.state == 0 { try add(Double(a.w), Double(b.w)) }
    }
  }

  /// Whether at least two of three clusters are not taken by a four-view point.
  @inline(__always)
  private static func mostlyFree(_ a: Int32, _ b: Int32, _ c: Int32) -> Bool {
    (a == 1 ? 1 : 0) + (b == 1 ? 1 : 0) + (c == 1 ? 1 : 0) <= 1
  }

  /// Of points that are close in one coordinate keeps the best (`l1.md` 5.9.5).
  ///
  /// - Parameter original: where the distance of the second point is looked up. In the second pass that
  ///   is the list before the first pass: NA62's slip, which is kept.
  private static func select(
    _ list: [Point], original: [Point], byY: Bool, into out: inout [Point], _ marks: inout [Bool]
  ) throws(Overflow) {
    marks.removeAll(keepingCapacity: true)
    marks.append(contentsOf: repeatElement(false, count: list.count))
    for j in list.indices {
      let coordinate = byY ? list[j].y : list[j].x
      for n in [Int32(4), 3] where list[j].views == n && !marks[j] {
        var t = j
        marks[j] = true
        for k in (j + 1)..<max(list.count, j + 1) where list[k].views == n && !marks[k] {
          guard abs(coordinate - (byY ? list[k].y : list[k].x)) < 4.0 else { continue }
          let delta = list[t].distance - list[k].distance
          if delta > 1.0, list[t].distance > 3.0 {
            t = k
            marks[k] = true
          }
          if delta < -1.0, original[k].distance > 3.0 { marks[k] = true }
        }
        out.append(list[t])
        if out.count == 2000 { throw Overflow() }
      }
      if list[j].views == 2 {
        out.append(list[j])
        if out.count == 2000 { throw Overflow() }
      }
    }
  }
}
