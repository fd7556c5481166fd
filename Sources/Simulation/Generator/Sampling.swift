/// Draws from the distributions that the generators need.
extension SimulationRandom {
  /// From the exponential distribution of mean 1.
  mutating func standardExponential() -> Double { -CMath.log(1 - uniform()) }

  /// From the normal distribution of mean 0 and width 1.
  @inline(__always)
  mutating func standardNormal() -> Double { NormalDistribution.standard.draw(&self) }

  /// From the exponential distribution of mean `mean`, cut to 0...`end`.
  mutating func truncatedExponential(mean: Double, end: Double) -> Double {
    -mean * CMath.log(1 - uniform() * Exponential.probability(within: end, mean: mean))
  }

  /// A point within the unit circle, all places equally likely, and the square of its distance from the centre,
  /// which is not 0.
  @inline(__always)
  private mutating func disk() -> (x: Double, y: Double, square: Double) {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let square = x * x + y * y
      if square < 1, square > 0 { return (x, y, square) }
    }
  }

  /// Cosine and sine of an angle, all equally likely (von Neumann): those of twice the angle of a point within
  /// the unit circle.
  @inline(__always)
  mutating func circle() -> (cosine: Double, sine: Double) {
    let (x, y, square) = disk()
    let inverse = 1 / square
    return ((x * x - y * y) * inverse, 2 * x * y * inverse)
  }

  /// A direction, all equally likely (Marsaglia, Annals of Mathematical Statistics 43, 1972).
  @inline(__always)
  mutating func direction() -> Vector3 {
    let (x, y, square) = disk()
    let transverse = 2 * (1 - square).squareRoot()
    return Vector3(transverse * x, transverse * y, 1 - 2 * square)
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
      let value = mean + width * random.standardNormal()
      if range.contains(value) { return value }
    }
  }
}
