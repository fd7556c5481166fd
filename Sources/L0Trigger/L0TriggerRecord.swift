public import NA62Formats

/// One trigger as the L0 trigger processor records it (`l0tp.md` 4.4, 5.3).
public struct L0TriggerRecord: Sendable, Hashable, BitwiseCopyable {
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// Fine time of the reference, in 1/256 of a clock period.
  public var fineTime: UInt8
  /// What kind of triggers were merged in it.
  public var dataType: L0DataType
  /// The trigger word that is sent to the detectors, 6 bits.
  public var word: UInt8
  /// Bit m: mask m fired. For calibration primitives, the inputs they came from.
  public var flags: UInt16
  /// Identifiers in the slots N, N-1 and N+1, an input each lane; 0 where there is none.
  public var identifiers: (L0Words, L0Words, L0Words)
  /// Fine times in the slots N, N-1 and N+1; 0 where there is none.
  public var fineTimes: (SIMD8<UInt8>, SIMD8<UInt8>, SIMD8<UInt8>)

  /// A record without primitives.
  public init(timestamp: UInt32, fineTime: UInt8, dataType: L0DataType, word: UInt8, flags: UInt16) {
    self.timestamp = timestamp
    self.fineTime = fineTime
    self.dataType = dataType
    self.word = word
    self.flags = flags
    let noWords = L0Words(repeating: 0)
    let noTimes = SIMD8<UInt8>(repeating: 0)
    identifiers = (noWords, noWords, noWords)
    fineTimes = (noTimes, noTimes, noTimes)
  }

  /// Whether two records are the same.
  public static func == (a: Self, b: Self) -> Bool {
    a.timestamp == b.timestamp && a.fineTime == b.fineTime && a.dataType == b.dataType && a.word == b.word
      && a.flags == b.flags && a.identifiers == b.identifiers && a.fineTimes == b.fineTimes
  }

  /// Hashes what identifies a record.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(timestamp)
    hasher.combine(flags)
    hasher.combine(word)
  }

  /// Merges a newer record of the same time in this one: words, flags and types of both; times and
  /// primitives of the newer one where it is a physics trigger (`l0tp.md` 4.4).
  mutating func merge(_ newer: L0TriggerRecord) {
    var merged = newer.dataType.contains(.physics) ? newer : self
    merged.word = word | newer.word
    merged.flags = flags | newer.flags
    merged.dataType = dataType.union(newer.dataType)
    self = merged
  }
}
