/// A quantity that is known with an uncertainty: an expected background, or an efficiency.
///
/// The shape says what the uncertainty means, and with it what a Bayesian marginalisation integrates over and
/// what a frequentist method takes as the auxiliary measurement.
public struct UncertainQuantity: Sendable, Hashable {
  /// What the uncertainty means. The raw value is the text that goes into outputs.
  public enum Shape: String, Sendable, Hashable, CaseIterable {
    /// Known exactly.
    case known
    /// A Gaussian of this mean and width, cut off below zero (and above the bound of the quantity).
    case gaussian
    /// A log-normal distribution whose median is the value; the width of its logarithm is
    /// uncertainty / value.
    case logNormal = "log-normal"
    /// A gamma distribution of this mean and standard deviation.
    case gamma
    /// An auxiliary count m of mean τ × quantity: value = m/τ, and the distribution of the quantity given m
    /// with a flat prior is a gamma distribution of shape m + 1 and rate τ.
    case auxiliaryCount = "auxiliary count"
  }

  /// The central value, in the unit of the quantity.
  public let value: Double
  /// One standard deviation, in the same unit; 0 if known.
  public let uncertainty: Double
  /// What the uncertainty means.
  public let shape: Shape

  /// A quantity known exactly. Throws unless it is finite and not negative.
  public init(_ value: Double) throws {
    try InputCheck.mean(value, "value")
    self.init(unchecked: value, 0, .known)
  }

  /// A quantity with an uncertainty; throws unless both are finite and not negative, and the value positive
  /// for the shapes that have no meaning at 0.
  ///
  /// An uncertainty of 0 makes it known. For ``Shape/auxiliaryCount`` the count is the number whose square
  /// root gives the uncertainty: m = (value / uncertainty)², τ = value / uncertainty², which need not be
  /// a whole number.
  public init(_ value: Double, uncertainty: Double, shape: Shape = .gaussian) throws {
    try InputCheck.mean(value, "value")
    guard uncertainty.isFinite, uncertainty >= 0 else {
      throw StatisticsError.invalidInput(
        name: "uncertainty", value: "\(uncertainty)", expected: "a finite number, 0 or more")
    }
    guard uncertainty > 0, shape != .known else {
      guard uncertainty == 0 else {
        throw StatisticsError.invalidInput(
          name: "uncertainty", value: "\(uncertainty)", expected: "0 for a known quantity")
      }
      self.init(unchecked: value, 0, .known)
      return
    }
    guard value > 0 || shape == .gaussian else {
      throw StatisticsError.invalidInput(
        name: "value", value: "\(value)", expected: "a number above 0 for the shape '\(shape.rawValue)'")
    }
    self.init(unchecked: value, uncertainty, shape)
  }

  /// A quantity measured by `count` auxiliary events where `ratio` × quantity are expected.
  ///
  /// Throws for a negative count or a ratio that is not positive and finite. A count of 0 leaves the value 0
  /// with the distribution of rate `ratio`.
  public init(auxiliaryCount count: Int, ratio: Double) throws {
    try InputCheck.count(count, "auxiliary count")
    try InputCheck.positive(ratio, "ratio of the auxiliary exposure")
    let value = Double(count) / ratio
    // With no event the uncertainty keeps the ratio: 1/τ, the mean of the distribution.
    self.init(unchecked: value, max(1, Double(count).squareRoot()) / ratio, .auxiliaryCount)
  }

  private init(unchecked value: Double, _ uncertainty: Double, _ shape: Shape) {
    self.value = value
    self.uncertainty = uncertainty
    self.shape = shape
  }

  /// The same quantity in another unit, or for another exposure: value and uncertainty times `factor`.
  ///
  /// Throws unless the factor is positive and finite, or where the product is not finite.
  public func scaled(by factor: Double) throws -> UncertainQuantity {
    try InputCheck.positive(factor, "factor")
    try InputCheck.mean(value * factor, "value")
    try InputCheck.mean(uncertainty * factor, "uncertainty")
    return UncertainQuantity(unchecked: value * factor, uncertainty * factor, shape)
  }

  /// Exactly 1: the efficiency of a signal counted as it is.
  public static let one = UncertainQuantity(unchecked: 1, 0, .known)

  /// Whether it has no uncertainty.
  public var isKnown: Bool { shape == .known }

  /// The auxiliary measurement of the same relative precision: count m (a real number) and ratio τ with
  /// value = m/τ; nil for a known quantity.
  public var auxiliary: (count: Double, ratio: Double)? {
    guard !isKnown else { return nil }
    guard value > 0 else { return shape == .auxiliaryCount ? (0, 1 / uncertainty) : nil }
    let relative = value / uncertainty
    return (relative * relative, relative / uncertainty)
  }
}

extension UncertainQuantity: CustomStringConvertible {
  /// As "0.016 ± 0.002 (gaussian)"; the value alone where it is known.
  public var description: String {
    isKnown ? "\(value)" : "\(value) ± \(uncertainty) (\(shape.rawValue))"
  }
}
