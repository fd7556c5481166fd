import Testing

@testable import TriggerPipeline

@Suite("Credit gate")
struct CreditGateTests {
  @Test("elements are delivered while there is room, then the producer waits")
  func capacity() {
    var gate = CreditGate<Int>(capacity: 3)
    for _ in 0..<3 { #expect(gate.send() == .deliver) }
    #expect(gate.send() == .wait)
    #expect(gate.suspend(7) == nil)
    #expect(!gate.isDone)
  }

  @Test("a capacity below 1 counts as 1", arguments: [0, -4])
  func smallestCapacity(_ capacity: Int) {
    var gate = CreditGate<Int>(capacity: capacity)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
  }

  @Test("an element received lets the waiting producer go, once, and the credit passes to it")
  func creditPasses() {
    var gate = CreditGate<Int>(capacity: 1)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
    #expect(gate.suspend(7) == nil)
    #expect(gate.received() == 7)
    #expect(gate.send() == .wait)
    #expect(gate.suspend(8) == nil)
    #expect(gate.received() == 8)
    #expect(gate.received() == nil)
    #expect(gate.send() == .deliver)
  }

  @Test("room made between the question and the suspension is taken at once")
  func roomBeforeSuspension() {
    var gate = CreditGate<Int>(capacity: 1)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
    #expect(gate.received() == nil)
    #expect(gate.suspend(7) == 7)
    #expect(gate.send() == .wait)
  }

  @Test("an element received gives back one credit")
  func creditReturns() {
    var gate = CreditGate<Int>(capacity: 2)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .deliver)
    #expect(gate.received() == nil)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
  }

  @Test("more received than sent makes no credit")
  func noCreditFromNothing() {
    var gate = CreditGate<Int>(capacity: 1)
    #expect(gate.received() == nil)
    #expect(gate.received() == nil)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
  }

  @Test("closing lets the waiting producer go and refuses what is sent later")
  func close() {
    var gate = CreditGate<Int>(capacity: 1)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
    #expect(gate.suspend(7) == nil)
    #expect(gate.close() == 7)
    #expect(gate.isDone)
    #expect(gate.send() == .reject)
    #expect(gate.close() == nil)
    #expect(gate.received() == nil)
  }

  @Test("closing between the question and the suspension does not leave the producer waiting")
  func closeBeforeSuspension() {
    var gate = CreditGate<Int>(capacity: 1)
    #expect(gate.send() == .deliver)
    #expect(gate.send() == .wait)
    #expect(gate.close() == nil)
    #expect(gate.suspend(7) == 7)
    #expect(gate.isDone)
  }
}
