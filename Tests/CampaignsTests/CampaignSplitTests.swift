import Testing

@testable import Campaigns

@Suite("Splitting a campaign")
struct CampaignSplitTests {
  /// The smallest largest part that any cutting gives, by trying all.
  private func best(_ sizes: [UInt64], _ maximum: Int) -> UInt64 {
    guard maximum > 1, sizes.count > 1 else { return sizes.reduce(0, +) }
    return (1...sizes.count).map { count in
      let head = sizes[..<count].reduce(0, +)
      return count == sizes.count ? head : max(head, best(Array(sizes[count...]), maximum - 1))
    }.min() ?? 0
  }

  @Test("the largest task is as small as can be, and no more tasks than bursts or than allowed")
  func balance() {
    var seed: UInt64 = 7
    for _ in 0..<300 {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1
      let sizes = (0..<Int(1 + (seed >> 33) % 8)).map { (seed >> UInt64($0 * 5)) % 23 }
      let maximum = Int(1 + (seed >> 40) % 6)
      let ends = CampaignSplit.ends(of: sizes, maximum: maximum)
      #expect(ends.last == sizes.count && ends.count == min(maximum, sizes.count))
      #expect(zip(ends, ends.dropFirst()).allSatisfy(<))
      let parts = zip([0] + ends, ends).map { sizes[$0..<$1].reduce(0, +) }
      #expect(parts.max() == best(sizes, maximum), "\(sizes) in \(maximum): \(ends)")
    }
    #expect(CampaignSplit.ends(of: [], maximum: 3).isEmpty)
    let absurd = CampaignSplit.ends(of: [.max, .max, 1], maximum: 2)
    #expect(absurd.count == 2 && absurd.last == 3)
  }

  @Test("tasks hold every burst once, in order, and know the bursts ahead and the capture behind")
  func tasks() throws {
    for maximum in [1, 3, 12, 50] {
      let tasks = CampaignSplit.tasks(
        of: CampaignFixture.units([9, 1, 1, 5, 5, 2, 8, 1, 1, 1, 1, 6]), maximum: maximum,
        assumesSingleBursts: true)
      #expect(tasks.count == min(maximum, 12))
      #expect(tasks.flatMap(\.inputs) == Array(0..<12))
      #expect(tasks.flatMap(\.bursts).map(\.burst) == Array(1...12))
      var before = 0
      for (number, task) in zip(1..., tasks) {
        #expect(task.number == number && task.burstsBefore == before && task.taken == nil)
        before += task.bursts.count
        #expect(task.isFollowed == (before < 12))
        #expect(task.next == (before < 12 ? .init(input: before, begin: Int64(before) * 20) : nil))
      }
    }
  }

  @Test("bursts of one capture are split by their datagrams; a task to the end of its inputs takes all")
  func datagrams() {
    // Three bursts of one capture, and one of two captures.
    let units: [CampaignUnit] = (0..<4).map { (place: Int) -> CampaignUnit in
      let isFirst = place < 3
      let inputs = isFirst ? [0] : [1, 2]
      let skipped = isFirst ? UInt64(place) * 100 : 0
      return CampaignUnit(
        inputs: inputs, skipped: skipped, datagrams: 100, endsInputs: place >= 2,
        bursts: [CampaignBurst(run: nil, burst: UInt32(place))], bytes: 10)
    }
    let tasks = CampaignSplit.tasks(of: units, maximum: 2, assumesSingleBursts: false)
    #expect(tasks.map(\.inputs) == [[0], [0, 1, 2]])
    #expect(tasks.map(\.skipped) == [0, 200])
    #expect(tasks.map(\.taken) == [200, nil])
    #expect(tasks.map(\.next) == [nil, nil])
    let three = CampaignSplit.tasks(of: Array(units[..<3]), maximum: 3, assumesSingleBursts: false)
    #expect(three.map(\.skipped) == [0, 100, 200])
    #expect(three.map(\.taken) == [100, 100, nil])
  }
}
