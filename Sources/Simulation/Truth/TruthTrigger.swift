public import L0Trigger
public import L1Trigger
public import NA62Formats

/// A trigger with the hits in its readout windows, decay by decay.
public struct TruthTrigger: Sendable, Equatable {
  /// What L1 says of it, where that is known.
  public struct Verdict: Sendable, Equatable {
    /// The L1 word.
    public var word: UInt8
    /// Bit m: mask m accepted it.
    public var masks: UInt16

    /// A verdict.
    public init(word: UInt8, masks: UInt16) {
      self.word = word
      self.masks = masks
    }

    /// The verdict of a decision.
    public init(_ decision: L1Decision) { self.init(word: decision.word.rawValue, masks: decision.masks) }
  }

  /// A hit.
  public struct Hit: Sendable, Hashable {
    /// The detector.
    public var detector: SimulatedDetector
    /// Readout channel, in the numbering of the detector.
    public var channel: Int32
    /// Place of the particle in its decay; -1 for noise.
    public var particle: Int32

    /// A hit.
    public init(detector: SimulatedDetector, channel: Int32, particle: Int32) {
      self.detector = detector
      self.channel = channel
      self.particle = particle
    }
  }

  /// The hits of one decay.
  public struct Group: Sendable, Equatable {
    /// Number of the decay; `nil` for noise.
    public var decay: UInt64?
    /// The hits, in the order of detectors, channels and particles.
    public var hits: [Hit]

    /// The hits of a decay.
    public init(decay: UInt64?, hits: [Hit]) {
      self.decay = decay
      self.hits = hits
    }
  }

  /// Burst.
  public var burst: UInt32
  /// Number of the event that it becomes.
  public var event: UInt32
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// Fine time, 1/256 of a clock period.
  public var fineTime: UInt8
  /// What kind of trigger it is.
  public var dataType: L0DataType
  /// The L0 trigger word.
  public var word: UInt8
  /// Bit m: mask m fired.
  public var flags: UInt16
  /// The verdict of L1, where it is known.
  public var l1: Verdict?
  /// The hits, decays in the order of their numbers, noise last.
  public var decays: [Group]

  /// A trigger.
  public init(
    burst: UInt32, event: UInt32, timestamp: UInt32, fineTime: UInt8, dataType: L0DataType, word: UInt8,
    flags: UInt16, l1: Verdict? = nil, decays: [Group] = []
  ) {
    self.burst = burst
    self.event = event
    self.timestamp = timestamp
    self.fineTime = fineTime
    self.dataType = dataType
    self.word = word
    self.flags = flags
    self.l1 = l1
    self.decays = decays
  }

  /// The truth of a trigger record and the hits in its windows, in any order.
  public init(
    _ record: L0TriggerRecord, event: UInt32, l1: L1Decision?, hits: some Sequence<TruthHit>, burst: UInt32
  ) {
    self.init(
      burst: burst, event: event, timestamp: record.timestamp, fineTime: record.fineTime,
      dataType: record.dataType, word: record.word, flags: record.flags, l1: l1.map { Verdict($0) })
    let ordered = hits.sorted { a, b in
      let (noiseA, noiseB) = (a.particle < 0, b.particle < 0)
      if noiseA != noiseB { return noiseB }
      if !noiseA, a.decay != b.decay { return a.decay < b.decay }
      if a.detector != b.detector { return a.detector.rawValue < b.detector.rawValue }
      if a.channel != b.channel { return a.channel < b.channel }
      return a.particle < b.particle
    }
    for hit in ordered {
      let decay = hit.particle < 0 ? nil : hit.decay
      if decays.isEmpty || decays[decays.count - 1].decay != decay {
        decays.append(Group(decay: decay, hits: []))
      }
      decays[decays.count - 1].hits.append(
        Hit(detector: hit.detector, channel: hit.channel, particle: max(-1, hit.particle)))
    }
  }

  /// ns since start of burst, for a clock of the given period in ns.
  public func time(period: Double) -> Double { (Double(timestamp) + Double(fineTime) / 256) * period }
}
