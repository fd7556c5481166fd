/// When a producer may send: a bound on what is under way, as a pure state machine.
///
/// Its methods return what to do; `BoundedStream` does it. So the logic of waiting is tested without any
/// concurrency.
struct CreditGate<Waiter> {
  /// What a sender is to do.
  enum SendAction: Equatable {
    /// There was room: deliver now.
    case deliver
    /// Wait until told, then deliver.
    case wait
    /// Nobody receives any more: the element is not taken.
    case reject
  }

  let capacity: Int
  /// Elements that were sent and that the consumer is not done with.
  private(set) var underway = 0
  private var isClosed = false
  private var waiter: Waiter?

  init(capacity: Int) { self.capacity = max(1, capacity) }

  /// The producer wants to send.
  mutating func send() -> SendAction {
    if isClosed { return .reject }
    guard underway < capacity else { return .wait }
    underway += 1
    return .deliver
  }

  /// The producer suspends; returns it back if it need not wait any more.
  mutating func suspend(_ waiter: Waiter) -> Waiter? {
    if isClosed { return waiter }
    if underway < capacity {
      underway += 1
      return waiter
    }
    self.waiter = waiter
    return nil
  }

  /// The consumer is done with an element; returns a producer to resume.
  mutating func received() -> Waiter? {
    guard let waiter else {
      underway = max(0, underway - 1)
      return nil
    }
    // The credit passes to the waiting producer.
    self.waiter = nil
    return waiter
  }

  /// The consumer has gone; returns a producer to resume.
  mutating func close() -> Waiter? {
    isClosed = true
    defer { waiter = nil }
    return waiter
  }

  /// Whether sending has become pointless.
  var isDone: Bool { isClosed }
}

extension CreditGate: Sendable where Waiter: Sendable {}
