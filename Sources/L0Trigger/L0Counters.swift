/// What the emulator counts of the primitives and the entries, for one way of lining up; the same for all
/// menus that share it.
public struct L0AlignmentCounters: Sendable, Hashable, Codable {
  /// Groups of packets.
  public var groups: UInt64 = 0
  /// Packets of each input that went into groups.
  public var packets = [UInt64](repeating: 0, count: L0Detector.count)
  /// Primitives of each input, calibrations not among them.
  public var primitives = [UInt64](repeating: 0, count: L0Detector.count)
  /// Calibration primitives of each input.
  public var calibrationPrimitives = [UInt64](repeating: 0, count: L0Detector.count)
  /// Packets whose number of primitives is not that of the header.
  public var headerCountMismatches: UInt64 = 0
  /// Entries from the reference detector only.
  public var entriesReferenceOnly: UInt64 = 0
  /// Entries from the control detector only.
  public var entriesControlOnly: UInt64 = 0
  /// Entries from both.
  public var entriesBoth: UInt64 = 0
  /// Entries skipped because the one before had the same address.
  public var entriesSkippedSameAddress: UInt64 = 0

  /// No counts.
  public init() {}

  /// Adds counts.
  public static func += (a: inout Self, b: Self) {
    a.groups += b.groups
    for i in 0..<L0Detector.count {
      a.packets[i] += b.packets[i]
      a.primitives[i] += b.primitives[i]
      a.calibrationPrimitives[i] += b.calibrationPrimitives[i]
    }
    a.headerCountMismatches += b.headerCountMismatches
    a.entriesReferenceOnly += b.entriesReferenceOnly
    a.entriesControlOnly += b.entriesControlOnly
    a.entriesBoth += b.entriesBoth
    a.entriesSkippedSameAddress += b.entriesSkippedSameAddress
  }
}

/// What the emulator counts for one menu.
public struct L0MenuCounters: Sendable, Hashable, Codable {
  /// Entries that fulfilled a condition in the clock period of the last entry that fired.
  public var entriesVetoedSameTimestamp: UInt64 = 0
  /// Entries that fulfilled each mask's condition.
  public var pre = [UInt64](repeating: 0, count: 16)
  /// Those left by the downscaling.
  public var post = [UInt64](repeating: 0, count: 16)
  /// Entries that fulfilled the control condition.
  public var controlPre: UInt64 = 0
  /// Those left by the downscaling.
  public var controlPost: UInt64 = 0
  /// Entries that fired.
  public var fired: UInt64 = 0
  /// Triggers of other sources: periodic, random, calibration.
  public var otherSources: UInt64 = 0
  /// Records after those of the same timestamp were merged.
  public var recordsAfterMerge: UInt64 = 0
  /// Records not sent because they came too soon after the last one.
  public var rejectedDeadTime: UInt64 = 0
  /// Records not sent because they lay in a choke or error window.
  public var rejectedWindow: UInt64 = 0
  /// Records not sent because the burst ended.
  public var notSentEndOfBurst: UInt64 = 0
  /// Records not sent because later ones had been sent before they were decided.
  public var rejectedLate: UInt64 = 0
  /// Triggers sent.
  public var sent: UInt64 = 0

  /// No counts.
  public init() {}

  /// Whether every record is in exactly one column.
  public var closes: Bool {
    recordsAfterMerge == sent + rejectedDeadTime + rejectedWindow + notSentEndOfBurst + rejectedLate
  }

  /// Adds counts.
  public static func += (a: inout Self, b: Self) {
    a.entriesVetoedSameTimestamp += b.entriesVetoedSameTimestamp
    for i in 0..<16 {
      a.pre[i] += b.pre[i]
      a.post[i] += b.post[i]
    }
    a.controlPre += b.controlPre
    a.controlPost += b.controlPost
    a.fired += b.fired
    a.otherSources += b.otherSources
    a.recordsAfterMerge += b.recordsAfterMerge
    a.rejectedDeadTime += b.rejectedDeadTime
    a.rejectedWindow += b.rejectedWindow
    a.notSentEndOfBurst += b.notSentEndOfBurst
    a.rejectedLate += b.rejectedLate
    a.sent += b.sent
  }
}
