public import Configuration

/// Behaviours of NA62's farm and L1 that can be corrected by name; none is corrected unless asked.
///
/// The numbers are those of `Docs/Quirks.md`.
public struct L1Corrections: NamedOptionSet, Sendable, Hashable {
  /// The set bits.
  public let rawValue: UInt32
  /// The corrections of the set bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// B1: a second fragment of a board is a duplicate, so that an event waits for each of its boards.
  public static let distinctBoards = L1Corrections(rawValue: 1 << 0)
  /// B3, B8: a fragment of an event that was completed in the same burst is a duplicate, and begins no event.
  public static let lateCopies = L1Corrections(rawValue: 1 << 1)
  /// C1: the chain of a mask runs in the order of its places, whatever they are.
  public static let chainOrder = L1Corrections(rawValue: 1 << 2)
  /// C2, D9: an algorithm runs again for a mask that gives it other parameters; the data block has the
  /// quantities of its last run.
  public static let ownParameters = L1Corrections(rawValue: 1 << 3)
  /// C3: an algorithm whose data are bad passes, whether it is required or a veto.
  public static let badDataKeeps = L1Corrections(rawValue: 1 << 4)
  /// C7, C8: neither the global reduction nor the global downscaling drops periodic and control triggers.
  public static let protectPeriodic = L1Corrections(rawValue: 1 << 5)
  /// C7, C8: neither the global reduction nor the global downscaling drops events that are marked for autopass.
  public static let protectAutopass = L1Corrections(rawValue: 1 << 6)
  /// C8: the global downscaling drops only events that a mask accepted, and those it counts.
  public static let downscaleAccepted = L1Corrections(rawValue: 1 << 7)
  /// C11: each downscaled algorithm of a mask that passed counts the events which those before it, by their
  /// identifiers, have kept, so that the factors multiply.
  public static let everyDownscaling = L1Corrections(rawValue: 1 << 8)
  /// D3: CHOD runs ahead of an algorithm that refers to it, with its parameters in that mask, and has a mean
  /// time whenever it has hits; without one the time of the L0TP is the reference.
  public static let referenceFirst = L1Corrections(rawValue: 1 << 9)
  /// D4: the KTAG sector follows the number of the board in its header.
  public static let sectorByBoard = L1Corrections(rawValue: 1 << 10)
  /// D5, D10, E2: edges of channels that are not mapped do not count in CHOD, MUV3 left-right and STRAW.
  public static let mappedOnly = L1Corrections(rawValue: 1 << 11)
  /// D6, D8: a trailing edge of LAV takes the leading edges before it with it, and each NewCHOD pair of
  /// photomultipliers counts once.
  public static let singlePairs = L1Corrections(rawValue: 1 << 12)
  /// E3: an early STRAW hit counts no drift, whichever edge of its straw it is.
  public static let strawEarly = L1Corrections(rawValue: 1 << 13)
  /// E4 to E6: the distance of a four-view point is its own, clusters of four-view points stay taken, and the
  /// second pass of the selection of points reads the distances of its own list.
  public static let strawPoints = L1Corrections(rawValue: 1 << 14)
  /// E9: the limits on the slopes of STRAW tracklets hold for both signs.
  public static let strawSlopes = L1Corrections(rawValue: 1 << 15)
  /// E8: a chamber is marked as seen by its own point, not by what is left in the scratch memory.
  public static let strawSeen = L1Corrections(rawValue: 1 << 16)

  /// The names in menus.
  public static let named: [(name: String, value: L1Corrections)] = [
    ("distinct-boards", .distinctBoards), ("late-copies", .lateCopies), ("chain-order", .chainOrder),
    ("own-parameters", .ownParameters), ("bad-data-keeps", .badDataKeeps),
    ("protect-periodic", .protectPeriodic), ("protect-autopass", .protectAutopass),
    ("downscale-accepted", .downscaleAccepted), ("every-downscaling", .everyDownscaling),
    ("reference-first", .referenceFirst), ("sector-by-board", .sectorByBoard),
    ("mapped-only", .mappedOnly), ("single-pairs", .singlePairs), ("straw-early", .strawEarly),
    ("straw-points", .strawPoints), ("straw-slopes", .strawSlopes), ("straw-seen", .strawSeen),
  ]
}
