import NIOConcurrencyHelpers

/// An `AsyncStream` with a bound: the link between two stages.
///
/// `AsyncStream` alone buffers without end or drops. Here at most `capacity` elements are under way;
/// a producer that is ahead waits. One producer, one consumer.
final class BoundedStream<Element: Sendable>: Sendable {
  private let stream: AsyncStream<Element>
  private let continuation: AsyncStream<Element>.Continuation
  private let gate: NIOLockedValueBox<CreditGate<CheckedContinuation<Void, Never>>>

  init(capacity: Int) {
    (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .unbounded)
    gate = NIOLockedValueBox(CreditGate(capacity: capacity))
  }

  /// Delivers an element, waiting for room; `false` if the consumer has gone.
  func send(_ element: Element) async -> Bool {
    switch gate.withLockedValue({ $0.send() }) {
    case .deliver: break
    case .reject: return false
    case .wait:
      await withCheckedContinuation { continuation in
        gate.withLockedValue { $0.suspend(continuation) }?.resume()
      }
      if gate.withLockedValue({ $0.isDone }) { return false }
    }
    continuation.yield(element)
    return true
  }

  /// The next element, taken as done with at once; `nil` at the end. Not together with ``elements``.
  func receive() async -> Element? {
    var iterator = stream.makeAsyncIterator()
    let element = await iterator.next()
    if element != nil { gate.withLockedValue { $0.received() }?.resume() }
    return element
  }

  /// Elements under way at most.
  var capacity: Int { gate.withLockedValue { $0.capacity } }

  /// Elements that were sent and that the consumer is not done with.
  var underway: Int { gate.withLockedValue { $0.underway } }

  /// No more elements will come.
  func finish() { continuation.finish() }

  /// The consumer leaves: a waiting producer is let go, and later ones are told.
  func close() {
    gate.withLockedValue { $0.close() }?.resume()
    continuation.finish()
  }

  /// Whether the consumer has gone.
  var isClosed: Bool { gate.withLockedValue { $0.isDone } }

  /// The elements. Each `next` gives back the credit of the element before.
  var elements: Elements { Elements(stream: self) }

  /// The receiving end.
  struct Elements: AsyncSequence {
    fileprivate let stream: BoundedStream

    func makeAsyncIterator() -> Iterator {
      Iterator(stream: stream, base: stream.stream.makeAsyncIterator())
    }

    struct Iterator: AsyncIteratorProtocol {
      fileprivate let stream: BoundedStream
      fileprivate var base: AsyncStream<Element>.Iterator
      private var hasOne = false

      fileprivate init(stream: BoundedStream, base: AsyncStream<Element>.Iterator) {
        self.stream = stream
        self.base = base
      }

      mutating func next() async -> Element? {
        if hasOne {
          hasOne = false
          stream.gate.withLockedValue { $0.received() }?.resume()
        }
        let element = await base.next()
        hasOne = element != nil
        return element
      }
    }
  }
}
