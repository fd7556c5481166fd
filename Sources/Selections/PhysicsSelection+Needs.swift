import CountingStatistics
import L1Trigger

extension PhysicsSelection {
  /// Whether it looks at what is reconstructed; else L0 and L1 say all that it asks.
  public var needsReconstruction: Bool {
    plan.topology != .event
      || plan.program.instructions.contains { $0.operation != .l1 && $0.readsEvent }
      || plan.program.tests.contains { $0.kind == .tracks }
  }

  /// How many numbers it counts: the cells of its histograms and scans, the steps of its cut flow, its regions.
  public var cellCount: Int {
    let bins = histograms.reduce(0) { $0 + $1.empty.counts.count }
    let points = scans.reduce(0) { $0 + $1.empty.counts.count * (1 + $1.empty.axes.count) }
    // A step has four numbers and a label of several words; each histogram and scan has its axes.
    // The history of an experiment has a bounded number of points, of eight numbers with their names.
    let history = counting == nil ? 0 : 8 * CountingHistory.most
    return bins + points + 12 * stepLabels.count + 4 * regions.count + 16 * (histograms.count + scans.count)
      + history
  }

  /// Whether an event in these regions is one that everyone may see, and that may raise an alert: in a region
  /// that is not blind, or selected at all where there are no regions.
  public func isOpen(_ outcome: SelectionOutcome) -> Bool {
    guard outcome.isSelected, !outcome.isSealed else { return false }
    let hidden = isBlind ? plan.constants.blindRegions : 0
    return regions.isEmpty ? !isBlind : outcome.regions & ~hidden != 0
  }

  /// Whether an event counts in its counting experiment.
  public func counts(_ outcome: SelectionOutcome) -> Bool {
    guard let counting, outcome.isSelected else { return false }
    return counting.regions == 0 || outcome.regions & counting.regions != 0
  }

  /// What its conditions on L0 and L1 look at, each once and in their order, with the values in an event; those
  /// that are unavailable in it are left out.
  public func quantities(in input: SelectionInput) -> [SelectionQuantity] {
    // They are few; a set would look up at its first use, in the time of an event, how they are hashed.
    var seen: [L1Variable] = []
    var conditions = triggerConditions
    for cut in cuts {
      for case .l1(let condition) in cut.tests { conditions.append(condition) }
    }
    return conditions.compactMap { condition in
      guard !seen.contains(condition.variable) else { return nil }
      seen.append(condition.variable)
      guard let value = input.value(of: condition.variable) else { return nil }
      return SelectionQuantity(variable: condition.variable, value: value)
    }
  }
}

extension SelectionProgram.Instruction {
  /// Whether it reads a number of the reconstructed event, and not one that other steps have written.
  fileprivate var readsEvent: Bool {
    switch operation {
    case .event, .vertex, .track, .invariantMass, .missingMassSquared, .momentum, .transverseMomentum,
      .openingAngle, .pairByDifference, .pairByMass, .smallest, .largest, .mean:
      true
    case .l1, .difference, .sum, .ratio, .absolute: false
    }
  }
}

extension PhysicsAccumulator {
  /// Whether the points of a scan count events that are sealed while the selection is blind.
  public func isScanBlind(_ index: Int) -> Bool { plan.areScansBlind[index] }
}
