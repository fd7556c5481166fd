/// The time of deliveries: how far it is, and how to wait. A test may let it run as fast as it likes.
public struct DeliveryClock: Sendable {
  /// Time since some start, never going back.
  public var now: @Sendable () -> Duration
  /// Waits, at most until the task is cancelled.
  public var sleep: @Sendable (Duration) async -> Void

  /// A clock of these two.
  public init(now: @escaping @Sendable () -> Duration, sleep: @escaping @Sendable (Duration) async -> Void) {
    self.now = now
    self.sleep = sleep
  }

  /// The machine's clock.
  public static var system: DeliveryClock {
    let start = ContinuousClock.now
    return DeliveryClock(
      now: { start.duration(to: .now) }, sleep: { try? await Task.sleep(for: $0) })
  }
}
