import CountingStatistics
import Simulation

extension ScanReport {
  /// A submission to HEPData, by file name: `submission.yaml` and the data files.
  public func hepData() -> [(name: String, text: String)] {
    let tables: [HEPDataTable]
    switch result {
    case .darkPhoton(let scan): tables = self.tables(scan)
    case .kaonDecay(let scan): tables = self.tables(scan)
    }
    let comment =
      "\(configuration.name). \(configuration.description) Made by Spillway \(version), configuration "
      + "\(configuration.hash); \(countsText). " + notes.joined(separator: ". ") + "."
    return [("submission.yaml", HEPDataTable.submission(tables, comment: comment))]
      + tables.map { ($0.file, $0.data) }
  }

  private var qualifiers: [(name: String, value: String)] {
    [
      ("CL", "\(configuration.confidenceLevel)"), ("METHOD", configuration.limitMethod.rawValue),
      ("TAIL", WindowLimits.tail.rawValue),
    ]
  }

  private func tables(_ scan: DarkPhotonScan) -> [HEPDataTable] {
    let reaction = "P CU --> A' X, \(scan.search.channel == .electrons ? "A' --> E+ E-" : "A' --> MU+ MU-")"
    let qualifiers = qualifiers + [("RE", reaction)]
    func mass(_ values: [Double]) -> HEPDataTable.Variable {
      HEPDataTable.Variable(name: "M(A')", unit: "MeV/$c^2$", values: values.map { HEPDataTable.Value($0) })
    }
    var contour = HEPDataTable(
      name: "Excluded mixing", file: "contour.yaml",
      description: "Smallest and largest excluded kinetic mixing against mass, observed and expected.",
      observables: ["EPSILON"], reactions: [reaction], independent: [mass(scan.contourPoints.map(\.mass))],
      dependent: [])
    for (name, column) in zip(["observed"] + Quantiles.names, [-1] + Quantiles.names.indices) {
      let intervals = scan.contourPoints.map { column < 0 ? $0.interval : $0.expectedIntervals[column] }
      let own = qualifiers + [("LIMIT", column < 0 ? "observed" : "expected, \(name)")]
      contour.dependent += [
        .init(
          name: "smallest $\\epsilon$, \(name)", qualifiers: own,
          values: intervals.map { HEPDataTable.Value($0?.lower) }),
        .init(
          name: "largest $\\epsilon$, \(name)", qualifiers: own,
          values: intervals.map { HEPDataTable.Value($0?.upper) }),
      ]
    }
    let counts = HEPDataTable(
      name: "Counts and limits", file: "counts.yaml",
      description: "Events, background and upper limit on signal events in the window around each mass.",
      observables: ["N"], reactions: [reaction], independent: [mass(scan.contourPoints.map(\.mass))],
      dependent: [
        .init(name: "observed events", values: scan.contourPoints.map { HEPDataTable.Value($0.observed) }),
        .init(name: "expected background", values: scan.contourPoints.map { Self.value($0.background) }),
        .init(
          name: "upper limit on signal events", qualifiers: qualifiers,
          values: scan.contourPoints.map { HEPDataTable.Value($0.limit) }),
        .init(
          name: "acceptance times efficiency",
          values: scan.contourPoints.map { HEPDataTable.Value($0.acceptance) }),
      ])
    let cells = scan.points.indices.flatMap { row in scan.mixings.indices.map { (row: row, column: $0) } }
    let grid = HEPDataTable(
      name: "Expected yield", file: "grid.yaml",
      description: "Expected signal events over mass and kinetic mixing, and the upper limit at the mass.",
      observables: ["N"], reactions: [reaction],
      independent: [
        mass(cells.map { scan.points[$0.row].mass }),
        .init(name: "$\\epsilon$", values: cells.map { HEPDataTable.Value(scan.mixings[$0.column]) }),
      ],
      dependent: [
        .init(
          name: "expected signal events",
          values: cells.map { HEPDataTable.Value(scan.yields[$0.row][$0.column]) }),
        .init(
          name: "upper limit on signal events", qualifiers: qualifiers,
          values: cells.map { HEPDataTable.Value(scan.points[$0.row].limit) }),
      ])
    return [contour, counts, grid]
  }

  private func tables(_ scan: KaonDecayScan) -> [HEPDataTable] {
    let reaction = scan.search.decay == .axions ? "K+ --> PI+ A A" : "K+ --> PI+ S, S --> A' A'"
    let qualifiers = qualifiers + [("RE", reaction)]
    let masses = scan.search.decay.particles.enumerated().map { axis, particle in
      HEPDataTable.Variable(
        name: "M(\(particle))", unit: "MeV/$c^2$",
        values: scan.points.map { HEPDataTable.Value($0.masses[axis]) })
    }
    let expected = scan.points.map { point -> HEPDataTable.Value in
      guard let limits = point.expectedBranchingRatio else { return HEPDataTable.Value(nil as Double?) }
      var value = HEPDataTable.Value(limits.median)
      value.errors = [(1, 3, "1 s.d."), (0, 4, "2 s.d.")].map { low, high, label in
        (label, limits.median - limits.values[low], limits.values[high] - limits.median)
      }
      return value
    }
    return [
      HEPDataTable(
        name: "Branching ratio", file: "limits.yaml",
        description: "Upper limit on the branching ratio at each mass point, observed and expected.",
        observables: ["BR"], reactions: [reaction], independent: masses,
        dependent: [
          .init(
            name: "observed upper limit", qualifiers: qualifiers,
            values: scan.points.map { HEPDataTable.Value($0.branchingRatio) }),
          .init(name: "expected upper limit", qualifiers: qualifiers, values: expected),
          .init(name: "observed events", values: scan.points.map { HEPDataTable.Value($0.observed) }),
          .init(name: "expected background", values: scan.points.map { Self.value($0.background) }),
          .init(
            name: "acceptance times efficiency", values: scan.points.map { HEPDataTable.Value($0.acceptance) }
          ),
        ])
    ]
  }

  private static func value(_ background: BackgroundEstimate) -> HEPDataTable.Value {
    var value = HEPDataTable.Value(background.events)
    if background.uncertainty > 0 {
      value.errors = [("uncertainty", background.uncertainty, background.uncertainty)]
    }
    return value
  }
}
