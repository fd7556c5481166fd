#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

import RandomNumbers

/// Draws for toys.
extension CounterRandom {
  /// A number of the distribution of a quantity.
  mutating func draw(_ quantity: UncertainQuantity) -> Double {
    if let (shape, rate) = quantity.gammaParameters { return gamma(shape) / rate }
    switch quantity.shape {
    case .logNormal: return quantity.value * exp(normal() * quantity.uncertainty / quantity.value)
    case .gaussian:
      // At least every second one is not negative, on average.
      while true {
        let value = quantity.value + quantity.uncertainty * normal()
        if value >= 0 { return value }
      }
    case .known, .gamma, .auxiliaryCount: return quantity.value
    }
  }

  /// A normal number (the polar method of G. Marsaglia).
  mutating func normal() -> Double {
    while true {
      let x = 2 * uniform() - 1
      let y = 2 * uniform() - 1
      let r = x * x + y * y
      if r > 0, r < 1 { return x * (-2 * log(r) / r).squareRoot() }
    }
  }

  /// A gamma number of rate 1 (G. Marsaglia, W. W. Tsang, ACM Trans. Math. Softw. 26 (2000) 363).
  mutating func gamma(_ shape: Double) -> Double {
    guard shape >= 1 else { return gamma(shape + 1) * pow(1 - uniform(), 1 / shape) }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = normal()
      let v = 1 + c * x
      guard v > 0 else { continue }
      let cube = v * v * v
      if log(1 - uniform()) < 0.5 * x * x + d * (1 - cube + log(cube)) { return d * cube }
    }
  }

  /// A Poisson count, as a number: products of uniform numbers for small means, else the transformed rejection of
  /// W. Hörmann (Insur. Math. Econ. 12 (1993) 39).
  mutating func poisson(_ mean: Double) -> Double {
    if mean < 30 {
      var count = 0.0
      var product = 1 - uniform()
      let end = exp(-mean)
      while product > end {
        count += 1
        product *= 1 - uniform()
      }
      return count
    }
    let b = 0.931 + 2.53 * mean.squareRoot()
    let a = -0.059 + 0.02483 * b
    let inverseAlpha = 1.1239 + 1.1328 / (b - 3.4)
    let squeeze = 0.9277 - 3.6224 / (b - 2)
    while true {
      let u = uniform() - 0.5
      let v = 1 - uniform()
      let us = 0.5 - abs(u)
      let count = ((2 * a / us + b) * u + mean + 0.43).rounded(.down)
      if us >= 0.07, v <= squeeze { return count }
      guard count >= 0, us >= 0.013 || v <= us else { continue }
      if log(v * inverseAlpha / (a / (us * us) + b)) <= IncompleteGamma.logWeight(count, mean) {
        return count
      }
    }
  }
}
