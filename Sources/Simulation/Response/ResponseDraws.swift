/// Draws from the distributions that the detector response needs, off one random stream.
struct ResponseDraws {
  private var random: SimulationRandom
  // Held here, so that no draw asks whether the tables are made.
  private let normal = NormalDistribution.standard
  private let photonTimes = PhotonTimes.distribution

  init(_ random: SimulationRandom) { self.random = random }

  /// From 0 to just below 1.
  @inline(__always)
  mutating func uniform() -> Double { random.uniform() }

  /// Whether something of the given chance comes to pass.
  @inline(__always)
  mutating func chance(_ probability: Double) -> Bool { random.uniform() < probability }

  /// From 0 to `count` - 1.
  @inline(__always)
  mutating func index(_ count: Int) -> Int { min(Int(random.uniform() * Double(count)), count - 1) }

  /// A number of a normal distribution of mean 0.
  @inline(__always)
  mutating func gauss(_ sigma: Double) -> Double { sigma * normal.draw(&random) }

  /// A number of an exponential distribution.
  mutating func exponential(_ mean: Double) -> Double { mean * random.standardExponential() }

  /// A number of a Poisson distribution: how many numbers from 0 to 1 can be multiplied before the product falls
  /// below e^-mean (Knuth).
  mutating func poisson(_ mean: Double) -> Int {
    let least = CMath.exp(-mean)
    var count = 0
    var product = 1 - random.uniform()
    while product > least {
      count += 1
      product *= 1 - random.uniform()
    }
    return count
  }

  /// Cosine and sine of an angle, all equally likely.
  @inline(__always)
  mutating func circle() -> (cosine: Double, sine: Double) { random.circle() }

  /// A time of a photomultiplier of KTAG or RICH, in ns, from its distribution.
  @inline(__always)
  mutating func photonTime() -> Double { photonTimes.draw(&random) }
}

/// Times of the photomultipliers of KTAG and RICH (`detectors.md` section 1, C): a core of 0.16 ns, an early
/// and a late peak, and a tail; heights, not areas.
enum PhotonTimes {
  static let distribution = TabulatedDistribution(low: -3, high: 2, bins: 1024, density)

  static func density(_ t: Double) -> Double {
    func peak(_ height: Double, _ mean: Double, _ sigma: Double) -> Double {
      height * CMath.exp(-(t - mean) * (t - mean) / (2 * sigma * sigma))
    }
    let tail =
      0.02906 * CMath.exp(1.03047 * (0.557182 - 2 * t))
      * (1 - CMath.erf((0.28263 - t) / 0.0885416))
    return peak(1, 0, 0.161) + peak(0.110, -0.175, 0.301) + peak(0.00669, 1.475, 0.168) + tail
  }
}
