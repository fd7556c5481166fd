/// The parts of a selection's documentation that are made from its file, so that the two cannot drift apart.
public enum SelectionPage {
  /// A part of the page.
  public enum Section: String, CaseIterable, Sendable {
    /// What an event needs to enter, and what makes a candidate.
    case trigger
    /// The declared variables.
    case variables
    /// The cuts with their values and trust.
    case cuts
    /// The regions with their borders.
    case regions
    /// Counting experiment and flux.
    case normalisation
    /// Histograms and scans.
    case plots
  }

  /// A part of the page of a selection, as Markdown.
  public static func text(_ section: Section, of selection: PhysicsSelection) -> String {
    let lines =
      switch section {
      case .trigger: trigger(selection)
      case .variables: variables(selection)
      case .cuts: cuts(selection)
      case .regions: regions(selection)
      case .normalisation: normalisation(selection)
      case .plots: plots(selection)
      }
    return lines.joined(separator: "\n")
  }

  /// The page with its marked parts made again; a part stands between a line `<!-- NAME SECTION -->` and a
  /// line `<!-- end -->`. Marks of unknown selections or sections are left as they are.
  public static func renewed(_ page: String, selections: [PhysicsSelection]) -> String {
    var out: [Substring] = []
    var isInside = false
    for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == "<!-- end -->" { isInside = false }
      guard !isInside else { continue }
      out.append(line)
      let words = line.split(separator: " ")
      guard words.count == 4, words[0] == "<!--", words[3] == "-->",
        let selection = selections.first(where: { $0.name == words[1] }),
        let section = Section(rawValue: String(words[2]))
      else { continue }
      isInside = true
      out.append(Substring(text(section, of: selection)))
    }
    return out.joined(separator: "\n")
  }

  private static func trigger(_ selection: PhysicsSelection) -> [String] {
    var lines = ["- " + (selection.requiresKept ? "L1 keeps the event" : "whether or not L1 keeps the event")]
    let origin = selection.triggerProvenance.map { " (\($0.trust.word); \($0.source))" } ?? ""
    lines += selection.triggerConditions.map { "- \(code($0.label))\(origin)" }
    lines.append("- \(selection.candidateLabel)")
    if !selection.roles.isEmpty {
      let roles = selection.roles.map { role in
        "\(code(role.name)) (\(role.charge > 0 ? "+" : "-"), mass of \(role.mass.rawValue))"
      }
      lines.append("- roles: \(roles.joined(separator: ", "))")
    }
    if let beam = selection.beam {
      lines.append(
        "- beam: \(Bounds.text(beam.momentum, .momentum)), dx/dz \(beam.slopeX), dy/dz \(beam.slopeY)"
          + " (\(beam.provenance.trust.word); \(beam.provenance.source))")
    }
    lines.append(selection.isBlind ? "- blind until it is unblinded" : "- not blind")
    return lines
  }

  private static func variables(_ selection: PhysicsSelection) -> [String] {
    guard !selection.variables.isEmpty else { return ["No variables are declared."] }
    let names = SelectionNames(topology: selection.topology, roles: selection.roles)
    return selection.variables.map { variable in
      let unit = variable.dimension.unit.map { " in \($0)" } ?? ""
      return "- \(code(variable.name))\(unit): \(variable.words(names))"
    }
  }

  private static func cuts(_ selection: PhysicsSelection) -> [String] {
    ["| | cut | asks | trust | source |", "|---|---|---|---|---|"]
      + selection.cuts.enumerated().map { index, cut in
        "| \(index + 1) | \(cut.name) | \(code(cut.label)) | \(cell(cut.provenance)) |"
      }
  }

  private static func regions(_ selection: PhysicsSelection) -> [String] {
    guard !selection.regions.isEmpty else { return ["No regions are declared."] }
    var lines = ["| region | where | blind | trust | source |", "|---|---|---|---|---|"]
    lines += selection.regions.map { region in
      "| \(region.name) | \(code(region.label)) | \(region.isBlind ? "yes" : "no") |"
        + " \(cell(region.provenance)) |"
    }
    for set in selection.exclusiveRegions {
      let names = set.map { selection.regions[$0].name }
      lines += ["", "An event counts in the first that holds it of: \(names.joined(separator: ", "))."]
    }
    return lines
  }

  private static func normalisation(_ selection: PhysicsSelection) -> [String] {
    var lines: [String] = []
    if let flux = selection.flux {
      lines.append(
        "- \(flux.unit) = events x \(Bounds.text(flux.downscaling, .number))"
          + " / (\(flux.acceptance) x \(flux.branchingFraction))\(names(flux.regions, selection))")
      lines.append(
        "- acceptance: \(flux.acceptanceProvenance.trust.word); \(flux.acceptanceProvenance.source)")
      lines.append(
        "- branching fraction: \(flux.branchingProvenance.trust.word); \(flux.branchingProvenance.source)")
    }
    if let counting = selection.counting {
      let experiment = counting.experiment
      lines.append(
        "- expected background \(experiment.expectedBackground)\(names(counting.regions, selection))"
          + " (\(counting.backgroundProvenance.trust.word); \(counting.backgroundProvenance.source))")
      if let value = experiment.normalisation, let unit = counting.exposureUnit,
        let provenance = counting.normalisationProvenance
      {
        lines.append(
          "- \(value.exposure) \(unit), acceptance \(value.acceptance), efficiency \(experiment.efficiency)"
            + " (\(provenance.trust.word); \(provenance.source))")
      }
      if let plan = experiment.running, let provenance = counting.runningProvenance {
        lines.append(
          "- \(plan.total) \(plan.unit), \(plan.perPeriod) in a burst"
            + (plan.falseAlarms.map { ", \($0.rate) false alarms for each" } ?? "")
            + " (\(provenance.trust.word); \(provenance.source))")
      }
      lines.append("- limits at a confidence level of \(experiment.confidenceLevel)")
    }
    return lines.isEmpty ? ["None: the selection is a monitor."] : lines
  }

  private static func plots(_ selection: PhysicsSelection) -> [String] {
    var lines = selection.histograms.map { histogram in
      let axes = histogram.empty.axes.map { axis in
        "\(code(axis.variable)), \(axis.bins) bins from \(axis.low) to \(axis.high)"
          + (axis.unit.map { " \($0)" } ?? "")
      }
      return "- histogram \(histogram.empty.name): \(axes.joined(separator: " against "));"
        + " after \(histogram.empty.after ?? "all cuts")"
    }
    lines += selection.scans.map { scan in
      let axes = scan.empty.axes.map { axis in
        let widths = axis.halfWidths.map(short)
        let width = Set(widths).count == 1 ? widths[0] : "\(widths[0]) to \(widths[widths.count - 1])"
        return "\(code(axis.variable)), \(axis.masses.count) masses from \(axis.masses[0]) to"
          + " \(axis.masses[axis.masses.count - 1]) MeV/c2, windows of +-\(width) MeV/c2"
      }
      return "- scan \(scan.empty.name): \(axes.joined(separator: " against ")); \(scan.empty.points.count)"
        + " points" + (scan.empty.region.map { ", events in \($0)" } ?? "")
    }
    return lines.isEmpty ? ["None."] : lines
  }

  private static func names(_ bits: UInt64, _ selection: PhysicsSelection) -> String {
    let names = selection.regions.indices.filter { bits >> UInt64($0) & 1 == 1 }
      .map { selection.regions[$0].name }
    return names.isEmpty ? "" : " in \(names.joined(separator: " and "))"
  }

  /// Trust and source, as two cells of a table.
  private static func cell(_ provenance: Provenance) -> String {
    "\(provenance.trust.word) | \(provenance.source.replacing("|", with: "\\|"))"
  }

  /// A number without the last digits of its rounding.
  private static func short(_ value: Double) -> String { "\((value * 1e6).rounded() / 1e6)" }

  private static func code(_ text: String) -> String { "`\(text)`" }
}

extension DerivedVariable {
  /// How it is calculated, in words.
  func words(_ names: SelectionNames) -> String {
    func list(_ set: UInt8) -> String { names.names(set).joined(separator: ", ") }
    return switch definition {
    case .invariantMass(let roles): "invariant mass of \(list(roles))"
    case .missingMassSquared(let roles): "(P_K - P)^2 with P of \(list(roles)) and the nominal beam"
    case .momentum(let roles): "size of the total momentum of \(list(roles))"
    case .transverseMomentum(let roles): "total momentum of \(list(roles)) across the nominal beam"
    case .openingAngle(let roles): "angle between \(list(roles))"
    case .pairing(let plus, let minus, let target):
      "pairs of \(list(plus)) with \(list(minus)), chosen by "
        + (target.map { "the smallest |m1 - \($0)| + |m2 - \($0)|" } ?? "the smallest |m1 - m2|")
    case .difference(let a, let b): "\(a.name) - \(b.name)"
    case .sum(let a, let b): "\(a.name) + \(b.name)"
    case .ratio(let a, let b): "\(a.name) / \(b.name)"
    case .absolute(let a): "|\(a.name)|"
    case .reduced(let reduction, let scope, let quantity):
      "\(reduction.rawValue) of \(scope.rawValue).\(quantity.name)"
    }
  }
}
