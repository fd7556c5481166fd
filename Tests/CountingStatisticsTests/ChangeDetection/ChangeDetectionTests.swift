import Foundation
import RandomNumbers
import Testing

@testable import CountingStatistics

struct PoissonCUSUMTests {
  @Test func runLengthsAreThoseOfLucas() throws {
    // h = 6, k = 2, λ = 1.88: 37.2, and 5.49 at λ + 0.9627 √λ: the example of IAcsSPCR::arl, after Lucas (1985).
    let design = try PoissonCUSUM.Design(direction: .up, expected: 1.88, scale: 1, reference: 2, threshold: 6)
    #expect(abs(design.averageRunLength - 37.20325417387221) < 1e-9)
    let changed = (1.88 + 0.9627 * 1.88.squareRoot()) / 1.88
    #expect(abs(try design.averageRunLength(atRatio: changed) - 5.4914259448646074) < 1e-9)
  }

  @Test func runLengthsAreThoseOfALinearSolver() throws {
    // Solved apart from this code, by elimination with pivots over the whole chain.
    let cases: [(RateChange, Double, Int, Int, Int, Double)] = [
      (.up, 4, 1, 5, 10, 421.65009848606246), (.down, 4, 1, 3, 8, 536.3713819110187),
      (.up, 1, 4, 5, 16, 56.68794191721819), (.up, 2.4, 1, 3, 10, 548.3622655287052),
    ]
    for (direction, mean, scale, k, h, expected) in cases {
      let design = try PoissonCUSUM.Design(
        direction: direction, expected: mean, scale: scale, reference: k, threshold: h)
      #expect(abs(design.averageRunLength / expected - 1) < 1e-10)
    }
  }

  @Test func aSumOfOneUnitIsAShewhartChart() throws {
    let design = try PoissonCUSUM.Design(direction: .up, expected: 3, scale: 1, reference: 7, threshold: 1)
    let tail = try PoissonDistribution(mean: 3).survival(from: 8)
    #expect(abs(design.averageRunLength * tail - 1) < 1e-12)
  }

  @Test(arguments: [
    (RateChange.up, 3.0, 1.5), (.down, 8, 0.6), (.up, 0.2, 3), (.down, 400, 0.8), (.up, 900, 1.1),
  ])
  func achievesTheRunLength(_ direction: RateChange, _ mean: Double, _ ratio: Double) throws {
    let design = try PoissonCUSUM.Design(
      direction: direction, expected: mean, ratio: ratio, averageRunLength: 200)
    #expect(design.averageRunLength >= 200)
    // It is the least threshold that does, and a change is found sooner.
    if design.threshold > 1 {
      let less = try PoissonCUSUM.Design(
        direction: direction, expected: mean, scale: design.scale, reference: design.reference,
        threshold: design.threshold - 1)
      #expect(less.averageRunLength < 200)
    }
    #expect(try design.averageRunLength(atRatio: ratio) < 40)
    var toys = Toys(stream: UInt64(mean * 10))
    var test = PoissonCUSUM(design)
    var alarms = 0
    let samples = 100_000
    for _ in 0..<samples where test.observe(toys.poisson(mean)) { alarms += 1 }
    // Times between alarms are near to exponential: 1 / √alarms.
    let achieved = Double(samples) / Double(alarms)
    #expect(abs(achieved / design.averageRunLength - 1) < 5 / Double(alarms).squareRoot())
  }

  @Test func longRunLengthsKeepTheirDigits() throws {
    // The exact value grows with the threshold, beyond where a linear solver in double precision can follow.
    let design = try PoissonCUSUM.Design(
      direction: .up, expected: 5, ratio: 1.6, averageRunLength: 1e15)
    #expect(design.isExact && design.averageRunLength >= 1e15 && design.averageRunLength < 4e15)
  }

  @Test func replaysFromCounts() throws {
    let design = try PoissonCUSUM.Design(direction: .up, expected: 2, ratio: 2, averageRunLength: 50)
    var toys = Toys(stream: 9)
    let counts = (0..<1000).map { _ in toys.poisson(2) }
    var (a, b) = (PoissonCUSUM(design), PoissonCUSUM(design))
    let (first, second) = (counts.map { a.observe($0) }, counts.map { b.observe($0) })
    #expect(first == second && first.contains(true))
    #expect(a == b)
  }

  @Test func refusesWhatHasNoMeaning() {
    #expect(throws: StatisticsError.self) {
      try PoissonCUSUM.Design(direction: .up, expected: 0, ratio: 2, averageRunLength: 100)
    }
    #expect(throws: StatisticsError.self) {
      try PoissonCUSUM.Design(direction: .up, expected: 1, ratio: 0.5, averageRunLength: 100)
    }
    #expect(throws: StatisticsError.self) {
      try PoissonCUSUM.Design(direction: .down, expected: 1, ratio: .nan, averageRunLength: 100)
    }
    #expect(throws: StatisticsError.self) {
      try PoissonCUSUM.Design(direction: .up, expected: 1, ratio: 2, averageRunLength: .infinity)
    }
  }

  @Test func hugeCountsDoNotOverflow() throws {
    var test = PoissonCUSUM(
      try PoissonCUSUM.Design(direction: .down, expected: 5, ratio: 0.5, averageRunLength: 100))
    let fires = test.observe(.max)
    #expect(!fires)
    #expect(test.sum == 0)
  }
}

struct LikelihoodCUSUMTests {
  @Test func holdsForVaryingExposures() throws {
    var test = try LikelihoodCUSUM(runLength: 100)
    var toys = Toys(stream: 21)
    var alarms = 0
    for i in 0..<50_000 {
      let expected = 2 + Double(i % 7) * 5
      let count = toys.poisson(expected)
      let fires = test.observe(
        logRatio: LikelihoodCUSUM.poisson(count: count, expected: expected, ratio: 1.4))
      alarms += fires ? 1 : 0
    }
    #expect(alarms > 0 && alarms < 500)
  }

  @Test func aProportionDoesNotDependOnTheIntensity() throws {
    var test = try LikelihoodCUSUM(runLength: 100)
    var toys = Toys(stream: 22)
    var alarms = 0
    for i in 0..<50_000 {
      let intensity = i % 3 == 0 ? 0.1 : 20.0
      let fires = test.observe(
        logRatio: LikelihoodCUSUM.binomial(
          count: toys.poisson(0.5 * intensity), other: toys.poisson(intensity), odds: 0.5, ratio: 1.5))
      alarms += fires ? 1 : 0
    }
    #expect(alarms > 0 && alarms < 500)
  }

  @Test func likelihoodRatiosHaveMeanOne() throws {
    // Summed over all counts: Poisson of mean 3 to 4.5; 10 counts in the proportion 1 : 2, and 10 of which 0.3.
    var sum = 0.0
    let poisson = try PoissonDistribution(mean: 3)
    for n in 0..<100 {
      sum +=
        poisson.probability(of: n)
        * exp(LikelihoodCUSUM.poisson(count: UInt64(n), expected: 3, ratio: 1.5))
    }
    #expect(abs(sum - 1) < 1e-12)
    var (odds, share, ways) = (0.0, 0.0, 1.0)
    for n in 0...10 {
      let (a, b) = (UInt64(n), UInt64(10 - n))
      odds +=
        ways * pow(1 / 3.0, Double(n)) * pow(2 / 3.0, Double(10 - n))
        * exp(LikelihoodCUSUM.binomial(count: a, other: b, odds: 0.5, ratio: 2))
      share +=
        ways * pow(0.3, Double(n)) * pow(0.7, Double(10 - n))
        * exp(LikelihoodCUSUM.share(count: a, of: 10, share: 0.3, ratio: 1.7))
      ways = ways * Double(10 - n) / Double(n + 1)
    }
    #expect(abs(odds - 1) < 1e-12)
    #expect(abs(share - 1) < 1e-12)
  }
}

struct SelfStartingCUSUMTests {
  @Test func tailsAreBinomial() throws {
    // 3 counts in 2 units, then 2 in 1: P(≥ 2 of 5 at p = 1/3) = 131/243, P(≤ 2) = 192/243.
    let up = try SelfStartingCUSUM(direction: .up, reference: 3, exposure: 2, runLength: 100)
    #expect(abs(try up.logTail(count: 2, exposure: 1) - log(131.0 / 243)) < 1e-12)
    let down = try SelfStartingCUSUM(direction: .down, reference: 3, exposure: 2, runLength: 100)
    #expect(abs(try down.logTail(count: 2, exposure: 1) - log(192.0 / 243)) < 1e-12)
    #expect(try up.logTail(count: 0, exposure: 1) == 0)
  }

  @Test(arguments: [0.7, 4, 30])
  func keepsTheFalseAlarmRateWithAShortReference(_ rate: Double) throws {
    // A reference of one sample only, drawn anew for each run: the rate taken from it would be far off.
    var toys = Toys(stream: UInt64(100 * rate))
    var (alarms, samples) = (0, 0)
    for _ in 0..<200 {
      var test = try SelfStartingCUSUM(
        direction: .up, reference: toys.poisson(rate), exposure: 1, runLength: 50)
      for _ in 0..<100 {
        alarms += try test.observe(count: toys.poisson(rate), exposure: 1) ? 1 : 0
        samples += 1
      }
    }
    #expect(Double(alarms) <= Double(samples) / 50)
    #expect(alarms > 0)
  }

  @Test func findsAChange() throws {
    for direction in RateChange.allCases {
      var toys = Toys(stream: 77)
      var test = try SelfStartingCUSUM(
        direction: direction, reference: 1000, exposure: 10, tolerance: direction == .up ? 1.05 : 0.95,
        runLength: 1e6)
      let delay = try (1...100).first { _ in
        try test.observe(count: toys.poisson(direction == .up ? 150 : 60), exposure: 1)
      }
      #expect((delay ?? 100) <= 6)
    }
  }
}

struct BayesianBlocksTests {
  @Test func findsTheStepWhereItIs() throws {
    var toys = Toys(stream: 5)
    let bins = (0..<200).map { i in
      BayesianBlocks.Bin(count: toys.poisson(i < 120 ? 20 : 40), exposure: 1)
    }
    let blocks = try BayesianBlocks.blocks(
      bins, prior: try BayesianBlocks.prior(falsePositive: 0.01, bins: bins.count))
    #expect(blocks.count == 2)
    #expect(abs((blocks.first?.bins.upperBound ?? 0) - 120) <= 2)
    #expect(blocks.reduce(0) { $0 + $1.count } == bins.reduce(0) { $0 + $1.count })
  }

  @Test func isTheBestOfAllDivisions() throws {
    // Against all 2⁷ divisions of eight bins.
    let counts: [UInt64] = [3, 0, 5, 20, 22, 19, 1, 2]
    let bins = counts.map { BayesianBlocks.Bin(count: $0, exposure: 0.5) }
    let blocks = try BayesianBlocks.blocks(bins, prior: 2)
    func value(_ edges: [Int]) -> Double {
      zip(edges, edges.dropFirst()).reduce(0) { sum, pair in
        let n = Double(counts[pair.0..<pair.1].reduce(0, +))
        return sum + (n > 0 ? n * log(n / (0.5 * Double(pair.1 - pair.0))) : 0) - 2
      }
    }
    let most = (0..<128).map { set in value([0] + (1...7).filter { set & 1 << ($0 - 1) != 0 } + [8]) }.max()
    let found = value([0] + blocks.map(\.bins.upperBound))
    #expect(abs(found - (most ?? 0)) < 1e-9)
  }

  @Test func constantRatesAreOneBlockButForTheStatedRate() throws {
    var toys = Toys(stream: 6)
    let prior = try BayesianBlocks.prior(falsePositive: 0.05, bins: 50)
    let split = try (0..<400).filter { _ in
      let bins = (0..<50).map { _ in BayesianBlocks.Bin(count: toys.poisson(10), exposure: 1) }
      return try BayesianBlocks.blocks(bins, prior: prior).count > 1
    }.count
    // 20 expected at the stated rate.
    #expect(split <= 34)
  }

  @Test func refusesWhatHasNoMeaning() throws {
    #expect(throws: StatisticsError.self) {
      try BayesianBlocks.blocks([.init(count: 1, exposure: 0)], prior: 1)
    }
    #expect(throws: StatisticsError.self) {
      try BayesianBlocks.blocks([.init(count: 1, exposure: 1)], prior: .nan)
    }
    #expect(throws: StatisticsError.self) { try BayesianBlocks.prior(falsePositive: 0, bins: 3) }
    #expect(try BayesianBlocks.blocks([], prior: 1).isEmpty)
  }
}

struct SilenceTestTests {
  @Test func isFishersExactTest() {
    // C(5, 2) / C(9, 2) = 10/36; all own counts before the first of the others: 1 / C(9, 4).
    #expect(abs(SilenceTest.logProbability(count: 2, before: 3, silent: 4) - log(10.0 / 36)) < 1e-12)
    #expect(abs(SilenceTest.logProbability(count: 4, before: 0, silent: 5) - log(1.0 / 126)) < 1e-12)
    #expect(SilenceTest.logProbability(count: 0, before: 10, silent: 10) == 0)
    #expect(SilenceTest.logProbability(count: 10, before: 10, silent: 0) == 0)
  }

  @Test func keepsItsDigitsForHugeCounts() {
    // n counts, silence for a small share of a huge run: near exp(-n b / (a + n)).
    let p = SilenceTest.logProbability(count: 1_000_000, before: 1_000_000_000_000, silent: 20_000_000)
    #expect(abs(p + 20) < 1e-3)
  }
}

/// Seeded draws of the tests.
private struct Toys {
  private var draws: CounterRandom

  init(stream: UInt64) { draws = CounterRandom(seed: 20_261_124, stream: stream, index: 0) }

  mutating func poisson(_ mean: Double) -> UInt64 {
    let count: Double = draws.poisson(mean)
    return UInt64(count)
  }
}
