import CountingStatistics
import Pages

extension ScanReport {
  /// The result as a page that needs nothing else: no network, no script.
  public func html() -> String { HTML.page(title: "Scan: \(configuration.name)", section) }

  /// The result as a part of a page.
  public var section: String {
    var out = ""
    if !configuration.description.isEmpty { out += HTML.paragraph(configuration.description) }
    out += HTML.paragraph(
      "Counts: \(countsText). Limits at \(ScanText.number(configuration.confidenceLevel * 100)) %: "
        + "\(configuration.limitMethod.rawValue). Spillway \(version), configuration \(configuration.hash.prefix(12))."
    )
    switch result {
    case .darkPhoton(let scan): out += section(scan)
    case .kaonDecay(let scan): out += scan.search.axes.count > 1 ? plane(scan) : line(scan)
    }
    out += "<h2>Significance</h2>\n"
    if let excess {
      out += HTML.table(
        [
          "most significant [MeV/c²]", "seen", "background", "local p", "Z", "Z (2-sided)", "windows",
          "global p", "Z",
        ],
        [
          [
            ScanText.masses(excess.masses), "\(excess.local.observed)",
            ScanText.number(excess.local.background),
            ScanText.number(excess.local.pValue), excess.local.zOneSided.map(ScanText.number) ?? "-",
            excess.local.zTwoSided.map(ScanText.number) ?? "-", "\(excess.windows)",
            ScanText.number(excess.globalPValue), excess.globalZ.map(ScanText.number) ?? "-",
          ]
        ])
      out += HTML.paragraph(
        "Global: 1 - (1 - p)^N (Šidák), N windows that do not overlap. p is the probability of as many events or more.",
        isNote: true)
    } else {
      out += HTML.paragraph("No window has an event; \(windows) windows do not overlap.")
    }
    out += "<h2>Notes</h2>\n" + notes.map { HTML.paragraph($0, isNote: true) }.joined()
    return out
  }

  private func key(_ series: Int, _ text: String) -> String {
    "<span class=\"key s\(series)\"><span>\(HTML.escaped(text))</span></span>"
  }

  // MARK: ε against mass

  private func section(_ scan: DarkPhotonScan) -> String {
    let contours = [scan.observed] + scan.expected
    let couplings = contours.flatMap(\.islands).flatMap { $0 }.flatMap {
      [$0.interval.lower, $0.interval.upper]
    }
    let masses = scan.search.masses.range
    guard let low = couplings.min(), let high = couplings.max() else {
      return "<h2>Exclusion</h2>\n" + HTML.paragraph("Nothing is excluded.")
    }
    let ends = scan.search.mixings.range
    var plot = SVGPlot(
      height: 520, x: masses, y: max(ends.lowerBound, low / 1.6)...min(ends.upperBound, high * 1.6),
      xTitle: "m(A') [MeV/c²]", yTitle: "mixing ε", yScale: .logarithmic)
    let hasBands = !scan.contourPoints.allSatisfy(\.expected.coincide)
    if hasBands {
      // From -2 to +2 σ the limit rises, so the excluded area shrinks: the band is what lies between.
      for (inner, outer, series) in [(4, 0, 1), (3, 1, 2)] {
        plot.area(
          (scan.expected[outer].outlines + scan.expected[inner].outlines).map(Self.points), series: series,
          opacity: 0.35)
      }
    }
    plot.area(scan.observed.outlines.map(Self.points), series: 0, opacity: 0.12)
    for outline in scan.observed.outlines { plot.curve(Self.points(outline), series: 0) }
    // On top: where it is the observed line, both are seen.
    for outline in scan.expected[2].outlines { plot.curve(Self.points(outline), series: 3, isDashed: true) }
    let level = ScanText.number(configuration.confidenceLevel * 100)
    var out = "<h2>Exclusion</h2>\n"
    out += plot.svg(label: "Excluded ε against mass, observed and expected")
    out += "<p>" + key(0, "excluded at \(level) %, observed") + key(3, "expected, median")
    if hasBands { out += key(2, "expected, 68.27 %") + key(1, "expected, 95.45 %") }
    return out + "</p>\n" + yields(scan)
  }

  /// The largest number of events against mass, with the limit.
  private func yields(_ scan: DarkPhotonScan) -> String {
    let values = scan.contourPoints.map { ($0.mass, $0.greatestYield) }.filter { $0.1 > 0 }
    let limits = scan.contourPoints.map { ($0.mass, $0.limit) }
    guard let least = (values + limits).map(\.1).min(), let most = (values + limits).map(\.1).max() else {
      return ""
    }
    var plot = SVGPlot(
      height: 220, x: scan.search.masses.range, y: max(least / 2, most / 1e9)...(most * 2),
      xTitle: "m(A') [MeV/c²]", yTitle: "events", yScale: .logarithmic)
    plot.curve(values.map { (x: $0.0, y: $0.1) }, series: 2)
    plot.curve(limits.map { (x: $0.0, y: $0.1) }, series: 0)
    return "<h2>Events</h2>\n" + plot.svg(label: "Expected events at the best ε, and the limit, against mass")
      + "<p>"
      + key(2, "expected at the ε that gives most") + key(0, "limit") + "</p>\n"
  }

  private static func points(_ outline: [(position: Double, coupling: Double)]) -> [(x: Double, y: Double)] {
    outline.map { (x: $0.position, y: $0.coupling) }
  }

  // MARK: Branching ratio

  private func line(_ scan: KaonDecayScan) -> String {
    let points = scan.points.filter { $0.branchingRatio != nil }
    let all =
      points.compactMap(\.branchingRatio) + points.compactMap(\.expectedBranchingRatio).flatMap(\.values)
    guard let low = all.min(), let high = all.max(), let first = points.first, let last = points.last,
      first.masses.x < last.masses.x
    else { return "" }
    var plot = SVGPlot(
      height: 420, x: first.masses.x...last.masses.x, y: low / 1.5...high * 1.5,
      xTitle: "m(\(scan.search.decay.particles[0])) [MeV/c²]",
      yTitle: "BR(\(scan.search.decay.rawValue.replacing("->", with: "→")))", yScale: .logarithmic)
    func curve(_ quantile: Int) -> [(x: Double, y: Double)] {
      points.map { ($0.masses.x, $0.expectedBranchingRatio?.values[quantile] ?? low) }
    }
    let hasBands = !points.allSatisfy(\.expected.coincide)
    if hasBands {
      plot.area([curve(4) + curve(0).reversed()], series: 1, opacity: 0.35)
      plot.area([curve(3) + curve(1).reversed()], series: 2, opacity: 0.35)
    }
    plot.curve(points.map { ($0.masses.x, $0.branchingRatio ?? low) }, series: 0)
    plot.curve(curve(2), series: 3, isDashed: true)
    let level = ScanText.number(configuration.confidenceLevel * 100)
    var out = "<h2>Limits</h2>\n" + plot.svg(label: "Limit on the branching ratio against mass")
    out += "<p>" + key(0, "upper limit at \(level) %, observed") + key(3, "expected, median")
    if hasBands { out += key(2, "expected, 68.27 %") + key(1, "expected, 95.45 %") }
    return out + "</p>\n"
  }

  private func plane(_ scan: KaonDecayScan) -> String {
    let axes = scan.search.axes
    let limits = scan.points.compactMap(\.branchingRatio)
    guard let least = limits.min(), let most = limits.max() else { return "" }
    func frame(_ grid: ScanGrid) -> ClosedRange<Double> {
      let half = (grid.range.upperBound - grid.range.lowerBound) / Double(2 * max(1, grid.count - 1))
      return grid.range.lowerBound - half...grid.range.upperBound + half
    }
    let (first, second) = (axes[0].values, axes[1].values)
    var cells = [Double](repeating: 0, count: first.count * second.count)
    for point in scan.points {
      guard let limit = point.branchingRatio, let column = first.firstIndex(of: point.masses.x),
        let row = second.firstIndex(of: point.masses.y)
      else { continue }
      cells[row * first.count + column] = limit / least
    }
    var plot = SVGPlot(
      height: 420, x: frame(axes[0]), y: frame(axes[1]), xTitle: "m(S) [MeV/c²]", yTitle: "m(A') [MeV/c²]")
    plot.cells(cells, columns: first.count, rows: second.count)
    return "<h2>Limits</h2>\n" + plot.svg(label: "Limit on the branching ratio over the plane of masses")
      + HTML.paragraph(
        "Upper limit on the branching ratio, the deeper the weaker by the logarithm: from \(ScanText.number(least)) to "
          + "\(ScanText.number(most)). White: no such decay, or no acceptance.", isNote: true)
  }
}
