/// How far a number of a selection can be trusted. The raw values are the codes of schema 1; selection files
/// of schema 2 use the words.
public enum Trust: String, CaseIterable, Hashable, Sendable {
  /// Published.
  case published = "P"
  /// Measured with the same apparatus and selection.
  case measured = "M"
  /// From simulation.
  case simulated = "S"
  /// Chosen to show how it works: no result may be drawn from it.
  case illustrative = "I"
  /// Stands in the collaboration's public code or conditions.
  case code = "C"
  /// Calculated here from published numbers.
  case derived = "D"
  /// Recalled from a publication, and cross-checked by a calculation.
  case recalledChecked = "R+"
  /// Recalled from a publication, consistent only with other recalled numbers.
  case recalledConsistent = "R*"
  /// Recalled from a publication without any check.
  case recalled = "R"
  /// Not known; chosen here.
  case chosen = "X"

  /// The word for it in selection files of schema 2.
  public var word: String {
    switch self {
    case .published: "published"
    case .measured: "measured"
    case .simulated: "simulated"
    case .illustrative: "illustrative"
    case .code: "code"
    case .derived: "derived"
    case .recalledChecked: "recalled-checked"
    case .recalledConsistent: "recalled-consistent"
    case .recalled: "recalled"
    case .chosen: "chosen"
    }
  }
}

/// Where a number comes from.
public struct Provenance: Hashable, Sendable {
  /// How far it can be trusted.
  public var trust: Trust
  /// Who says so.
  public var source: String

  /// A provenance.
  public init(trust: Trust, source: String) {
    self.trust = trust
    self.source = source
  }
}
