#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The posterior of a signal whose background or efficiency is uncertain, as a table: prior × likelihood on a
/// Gauss-Kronrod rule in pieces, with the polynomial through the points in between.
///
/// The variable is t = ln(s/c + 1), in which the posterior is smooth also near 0 (where the Jeffreys prior over
/// no background has a pole) and falls fast also where an uncertain efficiency gives it a long tail.
struct BayesianTable: Sendable {
  /// c in events; 0 where the variable is ln s.
  private let offset: Double
  private let low: Double
  private let step: Double
  /// Points of the pieces one after another, in parts of the largest.
  private let values: [Double]
  /// Probability below each edge between pieces, and above it.
  private let below: [Double]
  private let above: [Double]
  private let norm: Double

  /// Fifteen points on [-1, 1] with their weights.
  private static let nodes = Quadrature.nodes(from: -1, to: 1, pieces: 1)

  init(inputs: StatisticalInputs, prior: SignalPosterior.Prior) throws {
    let (b, e) = (inputs.background, inputs.efficiency)
    try Self.check(e, prior)
    let n = Double(inputs.observed)
    let scale = max(n - b.value, (n + 1).squareRoot()) / e.value
    // From about the width of the posterior; less where the prior falls faster.
    let offset = prior == .flat ? scale : min(scale, b.value / e.value)
    // Beyond these standard deviations of the efficiency there is less than 1e-10 of the posterior.
    var counts = try MarginalCounts(background: b, efficiency: e, reach: 7.5)
    func logF(_ t: Double) throws -> Double {
      let signal = Self.signal(t, offset)
      guard signal.isFinite else { return -.infinity }
      let logPrior = prior == .flat ? 0 : -0.5 * log(signal + b.value / e.value)
      let value = t + logPrior + (try counts.logProbability(of: inputs.observed, signal: signal))
      return value.isNaN ? -.infinity : value
    }
    let width = (n + 1 + b.uncertainty * b.uncertainty).squareRoot() / e.value / (scale + offset)
    let bound = Self.variable(Self.largestSignal(n, e), offset)
    let range = try LogConcaveIntegral.range(
      from: offset > 0 ? 0 : -600, to: bound, start: Self.variable(scale, offset), step: min(1, width), logF)
    if e.shape != .gaussian, try logF(range.high) > range.peak - 35 {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(e.value) ± \(e.uncertainty)",
        expected: "an uncertainty with which the posterior of the signal ends")
    }
    self.offset = offset
    low = range.low
    var pieces = 12
    var total = 0.0
    while true {
      let (points, sums, step) = try Self.points(range, pieces: pieces, logF)
      let sum = sums.reduce(0, +)
      guard sum > 0, sum.isFinite, pieces < 400 else {
        throw StatisticsError.notConverged("posterior of \(inputs.observed) events over \(b.value)")
      }
      if abs(sum - total) <= 1e-12 * sum {
        self.step = step
        values = points
        below = sums.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        above = Array(sums.reversed().reduce(into: [0.0]) { $0.append($0[$0.count - 1] + $1) }.reversed())
        norm = sum
        return
      }
      total = sum
      pieces *= 2
    }
  }

  /// ln of the density per event of signal; +∞ at the pole of the Jeffreys prior.
  func logDensity(at signal: Double) -> Double {
    if signal == 0, offset == 0 { return .infinity }
    let t = Self.variable(signal, offset)
    guard t >= low, t <= low + step * Double(below.count - 1) else { return -.infinity }
    let (piece, x) = place(t)
    return log(value(piece, x) / (norm * (signal + offset)))
  }

  /// ln of the probability above a signal.
  func logSurvival(above signal: Double) -> Double {
    let (piece, x) = place(Self.variable(signal, offset))
    return min(0, log((above[piece + 1] + integral(piece, from: x, to: 1)) / norm))
  }

  /// ln of the probability below a signal.
  func logCumulative(below signal: Double) -> Double {
    let (piece, x) = place(Self.variable(signal, offset))
    return min(0, log((below[piece] + integral(piece, from: -1, to: x)) / norm))
  }

  /// The signal with probability exp(`logTail`) above it.
  func upperQuantile(logTail: Double) throws -> Double {
    let target = exp(logTail) * norm
    let piece = max(0, (above.firstIndex { $0 < target } ?? 1) - 1)
    return try root(piece, rising: false) { above[piece + 1] + integral(piece, from: $0, to: 1) - target }
  }

  /// The signal with probability exp(`logProbability`) below it.
  func lowerQuantile(logProbability: Double) throws -> Double {
    let target = exp(logProbability) * norm
    let piece = min(below.count - 2, (below.lastIndex { $0 < target } ?? 0))
    return try root(piece, rising: true) { below[piece] + integral(piece, from: -1, to: $0) - target }
  }

  // MARK: The variable

  private static func variable(_ signal: Double, _ offset: Double) -> Double {
    offset > 0 ? log1p(signal / offset) : log(signal)
  }

  private static func signal(_ t: Double, _ offset: Double) -> Double {
    offset > 0 ? offset * expm1(t) : exp(t)
  }

  /// A signal above which there is no probability that matters. A Gaussian efficiency has a density at 0, with
  /// which the posterior of a flat prior would never end: what needs an efficiency 7 σ below the centre, or less
  /// than an eighth of it, is left out (below 1e-7 of the probability).
  private static func largestSignal(_ n: Double, _ efficiency: UncertainQuantity) -> Double {
    guard efficiency.shape == .gaussian else { return 1e250 }
    return (n + 12 * (n + 1).squareRoot() + 60)
      / max(efficiency.value - 7 * efficiency.uncertainty, 0.125 * efficiency.value)
  }

  private static func check(_ efficiency: UncertainQuantity, _ prior: SignalPosterior.Prior) throws {
    let relative = efficiency.uncertainty / efficiency.value
    if efficiency.shape == .gaussian, relative > 1.0 / 6 {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(efficiency.value) ± \(efficiency.uncertainty)",
        expected: "a Gaussian uncertainty of at most a sixth (the posterior would not end): "
          + "take the shape log-normal or gamma")
    }
    if let (shape, _) = efficiency.gammaParameters, shape <= (prior == .flat ? 1 : 0.5) {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(efficiency.value) ± \(efficiency.uncertainty)",
        expected: "a smaller uncertainty: the posterior of the signal would not end")
    }
  }

  // MARK: Points and pieces

  private static func points(
    _ range: LogConcaveIntegral.Range, pieces: Int, _ logF: (Double) throws -> Double
  ) throws -> (points: [Double], sums: [Double], step: Double) {
    let step = (range.high - range.low) / Double(pieces)
    var points: [Double] = []
    points.reserveCapacity(15 * pieces)
    var sums: [Double] = []
    for piece in 0..<pieces {
      var sum = 0.0
      for node in nodes {
        let t = range.low + (Double(piece) + 0.5 + 0.5 * node.point) * step
        let value = exp(try logF(t) - range.peak)
        points.append(value)
        sum += node.weight * value
      }
      sums.append(0.5 * step * sum)
    }
    return (points, sums, step)
  }

  /// The piece that t lies in, and where in it, from -1 to 1; t outside the table lies at its end.
  private func place(_ t: Double) -> (piece: Int, x: Double) {
    let last = Double(below.count - 2)
    let position = max(0, min(last + 1, (t - low) / step))
    let piece = min(last, position.rounded(.down))
    return (Int(piece), 2 * (position - piece) - 1)
  }

  /// The polynomial through the points of a piece.
  private func value(_ piece: Int, _ x: Double) -> Double {
    var above = 0.0
    var below = 0.0
    for (k, node) in Self.nodes.enumerated() {
      let distance = x - node.point
      if distance == 0 { return values[15 * piece + k] }
      let factor = Quadrature.barycentric[k] / distance
      above += factor * values[15 * piece + k]
      below += factor
    }
    return max(0, above / below)
  }

  private func integral(_ piece: Int, from low: Double, to high: Double) -> Double {
    let half = 0.5 * (high - low)
    guard half > 0 else { return 0 }
    var sum = 0.0
    for node in Self.nodes { sum += node.weight * value(piece, 0.5 * (low + high) + half * node.point) }
    return 0.5 * step * half * sum
  }

  private func root(
    _ piece: Int, rising: Bool, _ f: (Double) throws -> Double
  ) throws -> Double {
    // From 1 to 3, not around 0, so that the relative precision is that of the piece.
    let x = try BracketedRoot.close(1, 3, rising: rising, relative: 1e-15) { shifted in
      let slope = 0.5 * step * value(piece, shifted - 2)
      return BracketedRoot.Point(value: try f(shifted - 2), slope: rising ? slope : -slope)
    }
    return Self.signal(low + (Double(piece) + 0.5 + 0.5 * (x - 2)) * step, offset)
  }
}
