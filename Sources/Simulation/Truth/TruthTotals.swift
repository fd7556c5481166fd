/// The counts of a burst.
public struct TruthTotals: Sendable, Equatable {
  /// The counts of a channel.
  public struct Channel: Sendable, Equatable {
    /// The channel, as `K+ -> pi+ pi0` or `halo mu+`.
    public var name: String
    /// How many were made.
    public var generated: UInt64
    /// Of these, with the vertex in the fiducial range.
    public var fiducial: UInt64
    /// Of those made, how many have a line.
    public var written: UInt64

    /// Counts of a channel.
    public init(name: String, generated: UInt64, fiducial: UInt64, written: UInt64) {
      self.name = name
      self.generated = generated
      self.fiducial = fiducial
      self.written = written
    }
  }

  /// Burst.
  public var burst: UInt32
  /// Triggers of the burst, each of which has a line.
  public var triggers: UInt64
  /// Hits of triggers whose decay has no line before the trigger's: 0 if the writer was told all in time.
  public var strayDecays: UInt64
  /// The channels, in the order of their names.
  public var channels: [Channel]

  /// Counts of a burst.
  public init(burst: UInt32, triggers: UInt64, strayDecays: UInt64 = 0, channels: [Channel]) {
    self.burst = burst
    self.triggers = triggers
    self.strayDecays = strayDecays
    self.channels = channels
  }
}
