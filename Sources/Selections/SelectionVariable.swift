import L1Trigger

/// A number that a selection asks for, by its name in selection files.
struct SelectionVariable: Hashable, Sendable {
  /// Where the number comes from.
  enum Source: Hashable, Sendable {
    /// A number of L1 or of the event's header.
    case l1(L1Variable)
    /// A column of the event's quantities.
    case event(Int)
    /// A column of the candidate's vertex.
    case vertex(Int)
    /// A column of the track in a role.
    case track(role: Int, column: Int)
    /// A component of a derived variable.
    case derived(Int, component: Int)
  }

  /// Name in selection files.
  let name: String
  /// What it measures.
  let dimension: Dimension
  /// Where it comes from.
  let source: Source
}

/// Over which tracks a condition goes.
enum TrackScope: String, CaseIterable, Hashable, Sendable {
  /// Those of the candidate.
  case candidate = "tracks"
  /// Those of the event that are not in the candidate.
  case other = "other_tracks"
  /// All of the event.
  case event = "event_tracks"
}

/// A variable that a selection declares.
struct DerivedVariable: Hashable, Sendable {
  /// How several tracks become one number.
  enum Reduction: String, CaseIterable, Hashable, Sendable {
    case smallest, largest, mean
  }

  /// How it is calculated; sets of roles have bit r for role r.
  enum Definition: Hashable, Sendable {
    /// √((ΣP)²) of the roles.
    case invariantMass(UInt8)
    /// (P_K − ΣP)² with the nominal beam.
    case missingMassSquared(UInt8)
    /// |Σp|.
    case momentum(UInt8)
    /// The part of Σp across the nominal beam.
    case transverseMomentum(UInt8)
    /// The angle between two roles.
    case openingAngle(UInt8)
    /// Two pairs of one positive and one negative role each: those with the smallest |m1 − m2|, or with
    /// `target` those with the smallest |m1 − target| + |m2 − target|; of equal pairings the one that joins
    /// the first positive with the first negative role.
    case pairing(positive: UInt8, negative: UInt8, target: Double?)
    /// The first less the second.
    case difference(SelectionVariable, SelectionVariable)
    /// Their sum.
    case sum(SelectionVariable, SelectionVariable)
    /// The first divided by the second.
    case ratio(SelectionVariable, SelectionVariable)
    /// Its size.
    case absolute(SelectionVariable)
    /// Over tracks; unavailable where it is so for one of them, or there are none.
    case reduced(Reduction, TrackScope, TrackQuantity)
  }

  /// What the components of a pairing are called: the lighter pair, the heavier, (m1 + m2)/2, m2 − m1.
  static let pairingComponents = ["m1", "m2", "mean", "difference"]

  /// Its name.
  let name: String
  /// How it is calculated.
  let definition: Definition
  /// What it measures.
  let dimension: Dimension

  /// How many numbers it gives.
  var components: Int {
    if case .pairing = definition { return Self.pairingComponents.count }
    return 1
  }
}

extension L1Variable {
  /// What the numbers of the variable measure; nil where it is not a number.
  var dimension: Dimension? {
    switch kind {
    case .integer:
      switch self {
      case .timestamp: .ticks
      case .fineTime: .fineTicks
      default: .count
      }
    case .real: unit == "mm" ? .length : .momentum
    case .code, .masks, .bits, .truth: nil
    }
  }
}
