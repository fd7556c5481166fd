/// Draws from the distributions that the detector response needs, off one random stream.
struct ResponseDraws {
  private var random: SimulationRandom
  private var spare: Double?

  init(_ random: SimulationRandom) { self.random = random }

  /// From 0 to just below 1.
  mutating func uniform() -> Double { random.uniform() }

  /// From `low` to just below `high`.
  mutating func uniform(_ low: Double, _ high: Double) -> Double { random.uniform(low, high) }

  /// Whether something of the given chance comes to pass.
  mutating func chance(_ probability: Double) -> Bool { random.uniform() < probability }

  /// From 0 to `count` - 1.
  mutating func index(_ count: Int) -> Int { min(Int(random.uniform() * Double(count)), count - 1) }

  /// A number of a normal distribution (Box and Muller 1958).
  mutating func gauss(_ sigma: Double) -> Double {
    if let value = spare {
      spare = nil
      return sigma * value
    }
    let radius = (-2 * CMath.log(1 - random.uniform())).squareRoot()
    let angle = 2 * Double.pi * random.uniform()
    spare = radius * CMath.sin(angle)
    return sigma * radius * CMath.cos(angle)
  }

  /// A number of an exponential distribution.
  mutating func exponential(_ mean: Double) -> Double { -mean * CMath.log(1 - random.uniform()) }

  /// A number of a Poisson distribution: how many steps of an exponential one fit into the mean.
  mutating func poisson(_ mean: Double) -> Int {
    var count = 0
    var sum = exponential(1)
    while sum < mean {
      count += 1
      sum += exponential(1)
    }
    return count
  }

  /// A time of a photomultiplier of KTAG or RICH, in ns, from its distribution.
  mutating func photonTime() -> Double { Self.photonTimes.draw(&random) }

  /// Times of the photomultipliers of KTAG and RICH (`detectors.md` section 1, C): a core of 0.16 ns, an early
  /// and a late peak, and a tail; heights, not areas.
  private static let photonTimes = TabulatedDistribution(low: -3, high: 2, bins: 1000) { t in
    func peak(_ height: Double, _ mean: Double, _ sigma: Double) -> Double {
      height * CMath.exp(-(t - mean) * (t - mean) / (2 * sigma * sigma))
    }
    let tail =
      0.02906 * CMath.exp(1.03047 * (0.557182 - 2 * t))
      * (1 - CMath.erf((0.28263 - t) / 0.0885416))
    return peak(1, 0, 0.161) + peak(0.110, -0.175, 0.301) + peak(0.00669, 1.475, 0.168) + tail
  }
}

/// A distribution by its density in bins, from which numbers are drawn by the inverse of its integral.
struct TabulatedDistribution {
  private let low: Double
  private let step: Double
  private var integral: [Double] = [0]

  /// The distribution whose density is `density`, not normalised, from `low` to `high`.
  init(low: Double, high: Double, bins: Int, _ density: (Double) -> Double) {
    self.low = low
    step = (high - low) / Double(bins)
    var sum = 0.0
    for bin in 0..<bins {
      sum += max(density(low + (Double(bin) + 0.5) * step), 0)
      integral.append(sum)
    }
  }

  /// A number.
  func draw(_ random: inout SimulationRandom) -> Double {
    let target = random.uniform() * (integral.last ?? 0)
    var below = 0
    var above = integral.count - 1
    while above - below > 1 {
      let middle = (below + above) / 2
      if integral[middle] <= target { below = middle } else { above = middle }
    }
    let part = integral[above] - integral[below]
    return low + step * (Double(below) + (part > 0 ? (target - integral[below]) / part : 0.5))
  }
}
