#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether something that counted before has fallen silent while others go on: an exact test for counts.
public enum SilenceTest {
  /// ln of the probability that none of `count` counts lies in the silent part, if each was as likely to be anywhere
  /// among the others' counts: Fisher's exact test of the table (count, before; 0, silent). It needs neither a rate
  /// nor that the rates are constant: only that the proportion to the others is.
  ///
  /// - Parameters:
  ///   - count: own counts, all of them before the silence.
  ///   - before: counts of the others up to the last own one.
  ///   - silent: counts of the others since.
  public static func logProbability(count: UInt64, before: UInt64, silent: UInt64) -> Double {
    guard count > 0, silent > 0 else { return 0 }
    // C(a + n, n) / C(a + b + n, n), factorials by Stirling's formula with its error: the large parts taken together.
    let (n, a, b) = (Double(count), Double(before), Double(silent))
    let whole = a + b + n
    let leading =
      n * log((a + n) / whole) + (a > 0 ? a * log1p(n / a) : 0) - (a + b) * log1p(n / (a + b))
    return min(0, leading + rest(a + n) - rest(a) - rest(whole) + rest(a + b))
  }

  /// ln x! - x ln x + x.
  private static func rest(_ x: Double) -> Double {
    guard x > 0 else { return 0 }
    return StirlingDeviance.stirlingError(x) + 0.5 * (log(x) + StirlingDeviance.logTwoPi)
  }
}
