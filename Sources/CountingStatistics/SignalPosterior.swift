#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The posterior of a signal, with background and efficiency marginalised.
public struct SignalPosterior: Sendable {
  /// The prior of the signal s ≥ 0, in events. The raw value is the text that goes into outputs.
  public enum Prior: String, Sendable, Hashable, CaseIterable {
    /// The same for all s.
    case flat
    /// 1/√(s + b) with the central background: Jeffreys' rule for a known background.
    case jeffreys = "Jeffreys"
  }

  /// What went in.
  public let inputs: StatisticalInputs
  /// The prior.
  public let prior: Prior

  /// In the variable in which the posterior is smooth: s, or √(ε s + b) for Jeffreys' prior, which is flat in it.
  private let points: [Double]
  private let densities: [Double]
  /// Probability up to the start of each piece, and 1 at the end.
  private let sums: [Double]
  private let low: Double
  private let width: Double
  private let offset: Double
  private let scale: Double

  private static let pieces = 48

  /// The posterior after `observed` counts.
  ///
  /// Throws for a negative count, an efficiency of 0 or above 1, and a Gaussian efficiency with an uncertainty
  /// above 20 %: with a part of it near 0 the posterior cannot be normalised (use log-normal or gamma).
  public init(
    observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity = .one, prior: Prior
  ) throws {
    inputs = try StatisticalInputs(observed: observed, background: background, efficiency: efficiency)
    guard efficiency.shape != .gaussian || efficiency.uncertainty <= 0.2 * efficiency.value else {
      throw StatisticsError.invalidInput(
        name: "efficiency", value: "\(efficiency.value) ± \(efficiency.uncertainty), Gaussian",
        expected: "an uncertainty of at most 20 %, or a log-normal or gamma shape, for a posterior")
    }
    guard efficiency.isKnown || efficiency.gammaParameters != nil || observed <= SignalCounts.largestCount
    else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(observed)",
        expected:
          "at most \(SignalCounts.largestCount) for a posterior with a Gaussian or log-normal efficiency: "
          + "use the gamma shape")
    }
    self.prior = prior
    // Within 5 standard deviations, for the same reason.
    var counts = try MarginalCounts(background: background, efficiency: efficiency, reach: 5)
    let isFlat = prior == .flat
    let offset = isFlat ? 0 : background.value
    let scale = efficiency.value
    func signal(_ t: Double) -> Double { isFlat ? t : max(0, t * t - offset) / scale }
    func logDensity(_ t: Double) throws -> Double {
      try counts.logProbability(of: observed, signal: signal(t))
    }
    let n = Double(observed)
    let start = isFlat ? max(1, n - background.value) / scale : max(n, background.value + 0.5).squareRoot()
    let step = isFlat ? (n + 1).squareRoot() / scale : 0.5
    let low = isFlat ? 0 : offset.squareRoot()
    let end = isFlat ? counts.largestSignal : (counts.largestSignal * scale + offset).squareRoot()
    let range = try LogConcaveIntegral.range(
      from: low, to: end, start: min(start, end), step: step, logDensity)
    let pieceWidth = (range.high - range.low) / Double(Self.pieces)
    let nodes = Quadrature.nodes(from: range.low, to: range.high, pieces: Self.pieces)
    var densities: [Double] = []
    var sums = [0.0]
    var sum = 0.0
    for (k, node) in nodes.enumerated() {
      let density = exp(try logDensity(node.point) - range.peak)
      densities.append(density)
      sum += density * node.weight
      if k % 15 == 14 { sums.append(sum) }
    }
    guard sum > 0, sum.isFinite else { throw StatisticsError.notConverged("norm of the posterior") }
    points = nodes.map(\.point)
    self.densities = densities.map { $0 / sum }
    self.sums = sums.map { $0 / sum }
    self.low = range.low
    width = pieceWidth
    self.offset = offset
    self.scale = scale
  }

  /// The signal below which lies the probability CL. Throws for a level outside (0, 1).
  public func upperLimit(confidenceLevel: Double) throws -> Limit {
    try InputCheck.confidenceLevel(confidenceLevel)
    return Limit(
      upper: signal(quantile(confidenceLevel)), origin: origin(.oneSidedUpper, confidenceLevel))
  }

  /// The interval with (1 - CL)/2 on each side. Throws for a level outside (0, 1).
  public func centralInterval(confidenceLevel: Double) throws -> SignalInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    let tail = 0.5 * (1 - confidenceLevel)
    return SignalInterval(
      lower: signal(quantile(tail)), upper: signal(quantile(1 - tail)),
      origin: origin(.central, confidenceLevel))
  }

  /// The shortest interval: the posterior density is higher inside than outside. Throws for a level outside
  /// (0, 1).
  public func shortestInterval(confidenceLevel: Double) throws -> SignalInterval {
    try InputCheck.confidenceLevel(confidenceLevel)
    // The length as a function of the probability left below has one minimum.
    func length(_ below: Double) -> Double {
      signal(quantile(below + confidenceLevel)) - signal(quantile(below))
    }
    let golden = 0.618033988749894848
    var (from, to) = (0.0, 1 - confidenceLevel)
    var (a, b) = (to - golden * (to - from), from + golden * (to - from))
    var (atA, atB) = (length(a), length(b))
    for _ in 0..<80 {
      if atA <= atB {
        (to, b, atB) = (b, a, atA)
        a = to - golden * (to - from)
        atA = length(a)
      } else {
        (from, a, atA) = (a, b, atB)
        b = from + golden * (to - from)
        atB = length(b)
      }
    }
    let below = length(0) <= min(atA, atB) ? 0 : 0.5 * (from + to)
    return SignalInterval(
      lower: signal(quantile(below)), upper: signal(quantile(below + confidenceLevel)),
      origin: origin(.shortest, confidenceLevel))
  }

  private func origin(_ tail: TailConvention, _ confidenceLevel: Double) -> ResultOrigin {
    ResultOrigin(
      method: prior == .flat ? .bayesianFlat : .bayesianJeffreys, tail: tail, ordering: .posterior,
      confidenceLevel: confidenceLevel, inputs: inputs)
  }

  private func signal(_ t: Double) -> Double {
    prior == .flat ? t : max(0, t * t - offset) / scale
  }

  /// The point below which lies a probability: Newton in the piece that holds it, on the polynomial through the
  /// piece's points.
  private func quantile(_ probability: Double) -> Double {
    guard probability > 0 else { return low }
    guard probability < 1 else { return low + Double(Self.pieces) * width }
    let piece = max(0, (sums.firstIndex { $0 >= probability } ?? sums.count - 1) - 1)
    let begin = low + Double(piece) * width
    let wanted = probability - sums[piece]
    var (from, to) = (0.0, width)
    for _ in 0..<60 {
      let middle = 0.5 * (from + to)
      if integral(piece, begin, upTo: begin + middle) < wanted { from = middle } else { to = middle }
    }
    return begin + 0.5 * (from + to)
  }

  private func integral(_ piece: Int, _ begin: Double, upTo end: Double) -> Double {
    Quadrature.nodes(from: begin, to: end, pieces: 1).reduce(0) { $0 + $1.weight * density(piece, $1.point) }
  }

  /// The density by barycentric interpolation between the nodes of a piece.
  private func density(_ piece: Int, _ t: Double) -> Double {
    var (above, below) = (0.0, 0.0)
    for k in 0..<15 {
      let distance = t - points[15 * piece + k]
      if distance == 0 { return densities[15 * piece + k] }
      let weight = Quadrature.barycentric[k] / distance
      above += weight * densities[15 * piece + k]
      below += weight
    }
    return above / below
  }
}
