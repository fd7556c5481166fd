import CountingStatistics
import Pages

extension ScanReport {
  /// Most rows of a table for a person; files have all.
  private static let largestRowCount = 40

  /// The result for a person.
  public func text() -> String {
    let level = ScanText.number(configuration.confidenceLevel * 100)
    var out = "\(configuration.name)"
    if !configuration.description.isEmpty { out += ": \(configuration.description)" }
    out += "\n\(countsText); limits at \(level) %: \(configuration.limitMethod.rawValue)\n\n"
    switch result {
    case .darkPhoton(let scan): out += text(scan)
    case .kaonDecay(let scan): out += text(scan)
    }
    out += "\n"
    if let excess {
      out += "most significant: \(ScanText.masses(excess.masses)) MeV/c2, "
      out += "\(excess.local.observed) seen, \(ScanText.number(excess.local.background)) expected\n"
      out +=
        "  local  p = \(ScanText.number(excess.local.pValue)), Z = \(z(excess.local.zOneSided)) one-sided, "
      out += "\(z(excess.local.zTwoSided)) two-sided\n"
      out += "  global p = \(ScanText.number(excess.globalPValue)), Z = \(z(excess.globalZ)) one-sided "
      out += "(Šidák, \(excess.windows) windows that do not overlap)\n"
    } else {
      out += "most significant: none, as no window has an event (\(windows) windows do not overlap)\n"
    }
    for note in notes { out += "\(note)\n" }
    return out
  }

  private func z(_ value: Double?) -> String { value.map(ScanText.number) ?? "-" }

  private func text(_ scan: DarkPhotonScan) -> String {
    var table = TextTable(
      [
        "m [MeV/c2]", "seen", "background", "limit", "A x eff", "most events", "at ε", "ε from", "to",
        "expected from", "to",
      ], alignments: Array(repeating: .right, count: 11))
    for point in Self.some(scan.points) {
      let middle = point.expectedIntervals[2]
      table.append([
        ScanText.number(point.mass), "\(point.observed)", ScanText.number(point.background.events),
        ScanText.number(point.limit), ScanText.number(point.acceptance), ScanText.number(point.greatestYield),
        ScanText.number(point.greatestMixing),
        ScanText.lower(point.interval.map { ($0.lower, $0.isLowerOpen) }),
        ScanText.upper(point.interval.map { ($0.upper, $0.isUpperOpen) }),
        ScanText.lower(middle.map { ($0.lower, $0.isLowerOpen) }),
        ScanText.upper(middle.map { ($0.upper, $0.isUpperOpen) }),
      ])
    }
    var out = table.text
    out += "\nexcluded: "
    let parts = scan.observed.islands.compactMap { island -> String? in
      guard let first = island.first, let last = island.last else { return nil }
      let lowest = island.map(\.interval.lower).min() ?? 0
      let highest = island.map(\.interval.upper).max() ?? 0
      return
        "\(ScanText.number(first.position)) to \(ScanText.number(last.position)) MeV/c2, "
        + "ε from \(ScanText.number(lowest)) to \(ScanText.number(highest))"
    }
    return out + (parts.isEmpty ? "nothing" : parts.joined(separator: "; ")) + "\n"
  }

  private func text(_ scan: KaonDecayScan) -> String {
    let names = scan.search.decay.particles.map { "m(\($0)) [MeV/c2]" }
    var table = TextTable(
      names + ["seen", "background", "limit", "A x eff", "BR <", "expected", "-2 sigma", "+2 sigma"],
      alignments: Array(repeating: .right, count: names.count + 8))
    for point in Self.some(scan.points) {
      let expected = point.expectedBranchingRatio
      table.append(
        names.indices.map { ScanText.number(point.masses[$0]) } + [
          "\(point.observed)", ScanText.number(point.background.events), ScanText.number(point.limit),
          ScanText.number(point.acceptance), point.branchingRatio.map(ScanText.number) ?? "-",
          expected.map { ScanText.number($0.median) } ?? "-",
          expected.map { ScanText.number($0.values[0]) } ?? "-",
          expected.map { ScanText.number($0.values[4]) } ?? "-",
        ])
    }
    let limits = scan.points.compactMap(\.branchingRatio)
    var out = table.text
    if let least = limits.min(), let most = limits.max() {
      out +=
        "\n\(scan.search.decay.rawValue): limits from \(ScanText.number(least)) to \(ScanText.number(most)) "
      out += "at \(limits.count) of \(scan.points.count) points"
      out += limits.count < scan.points.count ? "; the others have no acceptance\n" : "\n"
    }
    return out
  }

  /// The points, or some of them in even steps where there are many.
  private static func some<Point>(_ points: [Point]) -> [Point] {
    guard points.count > largestRowCount else { return points }
    return (0..<largestRowCount).map { points[$0 * (points.count - 1) / (largestRowCount - 1)] }
  }
}
