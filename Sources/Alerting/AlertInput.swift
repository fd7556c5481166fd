public import NA62Formats

/// What the rules are told.
public enum AlertInput: Sendable, Equatable {
  /// A candidate, and the open regions that hold it.
  case candidate(AlertRecord, regions: [String])
  /// Something that is so, or is not any more: a drift, or a loss that was found elsewhere.
  case condition(AlertCondition)
  /// What a stretch of data has lost.
  case quality(QualityCounts)
  /// A burst has ended; its first and its last data time.
  case burst(from: DataTime, to: DataTime)
  /// A candidate turned out to be none.
  case retraction(AlertCorrection)
  /// A candidate has changed; its new form, with the regions it is in now.
  case correction(AlertRecord, regions: [String], AlertCorrection)
  /// Live: data have come, the newest of this data time; `now` is the wall clock.
  case arrived(DataTime, now: DataTime)
  /// Live: the wall clock has gone on.
  case wallClock(now: DataTime)
}

/// Something that begins and ends, such as a rate outside its band.
public struct AlertCondition: Sendable, Equatable {
  /// Which rules it is for: `on: drift` or `on: quality`.
  public enum Kind: String, Sendable, Codable {
    /// A rate that has changed.
    case drift
    /// A loss, or wrong books.
    case quality
  }

  /// Which rules it is for.
  public var kind: Kind
  /// Names it among all conditions: the same as long as it is about the same thing.
  public var key: String
  /// What it is about: `line`, `level`, `kind` and others, in a fixed order. Rules match the first three.
  public var labels: [AlertMessage.Label]
  /// Whether it is so now.
  public var isFiring: Bool
  /// One line for a person.
  public var text: String
  /// What was measured.
  public var observed: Double?
  /// What was expected.
  public var expected: Double?
  /// How often it comes by chance.
  public var falseAlarm: AlertMessage.FalseAlarm?
  /// When this was found, in data time.
  public var dataTime: DataTime
  /// When it began; a run that was resumed should give the same. Nil: when it was first told.
  public var since: DataTime?
  /// The selection whose count it tells of, if any: of a blind one it is not told on.
  public var selection: String?

  /// A condition; see the properties.
  public init(
    kind: Kind = .drift, key: String, labels: [AlertMessage.Label], isFiring: Bool, text: String,
    observed: Double? = nil, expected: Double? = nil, falseAlarm: AlertMessage.FalseAlarm? = nil,
    dataTime: DataTime, since: DataTime? = nil, selection: String? = nil
  ) {
    self.kind = kind
    self.key = key
    self.labels = labels
    self.isFiring = isFiring
    self.text = text
    self.observed = observed
    self.expected = expected
    self.falseAlarm = falseAlarm
    self.dataTime = dataTime
    self.since = since
    self.selection = selection
  }
}

/// What a stretch of data, such as a burst, has brought and lost: counts of this stretch alone.
public struct QualityCounts: Sendable, Equatable {
  /// The items of one kind that were lost for one reason.
  public struct Loss: Sendable, Equatable {
    /// Why, as the books call it: `truncated`, for example.
    public var reason: String
    /// How many.
    public var count: UInt64

    /// A loss.
    public init(_ reason: String, _ count: UInt64) {
      self.reason = reason
      self.count = count
    }
  }

  /// What was counted: `datagrams`, `fragments`, `events`.
  public var items: String
  /// All that came in, what was lost included.
  public var received: UInt64
  /// What was lost, by reason.
  public var losses: [Loss]
  /// Whether the books close: in = accepted + rejected + lost.
  public var booksClose: Bool
  /// When the stretch ended.
  public var dataTime: DataTime

  /// Counts; see the properties.
  public init(items: String, received: UInt64, losses: [Loss], booksClose: Bool = true, dataTime: DataTime) {
    self.items = items
    self.received = received
    self.losses = losses
    self.booksClose = booksClose
    self.dataTime = dataTime
  }
}

/// Which candidate does not hold, or not so, and why.
public struct AlertCorrection: Sendable, Equatable {
  /// The selection that took it.
  public var selection: String
  /// Run number.
  public var run: UInt32
  /// Burst number.
  public var burst: UInt32
  /// Event number.
  public var event: UInt32
  /// Why, in a few words: `the event came twice`.
  public var reason: String
  /// When this was found, in data time.
  public var dataTime: DataTime

  /// A correction; see the properties.
  public init(
    selection: String, run: UInt32, burst: UInt32, event: UInt32, reason: String, dataTime: DataTime
  ) {
    self.selection = selection
    self.run = run
    self.burst = burst
    self.event = event
    self.reason = reason
    self.dataTime = dataTime
  }
}
