/// What the detectors other than STRAW say of an event, in parts that may be left until something asks for them.
public struct DetectorParts: OptionSet, Sendable, Hashable, BitwiseCopyable {
  /// The bits.
  public let rawValue: UInt8
  /// A set from its bits.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// CHOD and NewCHOD at the tracks, and the acceptances that the tracks are in.
  @inlinable public static var hodoscopes: DetectorParts { DetectorParts(rawValue: 1) }
  /// RICH, the times of the tracks and of the event, and what is compared with these: MUV3, and the hits in time of
  /// CHOD, NewCHOD, MUV3, IRC and SAC.
  @inlinable public static var times: DetectorParts { DetectorParts(rawValue: 2) }
  /// KTAG.
  @inlinable public static var ktag: DetectorParts { DetectorParts(rawValue: 4) }
  /// LAV.
  @inlinable public static var lav: DetectorParts { DetectorParts(rawValue: 8) }
  /// LKr at the tracks, whose data come after L1.
  @inlinable public static var showers: DetectorParts { DetectorParts(rawValue: 16) }
  /// All of LKr.
  @inlinable public static var calorimeter: DetectorParts { DetectorParts(rawValue: 32) }
  /// All that is read before L1.
  @inlinable public static var readBeforeL1: DetectorParts { DetectorParts(rawValue: 15) }
  /// All of them.
  @inlinable public static var all: DetectorParts { DetectorParts(rawValue: 63) }

  /// These and those that they take: times are of tracks with hodoscopes, the others are compared with times, and all
  /// of LKr has what is at the tracks.
  @inlinable public var withTheirOwnNeeds: DetectorParts {
    if isSubset(of: .hodoscopes) { return self }
    return union(contains(.calorimeter) ? [.hodoscopes, .times, .showers] : [.hodoscopes, .times])
  }
}
