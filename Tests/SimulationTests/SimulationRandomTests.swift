import Testing

@testable import Simulation

@Test func streamsAreTheSameWhenMadeAgainAndDifferInSeedPurposeAndIndex() {
  func first(_ seed: UInt64, _ purpose: SimulationRandom.Purpose, _ index: UInt64) -> [UInt64] {
    var random = SimulationRandom(seed: seed, purpose: purpose, index: index)
    return (0..<4).map { _ in random.next() }
  }
  #expect(first(1, .beam, 2) == first(1, .beam, 2))
  var seen: Set<UInt64> = []
  for seed in UInt64(0)..<10 {
    for purpose in SimulationRandom.Purpose.allCases {
      for index in UInt64(0)..<50 {
        for value in first(seed, purpose, index) { #expect(seen.insert(value).inserted) }
      }
    }
  }
}

@Test func streamsOfDifferentPurposesAreNotCorrelated() {
  let purposes = SimulationRandom.Purpose.allCases
  let count = 4000
  let samples = purposes.map { purpose in
    (0..<count).map { index in
      var random = SimulationRandom(seed: 1, purpose: purpose, index: UInt64(index))
      return random.uniform() - 0.5
    }
  }
  for (number, first) in samples.enumerated() {
    #expect(samples[number].allSatisfy { (-0.5..<0.5).contains($0) })
    for second in samples[(number + 1)...] {
      let product = zip(first, second).reduce(0) { $0 + $1.0 * $1.1 }
      // One standard deviation of the sum is √n / 12.
      #expect(abs(product) < 4.5 * Double(count).squareRoot() / 12)
    }
  }
}

@Test func uniformNumbersAreUniformOverStreamsAndWithin() {
  var within = SimulationRandom(seed: 3, purpose: .decay, index: 0)
  let one = (0..<10_000).map { _ in within.uniform() }
  let across = (0..<10_000).map { index in
    var random = SimulationRandom(seed: 3, purpose: .decay, index: UInt64(index))
    return random.uniform()
  }
  #expect(GeneratorSupport.kolmogorov(one) { $0 } > 0.001)
  #expect(GeneratorSupport.kolmogorov(across) { $0 } > 0.001)
}
