import CountingStatistics

extension ScanReport {
  /// The tables of the scan as CSV, by file name.
  public func tables() -> [(name: String, text: String)] {
    switch result {
    case .darkPhoton(let scan):
      [("contour.csv", contour(scan)), ("outline.csv", outline(scan)), ("grid.csv", grid(scan))]
    case .kaonDecay(let scan): [("limits.csv", limits(scan))]
    }
  }

  private func contour(_ scan: DarkPhotonScan) -> String {
    let columns = ["observed"] + Quantiles.columns
    var out =
      "mass_mev,observed,background,background_uncertainty,limit_events,acceptance,"
      + columns.map { "epsilon_lower_\($0),epsilon_upper_\($0)" }.joined(separator: ",") + "\n"
    for point in scan.contourPoints {
      var row = [
        "\(point.mass)", "\(point.observed)", "\(point.background.events)", "\(point.background.uncertainty)",
        "\(point.limit)", "\(point.acceptance)",
      ]
      for interval in [point.interval] + point.expectedIntervals {
        row += [interval.map { "\($0.lower)" } ?? "", interval.map { "\($0.upper)" } ?? ""]
      }
      out += row.joined(separator: ",") + "\n"
    }
    return out
  }

  private func outline(_ scan: DarkPhotonScan) -> String {
    var out = "contour,island,mass_mev,epsilon\n"
    for (name, contour) in zip(["observed"] + Quantiles.columns, [scan.observed] + scan.expected) {
      for (island, outline) in contour.outlines.enumerated() {
        for place in outline { out += "\(name),\(island + 1),\(place.position),\(place.coupling)\n" }
      }
    }
    return out
  }

  private func grid(_ scan: DarkPhotonScan) -> String {
    var out = "mass_mev,epsilon,yield_events,limit_events,excluded\n"
    for (point, yields) in zip(scan.points, scan.yields) {
      for (mixing, yield) in zip(scan.mixings, yields) {
        out += "\(point.mass),\(mixing),\(yield),\(point.limit),\(yield >= point.limit)\n"
      }
    }
    return out
  }

  private func limits(_ scan: KaonDecayScan) -> String {
    let isPlane = scan.search.axes.count > 1
    var out =
      (isPlane ? "mass_s_mev,mass_a_mev" : "mass_a_mev")
      + ",observed,background,background_uncertainty,acceptance,limit_events,br_limit,"
      + Quantiles.columns.map { "br_expected_\($0)" }.joined(separator: ",") + "\n"
    for point in scan.points {
      var row = ["\(point.masses.x)"] + (isPlane ? ["\(point.masses.y)"] : [])
      row += [
        "\(point.observed)", "\(point.background.events)", "\(point.background.uncertainty)",
        "\(point.acceptance)", "\(point.limit)", point.branchingRatio.map { "\($0)" } ?? "",
      ]
      row += point.expectedBranchingRatio?.values.map { "\($0)" } ?? Quantiles.columns.map { _ in "" }
      out += row.joined(separator: ",") + "\n"
    }
    return out
  }
}
