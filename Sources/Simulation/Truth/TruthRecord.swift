/// A line of the truth sidecar (`Docs/Truth.md`).
public enum TruthRecord: Sendable, Equatable {
  /// What was simulated: the first line.
  case header(TruthHeader)
  /// A decay, or what else happened at one moment of a burst.
  case decay(TruthDecay)
  /// A trigger with the hits in its readout windows.
  case trigger(TruthTrigger)
  /// The counts of a burst: its last line.
  case totals(TruthTotals)

  /// Name and version of the lines.
  public static let schema = "spillway.truth/1"

  /// The kinds of line, by `event_type`.
  enum Kind: String, CaseIterable {
    case header, decay, trigger, totals
  }
}

/// To how many decimals the numbers of the truth are written.
///
/// Records are made of rounded numbers, so what is read is what was written.
enum TruthScale {
  /// Times in ns: 0.1 ps.
  static let time = 10_000.0
  /// Places in mm: 1 µm.
  static let place = 1000.0
  /// Momenta in GeV/c: 1 keV/c.
  static let momentum = 1_000_000.0
  /// Largest number of units that is written in decimals: below it, rounding again changes nothing.
  static let largest = 0x1p50

  /// A value as it is written; one that is not finite, or too large, stays.
  static func rounded(_ value: Double, _ scale: Double) -> Double {
    let units = (value * scale).rounded()
    return abs(units) < largest ? units / scale : value
  }

  static func rounded(_ vector: Vector3, _ scale: Double) -> Vector3 {
    Vector3(rounded(vector.x, scale), rounded(vector.y, scale), rounded(vector.z, scale))
  }
}
