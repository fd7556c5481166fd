/// How a node of a farm does.
public struct FarmNode: Sendable, Hashable {
  /// How it is.
  public enum State: String, Sendable, Hashable, CaseIterable {
    /// It has not been heard of.
    case waiting
    /// It counts.
    case running
    /// It counts again: another process of a node that was there before, until its first burst is settled.
    case back
    /// It was not heard of for a while, or its data are behind those of the others.
    case late
    /// It was not heard of for long.
    case lost
    /// It has told its last counts.
    case ended
    /// It is there, and its counts are not taken.
    case refused
  }

  /// Its number, from 0.
  public var node: UInt32
  /// How it is.
  public var state = State.waiting
  /// Why it is refused; nil where it is not.
  public var reason: String?
  /// Time since its last message in ms; nil before the first.
  public var age: Int64?
  /// Where it is; nil before its first event.
  public var place: FarmBurst?
  /// Newest data time in ns since 1970; nil before the first packet.
  public var dataTime: Int64?
  /// How far its data are behind those of the first node, in ns; nil where it is not known.
  public var lag: Int64?
  /// Bursts that are settled.
  public var bursts = 0
  /// Events of the settled bursts.
  public var events: UInt64 = 0
  /// Events of the burst under way that are shown and not settled.
  public var openEvents: UInt64 = 0
  /// Events of bursts that the node did not live to end: not in any sum.
  public var droppedEvents: UInt64 = 0
  /// Processes that have taken the place of another one.
  public var restarts = 0
  /// Alerts that it has told.
  public var alerts: UInt64 = 0
  /// Alerts that never came here.
  public var alertsLost: UInt64 = 0
  /// Packets that its kernel or interface dropped; nil for recordings.
  public var drops: UInt64?
}

/// The books of the messages: each is in exactly one column.
public struct FarmBooks: Sendable, Hashable {
  /// Messages that came.
  public internal(set) var messages: UInt64 = 0
  /// Messages that were taken.
  public internal(set) var taken: UInt64 = 0
  /// Messages that came again, or were overtaken.
  public internal(set) var repeated: UInt64 = 0
  /// Messages of nodes whose counts are not taken.
  public internal(set) var refused: UInt64 = 0
  /// Messages that are none.
  public internal(set) var malformed: UInt64 = 0

  /// Whether each message is in exactly one column.
  public var closes: Bool { messages == taken + repeated + refused + malformed }
}
