#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The cumulative sum of log likelihood ratios, for samples of any exposure: S = max(0, S + ln ratio), an alarm and
/// S = 0 at S ≥ ln(run length).
///
/// As long as each ratio has mean 1 or less without a change, given the samples before, at least `runLength` samples
/// lie between false alarms on average (Lorden 1971): e^S is at most the sum R of the products from all starts, and
/// R - n is a supermartingale. So it holds for varying exposures, where a Markov chain does not; a chain allows a
/// lower threshold (``PoissonCUSUM``).
public struct LikelihoodCUSUM: Sendable, Hashable, Codable {
  /// Samples between false alarms, at least, on average.
  public let runLength: Double
  /// The sum.
  public private(set) var sum = 0.0

  /// A test at its beginning. Throws unless the run length is above 1 and finite.
  public init(runLength: Double) throws {
    guard runLength > 1, runLength.isFinite else {
      throw StatisticsError.invalidInput(
        name: "samples between false alarms", value: "\(runLength)", expected: "a finite number above 1")
    }
    self.runLength = runLength
  }

  /// The sum at which the alarm is given.
  public var threshold: Double { log(runLength) }

  /// Takes the log likelihood ratio of the next sample; returns whether it gives the alarm, after which S is 0.
  /// What is no number counts as 0.
  public mutating func observe(logRatio: Double) -> Bool {
    sum = max(0, sum + (logRatio.isNaN ? 0 : logRatio))
    guard sum >= threshold else { return false }
    sum = 0
    return true
  }

  /// Begins again.
  public mutating func reset() { sum = 0 }

  /// ln of the likelihood ratio of a Poisson mean `ratio` × `expected` to `expected`. Its exponential has mean 1 at
  /// `expected`, and less at a mean on the other side of `expected` than the change.
  public static func poisson(count: UInt64, expected: Double, ratio: Double) -> Double {
    Double(count) * log(ratio) - expected * (ratio - 1)
  }

  /// The same for a count beside another one, given both together: the rates are in the proportion `odds` without a
  /// change, whatever they are and however both vary in time.
  public static func binomial(count: UInt64, other: UInt64, odds: Double, ratio: Double) -> Double {
    Double(count) * log(ratio) - (Double(count) + Double(other)) * log1p(odds * (ratio - 1) / (1 + odds))
  }

  /// The same for a count that is part of another one, with the probability `share` for each without a change and
  /// `ratio` × `share` with it.
  public static func share(count: UInt64, of whole: UInt64, share: Double, ratio: Double) -> Double {
    let rest = Double(whole) - Double(min(count, whole))
    let changed = min(share * ratio, 1 - 1e-12)
    return Double(min(count, whole)) * log(changed / share) + rest * log((1 - changed) / (1 - share))
  }
}
