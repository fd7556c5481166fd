/// What triggers did with the decays of each channel, and what the triggers of each line were: counts only, so that
/// parts of a run add up exactly, in any order.
public struct TruthTable: Sendable, Hashable {
  /// Passed of tried.
  public struct Share: Sendable, Hashable {
    /// How many passed.
    public var passed: UInt64 = 0
    /// Of how many.
    public var tried: UInt64 = 0

    /// Nothing tried.
    public init() {}

    /// Passed of tried.
    public init(passed: UInt64, tried: UInt64) {
      self.passed = passed
      self.tried = tried
    }

    /// Counts one.
    mutating func add(_ hasPassed: Bool) {
      tried += 1
      if hasPassed { passed += 1 }
    }

    static func += (a: inout Self, b: Self) {
      a.passed += b.passed
      a.tried += b.tried
    }
  }

  /// What L1's STRAW made of triggers whose decay has a number of tracks.
  public struct Straw: Sendable, Hashable {
    /// Triggers in which it found at least as many tracks.
    public var tracks = Share()
    /// Triggers that it flagged as multi-track.
    public var multiTrack = Share()
    /// Triggers whose lists overflowed: not in the two others.
    public var overflows: UInt64 = 0

    static func += (a: inout Self, b: Self) {
      a.tracks += b.tracks
      a.multiTrack += b.multiTrack
      a.overflows += b.overflows
    }
  }

  /// The counts of a channel.
  public struct Channel: Sendable, Hashable {
    /// Decays made, and of these with the vertex in the fiducial range, and with a line in the truth.
    public var generated: UInt64 = 0
    /// Decays in the fiducial range.
    public var fiducial: UInt64 = 0
    /// Decays with a line.
    public var written: UInt64 = 0
    /// Fiducial decays with a physics trigger of any line.
    public var triggered: UInt64 = 0
    /// Fiducial decays with a trigger of each line.
    public var lines = [UInt64](repeating: 0, count: 16)
    /// Of those with a trigger of a line, the ones with an event that L1 accepts for the mask.
    public var masks = [UInt64](repeating: 0, count: 16)
    /// Fiducial decays with an event that L1 keeps for whatever reason.
    public var kept: UInt64 = 0
    /// Fiducial decays with an event that passes each selection.
    public var selected: [UInt64]
    /// Triggers of each line whose dominant decay is of the channel.
    public var dominant = [UInt64](repeating: 0, count: 16)
    /// KTAG run alone, on triggers whose dominant decay is one of a K⁺.
    public var ktag = Share()
    /// STRAW run alone, on triggers whose dominant decay has 1, 2, 3, and 4 or more tracks.
    public var straw = [Straw](repeating: Straw(), count: 4)

    /// No counts, for a number of selections.
    public init(selections: Int) { selected = Array(repeating: 0, count: selections) }

    static func += (a: inout Self, b: Self) {
      a.generated += b.generated
      a.fiducial += b.fiducial
      a.written += b.written
      a.triggered += b.triggered
      a.kept += b.kept
      a.ktag += b.ktag
      for i in 0..<16 {
        a.lines[i] += b.lines[i]
        a.masks[i] += b.masks[i]
        a.dominant[i] += b.dominant[i]
      }
      for i in 0..<4 { a.straw[i] += b.straw[i] }
      for i in a.selected.indices where i < b.selected.count { a.selected[i] += b.selected[i] }
    }
  }

  /// The channels by name.
  public private(set) var channels: [String: Channel] = [:]
  /// Physics triggers of each line.
  public var lineTriggers = [UInt64](repeating: 0, count: 16)
  /// Of these, those with no decay in time that has hits behind KTAG.
  public var accidentals = [UInt64](repeating: 0, count: 16)
  /// Triggers or events that were looked at.
  public var triggers: UInt64 = 0
  /// Events, or emulated triggers, of which the truth says nothing.
  public var withoutTruth: UInt64 = 0
  /// Triggers of the truth that were not in the stream, or came too late to be joined.
  public var unjudged: UInt64 = 0
  /// Hits of triggers whose decay the truth does not have, by its own count.
  public var strayDecays: UInt64 = 0
  /// Bursts whose totals were read.
  public var bursts: UInt64 = 0
  /// Number of selections.
  public let selectionCount: Int

  /// No counts, for a number of selections.
  public init(selections: Int = 0) { selectionCount = selections }

  /// The counts of a channel.
  public subscript(channel: String) -> Channel {
    get { channels[channel] ?? Channel(selections: selectionCount) }
    _modify { yield &channels[channel, default: Channel(selections: selectionCount)] }
  }

  /// Adds the counts of another part of the run, with the same selections.
  public static func += (a: inout Self, b: Self) {
    for (name, counts) in b.channels { a[name] += counts }
    for i in 0..<16 {
      a.lineTriggers[i] += b.lineTriggers[i]
      a.accidentals[i] += b.accidentals[i]
    }
    a.triggers += b.triggers
    a.withoutTruth += b.withoutTruth
    a.unjudged += b.unjudged
    a.strayDecays += b.strayDecays
    a.bursts += b.bursts
  }
}
