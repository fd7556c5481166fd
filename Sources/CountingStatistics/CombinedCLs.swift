#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Limits on a signal strength μ that is common to independent counting channels, by exact sums over the counts of
/// all channels.
///
/// Channel i counts with mean b_i + μ s_i ε_i. Outcomes are ranked by the likelihood ratio of the tested strength to
/// none at the central backgrounds and efficiencies, X = Σ n_i ln(1 + μ s_i ε_i / b_i) (the combination of LEP:
/// A. L. Read, CERN 2000-005), and CLs(μ) = P(X ≤ X seen | μ) / P(X ≤ X seen | 0), each probability averaged over
/// the uncertainties of each channel, which are independent. A channel without background ranks above all others, by
/// its count. One channel is ranked by its count: ``MarginalCLs``. Or all are ranked by the sum of their counts.
///
/// The ranking changes with μ, so CLs has small steps in μ; the limit is the largest strength found that is not
/// excluded.
public struct CombinedCLs: Sendable {
  /// What is combined, in the order in which it is summed: the result does not depend on the order given.
  public let channels: [CountingChannel]
  /// ``OrderingRule/testedLikelihoodRatio`` or ``OrderingRule/count``; the latter also where both are the same.
  public let ordering: OrderingRule
  /// The confidence level, such as 0.9.
  public let confidenceLevel: Double
  /// Signal events for each unit of strength in all channels, at the central efficiencies: the inverse of the
  /// combined single-event sensitivity.
  public let yield: Double

  /// Counts of equal weight together.
  let groups: [CombinedGroup]

  /// A combination.
  ///
  /// Throws for a confidence level outside (0, 1), for no channel, for an ordering that is not one of the two, and
  /// where counts or signals add up beyond the range of their numbers.
  public init(
    channels: [CountingChannel], ordering: OrderingRule = .testedLikelihoodRatio, confidenceLevel: Double
  ) throws {
    try InputCheck.confidenceLevel(confidenceLevel)
    guard ordering == .count || ordering == .testedLikelihoodRatio else {
      throw StatisticsError.invalidInput(
        name: "ordering", value: ordering.rawValue,
        expected: "'\(OrderingRule.count.rawValue)' or '\(OrderingRule.testedLikelihoodRatio.rawValue)'")
    }
    self.channels = channels.sorted(by: CountingChannel.precedes)
    self.confidenceLevel = confidenceLevel
    yield = self.channels.reduce(0) { $0 + $1.yield }
    guard yield > 0, yield.isFinite else {
      throw StatisticsError.invalidInput(
        name: "signal of all channels", value: "\(yield)", expected: "a finite number above 0")
    }
    groups = try Self.groups(self.channels, ordering)
    self.ordering = groups.count == 1 ? .count : ordering
  }

  /// CLs of a strength. Throws for a negative or non-finite strength, for too many outcomes, or without
  /// convergence.
  public func cls(strength: Double) throws -> Double {
    try InputCheck.mean(strength, "strength")
    if let source = single {
      var engine = try engine(source)
      return try engine.cls(signal: strength * source.weight, observed: groups[0].observed)
    }
    guard strength > 0 else { return 1 }
    var groups = groups
    return exp(try Self.logCLs(&groups, strength, deviations: nil))
  }

  /// The strength at which CLs falls to 1 - CL.
  ///
  /// Throws where more than some 10⁵ outcomes would have to be sorted for each half of the channels, or without
  /// convergence.
  public func upperLimit() throws -> StrengthInterval {
    if let source = single {
      var engine = try engine(source)
      let limit = try engine.upperLimit(observed: groups[0].observed)
      return result(limit.upper / source.weight, limit.method)
    }
    return result(try solve(deviations: nil), .combinedCLs)
  }

  /// The limit expected without signal, at `deviations` standard deviations from the median (0): for each strength
  /// the quantile of X over background-only outcomes, by the exact sum.
  ///
  /// Throws as ``upperLimit()``, and for deviations that are not finite.
  public func expectedUpperLimit(deviations: Double) throws -> StrengthInterval {
    guard deviations.isFinite, abs(deviations) <= 5 else {
      throw StatisticsError.invalidInput(
        name: "deviations", value: "\(deviations)", expected: "a number from -5 to 5")
    }
    if let source = single {
      var engine = try engine(source)
      let count = try CountMixture(mean: source.background).quantile(NormalDistribution.survival(-deviations))
      return result(try engine.upperLimit(observed: count).upper / source.weight, .expectedCombinedCLs)
    }
    return result(try solve(deviations: deviations), .expectedCombinedCLs)
  }

  // MARK: One channel

  /// The only source of counts, which needs no sum over others.
  private var single: CombinedSource? {
    groups.count == 1 && groups[0].sources.count == 1 ? groups[0].sources[0] : nil
  }

  private func engine(_ source: CombinedSource) throws -> MarginalCLs {
    try MarginalCLs(
      background: source.background, efficiency: source.efficiency, confidenceLevel: confidenceLevel)
  }

  // MARK: Several

  private func result(_ upper: Double, _ method: StatisticalMethod) -> StrengthInterval {
    StrengthInterval(
      lower: 0, upper: upper, method: method, tail: .oneSidedUpperCLs, ordering: ordering,
      confidenceLevel: confidenceLevel, channels: channels, caution: nil)
  }

  /// ln CLs of the observed outcome, or of the quantile at a number of standard deviations.
  private static func logCLs(
    _ groups: inout [CombinedGroup], _ strength: Double, deviations: Double?
  ) throws -> Double {
    let outcomes = try CombinedOutcomes(&groups, strength: strength, upToObserved: deviations == nil)
    guard let deviations else { return try outcomes.logCLs(at: outcomes.observed) }
    return try outcomes.logCLs(at: outcomes.quantile(NormalDistribution.survival(-deviations)))
  }

  /// Points above the limit at which it is looked for a strength that is not excluded, and how far up they go.
  private static let looks = 16
  private static let reach = 1.4

  private func solve(deviations: Double?) throws -> Double {
    var groups = groups
    let logAlpha = log1p(-confidenceLevel)
    // Root steps by the secant through the last two points: the derivative of the sums is not known.
    var last = (strength: 0.0, value: -logAlpha)
    func point(_ strength: Double) throws -> BracketedRoot.Point {
      let value = try Self.logCLs(&groups, strength, deviations: deviations) - logAlpha
      let slope = (value - last.value) / (strength - last.strength)
      last = (strength, value)
      return BracketedRoot.Point(value: value, slope: slope)
    }
    func find(_ start: Double) throws -> Double {
      try BracketedRoot.find(
        from: start, firstStep: 0.3 * start, rising: false, floor: 0, relative: 1e-12, point)
    }
    var root = try find(start(isObserved: deviations == nil, logAlpha))
    guard groups.filter({ $0.ratio.isFinite }).count > 1 else { return root }
    var look = 1
    while look <= Self.looks {
      let strength = root * (1 + (Self.reach - 1) * Double(look) / Double(Self.looks))
      look += 1
      if try point(strength).value > 0 {
        root = try find(strength)
        look = 1
      }
    }
    return root
  }

  /// Near the limit of the sum of all channels.
  private func start(isObserved: Bool, _ logAlpha: Double) -> Double {
    let background = channels.reduce(0) { $0 + $1.background.value }
    let counts = groups.reduce(0) { $0 + Double($1.observed) }
    let excess = isObserved ? counts - background : 0
    return max(-logAlpha, excess + 1.3 * (background + 1).squareRoot()) / yield
  }

  /// Channels by their ratio of signal and background; those with all of it known are added up.
  private static func groups(
    _ channels: [CountingChannel], _ ordering: OrderingRule
  ) throws -> [CombinedGroup] {
    let ratios = try channels.map { channel in
      // By the sum of counts, every count weighs the same.
      guard ordering != .count else { return 1.0 }
      let background = try channel.referenceBackground()
      return background > 0 ? channel.yield / background : .infinity
    }
    let order = channels.indices.sorted { ratios[$0] == ratios[$1] ? $0 < $1 : ratios[$0] < ratios[$1] }
    var runs: [[Int]] = []
    for index in order {
      // Ratios that differ by rounding only are the same.
      if let first = runs.last?.first,
        ratios[first] == ratios[index]
          || ratios[index].isFinite && ratios[index] - ratios[first] <= 1e-12 * ratios[index]
      {
        runs[runs.count - 1].append(index)
      } else {
        runs.append([index])
      }
    }
    return try runs.map { run in
      var observed = 0
      for index in run {
        let (sum, overflow) = observed.addingReportingOverflow(channels[index].observed)
        guard !overflow else { throw StatisticsError.countOverflow("sum over the channels of a combination") }
        observed = sum
      }
      return CombinedGroup(
        ratio: ratios[run[0]], observed: observed, sources: try sources(run.sorted().map { channels[$0] }))
    }
  }

  private static func sources(_ channels: [CountingChannel]) throws -> [CombinedSource] {
    func source(_ channel: CountingChannel) -> CombinedSource {
      CombinedSource(background: channel.background, weight: channel.signal, efficiency: channel.efficiency)
    }
    let known = channels.filter { $0.background.isKnown && $0.efficiency.isKnown }
    guard known.count > 1 else { return channels.map(source) }
    let sum = CombinedSource(
      background: try UncertainQuantity(known.reduce(0) { $0 + $1.background.value }),
      weight: known.reduce(0) { $0 + $1.yield }, efficiency: .one)
    return [sum] + channels.filter { !($0.background.isKnown && $0.efficiency.isKnown) }.map(source)
  }
}
