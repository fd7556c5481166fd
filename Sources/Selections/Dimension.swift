/// What a number measures, and with that the units it may be written in.
///
/// Values are held in the first unit of ``units``.
public enum Dimension: Hashable, Sendable {
  /// A pure number, such as E/p.
  case number
  /// A whole number not below 0.
  case count
  /// 0 for false, 1 for true.
  case flag
  /// mm.
  case length
  /// MeV/c.
  case momentum
  /// MeV.
  case energy
  /// MeV/c2.
  case mass
  /// GeV2/c4.
  case massSquared
  /// ns.
  case time
  /// rad.
  case angle
  /// Clock periods.
  case ticks
  /// 1/256 of a clock period.
  case fineTicks

  /// The units, each with its size in the first; empty where a number is written without one.
  public var units: [(name: String, size: Double)] {
    switch self {
    case .number, .count, .flag: []
    case .length: [("mm", 1), ("cm", 10), ("m", 1000)]
    case .momentum: [("MeV/c", 1), ("GeV/c", 1000)]
    case .energy: [("MeV", 1), ("GeV", 1000)]
    case .mass: [("MeV/c2", 1), ("GeV/c2", 1000)]
    case .massSquared: [("GeV2/c4", 1), ("MeV2/c4", 1e-6)]
    case .time: [("ns", 1), ("ps", 1e-3), ("us", 1e3)]
    case .angle: [("rad", 1), ("mrad", 1e-3)]
    case .ticks: [("ticks", 1)]
    case .fineTicks: [("ticks/256", 1)]
    }
  }

  /// The unit that values are held in; nil where they have none.
  public var unit: String? { units.first?.name }
}
