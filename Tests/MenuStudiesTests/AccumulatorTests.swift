@testable import MenuStudies
import SpillwayTestSupport
import Testing

@Suite("What accumulates")
struct AccumulatorTests {
  @Test("the first few do not depend on the order")
  func firstFew() {
    var random = SplitMix64(seed: 1)
    let numbers = (0..<200).map { _ in random.below(1000) }
    var whole = FirstFew<Int>(capacity: 7)
    for number in numbers { whole.add(number) }
    #expect(whole.elements == Array(numbers.sorted().prefix(7)))
    var (a, b) = (FirstFew<Int>(capacity: 7), FirstFew<Int>(capacity: 7))
    for (place, number) in numbers.enumerated() {
      if place % 3 == 0 { a.add(number) } else { b.add(number) }
    }
    var (ab, ba) = (a, b)
    ab += b
    ba += a
    #expect(ab == whole)
    #expect(ba == whole)
    var none = FirstFew<Int>(capacity: 0)
    none.add(1)
    #expect(none.elements.isEmpty)
  }

  @Test("a pattern takes the masks from physics triggers only")
  func pattern() {
    #expect(LinePattern(flags: 0x8001, dataType: .physics).text == "0 15")
    #expect(LinePattern(flags: 0, dataType: .control).text == "C")
    #expect(LinePattern(flags: 0x0002, dataType: [.physics, .control]).count == 2)
    #expect(LinePattern(flags: 0xFFFF, dataType: .calibration).isEmpty)
    #expect(LinePattern(flags: 0xFFFF, dataType: [.periodic, .random]).isEmpty)
  }

  @Test("a profile widens its bins for late triggers, and adds up in any order")
  func profile() {
    var random = SplitMix64(seed: 2)
    var whole = BurstProfile()
    var parts = [BurstProfile(), BurstProfile(), BurstProfile()]
    for part in 0..<3 {
      for _ in 0..<100 {
        let timestamp = UInt32(random.below(1 << (16 + 5 * part)))
        whole.add(timestamp)
        parts[part].add(timestamp)
      }
    }
    #expect(parts[0].exponent == BurstProfile.leastExponent)
    #expect(whole.exponent > BurstProfile.leastExponent)
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
      var sum = BurstProfile()
      for part in order { sum += parts[part] }
      #expect(sum == whole)
    }
    #expect(whole.counts.reduce(0, +) == 300)
    var latest = BurstProfile()
    latest.add(.max)
    #expect(latest.counts.last == 1)
  }
}
