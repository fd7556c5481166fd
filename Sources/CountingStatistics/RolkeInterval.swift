#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Intervals of a signal by the profile likelihood with background and efficiency as nuisance parameters
/// (W. A. Rolke, A. M. López, J. Conrad, Nucl. Instrum. Meth. A 551 (2005) 493): the signals whose -2 ln of the
/// likelihood ratio is at most the quantile of χ² with one degree of freedom.
///
/// For no events the upper end is extrapolated in a straight line from one and two events, and an unbounded
/// interval that comes out empty is replaced by that of the first greater count whose interval is not, both as in
/// ROOT's `TRolke`. Its numbers come out; those of model 1, where it fits the background with a wrong sign and upper
/// ends are a little lower, with ``Fit/asROOT``.
public struct RolkeInterval: Sendable, Hashable {
  /// How the background was measured.
  public enum Background: Sendable, Hashable {
    /// Known, in events.
    case known(Double)
    /// A count where τ times the background is expected.
    case counted(Int, ratio: Double)
    /// A Gaussian measurement.
    case gaussian(Double, width: Double)
  }

  /// How the efficiency was measured.
  public enum Efficiency: Sendable, Hashable {
    /// Known.
    case known(Double)
    /// Simulated events that passed, and all of them.
    case counted(passed: Int, trials: Int)
    /// A Gaussian measurement.
    case gaussian(Double, width: Double)
  }

  /// How the background is fitted at a signal µ in model 1, from its count y in τ times the exposure; the other
  /// models know no difference. η is the slope of the efficiency's term in ln L.
  public enum Fit: String, Sendable, Hashable, CaseIterable {
    /// As y / (τ + η/µ), where the likelihood is highest.
    case maximum
    /// As y / (τ - η/µ), as ROOT's `TRolke` has it, with the efficiency that is then the likeliest. That is not the
    /// highest likelihood, and upper ends come out lower: only to compare with ROOT.
    case asROOT = "as-root"
  }

  /// How the background was measured.
  public let background: Background
  /// How the efficiency was measured.
  public let efficiency: Efficiency
  /// The confidence level.
  public let confidenceLevel: Double
  /// Whether the likelihood's maximum is taken at signals of 0 and more only. If not, an interval can shrink
  /// to nothing where fewer events were seen than expected.
  public let isBounded: Bool
  /// How the background of model 1 is fitted.
  public let fit: Fit

  /// The number of ROOT's model (1 to 7); nil for a background and an efficiency that are both known.
  public var model: Int? {
    switch (background, efficiency) {
    case (.counted, .counted): 1
    case (.counted, .gaussian): 2
    case (.gaussian, .gaussian): 3
    case (.counted, .known): 4
    case (.gaussian, .known): 5
    case (.known, .counted): 6
    case (.known, .gaussian): 7
    case (.gaussian, .counted), (.known, .known): nil
    }
  }

  /// A method with its measurements.
  ///
  /// Throws for a confidence level outside (0, 1), negative counts or means, widths or ratios that are not
  /// positive, an efficiency outside (0, 1], and no simulated event that passed.
  public init(
    background: Background, efficiency: Efficiency, confidenceLevel: Double, isBounded: Bool = true,
    fit: Fit = .maximum
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    switch background {
    case .known(let mean): try InputCheck.mean(mean, "background")
    case .counted(let count, let ratio):
      try InputCheck.count(count, "auxiliary count")
      try InputCheck.positive(ratio, "ratio of the auxiliary exposure")
    case .gaussian(let mean, let width):
      try InputCheck.mean(mean, "background")
      try InputCheck.positive(width, "uncertainty of the background")
    }
    switch efficiency {
    case .known(let value): try InputCheck.fraction(value, "efficiency")
    case .counted(let passed, let trials):
      guard passed > 0, passed <= trials else {
        throw StatisticsError.invalidInput(
          name: "simulated events passed", value: "\(passed) of \(trials)",
          expected: "at least 1 and at most all of them")
      }
    case .gaussian(let value, let width):
      try InputCheck.fraction(value, "efficiency")
      try InputCheck.positive(width, "uncertainty of the efficiency")
    }
    self.background = background
    self.efficiency = efficiency
    self.confidenceLevel = confidenceLevel
    self.isBounded = isBounded
    self.fit = fit
  }

  /// The method for quantities with an uncertainty: a background from an auxiliary count that is a whole number as
  /// such, every other one as a Gaussian measurement of that width.
  public init(
    background: UncertainQuantity, efficiency: UncertainQuantity = .one, confidenceLevel: Double,
    isBounded: Bool = true
  ) throws {
    let b: Background
    if background.shape == .auxiliaryCount, let (count, ratio) = background.auxiliary, count < 1e9,
      abs(count - count.rounded()) < 1e-9 * (1 + count)
    {
      b = .counted(Int(count.rounded()), ratio: ratio)
    } else if background.isKnown {
      b = .known(background.value)
    } else {
      b = .gaussian(background.value, width: background.uncertainty)
    }
    let e: Efficiency =
      efficiency.isKnown
      ? .known(efficiency.value) : .gaussian(efficiency.value, width: efficiency.uncertainty)
    try self.init(background: b, efficiency: e, confidenceLevel: confidenceLevel, isBounded: isBounded)
  }

  /// The interval of the signal after `observed` events.
  ///
  /// Throws for a negative count or one above 1e9, or without convergence.
  public func interval(observed: Int) throws -> SignalInterval {
    try InputCheck.count(observed, "observed count")
    guard observed <= 1_000_000_000 else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(observed)", expected: "at most 1e9 for Rolke's method")
    }
    let (lower, upper, ownCaution) = try ends(observed)
    let fitCaution =
      fit == .asROOT && model == 1 ? "background fitted as in ROOT, not at the highest likelihood" : nil
    let cautions = [ownCaution, fitCaution].compactMap { $0 }
    let caution = cautions.isEmpty ? nil : cautions.joined(separator: "; ")
    return SignalInterval(
      lower: lower, upper: upper,
      origin: ResultOrigin(
        method: isBounded ? .rolkeBounded : .rolkeUnbounded, tail: .unified,
        ordering: .profileLikelihoodRatio, confidenceLevel: confidenceLevel,
        inputs: try StatisticalInputs(
          observed: observed, background: try backgroundQuantity(), efficiency: try efficiencyQuantity()),
        caution: caution))
  }
}

// MARK: - Sensitivity

extension RolkeInterval {
  /// The smallest count whose interval does not begin at 0.
  ///
  /// Throws where there is none up to 1e9, or without convergence.
  public func criticalNumber() throws -> Int {
    var below = 0
    var above = 1
    while try ends(above).lower <= 0 {
      below = above
      above *= 2
      guard above <= 1_000_000_000 else {
        throw StatisticsError.notConverged("critical number of Rolke's method")
      }
    }
    while above - below > 1 {
      let middle = below + (above - below) / 2
      if try ends(middle).lower > 0 { above = middle } else { below = middle }
    }
    return above
  }

  /// The interval at the median count if there is only the background, at its measured value.
  public func medianInterval() throws -> SignalInterval {
    try interval(observed: try PoissonDistribution(mean: measuredBackground).quantile(0.5))
  }

  /// The upper end averaged over the counts if there is only the background, at its measured value.
  ///
  /// Throws for a background above 1e5 events, or without convergence.
  public func meanUpperEnd() throws -> Double {
    let mean = measuredBackground
    guard mean <= 1e5 else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(mean)", expected: "at most 1e5 events for the full sum")
    }
    let counts = try PoissonDistribution(mean: mean)
    let reach = 9 * mean.squareRoot() + 20
    var sum = 0.0
    for n in max(0, Int(mean - reach))...Int(mean + reach) {
      sum += counts.probability(of: n) * (try ends(n).upper)
    }
    return sum
  }
}

// MARK: - The likelihood

extension RolkeInterval {
  private typealias Ends = (lower: Double, upper: Double, caution: String?)

  private var measuredBackground: Double {
    switch background {
    case .known(let mean), .gaussian(let mean, _): mean
    case .counted(let count, let ratio): Double(count) / ratio
    }
  }

  private var measuredEfficiency: Double {
    switch efficiency {
    case .known(let value), .gaussian(let value, _): value
    case .counted(let passed, let trials): Double(passed) / Double(trials)
    }
  }

  private func backgroundQuantity() throws -> UncertainQuantity {
    switch background {
    case .known(let mean): try UncertainQuantity(mean)
    case .counted(let count, let ratio): try UncertainQuantity(auxiliaryCount: count, ratio: ratio)
    case .gaussian(let mean, let width): try UncertainQuantity(mean, uncertainty: width)
    }
  }

  private func efficiencyQuantity() throws -> UncertainQuantity {
    switch efficiency {
    case .known(let value): return try UncertainQuantity(value)
    case .gaussian(let value, let width): return try UncertainQuantity(value, uncertainty: width)
    case .counted(let passed, let trials):
      let p = Double(passed) / Double(trials)
      return try UncertainQuantity(p, uncertainty: (p * (1 - p) / Double(trials)).squareRoot())
    }
  }

  private func with(_ background: Background) throws -> RolkeInterval {
    try RolkeInterval(
      background: background, efficiency: efficiency, confidenceLevel: confidenceLevel, isBounded: isBounded,
      fit: fit)
  }

  /// The ends; where an unbounded interval is empty, those of the first greater count whose is not.
  private func ends(_ observed: Int) throws -> Ends {
    let own = try ownEnds(observed)
    guard own.upper <= 0, !isBounded else {
      return (own.lower, own.upper, observed == 0 ? "no event: extrapolated from one and two events" : nil)
    }
    // Above the background the best fit is positive, and its interval not empty.
    var below = observed
    var above = max(observed, Int(min(measuredBackground, 1e9))) + 2
    while above - below > 1 {
      let middle = below + (above - below) / 2
      if try ownEnds(middle).upper > 0 { above = middle } else { below = middle }
    }
    let (lower, upper) = try ownEnds(above)
    return (
      lower, upper,
      "unbounded, and far fewer events than background: the interval is empty, this is that of \(above) events"
    )
  }

  private func ownEnds(_ observed: Int) throws -> (lower: Double, upper: Double) {
    guard observed == 0 else { return try solved(Double(observed)) }
    if case .counted(0, let ratio) = background {
      let step = try with(.counted(1, ratio: ratio))
      let more = try with(.counted(2, ratio: ratio))
      return (0, max(0, try 3 * step.solved(1).upper - more.solved(1).upper - step.solved(2).upper))
    }
    return (0, max(0, try 2 * solved(1).upper - solved(2).upper))
  }

  private func solved(_ x: Double) throws -> (lower: Double, upper: Double) {
    let z = try NormalDistribution.inverseSurvival(0.5 * (1 - confidenceLevel))
    let best = (x - measuredBackground) / measuredEfficiency
    let atZero = try profile(x, 0)
    let lowest = isBounded && best < 0 ? atZero.value : 0
    let target = lowest + 0.5 * z * z
    guard best > 0 || atZero.value <= target else {
      return (0, 0)
    }
    func distance(_ s: Double) throws -> BracketedRoot.Point {
      let point = try profile(x, s)
      return BracketedRoot.Point(value: point.value - target, slope: point.slope)
    }
    let lower = atZero.value <= target ? 0 : try BracketedRoot.close(0, best, rising: false, distance)
    let start = max(0, best)
    let step = 1 + (x + measuredBackground).squareRoot()
    var high = start + step / measuredEfficiency
    var tries = 0
    while try distance(high).value < 0 {
      high = start + 2 * (high - start)
      tries += 1
      guard tries < 60 else {
        throw StatisticsError.invalidInput(
          name: "efficiency", value: "\(measuredEfficiency)",
          expected: "one further from 0 in units of its uncertainty: no signal is excluded")
      }
    }
    return (lower, try BracketedRoot.close(start, high, rising: true, distance))
  }

  /// -ln of the likelihood at its maximum over background and efficiency, relative to that of a perfect fit,
  /// and its slope in the signal.
  ///
  /// With λ = x / mean - 1 both nuisances follow from λ, each in its own term; the mean they give rises with λ
  /// where x / (1 + λ) falls, so there is one λ at which both agree.
  private func profile(_ x: Double, _ s: Double) throws -> BracketedRoot.Point {
    // Without an event in the auxiliary count ROOT's formula says nothing of the background.
    if fit == .asROOT, case .counted(let count, let ratio) = background, count > 0,
      case .counted(let passed, let trials) = efficiency
    {
      return try profileAsROOT(x, s, Double(count), ratio, Double(passed), Double(trials))
    }
    var low = -1.0
    var high = 1.0
    if case .counted(_, let ratio) = background {
      high = ratio
    } else {
      // Only a known background of 0 leaves the mean at 0, where no event can have been seen.
      while nuisances(s, high).mean * (1 + high) < x {
        high *= 2
        guard high < 1e300 else { return BracketedRoot.Point(value: .infinity, slope: -.infinity) }
      }
    }
    // The difference rises with λ; it is negative at -1 for every x > 0, where the mean is finite.
    for _ in 0..<200 {
      let middle = 0.5 * (low + high)
      guard middle > low, middle < high else { break }
      if nuisances(s, middle).mean * (1 + middle) < x { low = middle } else { high = middle }
    }
    let score = 0.5 * (low + high)
    var (b, e, _) = nuisances(s, score)
    // The mean as the likelihood wants it, which keeps its digits where s e + b cancels. With an empty auxiliary
    // count b is 0 for every λ < τ, and takes up what is missing at λ = τ.
    let mean = x / (1 + score)
    if case .counted(0, _) = background { b = max(0, mean - s * e) }
    let value = StirlingDeviance.halfDeviance(x, mean) + deviance(background: b) + deviance(efficiency: e)
    guard !value.isNaN else { throw StatisticsError.notConverged("profile likelihood at signal \(s)") }
    return BracketedRoot.Point(value: value, slope: -score * e)
  }

  /// The same with the background of ``Fit/asROOT``.
  ///
  /// With λ = -η/µ the efficiency is that of the true fit, and the background y / (τ + λ) where that has
  /// y / (τ - λ). The likelihood is then not highest where the events' term agrees with λ, and is searched along λ;
  /// it may have more than one maximum.
  private func profileAsROOT(
    _ x: Double, _ s: Double, _ y: Double, _ ratio: Double, _ z: Double, _ m: Double
  ) throws -> BracketedRoot.Point {
    typealias Place = (background: Double, efficiency: Double, rise: Double, excess: Double)
    func place(_ score: Double) -> Place {
      let b = y / (ratio + score)
      let e = nuisances(s, score).efficiency
      // How fast the efficiency rises with s λ.
      let rise = e < 1 ? 1 / (z / (e * e) + (m - z) / ((1 - e) * (1 - e))) : 0
      return (b, e, rise, x / (s * e + b) - 1)
    }
    /// The slope of ln L in λ, up to a positive factor.
    func slope(_ score: Double) -> Double {
      let (b, _, rise, excess) = place(score)
      return s * s * rise * (excess - score) - b / y * b * (excess + score)
    }
    func cost(_ score: Double) -> Double {
      let (b, e, _, _) = place(score)
      return StirlingDeviance.halfDeviance(x, s * e + b) + deviance(background: b) + deviance(efficiency: e)
    }
    // τ + λ in steps of 12 %, a million times up and down from 1 + τ.
    let steps = -120...120
    func grid(_ step: Int) -> Double { (1 + ratio) * exp(Double(step) * 0.115) - ratio }
    var best = (step: 0, cost: Double.infinity)
    for step in steps {
      let cost = cost(grid(step))
      if cost < best.cost { best = (step, cost) }
    }
    var low = best.step == steps.lowerBound ? -ratio : grid(best.step - 1)
    var high = grid(best.step + 1)
    while best.step == steps.upperBound, slope(high) > 0 {
      high *= 2
      guard high < 1e300 else { throw StatisticsError.notConverged("profile likelihood at signal \(s)") }
    }
    for _ in 0..<200 {
      let middle = 0.5 * (low + high)
      guard middle > low, middle < high else { break }
      if slope(middle) > 0 { low = middle } else { high = middle }
    }
    let score = 0.5 * (low + high)
    let value = cost(score)
    guard !value.isNaN else { throw StatisticsError.notConverged("profile likelihood at signal \(s)") }
    let (_, e, rise, excess) = place(score)
    return BracketedRoot.Point(value: value, slope: -excess * e - s * score * rise * (excess - score))
  }

  private func nuisances(_ s: Double, _ score: Double) -> (
    background: Double, efficiency: Double, mean: Double
  ) {
    let b: Double
    switch background {
    case .known(let mean): b = mean
    case .counted(let count, let ratio): b = count == 0 ? 0 : Double(count) / (ratio - score)
    case .gaussian(let mean, let width): b = mean + width * width * score
    }
    let e: Double
    switch efficiency {
    case .known(let value): e = value
    case .gaussian(let value, let width): e = value + width * width * s * score
    case .counted(let passed, let trials):
      // sλ e² - (sλ - m) e - z = 0, the root between 0 and 1.
      let pull = s * score
      let (z, m) = (Double(passed), Double(trials))
      let root = max(0, (pull - m) * (pull - m) + 4 * pull * z).squareRoot()
      e = 2 * z / (m - pull + root)
    }
    return (b, e, s * e + b)
  }

  private func deviance(background b: Double) -> Double {
    switch background {
    case .known: return 0
    case .counted(let count, let ratio): return StirlingDeviance.halfDeviance(Double(count), ratio * b)
    case .gaussian(let mean, let width):
      let pull = (b - mean) / width
      return 0.5 * pull * pull
    }
  }

  private func deviance(efficiency e: Double) -> Double {
    switch efficiency {
    case .known: return 0
    case .gaussian(let value, let width):
      let pull = (e - value) / width
      return 0.5 * pull * pull
    case .counted(let passed, let trials):
      let (z, m) = (Double(passed), Double(trials))
      return StirlingDeviance.halfDeviance(z, m * e) + StirlingDeviance.halfDeviance(m - z, m * (1 - e))
    }
  }
}
