/// The books of the data that are read after L1: every fragment and every requested event is in exactly one
/// column.
///
/// Books are a commutative monoid, as those of event building.
public struct L1DataBooks: Hashable, Sendable, Codable {
  /// Fragments in sound packets.
  public var fragments: UInt64 = 0
  /// Fragments of events that were completed.
  public var fragmentsUsed: UInt64 = 0
  /// Fragments of events that L1 did not keep, that are complete, or that nobody knows.
  public var fragmentsNotRequested: UInt64 = 0
  /// Fragments that came when their source was complete.
  public var fragmentsDuplicate: UInt64 = 0
  /// Fragments, behind the first one of a packet, of a source that is not configured.
  public var fragmentsUnknownSource: UInt64 = 0
  /// Fragments of events that were given up.
  public var fragmentsUnfinished: UInt64 = 0
  /// Fragments of events that still wait, as a change.
  public var fragmentsPending: Int64 = 0

  /// Events whose data were requested: those that L1 kept.
  public var events: UInt64 = 0
  /// Events that got all their fragments.
  public var eventsComplete: UInt64 = 0
  /// Events whose number an event under way had already.
  public var eventsDuplicate: UInt64 = 0
  /// Events given up at the end of their burst.
  public var eventsBurstEnd: UInt64 = 0
  /// Events given up because too many were under way.
  public var eventsPendingLimit: UInt64 = 0
  /// Events that still wait, as a change.
  public var eventsPending: Int64 = 0

  /// Empty books.
  public init() {}

  /// Adds the books of another part.
  public static func += (a: inout Self, b: Self) {
    a.fragments += b.fragments
    a.fragmentsUsed += b.fragmentsUsed
    a.fragmentsNotRequested += b.fragmentsNotRequested
    a.fragmentsDuplicate += b.fragmentsDuplicate
    a.fragmentsUnknownSource += b.fragmentsUnknownSource
    a.fragmentsUnfinished += b.fragmentsUnfinished
    a.fragmentsPending += b.fragmentsPending
    a.events += b.events
    a.eventsComplete += b.eventsComplete
    a.eventsDuplicate += b.eventsDuplicate
    a.eventsBurstEnd += b.eventsBurstEnd
    a.eventsPendingLimit += b.eventsPendingLimit
    a.eventsPending += b.eventsPending
  }

  /// Fragments that were lost: all that are neither used, pending, nor unasked for.
  public var fragmentsLost: UInt64 { fragmentsDuplicate + fragmentsUnknownSource + fragmentsUnfinished }

  /// Whether every fragment and every event is in exactly one column.
  public var closes: Bool {
    let f = fragmentsUsed + fragmentsNotRequested + fragmentsLost
    let e = eventsComplete + eventsDuplicate + eventsBurstEnd + eventsPendingLimit
    return Int64(fragments) - Int64(f) == fragmentsPending && Int64(events) - Int64(e) == eventsPending
  }
}
