public import Detectors

/// A quantity of a reconstructed vertex, as `vertex.<name>` in selection files.
public enum VertexQuantity: Int, TableColumn {
  /// Position.
  case x, y, z
  /// χ² of the fit (per degree of freedom as the reconstruction gives it), and total charge.
  case chi2, charge
  /// Closest approach of the tracks (the largest over pairs), and of the total momentum to the beam line.
  case cda, beamCDA
  /// Size of the total momentum.
  case momentum
  /// The total momentum followed back to the proton line: z of the closest approach and its distance.
  case zTAX, cdaTAX
  /// Mean time of the tracks relative to the trigger, and the largest difference between two of them.
  case time, timeSpread

  /// What it takes of the detectors other than STRAW.
  public var parts: DetectorParts {
    switch self {
    case .time, .timeSpread: .times
    case .x, .y, .z, .chi2, .charge, .cda, .beamCDA, .momentum, .zTAX, .cdaTAX: []
    }
  }

  /// Name in selection files.
  public var name: String { described.0 }
  /// What the values measure.
  public var dimension: Dimension { described.1 }

  private var described: (String, Dimension) {
    switch self {
    case .x: ("x", .length)
    case .y: ("y", .length)
    case .z: ("z", .length)
    case .chi2: ("chi2", .number)
    case .charge: ("charge", .number)
    case .cda: ("cda", .length)
    case .beamCDA: ("beam_cda", .length)
    case .momentum: ("p", .momentum)
    case .zTAX: ("z_tax", .length)
    case .cdaTAX: ("cda_tax", .length)
    case .time: ("time", .time)
    case .timeSpread: ("time_spread", .time)
    }
  }
}
