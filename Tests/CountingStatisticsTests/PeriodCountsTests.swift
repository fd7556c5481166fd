import RandomNumbers
import Testing

@testable import CountingStatistics

@Suite("Counts by period")
struct PeriodCountsTests {
  private func random(_ seed: UInt64, events: Int) -> [(period: UInt64, kinds: UInt64)] {
    var random = CounterRandom(seed: seed, stream: 0, index: 0)
    return (0..<events).map { _ in (random.next() % 13, random.next() & 7) }
  }

  @Test("Any order of events, and any split over shards, gives the same counts", arguments: 0..<8)
  func orderAndShardsDoNotMatter(seed: Int) throws {
    let events = random(UInt64(seed), events: 300)
    var whole = PeriodCounts(columns: 3)
    for event in events { try whole.add(period: event.period, kinds: event.kinds) }
    var order = events
    var numbers = CounterRandom(seed: 9, stream: 1, index: UInt64(seed))
    order.shuffle(using: &numbers)
    var shards = (0..<4).map { _ in PeriodCounts(columns: 3) }
    for (k, event) in order.enumerated() { try shards[k % 4].add(period: event.period, kinds: event.kinds) }
    var merged = shards[2]
    for k in [0, 3, 1] { try merged.merge(shards[k]) }
    #expect(merged == whole)
    for column in 0..<3 {
      #expect(whole.total(column) == UInt64(events.filter { $0.kinds >> UInt64(column) & 1 == 1 }.count))
    }
    #expect(whole.periods == whole.periods.sorted() && Set(whole.periods).count == whole.periods.count)
  }

  @Test("A merge with nothing changes nothing; one of other kinds is refused")
  func emptyElementAndRefusal() throws {
    var counts = PeriodCounts(columns: 2)
    try counts.add(period: 5, kinds: 0b10)
    let before = counts
    try counts.merge(PeriodCounts(columns: 2))
    #expect(counts == before)
    #expect(throws: StatisticsError.self) { try counts.merge(PeriodCounts(columns: 3)) }
    #expect(counts == before)
    #expect(counts[0, 1] == 1 && counts[0, 0] == 0 && counts.total(1) == 1)
  }
}
