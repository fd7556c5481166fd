import CMalloc

/// What was freed goes back to the system from time to time.
///
/// glibc keeps the memory between blocks that are still in use. In a run of many bursts, whose batches have many sizes,
/// that is more with each burst, though what is in use stays the same: after 2900 bursts 166 MB were kept, of which
/// 81 MB were in use.
struct FreedMemory {
  /// The least time between two times: to look through the heap takes some ms.
  private static let period = Duration.seconds(20)
  private var next = ContinuousClock.now + period

  /// Gives it back, if it is time.
  mutating func giveBack() {
    guard ContinuousClock.now >= next else { return }
    _ = spillway_give_back_memory()
    next = .now + Self.period
  }
}
