#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The way in which a rate changes.
public enum RateChange: String, Sendable, Hashable, CaseIterable, Codable {
  /// To a higher one.
  case up
  /// To a lower one.
  case down
}

/// The cumulative sum test for a change of a Poisson rate in samples of equal exposure (Page 1954, Lucas 1985).
///
/// Upwards S = max(0, S + count - k), downwards S = max(0, S + k - count); an alarm is given at S ≥ h, and S begins
/// again at 0. k and h are whole multiples of 1/scale, so the sum is a whole number and its Markov chain exact.
/// A value; the same counts in the same order give the same alarms.
public struct PoissonCUSUM: Sendable, Hashable, Codable {
  /// What a test looks for, with its false-alarm rate.
  public struct Design: Sendable, Hashable, Codable {
    /// The direction.
    public let direction: RateChange
    /// Mean count of a sample without a change: the largest (up) or smallest (down) that is not one.
    public let expected: Double
    /// Units of the sum in one count.
    public let scale: Int
    /// k in units of the sum.
    public let reference: Int
    /// h in units of the sum.
    public let threshold: Int
    /// Samples between false alarms, on average, at ``expected``: a lower bound where `isExact` is false.
    public let averageRunLength: Double
    /// Whether the run length is that of the Markov chain; else of the bound e^(h ln ratio).
    public let isExact: Bool

    /// The test that finds a change by `ratio` soonest, with at least `runLength` samples between false alarms.
    ///
    /// k is the one of the likelihood ratio, (λ₁ - λ₀) / ln(λ₁/λ₀), rounded to the safe side; h is the least that
    /// the Markov chain allows. A ratio so near to 1 that the chain is too large takes h = ln(runLength) / |ln
    /// ratio|, which is safe whatever the mean.
    ///
    /// Throws unless the mean is positive and at most 1e9, the ratio above 1 (up) or from 0 to below 1 (down), and
    /// the run length from 2 to 1e15.
    public init(
      direction: RateChange, expected: Double, ratio: Double, averageRunLength runLength: Double
    ) throws {
      try InputCheck.positive(expected, "expected count of a sample")
      guard expected <= 1e9 else {
        throw StatisticsError.invalidInput(
          name: "expected count of a sample", value: "\(expected)",
          expected: "at most 1e9: take shorter samples")
      }
      try PoissonCUSUM.check(direction, ratio: ratio)
      guard runLength >= 2, runLength <= 1e15 else {
        throw StatisticsError.invalidInput(
          name: "samples between false alarms", value: "\(runLength)", expected: "a number from 2 to 1e15")
      }
      let slope = abs(log(ratio))
      let counts = log(runLength) / slope
      // k is a multiple of 1/scale: the coarsest that is near enough to the best k, within the size of the chain.
      let best = expected * abs(ratio - 1) / slope
      func rounded(_ scale: Int) -> Double {
        (best * Double(scale)).rounded(direction == .up ? .up : .down)
      }
      func error(_ scale: Int) -> Double { abs(rounded(scale) / Double(scale) - best) / abs(best - expected) }
      var scale = 1
      for finer in 2...64 where error(scale) > 0.02 && counts * Double(finer) <= 256 {
        if error(finer) < error(scale) { scale = finer }
      }
      let reference = Int(rounded(scale))
      let safe = Int(min(counts * Double(scale), 1e12).rounded(.up))
      self.direction = direction
      self.expected = expected
      self.scale = scale
      self.reference = reference
      guard safe <= RunLengthChain.maximumStates else {
        threshold = safe
        averageRunLength = runLength
        isExact = false
        return
      }
      func length(_ threshold: Int) throws -> Double {
        try RunLengthChain.averageRunLength(
          mean: expected, direction: direction, scale: scale, reference: reference, threshold: threshold)
      }
      // The run length grows with the threshold, and at `safe` it is enough.
      var (low, high) = (0, max(1, safe))
      while high - low > 1 {
        let middle = (low + high) / 2
        if try length(middle) >= runLength { high = middle } else { low = middle }
      }
      threshold = high
      averageRunLength = try length(high)
      isExact = true
    }

    /// The test with the given k and h in counts, both whole multiples of 1/scale.
    ///
    /// Throws unless the mean is positive, and k and h are within the size of the chain.
    public init(direction: RateChange, expected: Double, scale: Int, reference: Int, threshold: Int) throws {
      try InputCheck.positive(expected, "expected count of a sample")
      guard (1...1024).contains(scale), (0...1_000_000_000).contains(reference),
        (1...RunLengthChain.maximumStates).contains(threshold)
      else {
        throw StatisticsError.invalidInput(
          name: "scale, k, h", value: "\(scale), \(reference), \(threshold)",
          expected: "scale 1 to 1024, k 0 to 1e9, h 1 to \(RunLengthChain.maximumStates)")
      }
      self.direction = direction
      self.expected = expected
      self.scale = scale
      self.reference = reference
      self.threshold = threshold
      averageRunLength = try RunLengthChain.averageRunLength(
        mean: expected, direction: direction, scale: scale, reference: reference, threshold: threshold)
      isExact = true
    }

    /// Samples to the alarm, on average, if the mean is `ratio` times the expected one from the first sample on.
    ///
    /// Throws unless the ratio is finite and 0 or more, and where the threshold is beyond the chain.
    public func averageRunLength(atRatio ratio: Double) throws -> Double {
      try InputCheck.mean(expected * ratio, "mean count of a sample")
      guard threshold <= RunLengthChain.maximumStates else {
        throw StatisticsError.notConverged("a chain of \(threshold) states: take a ratio further from 1")
      }
      return try RunLengthChain.averageRunLength(
        mean: expected * ratio, direction: direction, scale: scale, reference: reference,
        threshold: threshold)
    }
  }

  /// What it looks for.
  public let design: Design
  /// The sum, in units of 1/scale counts.
  public private(set) var sum = 0

  /// A test at its beginning.
  public init(_ design: Design) { self.design = design }

  /// The sum in counts.
  public var statistic: Double { Double(sum) / Double(design.scale) }

  /// Takes the count of the next sample; returns whether it gives the alarm, after which the sum is 0.
  public mutating func observe(_ count: UInt64) -> Bool {
    // 2⁴⁰ counts are beyond every threshold: what is cut off changes nothing.
    let units = Int(min(count, 1 << 40)) * design.scale
    let change = design.direction == .up ? units - design.reference : design.reference - units
    sum = max(0, sum + change)
    guard sum >= design.threshold else { return false }
    sum = 0
    return true
  }

  /// Throws unless a ratio is one of a change in the direction.
  static func check(_ direction: RateChange, ratio: Double) throws {
    let isChange = direction == .up ? ratio > 1 && ratio <= 1e6 : ratio >= 1e-6 && ratio < 1
    guard isChange else {
      throw StatisticsError.invalidInput(
        name: "ratio of the change \(direction.rawValue)", value: "\(ratio)",
        expected: direction == .up ? "above 1 and at most 1e6" : "at least 1e-6 and below 1")
    }
  }
}
