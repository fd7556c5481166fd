import NIOConcurrencyHelpers

/// The memory of one batch of events.
struct Arena: Sendable {
  var bytes: ContiguousArray<UInt8> = []
  var fragments: ContiguousArray<EventFragment> = []
  var events: ContiguousArray<BuiltEvent> = []
  var l1Fragments: ContiguousArray<L1DataFragment> = []
}

/// Arenas that wait for their next batch: a batch gives its memory back when it is dropped, so that a
/// running pipeline neither allocates nor faults in fresh pages.
final class ArenaPool: Sendable {
  private let free = NIOLockedValueBox<[Arena]>([])
  private let limit: Int

  init(limit: Int = 64) { self.limit = limit }

  /// An empty arena; one without memory yet gets as much as another one has needed, so that it need not grow, which
  /// would copy what it holds.
  func take(like other: Arena) -> Arena {
    guard var arena = free.withLockedValue({ $0.popLast() }) else {
      var fresh = Arena()
      fresh.bytes.reserveCapacity(other.bytes.count)
      fresh.fragments.reserveCapacity(other.fragments.count)
      fresh.events.reserveCapacity(other.events.count)
      fresh.l1Fragments.reserveCapacity(other.l1Fragments.count)
      return fresh
    }
    arena.bytes.removeAll(keepingCapacity: true)
    arena.fragments.removeAll(keepingCapacity: true)
    arena.events.removeAll(keepingCapacity: true)
    arena.l1Fragments.removeAll(keepingCapacity: true)
    return arena
  }

  func give(_ arena: Arena) {
    free.withLockedValue { if $0.count < limit { $0.append(arena) } }
  }
}
