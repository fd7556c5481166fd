public import NA62Formats

/// One candidate: an event that a selection took, with all that is needed to look at it again.
public struct AlertRecord: Sendable, Equatable {
  /// Name and version of the line's layout.
  public static let schema = "spillway.alert/1"
  /// The kind of line.
  public static let eventType = "candidate"

  /// Name of the selection that took the event.
  public var selection: String
  /// Whether the selection is blind: then quantities and the state that tells the count are written as null.
  public var isBlind: Bool
  /// The event.
  public var event: Event
  /// The open regions that hold the event: rules ask for them; they are not in the line.
  public var regions: [String] = []
  /// What level 0 said.
  public var l0: L0
  /// What level 1 said.
  public var l1: L1
  /// The packets that carried the event, as positions in the inputs.
  public var packets: [Packet]
  /// What decided, in the order of the selection's conditions.
  public var quantities: [Quantity]
  /// The counting experiment at this moment, this event included; nil where the selection counts nothing.
  public var state: State?
  /// When the event was captured.
  public var dataTime: DataTime
  /// When the line was made.
  public var wallTime: DataTime
  /// Hash of the effective configuration.
  public var configurationHash: String
  /// Identity of the input (names or hashes of its files).
  public var input: String

  /// A record; see the properties.
  public init(
    selection: String, isBlind: Bool, event: Event, l0: L0, l1: L1, packets: [Packet],
    quantities: [Quantity], state: State?, dataTime: DataTime, wallTime: DataTime,
    configurationHash: String, input: String
  ) {
    self.selection = selection
    self.isBlind = isBlind
    self.event = event
    self.l0 = l0
    self.l1 = l1
    self.packets = packets
    self.quantities = quantities
    self.state = state
    self.dataTime = dataTime
    self.wallTime = wallTime
    self.configurationHash = configurationHash
    self.input = input
  }

  /// Identity of the alert, the same in every run over the same data: run-burst-event-selection.
  public var id: String { "\(event.run)-\(event.burst)-\(event.number)-\(selection)" }

  /// Which event, and when in its burst.
  public struct Event: Sendable, Equatable {
    /// Run number.
    public var run: UInt32
    /// Burst number.
    public var burst: UInt32
    /// Event number within the burst.
    public var number: UInt32
    /// Time since the start of burst.
    public var timestamp: ClockTicks
    /// Fine time of the trigger, in 1/256 of a clock period.
    public var fineTime: UInt8

    /// An event's identity; see the properties.
    public init(run: UInt32, burst: UInt32, number: UInt32, timestamp: ClockTicks, fineTime: UInt8) {
      self.run = run
      self.burst = burst
      self.number = number
      self.timestamp = timestamp
      self.fineTime = fineTime
    }
  }

  /// The level-0 part of an alert.
  public struct L0: Sendable, Equatable {
    /// Data type of the L0 record.
    public var dataType: UInt8
    /// L0 trigger type word.
    public var word: UInt8
    /// L0 trigger flags: one bit per mask.
    public var flags: UInt16

    /// A level-0 part; see the properties.
    public init(dataType: UInt8, word: UInt8, flags: UInt16) {
      self.dataType = dataType
      self.word = word
      self.flags = flags
    }
  }

  /// The level-1 part of an alert.
  public struct L1: Sendable, Equatable {
    /// L1 trigger type word.
    public var word: UInt8
    /// Numbers of the masks that accepted the event, in the order given.
    public var acceptedMasks: [Int]

    /// A level-1 part; see the properties.
    public init(word: UInt8, acceptedMasks: [Int]) {
      self.word = word
      self.acceptedMasks = acceptedMasks
    }
  }

  /// One packet of the input.
  public struct Packet: Sendable, Equatable {
    /// Index of the input file in the run's manifest.
    public var input: Int
    /// Number of the packet in that input, from 0.
    public var number: UInt64

    /// A packet's position; see the properties.
    public init(input: Int, number: UInt64) {
      self.input = input
      self.number = number
    }
  }

  /// One named value that took part in the decision.
  public struct Quantity: Sendable, Equatable {
    /// A value of one of the kinds that selections use.
    public enum Value: Sendable, Equatable {
      /// A number, in the unit of the quantity's documentation.
      case number(Double)
      /// A count or a word.
      case integer(Int)
      /// A yes or no.
      case flag(Bool)
    }

    /// Its name, as selections call it.
    public var name: String
    /// Its value in this event.
    public var value: Value

    /// A quantity; see the properties.
    public init(_ name: String, _ value: Value) {
      self.name = name
      self.value = value
    }
  }

  /// The counting experiment at the moment of the alert.
  public struct State: Sendable, Equatable {
    /// Events so far, this one included.
    public var observed: Int
    /// Expected background, in events.
    public var background: Double
    /// Upper limit on the signal, in events.
    public var upperLimit: Double
    /// Upper limit on the branching ratio, where the experiment has a normalisation.
    public var branchingRatioLimit: Double?
    /// Confidence level of the limits.
    public var confidenceLevel: Double
    /// How the limit was computed, with its ordering.
    public var method: String
    /// Which tail the limit speaks of.
    public var tail: String
    /// P(N ≥ n) under background only.
    public var pValue: Double
    /// Significance, one-sided; nil where infinite.
    public var zOneSided: Double?
    /// Significance, two-sided; nil where infinite.
    public var zTwoSided: Double?
    /// The p-value that holds although the state is looked at after every event; nil without a sequential test.
    public var anytimePValue: Double?
    /// One-sided significance of the same guarantee; nil also where the p-value is 1.
    public var anytimeZ: Double?

    /// A state; see the properties.
    public init(
      observed: Int, background: Double, upperLimit: Double, branchingRatioLimit: Double?,
      confidenceLevel: Double, method: String, tail: String, pValue: Double, zOneSided: Double?,
      zTwoSided: Double?, anytimePValue: Double? = nil, anytimeZ: Double? = nil
    ) {
      self.observed = observed
      self.background = background
      self.upperLimit = upperLimit
      self.branchingRatioLimit = branchingRatioLimit
      self.confidenceLevel = confidenceLevel
      self.method = method
      self.tail = tail
      self.pValue = pValue
      self.zOneSided = zOneSided
      self.zTwoSided = zTwoSided
      self.anytimePValue = anytimePValue
      self.anytimeZ = anytimeZ
    }
  }
}
