/// How values are put into bins: from ``low``, included, to ``high``, excluded, in equal steps.
///
/// Bin 0 is the underflow, bin ``bins`` + 1 the overflow. Bin i begins at low + (i − 1)·(high − low)/bins
/// exactly as this is rounded, so that a value on an edge is in the bin above it.
public struct HistogramAxis: Hashable, Sendable {
  /// Name of the variable.
  public let variable: String
  /// Unit of the values; nil where they have none.
  public let unit: String?
  /// Bins between the ends.
  public let bins: Int
  /// Lower end of the first bin.
  public let low: Double
  /// Upper end of the last bin.
  public let high: Double

  /// An axis; nil without a bin, or where the ends are not finite and in order.
  public init?(variable: String, unit: String?, bins: Int, low: Double, high: Double) {
    guard bins > 0, bins <= 1_000_000, low.isFinite, high.isFinite, low < high, (high - low).isFinite
    else { return nil }
    self.variable = variable
    self.unit = unit
    self.bins = bins
    self.low = low
    self.high = high
  }

  /// Where a bin begins; the overflow begins at ``high``.
  public func edge(_ bin: Int) -> Double {
    bin > bins ? high : low + Double(bin - 1) * (high - low) / Double(bins)
  }

  /// The bin of a value; nil for NaN.
  public func bin(_ value: Double) -> Int? {
    guard value >= low else { return value < low ? 0 : nil }
    guard value < high else { return bins + 1 }
    // The division may round across an edge; the edges decide.
    var bin = min(bins, 1 + Int((value - low) / (high - low) * Double(bins)))
    if value < edge(bin) { bin -= 1 } else if bin < bins, value >= edge(bin + 1) { bin += 1 }
    return bin
  }
}
