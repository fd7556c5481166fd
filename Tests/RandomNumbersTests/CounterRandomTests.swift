import RandomNumbers
import Testing

@Suite("Random numbers by counter")
struct CounterRandomTests {
  private func first(_ seed: UInt64, _ stream: UInt64, _ index: UInt64) -> [UInt64] {
    var random = CounterRandom(seed: seed, stream: stream, index: index)
    return (0..<8).map { _ in random.next() }
  }

  @Test("The same seed, stream and index give the same numbers; another of any of them gives others")
  func numbersDependOnSeedStreamAndIndexAlone() {
    let numbers = first(1, 2, 3)
    #expect(numbers == first(1, 2, 3))
    for other in [first(2, 2, 3), first(1, 3, 3), first(1, 2, 4)] {
      #expect(Set(other).isDisjoint(with: numbers))
    }
  }

  @Test("Uniform numbers fill [0, 1) evenly: 16 bins of 4096 by chi2")
  func uniformNumbersAreFlat() {
    var random = CounterRandom(seed: 7, stream: 1, index: 0)
    var bins = [Int](repeating: 0, count: 16)
    for _ in 0..<65_536 {
      let x = random.uniform()
      #expect(x >= 0 && x < 1)
      bins[min(15, Int(16 * x))] += 1
    }
    let chi2 = bins.reduce(0.0) { $0 + (Double($1) - 4096) * (Double($1) - 4096) / 4096 }
    // 15 degrees of freedom: outside of [4.1, 37.7] in one of 500 seeds, and the seed is fixed.
    #expect(chi2 > 4.1 && chi2 < 37.7)
  }
}
