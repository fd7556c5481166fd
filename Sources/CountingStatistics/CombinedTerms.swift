#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The probabilities 0, 1, 2, … of the count of one or more channels whose counts are added, with the signal at one
/// strength, scaled by a common factor.
struct CombinedTerms: Sendable {
  /// The terms, the largest about 1.
  var values: [Double]
  /// ln of what they must be multiplied by.
  var logScale: Double

  /// ln of the sum of the terms below `end`; -∞ for none.
  func logSum(below end: Int) -> Double { logScale + log(values.prefix(max(0, end)).reduce(0, +)) }

  /// The terms of a sum of two independent counts, as far as both go.
  func convolved(with other: CombinedTerms) -> CombinedTerms {
    let count = min(values.count, other.values.count)
    var sums = [Double](repeating: 0, count: count)
    for i in 0..<count where values[i] > 0 {
      for j in 0..<(count - i) { sums[i + j] += values[i] * other.values[j] }
    }
    let largest = sums.max() ?? 0
    guard largest > 0 else { return CombinedTerms(values: sums, logScale: logScale + other.logScale) }
    return CombinedTerms(
      values: sums.map { $0 / largest }, logScale: logScale + other.logScale + log(largest))
  }
}
