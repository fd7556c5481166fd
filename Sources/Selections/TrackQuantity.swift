public import Detectors

/// A quantity of a reconstructed track, as `track.<role>.<name>` in selection files, or over several tracks
/// as `tracks.<name>`, `other_tracks.<name>` and `event_tracks.<name>`.
///
/// All times are relative to the trigger's.
public enum TrackQuantity: Int, TableColumn {
  /// Momentum, charge (+1 or -1), and the momentum of the pattern before the fit.
  case momentum, charge, patternMomentum
  /// χ² of the fit (per degree of freedom as the reconstruction gives it), and chambers used.
  case chi2, chambers
  /// Position at the reference plane of the upstream line, and its slopes; slopes behind the magnet.
  case x, y, z, slopeX, slopeY, slopeXDown, slopeYDown
  /// Times in STRAW, CHOD, NewCHOD, RICH, LKr and MUV3.
  case strawTime, chodTime, newCHODTime, richTime, lkrTime, muv3Time
  /// LKr: energy over momentum, energy of the associated cluster, distance of the cluster. E/p and energy are 0
  /// where the track is in acceptance and no cluster is associated, not available outside of it.
  case eop, lkrEnergy, lkrDistance
  /// RICH: logarithms of the likelihoods of the hypotheses, radius and hits of the ring, mass squared.
  case richElectron, richMuon, richPion, richKaon, richBackground, richRadius, richHits, richMassSquared
  /// Whether a signal of MUV3 is associated; not available where MUV3 was not decoded.
  case muv3
  /// Whether the track passes the acceptance of a detector.
  case inStraw1, inStraw2, inStraw3, inStraw4, inNewCHOD, inCHOD, inRICH, inLKr, inMUV3
  /// Vertex with the nominal beam: z and closest approach.
  case beamZ, beamCDA
  /// Smallest closest approach to another track of the event, and z of that vertex.
  case nearestCDA, nearestZ

  /// What it takes of the detectors other than STRAW.
  public var parts: DetectorParts {
    switch self {
    case .momentum, .charge, .patternMomentum, .chi2, .chambers, .x, .y, .z, .slopeX, .slopeY, .slopeXDown,
      .slopeYDown, .strawTime, .beamZ, .beamCDA, .nearestCDA, .nearestZ:
      []
    case .chodTime, .newCHODTime, .inStraw1, .inStraw2, .inStraw3, .inStraw4, .inNewCHOD, .inCHOD, .inRICH,
      .inLKr, .inMUV3:
      .hodoscopes
    case .richTime, .muv3Time, .richElectron, .richMuon, .richPion, .richKaon, .richBackground, .richRadius,
      .richHits, .richMassSquared, .muv3:
      .times
    case .lkrTime, .eop, .lkrEnergy, .lkrDistance: .showers
    }
  }

  /// Name in selection files.
  public var name: String { described.0 }
  /// What the values measure.
  public var dimension: Dimension { described.1 }

  private var described: (String, Dimension) {
    switch self {
    case .momentum: ("p", .momentum)
    case .charge: ("charge", .number)
    case .patternMomentum: ("pattern_p", .momentum)
    case .chi2: ("chi2", .number)
    case .chambers: ("chambers", .count)
    case .x: ("x", .length)
    case .y: ("y", .length)
    case .z: ("z", .length)
    case .slopeX: ("slope_x", .angle)
    case .slopeY: ("slope_y", .angle)
    case .slopeXDown: ("slope_x_down", .angle)
    case .slopeYDown: ("slope_y_down", .angle)
    case .strawTime: ("straw_time", .time)
    case .chodTime: ("chod_time", .time)
    case .newCHODTime: ("newchod_time", .time)
    case .richTime: ("rich_time", .time)
    case .lkrTime: ("lkr_time", .time)
    case .muv3Time: ("muv3_time", .time)
    case .eop: ("eop", .number)
    case .lkrEnergy: ("lkr_energy", .energy)
    case .lkrDistance: ("lkr_distance", .length)
    case .richElectron: ("rich_electron", .number)
    case .richMuon: ("rich_muon", .number)
    case .richPion: ("rich_pion", .number)
    case .richKaon: ("rich_kaon", .number)
    case .richBackground: ("rich_background", .number)
    case .richRadius: ("rich_radius", .length)
    case .richHits: ("rich_hits", .count)
    case .richMassSquared: ("rich_mass_squared", .massSquared)
    case .muv3: ("muv3", .flag)
    case .inStraw1: ("in_straw1", .flag)
    case .inStraw2: ("in_straw2", .flag)
    case .inStraw3: ("in_straw3", .flag)
    case .inStraw4: ("in_straw4", .flag)
    case .inNewCHOD: ("in_newchod", .flag)
    case .inCHOD: ("in_chod", .flag)
    case .inRICH: ("in_rich", .flag)
    case .inLKr: ("in_lkr", .flag)
    case .inMUV3: ("in_muv3", .flag)
    case .beamZ: ("beam_z", .length)
    case .beamCDA: ("beam_cda", .length)
    case .nearestCDA: ("nearest_cda", .length)
    case .nearestZ: ("nearest_z", .length)
    }
  }
}
