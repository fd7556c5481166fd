import NIOConcurrencyHelpers
import Testing

@testable import TriggerPipeline

/// A number that several tasks see.
private final class Counter: Sendable {
  private let count = NIOLockedValueBox(0)
  var value: Int { count.withLockedValue { $0 } }
  func increment() { count.withLockedValue { $0 += 1 } }
}

@Suite("Bounded stream")
struct BoundedStreamTests {
  @Test("elements arrive in order, all of them", arguments: [1, 2, 7])
  func order(_ capacity: Int) async {
    let stream = BoundedStream<Int>(capacity: capacity)
    async let sent: Bool = {
      for i in 0..<500 { guard await stream.send(i) else { return false } }
      stream.finish()
      return true
    }()
    var received: [Int] = []
    for await element in stream.elements { received.append(element) }
    #expect(received == Array(0..<500))
    #expect(await sent)
  }

  @Test(
    "a producer that is ahead waits: never more elements under way than the capacity",
    arguments: [1, 3])
  func producerWaits(_ capacity: Int) async {
    let stream = BoundedStream<Int>(capacity: capacity)
    let sent = Counter()
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        for i in 0..<50 {
          guard await stream.send(i) else { return }
          sent.increment()
        }
        stream.finish()
      }
      // Nobody receives yet: the producer comes as far as the capacity, and no further.
      while sent.value < capacity { await Task.yield() }
      for _ in 0..<200 { await Task.yield() }
      #expect(sent.value == capacity)
      var received = 0
      for await element in stream.elements {
        #expect(element == received)
        // The element at hand keeps its credit.
        #expect(sent.value <= received + capacity)
        received += 1
        await Task.yield()
      }
      #expect(received == 50)
    }
  }

  @Test("a consumer that leaves frees the producer that waits, and later ones are told")
  func consumerLeaves() async {
    let stream = BoundedStream<Int>(capacity: 2)
    let sent = Counter()
    let refused = await withTaskGroup(of: Int?.self) { group in
      group.addTask {
        for i in 0..<100 {
          guard await stream.send(i) else { return i }
          sent.increment()
        }
        return nil
      }
      while sent.value < 2 { await Task.yield() }
      for _ in 0..<100 { await Task.yield() }
      stream.close()
      return await group.next() ?? nil
    }
    #expect(refused == 2)
    #expect(await stream.send(1) == false)
  }

  @Test("a stream that is finished without elements ends at once")
  func empty() async {
    let stream = BoundedStream<Int>(capacity: 2)
    stream.finish()
    var iterator = stream.elements.makeAsyncIterator()
    #expect(await iterator.next() == nil)
    #expect(await iterator.next() == nil)
  }
}
