/// The rates of all lines (`/api/v1/rates`).
public struct RateDocument: Codable, Sendable, Hashable {
  /// What a line counts.
  public enum Level: String, Codable, Sendable, Hashable, CaseIterable {
    /// Primitives of an L0 detector.
    case detector
    /// Triggers of an L0 mask.
    case l0
    /// Events that an L1 mask accepts.
    case l1
    /// Events that an L1 algorithm passes, in a mask.
    case algorithm
    /// Events that a selection takes; of a blind one only what is open.
    case selection
    /// Packets, fragments and what is lost of them.
    case stream
  }

  /// What is known of a line now.
  public enum Condition: String, Codable, Sendable, Hashable {
    /// Inside its band, or without one.
    case normal
    /// Above its band.
    case high
    /// Below its band.
    case low
    /// Expected, and nothing comes.
    case dead
  }

  /// What a rate is compared with.
  public struct Band: Codable, Sendable, Hashable {
    /// The expected rate in Hz.
    public var expected: Double
    /// Lower edge in Hz.
    public var low: Double
    /// Upper edge in Hz.
    public var high: Double
    /// Where the expectation comes from.
    public var origin: String

    /// A band; see the properties.
    public init(expected: Double, low: Double, high: Double, origin: String) {
      self.expected = expected
      self.low = low
      self.high = high
      self.origin = origin
    }
  }

  /// One burst of a line.
  public struct Point: Codable, Sendable, Hashable {
    /// Run.
    public var run: UInt32
    /// Burst.
    public var burst: UInt32
    /// Count.
    public var count: UInt64
    /// Time that the count is for, in s.
    public var seconds: Double
    /// Start of the burst in data time, RFC 3339.
    public var dataTime: String?

    /// A point; see the properties.
    public init(run: UInt32, burst: UInt32, count: UInt64, seconds: Double, dataTime: String?) {
      self.run = run
      self.burst = burst
      self.count = count
      self.seconds = seconds
      self.dataTime = dataTime
    }

    /// Rate in Hz; nil without time.
    public var rate: Double? { seconds > 0 ? Double(count) / seconds : nil }
  }

  /// One line.
  public struct Line: Codable, Sendable, Hashable {
    /// Name, unique with the level.
    public var name: String
    /// What it counts.
    public var level: Level
    /// The last bursts, oldest first; the last one may be under way.
    public var bursts: [Point]
    /// Counts along the burst under way, or the last one, in bins of ``RateDocument/binSeconds``.
    public var along: [UInt64]
    /// What it is compared with; nil without a reference.
    public var band: Band?
    /// What is known of it.
    public var condition: Condition
    /// Count since the start of the run; nil where it is not kept.
    public var total: UInt64?

    /// A line; see the properties.
    public init(
      name: String, level: Level, bursts: [Point], along: [UInt64], band: Band?, condition: Condition,
      total: UInt64? = nil
    ) {
      self.name = name
      self.level = level
      self.bursts = bursts
      self.along = along
      self.band = band
      self.condition = condition
      self.total = total
    }
  }

  /// Width of the bins along a burst, in s.
  public var binSeconds: Double
  /// Whether the last point of the lines is of a burst under way.
  public var isBurstOpen: Bool
  /// The lines, in their order.
  public var lines: [Line]

  /// A document; see the properties.
  public init(binSeconds: Double, isBurstOpen: Bool, lines: [Line]) {
    self.binSeconds = binSeconds
    self.isBurstOpen = isBurstOpen
    self.lines = lines
  }
}
