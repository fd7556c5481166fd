#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The posterior of a signal with known background and efficiency, in closed form: the mean m = b + e s is gamma
/// distributed with shape n + 1 (flat prior) or n + 1/2 (Jeffreys), cut off below b.
struct BayesianTruncatedGamma: Sendable {
  private let shape: Double
  private let background: Double
  private let efficiency: Double
  private let logNorm: Double

  init(observed: Int, background: Double, efficiency: Double, prior: SignalPosterior.Prior) throws {
    shape = Double(observed) + (prior == .flat ? 1 : 0.5)
    self.background = background
    self.efficiency = efficiency
    // Only differences of it are taken where it may be lost; far above the shape it is -b, about.
    logNorm = try IncompleteGamma.logTails(shape: shape, x: background).upper
  }

  /// ln of the density per event of signal; +∞ at the pole of the Jeffreys prior.
  func logDensity(at signal: Double) -> Double {
    let mean = background + efficiency * signal
    guard mean > 0 else { return shape == 1 ? log(efficiency) : shape > 1 ? -.infinity : .infinity }
    return log(efficiency * shape / mean) + IncompleteGamma.logWeight(shape, mean) - logNorm
  }

  /// ln of the probability above a signal.
  func logSurvival(above signal: Double) throws -> Double {
    try IncompleteGamma.logUpperRatio(shape: shape, x: background, step: efficiency * signal)
  }

  /// ln of the probability below a signal.
  func logCumulative(below signal: Double) throws -> Double {
    let mean = background + efficiency * signal
    // Below the peak the lower tails have the digits, above it the upper ones.
    guard mean < shape + 1 else { return log(-expm1(try logSurvival(above: signal))) }
    let below = exp(try IncompleteGamma.logTails(shape: shape, x: background).lower)
    let all = exp(try IncompleteGamma.logTails(shape: shape, x: mean).lower)
    return min(0, log(max(0, all - below)) - logNorm)
  }

  /// The signal with probability exp(`logTail`) above it.
  func upperQuantile(logTail: Double) throws -> Double {
    if shape == 1 { return -logTail / efficiency }
    if background == 0 {
      return try IncompleteGamma.inverseUpper(shape: shape, logProbability: logTail) / efficiency
    }
    let start = max(-logTail, shape - background)
    let step = try BracketedRoot.find(
      from: start, firstStep: max(1, shape.squareRoot()), rising: false, floor: 0
    ) { step in
      let tail = try IncompleteGamma.logUpperRatio(shape: shape, x: background, step: step)
      let slope = -exp(logDensity(at: step / efficiency) - tail) / efficiency
      return BracketedRoot.Point(value: tail - logTail, slope: slope)
    }
    return step / efficiency
  }

  /// The signal with probability exp(`logProbability`) below it.
  func lowerQuantile(logProbability: Double) throws -> Double {
    if background == 0 {
      return try IncompleteGamma.inverseLower(shape: shape, logProbability: logProbability) / efficiency
    }
    // In the logarithm of the signal, so that the straight rise from 0 keeps its digits.
    let start = log(max(shape - background, min(1, background)) / efficiency)
    let root = try BracketedRoot.find(from: start, firstStep: 1 / (1 + shape.squareRoot()), rising: true) {
      u in
      let signal = exp(u)
      let below = try logCumulative(below: signal)
      return BracketedRoot.Point(
        value: below - logProbability, slope: signal * exp(logDensity(at: signal) - below))
    }
    return exp(root)
  }
}
