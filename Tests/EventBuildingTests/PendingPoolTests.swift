import NA62Formats
import Testing

@testable import EventBuilding

/// The memory of the events that wait.
struct PendingPoolTests {
  private static let layout = EventLayout(sources: [
    .init(id: .l0tp, fragments: 1), .init(id: .chod, fragments: 1),
  ])

  @Test func theOrderOfTheEventsTakesMemoryForThoseThatWaitAlone() {
    var pool = PendingPool(layout: Self.layout)
    // One that is never completed, in front of all others.
    let stuck = pool.begin(event: 0, burst: 1, isLastOfBurst: false)
    var waiting: [Int] = []
    var most = 0
    for event: UInt32 in 1...50_000 {
      waiting.append(pool.begin(event: event, burst: 1, isLastOfBurst: false))
      if waiting.count > 20 { pool.free(waiting.removeFirst()) }
      most = max(most, pool.queueCount)
    }
    #expect(most <= PendingPool.queueLimit(pending: 22) + 1)
    #expect(pool.oldest == stuck)
    pool.free(stuck)
    #expect(pool.oldest == waiting.first)
    for slot in waiting.dropLast() { pool.free(slot) }
    #expect(pool.oldest == waiting.last)
  }

  @Test func aSlotThatIsUsedAgainHasItsNewPlaceInTheOrder() {
    var pool = PendingPool(layout: Self.layout)
    let first = pool.begin(event: 1, burst: 1, isLastOfBurst: false)
    let second = pool.begin(event: 2, burst: 1, isLastOfBurst: false)
    pool.free(first)
    let third = pool.begin(event: 3, burst: 1, isLastOfBurst: false)
    #expect(third == first)
    #expect(pool.oldest == second)
  }
}
