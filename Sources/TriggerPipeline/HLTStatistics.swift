public import EventBuilding
public import L1Trigger
public import NA62Formats

/// What the trigger counted in one burst: NA62's HltStatistics of L1 (`l1.md` 3.5). A commutative monoid.
public struct HLTStatistics: Hashable, Sendable, Codable {
  /// The trigger counts.
  public private(set) var rates = RateTable()
  /// Events whose L1 data were requested.
  public var requestsToCREAMs: UInt64 = 0
  /// Events with contradicting last-of-burst flags, unfinished at the end of the burst.
  public var corruptedHeaders: UInt64 = 0
  /// Events that went to storage: complete ones, and an unfinished last one.
  public var eventsToMerger: UInt64 = 0
  /// Their bytes; 0 where events are not stored.
  public var bytesToMerger: UInt64 = 0
  /// Events by their L1 word, 0 left out.
  public private(set) var words = [UInt64](repeating: 0, count: 256)

  /// No counts.
  public init() {}

  /// Counts an event.
  public mutating func add(_ event: BuiltEvent, _ evaluation: L1Evaluation, _ decision: L1Decision) {
    rates.add(event, evaluation, decision)
    if !decision.word.isEmpty { words[Int(decision.word.rawValue)] += 1 }
  }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.rates += b.rates
    a.requestsToCREAMs += b.requestsToCREAMs
    a.corruptedHeaders += b.corruptedHeaders
    a.eventsToMerger += b.eventsToMerger
    a.bytesToMerger += b.bytesToMerger
    for i in a.words.indices { a.words[i] += b.words[i] }
  }

  /// A counter by its name in the end-of-burst record.
  public subscript(counter: EOBTriggerRecord.Counter) -> UInt64 {
    switch counter {
    case .corruptedHeader: corruptedHeaders
    case .input: rates.events
    case .special: rates.special
    case .control: rates.control
    case .periodics: rates.periodic
    case .physics: rates.physics
    case .physicsByMultipleMasks: rates.multipleMasks
    case .requestToCreams: requestsToCREAMs
    case .output: rates.kept
    case .accepted: rates.wordBits[0]
    case .timeout: rates.wordBits[3]
    case .allDisabled: rates.wordBits[4]
    case .bypass: rates.wordBits[5]
    case .flagAlgo: rates.wordBits[6]
    case .autoPass: rates.wordBits[7]
    }
  }

  /// The end-of-burst record of L1 (`l1.md` 7.3), as of farm node 0.
  ///
  /// - Parameter endOfBurst: end of burst in seconds since the Unix epoch.
  public func l1Record(endOfBurst: UInt32) -> EOBTriggerRecord {
    EOBTriggerRecord(
      level: .l1, node: 0, timestamp: endOfBurst,
      counters: Dictionary(
        uniqueKeysWithValues: EOBTriggerRecord.Level.l1.counters.map { ($0, UInt32(clamping: self[$0])) }),
      masks: rates.masks.map {
        .init(input: UInt32(clamping: $0.l0Input), accepted: UInt32(clamping: $0.l1Accepted))
      })
  }
}

/// A burst that ended, with what the trigger counted in it.
public struct BurstStatistics: Sendable, Hashable {
  /// The burst.
  public let burst: BurstSummary
  /// What the trigger counted.
  public let counts: HLTStatistics
}
