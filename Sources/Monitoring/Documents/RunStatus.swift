/// What is being looked at: the head of every page (`/api/v1/status`).
public struct RunStatus: Codable, Sendable, Hashable {
  /// Where the data come from.
  public enum Source: String, Codable, Sendable, Hashable {
    /// A network interface.
    case live
    /// A recorded stream, running now.
    case replay
    /// The nodes of a farm.
    case farm
    /// A run directory of a run that has ended.
    case finished
  }

  /// How far the run is.
  public enum State: String, Codable, Sendable, Hashable, CaseIterable {
    /// Data are taken.
    case running
    /// Ended by a signal.
    case stopped
    /// At its end.
    case finished
    /// Ended by an error.
    case failed
  }

  /// Where the data come from.
  public var source: Source
  /// How far the run is.
  public var state: State
  /// The inputs, or the interface.
  public var input: String
  /// The menu.
  public var menu: String
  /// Run number; nil until known.
  public var run: UInt32?
  /// The burst under way, or the last one.
  public var burst: UInt32?
  /// Bursts that have ended.
  public var bursts: UInt64
  /// Newest data time, RFC 3339; nil before the first packet.
  public var dataTime: String?
  /// Wall time of this state, RFC 3339.
  public var wallTime: String
  /// Wall time of the start, RFC 3339.
  public var startTime: String
  /// Data time for real time; nil as fast as possible.
  public var speed: Double?
  /// Whether alerts are marked as tests.
  public var isTest: Bool
  /// Hash of the effective configuration.
  public var configurationHash: String
  /// Version of Spillway.
  public var version: String

  /// A status; see the properties.
  public init(
    source: Source, state: State, input: String, menu: String, run: UInt32?, burst: UInt32?, bursts: UInt64,
    dataTime: String?, wallTime: String, startTime: String, speed: Double?, isTest: Bool,
    configurationHash: String, version: String
  ) {
    self.source = source
    self.state = state
    self.input = input
    self.menu = menu
    self.run = run
    self.burst = burst
    self.bursts = bursts
    self.dataTime = dataTime
    self.wallTime = wallTime
    self.startTime = startTime
    self.speed = speed
    self.isTest = isTest
    self.configurationHash = configurationHash
    self.version = version
  }
}
