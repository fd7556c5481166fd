#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The profile likelihood of a common signal strength µ in independent counts: n ~ Poisson(µ s ε + b), and for
/// each uncertain b or ε an auxiliary count m ~ Poisson(τ b). The conditional best fit of b is in closed form.
///
/// All shapes of uncertainty are taken as the auxiliary count of the same relative precision.
struct ProfileLikelihood: Sendable {
  struct Channel: Sendable {
    var observed: Double
    var signal: Double
    var background: Double
    /// Auxiliary count and ratio of the background; nil if known.
    var backgroundAuxiliary: (count: Double, ratio: Double)?
    var efficiency: Double
    var efficiencyAuxiliary: (count: Double, ratio: Double)?

    init(_ channel: CountingChannel) {
      observed = Double(channel.observed)
      signal = channel.signal
      background = channel.background.value
      backgroundAuxiliary = channel.background.auxiliary
      efficiency = channel.efficiency.value
      efficiencyAuxiliary = channel.efficiency.auxiliary
    }

    /// A single on-off count in units of events; the auxiliary counts may be real numbers.
    init(observed: Double, background: Double, auxiliary: (count: Double, ratio: Double)?) {
      self.observed = observed
      signal = 1
      self.background = background
      backgroundAuxiliary = auxiliary
      efficiency = 1
    }

    /// Best background for a given expected signal.
    func fittedBackground(signal s: Double) -> Double {
      guard let (m, tau) = backgroundAuxiliary else { return background }
      let b = (1 + tau) * s - observed - m
      let root = (b * b + 4 * (1 + tau) * m * s).squareRoot()
      // The form of the quadratic's root without cancellation.
      if b > 0 { return 2 * m * s / (b + root) }
      return (root - b) / (2 * (1 + tau))
    }

    /// Half the deviance from the saturated model with nuisance parameters fitted, and its derivative in the
    /// strength.
    func fit(strength: Double) throws -> (half: Double, slope: Double, efficiency: Double) {
      let s = strength * signal
      guard let (m, tau) = efficiencyAuxiliary, s > 0 else {
        let (half, pull) = atEfficiency(s * efficiency)
        return (half, signal * efficiency * pull, efficiency)
      }
      // The efficiency where the pull of the count and that of its own measurement balance.
      let reach = 10 * (m.squareRoot() + 5) / tau
      let best = try BracketedRoot.close(
        max(0, m / tau - reach), m / tau + reach + max(0, observed / s), rising: true, relative: 1e-13
      ) { e in
        BracketedRoot.Point(value: s * atEfficiency(s * e).pull + tau - m / e, slope: .nan)
      }
      let (half, pull) = atEfficiency(s * best)
      return (half + StirlingDeviance.halfDeviance(m, tau * best), signal * best * pull, best)
    }

    private func atEfficiency(_ s: Double) -> (half: Double, pull: Double) {
      let b = fittedBackground(signal: s)
      let mean = s + b
      var half = StirlingDeviance.halfDeviance(observed, mean)
      if let (m, tau) = backgroundAuxiliary { half += StirlingDeviance.halfDeviance(m, tau * b) }
      return (half, observed > 0 ? 1 - observed / mean : 1)
    }
  }

  var channels: [Channel]
  /// The best fit of the strength, not below 0.
  private(set) var best: Double
  private var least: Double

  init(_ channels: [Channel]) throws {
    self.channels = channels
    (best, least) = (0, 0)
    best = try Self.bestStrength(channels)
    least = try half(best)
  }

  init(_ channels: [CountingChannel]) throws {
    guard !channels.isEmpty else {
      throw StatisticsError.invalidInput(name: "channels", value: "none", expected: "one channel or more")
    }
    try self.init(channels.map(Channel.init))
  }

  private func half(_ strength: Double) throws -> Double {
    try channels.reduce(0) { try $0 + $1.fit(strength: strength).half }
  }

  /// -2 ln of the likelihood ratio of `strength` to the best fit with a strength of 0 or more.
  func ratio(_ strength: Double) throws -> Double { max(0, 2 * (try half(strength) - least)) }

  /// q̃: the same, and 0 for a strength below the best fit.
  func limitStatistic(_ strength: Double) throws -> Double { strength < best ? 0 : try ratio(strength) }

  /// The data set without fluctuations under no signal, its nuisance parameters as they fit these data.
  func asimov() throws -> ProfileLikelihood {
    try ProfileLikelihood(
      channels.map { channel in
        var asimov = channel
        let b = channel.fittedBackground(signal: 0)
        asimov.observed = b
        asimov.background = b
        if let (_, tau) = channel.backgroundAuxiliary { asimov.backgroundAuxiliary = (tau * b, tau) }
        return asimov
      })
  }

  /// About the largest strength that is of interest: where the signal alone exceeds what was seen.
  var scale: Double {
    channels.reduce(0) { max($0, ($1.observed + 3) / ($1.signal * $1.efficiency)) }
  }

  private static func bestStrength(_ channels: [Channel]) throws -> Double {
    func slope(_ strength: Double) throws -> Double {
      try channels.reduce(0) { try $0 + $1.fit(strength: strength).slope }
    }
    if channels.count == 1, let only = channels.first {
      // The best fit reproduces both counts, or there is no signal.
      let b = only.backgroundAuxiliary.map { $0.count / $0.ratio } ?? only.background
      return max(0, (only.observed - b) / (only.signal * only.efficiency))
    }
    // An excess of the kind that a signal would make is where the slope at no signal is negative.
    if try slope(0) >= 0 { return 0 }
    var high = channels.reduce(0) { max($0, $1.observed / ($1.signal * $1.efficiency)) }
    for _ in 0..<60 where try slope(high) < 0 { high *= 2 }
    return try BracketedRoot.close(0, high, rising: true, relative: 1e-13) {
      BracketedRoot.Point(value: try slope($0), slope: .nan)
    }
  }
}

extension UncertainQuantity {
  /// The profile likelihood of one count over this background, in events of signal.
  func likelihood(observed: Int, efficiency: UncertainQuantity) throws -> ProfileLikelihood {
    try ProfileLikelihood([
      CountingChannel(
        name: "count", observed: observed, signal: 1, background: self, efficiency: efficiency)
    ])
  }
}
