#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Events in a signal region against events in a sideband that runs beside it: the background cancels.
enum BinomialEProcess {
  /// ln E after `on` events in the region and `off` in the sideband, which sees `ratio` times the background.
  ///
  /// Each event is in the region with p₀ = 1/(1+τ) under background only; the alternative is uniform in p
  /// above p₀: E = B(on+1, off+1) I(1-p₀; off+1, on+1) / [(1-p₀) p₀^on (1-p₀)^off].
  static func excess(on: Int, off: Int, ratio: Double) throws -> Double {
    let a = Double(on) + 1
    let b = Double(off) + 1
    let tail = try IncompleteBeta.logLower(b, a, logit: log(ratio)).value
    let logOn = -log1p(ratio)
    let logOff = -log1p(1 / ratio)
    return LogGamma.beta(a, b) + tail - Double(on) * logOn - (Double(off) + 1) * logOff
  }
}
