import EventBuilding
import NA62Formats

/// Tells where counters begin anew: at the first event of each burst, where they reach over one burst.
struct L1CounterBurst: Sendable {
  private struct Burst: Equatable {
    var run, burst: UInt32
  }

  private let scope: CounterScope
  private var current: Burst?

  init(_ scope: CounterScope) { self.scope = scope }

  /// Whether counters begin anew with an event; events come burst by burst.
  @inline(__always)
  mutating func begins(_ event: BuiltEvent) -> Bool {
    guard scope == .burst else { return false }
    let burst = Burst(run: event.run, burst: event.burst)
    guard burst != current else { return false }
    current = burst
    return true
  }
}
