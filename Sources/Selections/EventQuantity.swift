public import Detectors

/// A reconstructed quantity of a whole event, as `event.<name>` in selection files.
///
/// All times are relative to the trigger's. Counts of veto detectors are of hits within the window that the
/// association was given (its configuration, not the selection's).
public enum EventQuantity: Int, TableColumn {
  /// Reconstructed tracks.
  case tracks
  /// Sectors of KTAG within the window of the candidate that is nearest in time, and its time.
  case ktagSectors, ktagTime
  /// Time of the downstream detectors: mean of the tracks' CHOD, RICH or NewCHOD times.
  case downstreamTime
  /// Hits in time in the vetoes.
  case lavHits, ircHits, sacHits
  /// Hits in time in the hodoscopes and in MUV3.
  case chodHits, newCHODHits, muv3Hits
  /// Clusters of LKr in time; those in time and away from all tracks, with their energy.
  case lkrClusters, lkrExtraClusters, lkrExtraEnergy
  /// Total energy in LKr.
  case lkrEnergy
  /// Whether STRAW overflowed, and whether any list of the reconstruction did.
  case strawOverflow, overflow

  /// What it takes of the detectors other than STRAW.
  public var parts: DetectorParts {
    switch self {
    case .tracks, .strawOverflow: []
    case .ktagSectors, .ktagTime: .ktag
    case .downstreamTime, .ircHits, .sacHits, .chodHits, .newCHODHits, .muv3Hits: .times
    case .lavHits: .lav
    case .lkrClusters, .lkrExtraClusters, .lkrExtraEnergy, .lkrEnergy: .calorimeter
    case .overflow: .all
    }
  }

  /// Name in selection files.
  public var name: String { described.0 }
  /// What the values measure.
  public var dimension: Dimension { described.1 }

  private var described: (String, Dimension) {
    switch self {
    case .tracks: ("tracks", .count)
    case .ktagSectors: ("ktag_sectors", .count)
    case .ktagTime: ("ktag_time", .time)
    case .downstreamTime: ("downstream_time", .time)
    case .lavHits: ("lav_hits", .count)
    case .ircHits: ("irc_hits", .count)
    case .sacHits: ("sac_hits", .count)
    case .chodHits: ("chod_hits", .count)
    case .newCHODHits: ("newchod_hits", .count)
    case .muv3Hits: ("muv3_hits", .count)
    case .lkrClusters: ("lkr_clusters", .count)
    case .lkrExtraClusters: ("lkr_extra_clusters", .count)
    case .lkrExtraEnergy: ("lkr_extra_energy", .energy)
    case .lkrEnergy: ("lkr_energy", .energy)
    case .strawOverflow: ("straw_overflow", .flag)
    case .overflow: ("overflow", .flag)
    }
  }
}
