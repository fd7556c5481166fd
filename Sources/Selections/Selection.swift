public import Configuration
public import CountingStatistics
public import EventBuilding
public import L1Trigger

/// A variable with its value in one event.
public struct SelectionQuantity: Hashable, Sendable {
  /// The variable.
  public var variable: L1Variable
  /// Its value.
  public var value: SelectionValue

  /// The variable's name in selection files.
  public var name: String { variable.rawValue }
  /// The unit of the value; nil where it has none.
  public var unit: String? { variable.unit }
}

/// A selection of events by conditions on L1 quantities, with the counting experiment that it feeds.
public struct Selection: EventSelection, Hashable {
  /// Its name in outputs.
  public let name: String
  /// What it is for.
  public let description: String
  /// The conditions, in the order of the cut flow.
  public let conditions: [SelectionCondition]
  /// Whether only events enter that L1 keeps.
  public let requiresKept: Bool
  /// The counting experiment.
  public let experiment: CountingExperiment
  /// Where the expected background comes from.
  public let backgroundProvenance: Provenance
  /// Where the normalisation comes from; nil without a normalisation.
  public let normalisationProvenance: Provenance?
  /// Where the plan of the run comes from; nil without one.
  public let runningProvenance: Provenance?
  /// What the exposure counts, such as kaon decays; nil without a normalisation.
  public let exposureUnit: String?
  /// Whether its count and its events are hidden until it is unblinded.
  public let isBlind: Bool
  /// Whether each selected event raises an alert.
  public let raisesAlert: Bool

  /// What each condition asks.
  public var conditionLabels: [String] { conditions.map(\.label) }

  /// The verdict on one event.
  public func verdict(on input: SelectionInput) -> SelectionVerdict {
    guard !requiresKept || input.isKept else { return .notEntered }
    for index in conditions.indices {
      guard input.isAvailable(conditions[index].variable) else { return .unavailable(condition: index) }
      guard conditions[index].holds(in: input) else { return .failed(condition: index) }
    }
    return .selected
  }

  /// The verdict on an event.
  public func evaluate(
    event: BuiltEvent, evaluation: L1Evaluation, decision: L1Decision
  ) -> SelectionVerdict {
    verdict(on: SelectionInput(event: event, evaluation: evaluation, decision: decision))
  }

  /// The variables of the conditions, each once and in their order, with their values in an event; those
  /// that are unavailable in it are left out.
  public func quantities(in input: SelectionInput) -> [SelectionQuantity] {
    var seen: Set<L1Variable> = []
    return conditions.compactMap { condition in
      guard seen.insert(condition.variable).inserted, let value = input.value(of: condition.variable)
      else { return nil }
      return SelectionQuantity(variable: condition.variable, value: value)
    }
  }

  /// The variables of the conditions with their values in an event, as ``quantities(in:)`` gives them.
  public func quantities(
    event: BuiltEvent, evaluation: L1Evaluation, decision: L1Decision
  ) -> [SelectionQuantity] {
    quantities(in: SelectionInput(event: event, evaluation: evaluation, decision: decision))
  }

  /// The selection as it takes effect, with every default written out, in the form of selection files.
  public var effective: ConfigValue {
    .map(
      [
        .init("name", .string(name)), .init("description", .string(description)),
        .init("require_kept", .bool(requiresKept)),
        .init("conditions", .list(conditions.map(\.effective))),
      ]
        + CountingReader(usesWords: false).entries(
          experiment, background: backgroundProvenance, normalisation: normalisationProvenance,
          unit: exposureUnit, running: runningProvenance) + [
          .init("blind", .bool(isBlind)), .init("alert", .bool(raisesAlert)),
        ])
  }
}
