#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The best division of counts in time into blocks of constant rate (Scargle, Norris, Jackson, Chiang 2013): for
/// reports on what has been, not for alarms.
public enum BayesianBlocks {
  /// One bin of the counts.
  public struct Bin: Sendable, Hashable {
    /// Its count.
    public var count: UInt64
    /// Its exposure, above 0.
    public var exposure: Double

    /// A bin.
    public init(count: UInt64, exposure: Double) {
      self.count = count
      self.exposure = exposure
    }
  }

  /// A stretch of bins with one rate.
  public struct Block: Sendable, Hashable {
    /// The bins.
    public let bins: Range<Int>
    /// Their counts.
    public let count: UInt64
    /// Their exposure.
    public let exposure: Double
    /// Counts per exposure.
    public var rate: Double { Double(count) / exposure }
  }

  /// Bins accepted: the search takes bins² / 2 steps.
  public static let maximumBins = 20_000

  /// The prior on the number of blocks that finds a change in a constant rate with the probability `p0`, for `bins`
  /// bins: 4 - ln(73.53 p₀ bins^-0.478), equation 21 of the paper, which is a fit to simulations of single events.
  /// For binned counts it is on the safe side or near it (`Docs/RateMonitoring.md`). Throws unless 0 < p₀ < 1.
  public static func prior(falsePositive p0: Double, bins: Int) throws -> Double {
    try InputCheck.probability(p0, "false-positive rate")
    return 4 - log(73.53 * p0 * pow(Double(max(1, bins)), -0.478))
  }

  /// The blocks of the counts, in order.
  ///
  /// - Parameters:
  ///   - bins: the counts in their order.
  ///   - prior: what each block costs, in units of log likelihood.
  /// - Throws: for an exposure that is not positive, a prior that is not finite, or more than ``maximumBins``.
  public static func blocks(_ bins: [Bin], prior: Double) throws -> [Block] {
    guard prior.isFinite else {
      throw StatisticsError.invalidInput(name: "prior", value: "\(prior)", expected: "a finite number")
    }
    guard bins.count <= maximumBins else {
      throw StatisticsError.invalidInput(
        name: "number of bins", value: "\(bins.count)", expected: "at most \(maximumBins): make them wider")
    }
    var counts: [Double] = [0]
    var exposures: [Double] = [0]
    for bin in bins {
      try InputCheck.positive(bin.exposure, "exposure of a bin")
      counts.append((counts.last ?? 0) + Double(bin.count))
      exposures.append((exposures.last ?? 0) + bin.exposure)
    }
    var best = [0.0]
    var start: [Int] = []
    best.reserveCapacity(bins.count + 1)
    start.reserveCapacity(bins.count)
    for end in stride(from: 1, through: bins.count, by: 1) {
      var (most, place) = (-Double.infinity, 0)
      for begin in 0..<end {
        let n = counts[end] - counts[begin]
        let fitness = n > 0 ? n * log(n / (exposures[end] - exposures[begin])) : 0
        let value = best[begin] + fitness - prior
        if value > most { (most, place) = (value, begin) }
      }
      best.append(most)
      start.append(place)
    }
    var blocks: [Block] = []
    var end = bins.count
    while end > 0 {
      let begin = start[end - 1]
      var total: UInt64 = 0
      for bin in bins[begin..<end] {
        let (sum, overflows) = total.addingReportingOverflow(bin.count)
        guard !overflows else { throw StatisticsError.countOverflow("counts of bins \(begin) to \(end - 1)") }
        total = sum
      }
      blocks.append(Block(bins: begin..<end, count: total, exposure: exposures[end] - exposures[begin]))
      end = begin
    }
    return blocks.reversed()
  }
}
