import Detectors

/// The storage that selections work in: one per worker, used again for each event.
public struct SelectionWorkspace: Sendable {
  /// The numbers of the candidate at hand, by slot.
  var slots: [Double]
  /// Those of the best candidate so far.
  var best: [Double]
  /// Momentum and energy of each role: x, y, z, E in MeV.
  var momenta = [SIMD4<Double>](repeating: SIMD4(repeating: .nan), count: RoleAssignments.limit)
  /// The track of each role.
  var roleTracks = [Int](repeating: 0, count: RoleAssignments.limit)
  /// The tracks of the candidate.
  var tracks = [Int](repeating: 0, count: RoleAssignments.limit)
  /// How many tracks the candidate has.
  var trackCount = 0
  /// What steps and comparisons asked for of what the event awaits.
  var wanted: DetectorParts = []

  /// Storage that is large enough for each of the selections.
  public init(_ selections: [PhysicsSelection]) {
    let count = selections.map(\.plan.program.slots.count).max() ?? 0
    slots = [Double](repeating: .nan, count: count)
    best = slots
  }

  /// Makes the first slots not available, and more of them where there are too few.
  mutating func clear(_ count: Int) {
    if slots.count < count {
      slots = [Double](repeating: .nan, count: count)
      best = slots
    }
    for slot in 0..<count { slots[slot] = .nan }
  }

  /// The numbers of the best candidate of the event that was last evaluated, in the order of the selection's
  /// ``PhysicsSelection/valueNames``; NaN where one was not needed or is not available.
  public var values: [Double] { slots }
}
