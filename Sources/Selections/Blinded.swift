/// What can be added up over shards: a commutative monoid.
public protocol Mergeable {
  /// Adds what another has counted; throws, changing nothing, if it counts something else.
  mutating func merge(_ other: Self) throws
}

extension SelectionAccumulator: Mergeable {}

/// What a selection has counted, with the events that must not be seen yet kept apart.
///
/// ``open`` is a function of the open events alone: two inputs that differ only in sealed events give the
/// same bytes. All outputs but the ledger take ``open``; the unblinded result is both parts merged, exactly
/// (see Docs/Selections.md).
public struct Blinded<Part: Mergeable & Sendable>: Sendable {
  /// What everyone may see.
  public private(set) var open: Part
  /// What only the ledger may take, to seal it.
  public private(set) var sealed: Part

  /// Nothing seen yet, in both parts.
  public init(empty: Part) {
    open = empty
    sealed = empty
  }

  /// Both parts as they were.
  public init(open: Part, sealed: Part) {
    self.open = open
    self.sealed = sealed
  }

  /// Changes the part that an event belongs to.
  public mutating func add(isSealed: Bool, _ change: (inout Part) throws -> Void) rethrows {
    if isSealed { try change(&sealed) } else { try change(&open) }
  }

  /// Adds both parts of another; throws, changing nothing, if it counts something else.
  public mutating func merge(_ other: Blinded) throws {
    var open = open
    try open.merge(other.open)
    try sealed.merge(other.sealed)
    self.open = open
  }

  /// Both parts as one: what an unblinded selection would have counted.
  public func unblinded() throws -> Part {
    var whole = open
    try whole.merge(sealed)
    return whole
  }
}

extension Blinded: Equatable where Part: Equatable {}
