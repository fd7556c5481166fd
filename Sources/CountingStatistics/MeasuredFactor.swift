#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One named part of the uncertainty of a factor.
public struct FactorUncertainty: Sendable, Hashable {
  /// Where it comes from. The raw value is the text that goes into outputs.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// From the size of a data sample.
    case statistical
    /// From the method or the detector.
    case systematic
    /// From a measurement of others, as a branching ratio.
    case external
  }

  /// Its name. Parts of one name are fully correlated, those of different names not at all.
  public let name: String
  /// Where it comes from.
  public let kind: Kind
  /// The width of the factor's logarithm due to it; negative where the factor falls as another one of the same
  /// name rises.
  public let relative: Double

  /// A part of an uncertainty; throws unless its size is a finite number.
  public init(_ name: String, _ kind: Kind, relative: Double) throws {
    guard relative.isFinite else {
      throw StatisticsError.invalidInput(
        name: "relative uncertainty '\(name)'", value: "\(relative)", expected: "a finite number")
    }
    self.name = name
    self.kind = kind
    self.relative = relative
  }
}

/// A positive factor with the parts of its uncertainty kept apart: an efficiency, a branching ratio, an exposure.
///
/// Uncertainties are those of the logarithm, so that products and quotients only add them.
public struct MeasuredFactor: Sendable, Hashable {
  /// The central value.
  public let value: Double
  /// The parts of the uncertainty, one for each name, in the order in which they came.
  public let uncertainties: [FactorUncertainty]

  /// A factor; parts of one name are added. Throws unless the value is positive and finite, and where parts of
  /// one name are of different kinds.
  public init(_ value: Double, _ uncertainties: [FactorUncertainty] = []) throws {
    try InputCheck.positive(value, "factor")
    self.value = value
    self.uncertainties = try Self.added(uncertainties)
  }

  /// The product of `factors` over the product of `divisors`.
  ///
  /// Throws where it is no positive finite number, or where parts of one name are of different kinds.
  public static func product(
    _ factors: [MeasuredFactor], over divisors: [MeasuredFactor] = []
  ) throws -> MeasuredFactor {
    let above = factors.reduce(1) { $0 * $1.value }
    let value = divisors.reduce(above) { $0 / $1.value }
    let falling = try divisors.flatMap(\.uncertainties).map {
      try FactorUncertainty($0.name, $0.kind, relative: -$0.relative)
    }
    return try MeasuredFactor(value, factors.flatMap(\.uncertainties) + falling)
  }

  /// The sum of factors, as of the exposures of several data sets.
  ///
  /// Throws for none, or where parts of one name are of different kinds.
  public static func sum(_ terms: [MeasuredFactor]) throws -> MeasuredFactor {
    let value = terms.reduce(0) { $0 + $1.value }
    let parts = try terms.flatMap { term in
      try term.uncertainties.map {
        try FactorUncertainty($0.name, $0.kind, relative: $0.relative * term.value / value)
      }
    }
    return try MeasuredFactor(value, parts)
  }

  /// The relative uncertainty of one kind, or of all: parts of different names in quadrature.
  public func relativeUncertainty(_ kind: FactorUncertainty.Kind? = nil) -> Double {
    uncertainties.filter { kind == nil || $0.kind == kind }
      .reduce(0) { $0 + $1.relative * $1.relative }.squareRoot()
  }

  /// The absolute uncertainty of one kind, or of all.
  public func uncertainty(_ kind: FactorUncertainty.Kind? = nil) -> Double {
    value * relativeUncertainty(kind)
  }

  /// The factor as a quantity for limits: log-normal.
  public func quantity() throws -> UncertainQuantity {
    try UncertainQuantity(value, uncertainty: uncertainty(), shape: .logNormal)
  }

  private static func added(_ parts: [FactorUncertainty]) throws -> [FactorUncertainty] {
    var result: [FactorUncertainty] = []
    for part in parts {
      guard let index = result.firstIndex(where: { $0.name == part.name }) else {
        result.append(part)
        continue
      }
      let known = result[index]
      guard known.kind == part.kind else {
        throw StatisticsError.invalidInput(
          name: "uncertainty '\(part.name)'", value: "\(known.kind.rawValue) and \(part.kind.rawValue)",
          expected: "one kind for one name")
      }
      result[index] = try FactorUncertainty(
        part.name, part.kind, relative: known.relative + part.relative)
    }
    return result
  }
}
