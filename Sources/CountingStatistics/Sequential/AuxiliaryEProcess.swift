#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A background known from an auxiliary count: universal inference (Wasserman, Ramdas, Balakrishnan 2020).
enum AuxiliaryEProcess {
  /// ln of: likelihood of the auxiliary count and the run, mixed over background and signal strength,
  /// divided by the largest one with a signal of 0 or less.
  ///
  /// All in units of the nominal background rate: `exposure` = B is the nominal background so far, and
  /// `auxiliary` = τ b̄ the nominal auxiliary count.
  static func excess(
    observed: Int, exposure: Double, count: Int, auxiliary: Double, shape: Double, typical: Double
  ) throws -> Double {
    let n = Double(observed)
    let m = Double(count)
    let total = n + m
    let constant = shape * log(shape) - LogGamma.of(shape) + LogGamma.of(total + shape)
    var terms: [Double] = []
    terms.reserveCapacity(SignalGrid.count)
    for excess in SignalGrid.excess(typical) {
      terms.append(
        constant + n * log1p(excess)
          - (total + shape) * log(auxiliary + shape + exposure * (1 + excess)))
    }
    let mixture = LogSum.mean(terms)
    let null: Double
    if n * auxiliary >= m * exposure {
      null = total > 0 ? total * log(total / (auxiliary + exposure)) - total : 0
    } else {
      null = logTerm(m, auxiliary) + logTerm(n, exposure) - total
    }
    return mixture - null
  }

  /// k ln(k/x), 0 for k = 0.
  private static func logTerm(_ k: Double, _ x: Double) -> Double { k > 0 ? k * log(k / x) : 0 }
}
