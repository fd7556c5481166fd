public import Configuration
public import CountingStatistics

/// A selection of candidates in reconstructed events: trigger, topology, roles, variables, cuts, regions,
/// scans and histograms, as a selection file of schema 2 declares them, compiled into a flat program.
///
/// The verdict on an event is that of its best candidate: the one that passes most cuts; of several the one
/// with the smallest χ² (of the vertex, or of the track); of equal ones the first, in the order of the
/// vertices and then of the role assignments.
///
/// A condition on a number that is not available fails, and is counted as such.
public struct PhysicsSelection: Sendable {
  /// Its name in outputs.
  public let name: String
  /// What it is for.
  public let description: String
  /// Whether only events enter that L1 keeps.
  public let requiresKept: Bool
  /// What L0 and L1 must say for an event to enter; all of them.
  public let triggerConditions: [SelectionCondition]
  /// Where the trigger requirement comes from.
  public let triggerProvenance: Provenance?
  /// What makes a candidate.
  public let topology: SelectionTopology
  /// What its tracks are taken to be.
  public let roles: [SelectionRole]
  /// The nominal beam, where variables refer to it.
  public let beam: BeamLine?
  /// The cuts, in the order of the cut flow.
  public let cuts: [SelectionCut]
  /// The regions, in the order of the file.
  public let regions: [SelectionRegion]
  /// Sets of regions by index: of one set an event counts in the first region that holds it.
  public let exclusiveRegions: [[Int]]
  /// The counting experiment; nil where the selection feeds none.
  public let counting: SelectionCounting?
  /// How the selection measures an exposure; nil where it does not.
  public let flux: SelectionFlux?
  /// Whether events in its blind regions are sealed until it is unblinded.
  public let isBlind: Bool
  /// Whether each event in a region that is not blind raises an alert.
  public let raisesAlert: Bool
  /// The selection as it takes effect, with every default written out, in the form of selection files.
  public let effective: ConfigValue
  /// SHA-256 of the effective form.
  public let hash: String

  /// Declared variables, in words.
  let variables: [DerivedVariable]
  let histograms: [SelectionHistogram]
  let scans: [SelectionScan]
  let plan: SelectionPlan

  /// The names and units of the numbers that ``SelectionWorkspace/values`` holds.
  public var valueNames: [(name: String, unit: String?)] {
    plan.program.slots.map { ($0.name, $0.dimension.unit) }
  }

  /// The verdict on one event; the numbers of its best candidate are then in the workspace.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - workspace: Storage made for a list of selections that this one is in.
  public func evaluate(_ event: SelectionEvent, _ workspace: inout SelectionWorkspace) -> SelectionOutcome {
    plan.evaluate(event, &workspace)
  }

  /// What each step of the cut flow asks: the topology first, unless it is the event itself.
  public var stepLabels: [String] {
    let cuts = cuts.map { "\($0.name): \($0.label)" }
    return topology == .event ? cuts : [candidateLabel] + cuts
  }

  /// What makes a candidate, in words.
  public var candidateLabel: String {
    let charge = roles.reduce(0) { $0 + $1.charge }
    let sign = charge > 0 ? "+\(charge)" : "\(charge)"
    return switch topology {
    case .vertex: "candidate: a vertex of \(roles.count) tracks with charge \(sign)"
    case .track: "candidate: a track with charge \(sign)"
    case .event: "candidate: the event"
    }
  }
}

extension PhysicsSelection: Equatable {
  /// Whether two selections ask the same.
  public static func == (a: PhysicsSelection, b: PhysicsSelection) -> Bool { a.hash == b.hash }
}

/// The counting experiment that a selection feeds.
public struct SelectionCounting: Sendable {
  /// Background, efficiency, normalisation, confidence level.
  public let experiment: CountingExperiment
  /// Where the expected background comes from.
  public let backgroundProvenance: Provenance
  /// Where the normalisation comes from; nil without one.
  public let normalisationProvenance: Provenance?
  /// Where the plan of the run comes from; nil without one.
  public let runningProvenance: Provenance?
  /// What the exposure counts; nil without a normalisation.
  public let exposureUnit: String?
  /// The regions whose events count, as bits; 0 for all selected events.
  public let regions: UInt64
}

/// How a selection of a known decay measures the number of decays: N = events × downscaling / (A × BR).
public struct SelectionFlux: Hashable, Sendable {
  /// What is measured, such as kaon decays.
  public let unit: String
  /// Acceptance times efficiency of the selection.
  public let acceptance: Double
  /// Branching fraction of the decay.
  public let branchingFraction: Double
  /// Downscaling of its trigger.
  public let downscaling: Double
  /// The regions whose events count, as bits; 0 for all selected events.
  public let regions: UInt64
  /// Where the acceptance comes from.
  public let acceptanceProvenance: Provenance
  /// Where the branching fraction comes from.
  public let branchingProvenance: Provenance

  /// The exposure that a number of events stands for.
  public func exposure(events: UInt64) -> Double {
    Double(events) * downscaling / (acceptance * branchingFraction)
  }
}

/// A histogram of a selection.
struct SelectionHistogram: Sendable {
  let empty: Histogram
  let variables: [SelectionVariable]
  /// How many cuts an event must pass to be in it.
  let stage: Int
}

/// A mass scan of a selection.
struct SelectionScan: Sendable {
  let empty: MassScan
  let variables: [SelectionVariable]
  /// The region that the events must be in, as a bit; 0 for all selected events.
  let region: UInt64
}

/// Numbers that the program looks up for each candidate.
struct SelectionConstants: Sendable {
  /// The mass of each role in MeV/c2.
  let masses: [Double]
  /// A kaon of the nominal beam; not available without a beam.
  let kaon: SIMD4<Double>
  /// The direction of the nominal beam.
  let beamDirection: SIMD3<Double>
  /// The regions whose events are sealed while the selection is blind, as bits; where none is declared, a
  /// blind selection seals all that it selects.
  let blindRegions: UInt64
  /// The exclusive sets of regions, as bits.
  let exclusive: [UInt64]

  init(roles: [SelectionRole], beam: BeamLine?, regions: [SelectionRegion], exclusive: [[Int]]) {
    masses = roles.map(\.mass.value)
    kaon = beam?.kaon ?? SIMD4(repeating: .nan)
    beamDirection = beam?.direction ?? SIMD3(repeating: .nan)
    blindRegions = regions.indices.reduce(0) { regions[$1].isBlind ? $0 | 1 << UInt64($1) : $0 }
    self.exclusive = exclusive.map { $0.reduce(0) { $0 | 1 << UInt64($1) } }
  }
}
