/// The counting experiments (`/api/v1/counts`); what a blind selection hides is not in it.
public struct CountsDocument: Codable, Sendable, Hashable {
  /// The state of a counting experiment after a burst.
  public struct Point: Codable, Sendable, Hashable {
    /// Run.
    public var run: UInt32
    /// Burst.
    public var burst: UInt32
    /// Events counted.
    public var observed: Int
    /// Expected background in events.
    public var background: Double
    /// Upper limit in signal events.
    public var upperLimit: Double
    /// Significance, one-sided; nil where infinite.
    public var zOneSided: Double?
    /// The p-value that holds although it is looked at after every event; nil without a sequential test.
    public var anytimePValue: Double?

    /// A point; see the properties.
    public init(
      run: UInt32, burst: UInt32, observed: Int, background: Double, upperLimit: Double, zOneSided: Double?,
      anytimePValue: Double?
    ) {
      self.run = run
      self.burst = burst
      self.observed = observed
      self.background = background
      self.upperLimit = upperLimit
      self.zOneSided = zOneSided
      self.anytimePValue = anytimePValue
    }
  }

  /// One selection.
  public struct Selection: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What it is for: signal, normalisation, control.
    public var role: String
    /// Whether its signal region is sealed: then the box below has no count.
    public var isBlind: Bool
    /// Events that it looked at; nil while blind: with the total of another it would tell what is sealed.
    public var events: UInt64?
    /// Events selected; nil while blind.
    public var selected: UInt64?
    /// Confidence level of the limit; nil where it feeds no experiment.
    public var confidenceLevel: Double?
    /// How the limit was computed, with ordering and tail; nil where it feeds no experiment.
    public var method: String?
    /// The newest state; nil while blind, and where it feeds no experiment.
    public var state: Point?
    /// Burst by burst, oldest first.
    public var history: [Point]

    /// A selection; see the properties.
    public init(
      name: String, role: String, isBlind: Bool, events: UInt64?, selected: UInt64?, confidenceLevel: Double?,
      method: String?, state: Point?, history: [Point]
    ) {
      self.name = name
      self.role = role
      self.isBlind = isBlind
      self.events = events
      self.selected = selected
      self.confidenceLevel = confidenceLevel
      self.method = method
      self.state = state
      self.history = history
    }
  }

  /// The selections, in their order.
  public var selections: [Selection]

  /// A document.
  public init(selections: [Selection]) { self.selections = selections }
}
