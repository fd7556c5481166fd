/// One named condition of a selection.
public struct SelectionCut: Sendable {
  /// How many of the tracks must fulfil a condition.
  enum TrackCount: Hashable, Sendable {
    case all
    case any
    case range(min: Int?, max: Int?)
  }

  /// One comparison.
  enum Test: Hashable, Sendable {
    /// A number within bounds.
    case bounds(SelectionVariable, Bounds)
    /// A number of tracks with a quantity within bounds.
    case tracks(TrackScope, TrackQuantity, Bounds, TrackCount)
    /// A condition on what L0 and L1 say.
    case l1(SelectionCondition)
  }

  /// Its name in the cut flow.
  public let name: String
  /// What it asks, in words.
  public let label: String
  /// Where its numbers come from.
  public let provenance: Provenance
  /// Its comparisons.
  let tests: [Test]
  /// Whether one comparison that holds is enough; all must hold otherwise.
  let isAny: Bool
}

extension SelectionCut.Test {
  /// The comparison in words.
  var label: String {
    switch self {
    case .bounds(let variable, let bounds): return bounds.label(variable.name, variable.dimension)
    case .tracks(let scope, let quantity, let bounds, let count):
      let condition = bounds.label("\(scope.rawValue).\(quantity.name)", quantity.dimension)
      switch count {
      case .all: return "all: \(condition)"
      case .any: return "any: \(condition)"
      case .range(let min?, let max?):
        return min == max ? "\(min) of: \(condition)" : "\(min) to \(max) of: \(condition)"
      case .range(let min?, nil): return "at least \(min) of: \(condition)"
      case .range(nil, let max?): return max == 0 ? "none: \(condition)" : "at most \(max) of: \(condition)"
      case .range(nil, nil): return "any number of: \(condition)"
      }
    case .l1(let condition): return condition.label
    }
  }
}
