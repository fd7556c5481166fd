import CountingStatistics
import Foundation
import Testing

@Suite struct SpecialFunctionTests {
  /// Shape, x, ln P, ln Q by mpmath with 50 digits.
  @Test(arguments: [
    (1.0, 1e-10, -23.025850929990457, -1.0e-10),
    (5, 3, -1.6888234106208755, -0.20424421847868438),
    (5, 30, -3.6243009586292667e-9, -19.435604408046577),
    (100, 130, -0.0027541976901183014, -5.8960058811259021),
    (1000, 900, -7.5057699942338924, -0.00055005351741434473),
    (0.5, 2, -0.046567912292390164, -3.0900371531220866),
    (1000, 3000, 0, -906.45450699007447),
    (21, 100_000, 0, -99812.076907143347),
  ])
  func incompleteGammaAgreesWithManyDigits(_ row: (Double, Double, Double, Double)) throws {
    let tails = try IncompleteGamma.logTails(shape: row.0, x: row.1)
    #expect(isClose(tails.lower, row.2))
    #expect(isClose(tails.upper, row.3))
  }

  /// By scipy 1.17.
  @Test(arguments: [
    (2e6, 2.001e6, -0.2740598628911624, -1.4283110729763417),
    (2e6, 1.997e6, -4.07968860690622, -0.017057384892024314),
    (1e8, 1.00002e8, -0.5459827517104743, -0.8657692642986656),
  ])
  func uniformExpansionAgrees(_ row: (Double, Double, Double, Double)) throws {
    let tails = try IncompleteGamma.logTails(shape: row.0, x: row.1)
    #expect(isClose(tails.lower, row.2, relative: 1e-11))
    #expect(isClose(tails.upper, row.3, relative: 1e-11))
  }

  @Test func uniformExpansionMeetsTheContinuedFraction() throws {
    for x in [0.97e6, 0.999e6, 1.0005e6, 1.02e6] {
      let below = try IncompleteGamma.logTails(shape: 1e6.nextDown, x: x)
      let above = try IncompleteGamma.logTails(shape: 1e6, x: x)
      #expect(isClose(below.lower, above.lower, relative: 1e-8))
      #expect(isClose(below.upper, above.upper, relative: 1e-8))
    }
  }

  @Test func inverseReturnsTheArgument() throws {
    for a in [0.5, 1, 3, 50, 1e4, 3e6] {
      for p in [1e-100, 1e-10, 0.05, 0.5, 0.95] {
        let low = try IncompleteGamma.inverseLower(shape: a, logProbability: log(p))
        #expect(isClose(try IncompleteGamma.logTails(shape: a, x: low).lower, log(p), relative: 1e-9))
        let high = try IncompleteGamma.inverseUpper(shape: a, logProbability: log(p))
        #expect(isClose(try IncompleteGamma.logTails(shape: a, x: high).upper, log(p), relative: 1e-9))
      }
    }
  }

  @Test(arguments: [
    (1.0, -1.8410216450092634), (5, -15.064998393988727), (10, -53.23128515051248),
    (37, -689.0305855768908), (40, -804.6084420137539), (100, -5005.524208694205),
  ])
  func normalTailAgreesFarOut(_ row: (Double, Double)) throws {
    #expect(isClose(NormalDistribution.logSurvival(row.0), row.1))
    #expect(isClose(try NormalDistribution.inverseLogSurvival(row.1), row.0))
  }

  @Test func normalQuantileIsAntisymmetricAndRefusesTheEnds() throws {
    #expect(try NormalDistribution.inverseSurvival(0.5) == 0)
    #expect(isClose(try NormalDistribution.inverseSurvival(0.025), 1.959963984540054))
    #expect(isClose(try NormalDistribution.inverseSurvival(0.975), -1.959963984540054))
    #expect(isClose(try NormalDistribution.inverseSurvival(1e-300), 37.0470962993612, relative: 1e-10))
    for p in [0, 1, -0.1, Double.nan] {
      #expect(throws: StatisticsError.self) { try NormalDistribution.inverseSurvival(p) }
    }
  }

  @Test func poissonTermsSumToTheTails() throws {
    for mean in [1e-12, 0.3, 7.03, 400] {
      let poisson = try PoissonDistribution(mean: mean)
      var sum = 0.0
      for n in 0..<1_000 {
        #expect(abs(try poisson.survival(from: n) - (1 - sum)) < 1e-13)
        sum += poisson.probability(of: n)
        #expect(isClose(try poisson.cumulative(upTo: n), sum))
      }
    }
  }

  @Test(arguments: [
    (0.5, 0.5, 0), (7.03, 0.5, 7), (7.03, 0.84134, 10), (1000, 0.02275, 937), (1e6, 0.5, 1_000_000),
    (0, 0.9, 0), (1000, 1e-300, 93), (0.5, 1e-300, 0),
  ])
  func poissonQuantileAgrees(_ row: (Double, Double, Int)) throws {
    #expect(try PoissonDistribution(mean: row.0).quantile(row.1) == row.2)
  }

  @Test func quantilesOfHugeMeansAndExtremeProbabilitiesEnd() throws {
    for mean in [1, 1e6, 1e12, 1e15] {
      for probability in [Double.leastNonzeroMagnitude, 1e-20, 0.5, 1.0.nextDown] {
        let poisson = try PoissonDistribution(mean: mean)
        let n = try poisson.quantile(probability)
        #expect(try poisson.cumulative(upTo: n) >= probability)
        #expect(try n == 0 || poisson.cumulative(upTo: n - 1) < probability)
      }
    }
    #expect(throws: StatisticsError.self) { try PoissonDistribution(mean: 1e16).quantile(0.5) }
  }

  @Test func impossibleCountsHaveNoProbability() throws {
    let none = try PoissonDistribution(mean: 0)
    #expect(none.probability(of: 0) == 1)
    #expect(none.probability(of: 1) == 0)
    #expect(none.probability(of: -1) == 0)
    #expect(try none.cumulative(upTo: -1) == 0)
    #expect(try none.survival(from: 1) == 0)
    #expect(throws: StatisticsError.self) { try PoissonDistribution(mean: -1) }
    #expect(throws: StatisticsError.self) { try PoissonDistribution(mean: .nan) }
  }
}
