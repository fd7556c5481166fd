#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The unified construction with the background fitted: outcomes (count, auxiliary measurement) are ranked by
/// the profile likelihood ratio q(s), and a signal is accepted if the outcomes ranked before the observed one
/// have less than the confidence level at this signal and at the background that fits best with it ("profile
/// construction", K. Cranmer, PHYSTAT 2005).
///
/// For each count, q is lowest at the auxiliary measurement b = n - s and rises on both sides (its derivative
/// has the sign of the difference of the free and the conditional fit): so the outcomes ranked before lie
/// between two of its values, and no grid of them is needed.
struct ProfiledUnifiedBelt {
  /// Largest mean; a signal costs some 20 × its square root evaluations.
  static let maximumMean = 20_000.0

  private let auxiliary: AuxiliaryMeasurement
  private let confidenceLevel: Double

  init(background: UncertainQuantity, confidenceLevel: Double) throws {
    auxiliary = try AuxiliaryMeasurement(background)
    self.confidenceLevel = confidenceLevel
    guard background.value + background.uncertainty <= Self.maximumMean else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(background.value) ± \(background.uncertainty)",
        expected: "at most \(Self.maximumMean) events for the profiled belt")
    }
  }

  func ends(_ count: Int, _ kind: UnifiedPoissonBelt.Ends) throws -> SignalScan.Ends {
    guard Double(count) <= Self.maximumMean else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(count)",
        expected: "at most \(Int(Self.maximumMean)) for the profiled belt")
    }
    let n = Double(count)
    let observed = auxiliary.observed
    let best = max(0, n - max(0, auxiliary.value(of: observed)))
    // Tails fall roughly as exp(-q / 2); a factor 100 more than their bound in one dimension.
    let reach = 2 * log(200 / (1 - confidenceLevel))
    let spread = (n + 1).squareRoot()
    var high = best + spread
    while auxiliary.ratio(n, observed, high) < reach { high += spread }
    var low = best
    while low > 0, auxiliary.ratio(n, observed, low) < reach { low = max(0, low - spread) }
    return try SignalScan.ends(in: low...high, best: best, step: 0.02 * spread, kind: kind) {
      try accepts(n, $0)
    }
  }

  private func accepts(_ n: Double, _ signal: Double) throws -> Bool {
    let observed = auxiliary.observed
    let q = auxiliary.ratio(n, observed, signal)
    // An outcome that ranks alike but for rounding is not ranked before.
    let threshold = q - 1e-9 * max(1, q)
    guard threshold > 0 else { return true }
    let background = auxiliary.conditionalFit(n, observed, signal)
    let mean = signal + background
    let spread = 7 * mean.squareRoot()
    let first = max(0, (mean - spread - 2).rounded(.down))
    let last = (mean + spread + 12).rounded(.up)
    // From the middle outwards, so that most scans end before the far tails.
    var before = 0.0
    var k = first
    while k <= last {
      let weight = mean > 0 ? exp(IncompleteGamma.logWeight(k, mean)) : (k == 0 ? 1 : 0)
      if weight > 1e-13 {
        before += try weight * auxiliary.probability(rankedBelow: threshold, k, signal, background)
      }
      if before >= confidenceLevel { return false }
      k += 1
    }
    return true
  }
}
