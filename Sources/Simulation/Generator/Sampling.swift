/// Draws from the distributions that the generators need.
extension SimulationRandom {
  /// From the exponential distribution of mean 1.
  mutating func standardExponential() -> Double { -CMath.log(1 - uniform()) }

  /// Two independent numbers from the normal distribution of mean 0 and width 1 (Box and Muller).
  mutating func standardNormalPair() -> (Double, Double) {
    let radius = (2 * standardExponential()).squareRoot()
    let angle = 2 * Double.pi * uniform()
    return (radius * CMath.cos(angle), radius * CMath.sin(angle))
  }

  /// From the exponential distribution of mean `mean`, cut to 0...`end`.
  mutating func truncatedExponential(mean: Double, end: Double) -> Double {
    -mean * CMath.log(1 - uniform() * Exponential.probability(within: end, mean: mean))
  }

  /// A direction, all equally likely.
  mutating func direction() -> Vector3 {
    let z = uniform(-1, 1)
    let angle = 2 * Double.pi * uniform()
    let transverse = (1 - z * z).squareRoot()
    return Vector3(transverse * CMath.cos(angle), transverse * CMath.sin(angle), z)
  }
}

/// The exponential law of decays.
enum Exponential {
  /// The probability to be below `end`.
  static func probability(within end: Double, mean: Double) -> Double {
    mean > 0 ? 1 - CMath.exp(-end / mean) : 1
  }
}

/// A normal distribution cut to a range.
public struct CutNormal: Sendable, Equatable {
  /// Centre before the cut.
  public let mean: Double
  /// Width before the cut.
  public let width: Double
  /// What is kept.
  public let range: ClosedRange<Double>

  /// A distribution whose range holds the mean and at least a tenth of the width to each side of it, so that
  /// few draws are rejected; nil otherwise.
  public init?(mean: Double, width: Double, range: ClosedRange<Double>) {
    guard width >= 0, range.lowerBound <= mean - width / 10, range.upperBound >= mean + width / 10 else {
      return nil
    }
    self.mean = mean
    self.width = width
    self.range = range
  }

  func draw(_ random: inout SimulationRandom) -> Double {
    while true {
      let (a, b) = random.standardNormalPair()
      let first = mean + width * a
      if range.contains(first) { return first }
      let second = mean + width * b
      if range.contains(second) { return second }
    }
  }
}
