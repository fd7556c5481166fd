/// The ways to a limit or an interval of a signal that one can choose from, under short names.
public enum IntervalMethod: String, Sendable, Hashable, CaseIterable {
  /// CLs, exact, background and efficiency marginalised.
  case cls
  /// Feldman-Cousins; monotonic with a known background, else marginalised.
  case feldmanCousins = "fc"
  /// Feldman-Cousins by profile construction.
  case feldmanCousinsProfile = "fc-profile"
  /// Rolke, López and Conrad, bounded.
  case rolke
  /// The same, unbounded.
  case rolkeUnbounded = "rolke-unbounded"

  /// The interval of a signal; an upper limit has the lower end 0.
  ///
  /// Throws for inputs without meaning or out of the method's range (each says which), or without convergence.
  public func interval(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one,
    confidenceLevel: Double
  ) throws -> SignalInterval {
    switch self {
    case .cls:
      let limit = try MarginalCLs.upperLimit(
        observed: observed, background: background, efficiency: efficiency, confidenceLevel: confidenceLevel)
      return SignalInterval(lower: 0, upper: limit.upper, origin: limit.origin)
    case .feldmanCousins, .feldmanCousinsProfile:
      let isKnown = background.isKnown && efficiency.isKnown
      var belt = try FeldmanCousinsBelt(
        background: background, efficiency: efficiency, confidenceLevel: confidenceLevel,
        treatment: self == .feldmanCousins ? .marginalised : .profiled,
        ends: isKnown ? .monotonic : .outermost)
      return try belt.interval(observed: observed)
    case .rolke, .rolkeUnbounded:
      return try RolkeInterval(
        background: background, efficiency: efficiency, confidenceLevel: confidenceLevel,
        isBounded: self == .rolke
      ).interval(observed: observed)
    }
  }
}
