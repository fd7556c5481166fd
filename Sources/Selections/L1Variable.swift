public import L1Trigger

/// A quantity of an event that a selection can put a condition on.
///
/// The raw values are the names in selection files. A quantity is available only where it was computed: one
/// of an algorithm that no fired mask ran is not, and a condition on it fails. The run states are always
/// available.
public enum L1Variable: String, CaseIterable, Hashable, Sendable {
  /// Timestamp of the event, in clock periods since the start of burst. Integer; unit ticks.
  case timestamp = "timestamp"
  /// Fine time of the event from the L0 record. Integer; unit 1/256 of a clock period.
  case fineTime = "fine_time"
  /// L0 trigger word. Code, no unit.
  case l0Word = "l0.word"
  /// Data type of the L0 record: physics, periodic, control. Named bits, no unit.
  case l0DataType = "l0.data_type"
  /// L0 masks that fired. Masks 0 to 15, no unit.
  case l0Flags = "l0.flags"
  /// L1 word: accepted, timeout, all-disabled, bypass, flagged, autopass. Named bits, no unit.
  case l1Word = "l1.word"
  /// L1 masks that accepted the event, after their downscaling. Masks 0 to 15, no unit.
  case l1AcceptedMasks = "l1.accepted_masks"
  /// CHOD hits in time. Integer, no unit.
  case chodHits = "chod.hits"
  /// KTAG sectors hit, 0 to 8. Integer, no unit.
  case ktagSectors = "ktag.sectors"
  /// LAV hits; the count stops at 3. Integer, no unit.
  case lavHits = "lav.hits"
  /// IRC and SAC hits; the count stops at 1. Integer, no unit.
  case ircSacHits = "ircsac.hits"
  /// NewCHOD pairs. Integer, no unit.
  case newCHODPairs = "newchod.pairs"
  /// MUV3 tiles, at most 3; only the variant xx = 2 counts them. Integer, no unit.
  case muv3Tiles = "muv3.tiles"
  /// The six STRAW flags. Named bits, no unit. All are set where a STRAW list overflowed.
  case strawFlags = "straw.flags"
  /// STRAW tracks; unavailable after an overflow. Integer, no unit.
  case strawTracks = "straw.tracks"
  /// Longitudinal momentum of track 0; unavailable where there is no such track. Real; unit MeV/c.
  case strawP0 = "straw.p0"
  /// Longitudinal momentum of track 1; unavailable where there is no such track. Real; unit MeV/c.
  case strawP1 = "straw.p1"
  /// Longitudinal momentum of track 2; unavailable where there is no such track. Real; unit MeV/c.
  case strawP2 = "straw.p2"
  /// Longitudinal momentum of track 3; unavailable where there is no such track. Real; unit MeV/c.
  case strawP3 = "straw.p3"
  /// z of the vertex of track 0 with the beam; unavailable where there is no such track. Real; unit mm.
  case strawVertexZ0 = "straw.vertex_z0"
  /// z of the vertex of track 1 with the beam; unavailable where there is no such track. Real; unit mm.
  case strawVertexZ1 = "straw.vertex_z1"
  /// z of the vertex of track 2 with the beam; unavailable where there is no such track. Real; unit mm.
  case strawVertexZ2 = "straw.vertex_z2"
  /// z of the vertex of track 3 with the beam; unavailable where there is no such track. Real; unit mm.
  case strawVertexZ3 = "straw.vertex_z3"
  /// Closest approach of the chosen pair of tracks; unavailable where no pair was chosen. Real; unit mm.
  case strawCDA = "straw.cda"
  /// Distance of the chosen pair's vertex from the beam line; unavailable where no pair was chosen. Real; mm.
  case strawDistance = "straw.distance"
  /// Whether CHOD ran to an answer. True or false.
  case chodProcessed = "chod.processed"
  /// Whether KTAG ran to an answer. True or false.
  case ktagProcessed = "ktag.processed"
  /// Whether LAV ran to an answer. True or false.
  case lavProcessed = "lav.processed"
  /// Whether IRC/SAC ran to an answer. True or false.
  case ircSacProcessed = "ircsac.processed"
  /// Whether NewCHOD ran to an answer. True or false.
  case newCHODProcessed = "newchod.processed"
  /// Whether MUV3 ran to an answer, in any variant. True or false.
  case muv3Processed = "muv3.processed"
  /// Whether STRAW ran to an answer. True or false.
  case strawProcessed = "straw.processed"
  /// Whether CHOD met a bad fragment. True or false.
  case chodBadData = "chod.bad_data"
  /// Whether KTAG met a bad fragment. True or false.
  case ktagBadData = "ktag.bad_data"
  /// Whether LAV met a bad fragment. True or false.
  case lavBadData = "lav.bad_data"
  /// Whether IRC/SAC met a bad fragment. True or false.
  case ircSacBadData = "ircsac.bad_data"
  /// Whether NewCHOD met a bad fragment. True or false.
  case newCHODBadData = "newchod.bad_data"
  /// Whether MUV3 met a bad fragment. True or false.
  case muv3BadData = "muv3.bad_data"
  /// Whether STRAW met a bad fragment. True or false.
  case strawBadData = "straw.bad_data"
  /// Whether a STRAW list overflowed: all flags are then set, and the tracks are unknown. True or false.
  case strawOverflow = "straw.overflow"

  /// What the values of a variable are like, and with that which conditions can be put on it.
  public enum Kind: Hashable, Sendable {
    /// A whole number not below 0.
    case integer
    /// A real number.
    case real
    /// An 8-bit code.
    case code
    /// A set of masks 0 to 15.
    case masks
    /// A set of named bits.
    case bits
    /// True or false.
    case truth
  }

  /// What the values are like.
  public var kind: Kind {
    switch self {
    case .timestamp, .fineTime, .chodHits, .ktagSectors, .lavHits, .ircSacHits, .newCHODPairs, .muv3Tiles,
      .strawTracks:
      .integer
    case .strawP0, .strawP1, .strawP2, .strawP3, .strawVertexZ0, .strawVertexZ1, .strawVertexZ2,
      .strawVertexZ3, .strawCDA, .strawDistance:
      .real
    case .l0Word: .code
    case .l0Flags, .l1AcceptedMasks: .masks
    case .l0DataType, .l1Word, .strawFlags: .bits
    case .chodProcessed, .ktagProcessed, .lavProcessed, .ircSacProcessed, .newCHODProcessed, .muv3Processed,
      .strawProcessed, .chodBadData, .ktagBadData, .lavBadData, .ircSacBadData, .newCHODBadData,
      .muv3BadData, .strawBadData, .strawOverflow:
      .truth
    }
  }

  /// The unit of the values, as it has to be written in conditions; nil where they have none.
  public var unit: String? { units.first?.name }

  /// The units that conditions may use, each with its size in the first one.
  var units: [(name: String, size: Double)] {
    switch self {
    case .timestamp: [("ticks", 1)]
    case .fineTime: [("ticks/256", 1)]
    case .strawP0, .strawP1, .strawP2, .strawP3: [("MeV/c", 1), ("GeV/c", 1000)]
    case .strawVertexZ0, .strawVertexZ1, .strawVertexZ2, .strawVertexZ3, .strawCDA, .strawDistance:
      [("mm", 1), ("cm", 10), ("m", 1000)]
    default: []
    }
  }

  /// The algorithm that computes the variable; nil for those of the event itself and of the verdict.
  public var algorithm: L1Algorithm? {
    switch self {
    case .timestamp, .fineTime, .l0Word, .l0DataType, .l0Flags, .l1Word, .l1AcceptedMasks: nil
    case .chodHits, .chodProcessed, .chodBadData: .chod
    case .ktagSectors, .ktagProcessed, .ktagBadData: .ktag
    case .lavHits, .lavProcessed, .lavBadData: .lav
    case .ircSacHits, .ircSacProcessed, .ircSacBadData: .ircSac
    case .newCHODPairs, .newCHODProcessed, .newCHODBadData: .newCHOD
    case .muv3Tiles, .muv3Processed, .muv3BadData: .muv3
    case .strawFlags, .strawTracks, .strawP0, .strawP1, .strawP2, .strawP3, .strawVertexZ0, .strawVertexZ1,
      .strawVertexZ2, .strawVertexZ3, .strawCDA, .strawDistance, .strawProcessed, .strawBadData,
      .strawOverflow:
      .straw
    }
  }

  /// The names of the bits of a variable of kind `bits`; of a code, the names of values.
  var names: [(name: String, bits: UInt16)] {
    switch self {
    case .l0DataType: [("physics", 0x01), ("periodic", 0x02), ("control", 0x10)]
    case .l1Word:
      [
        ("accepted", 0x01), ("timeout", 0x08), ("all-disabled", 0x10), ("bypass", 0x20), ("flagged", 0x40),
        ("autopass", 0x80),
      ]
    case .strawFlags:
      [
        ("pnn", 1), ("exotic", 2), ("multi-track", 4), ("displaced-loose", 8), ("displaced-tight", 16),
        ("one-track", 32),
      ]
    default: []
    }
  }
}
