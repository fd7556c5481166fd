import CountingStatistics
import Testing

@Suite("Normalisation")
struct NormalisationTests {
  private func part(
    _ name: String, _ relative: Double, _ kind: FactorUncertainty.Kind = .systematic
  ) throws -> FactorUncertainty {
    try FactorUncertainty(name, kind, relative: relative)
  }

  @Test("An exposure from a normalisation channel, with its parts")
  func exposure() throws {
    let exposure = try Normalisation.exposure(
      events: 10_000, background: UncertainQuantity(1_000, uncertainty: 90),
      branchingRatio: MeasuredFactor(0.05, [part("branching ratio", 0.02, .external)]),
      acceptance: MeasuredFactor(0.1, [part("simulation", 0.03)]), efficiency: MeasuredFactor(0.9),
      downscaling: 200)
    #expect(isClose(exposure.value, 9_000.0 * 200 / (0.05 * 0.1 * 0.9)))
    #expect(isClose(exposure.relativeUncertainty(.statistical), 100.0 / 9_000))
    #expect(isClose(exposure.relativeUncertainty(.external), 0.02))
    #expect(isClose(exposure.relativeUncertainty(.systematic), (0.01 * 0.01 + 0.03 * 0.03).squareRoot()))
    // The signal's acceptance is from the same simulation: what is common cancels.
    let normalisation = try Normalisation(
      exposure: exposure, acceptance: MeasuredFactor(0.2, [part("simulation", 0.03)]))
    let sensitivity = try normalisation.sensitivity(efficiency: MeasuredFactor(0.5, [part("trigger", 0.04)]))
    #expect(isClose(sensitivity.value, 1 / (exposure.value * 0.2 * 0.5)))
    let systematic = (0.01 * 0.01 + 0.04 * 0.04).squareRoot()
    #expect(abs(sensitivity.relativeUncertainty(.systematic) - systematic) < 1e-12)
    #expect(
      try isClose(normalisation.singleEventSensitivity(efficiency: 0.5), sensitivity.value, relative: 1e-12))
  }

  @Test("The three data sets of K → πνν̄ together: 1.11, 3.89 and 31.5 give 0.8405e-11")
  func combination() throws {
    let sets = try [(1.11e-11, 0.063), (3.89e-11, 0.062), (31.5e-11, 0.076)].map {
      try MeasuredFactor($0.0, [part("common", $0.1)])
    }
    let together = try Normalisation.combined(sets)
    #expect(abs(together.value - 0.8405e-11) < 0.00005e-11, "\(together.value)")
    // All correlated: between the smallest and the greatest; with names of their own, smaller.
    #expect(together.relativeUncertainty() > 0.062 && together.relativeUncertainty() < 0.064)
    let apart = try Normalisation.combined(
      sets.enumerated().map {
        try MeasuredFactor($1.value, [part("set \($0)", $1.relativeUncertainty())])
      })
    #expect(apart.relativeUncertainty() < 0.052)
    let two = try Normalisation.combined([MeasuredFactor(0.389e-10), MeasuredFactor(3.15e-10)])
    #expect(abs(two.value - 0.3462e-10) < 0.00005e-10)
  }

  @Test("The weight of downscaled lines is that of the one or the other")
  func triggerWeight() throws {
    #expect(try Normalisation.triggerWeight([(0.9, 1)]) == 0.9)
    #expect(isClose(try Normalisation.triggerWeight([(1, 2), (1, 4)]), 0.625))
    #expect(isClose(try Normalisation.triggerWeight([(0.5, 1e12)]), 5e-13))
    #expect(try Normalisation.triggerWeight([(1, 1), (0.3, 100)]) == 1)
    #expect(throws: StatisticsError.self) { try Normalisation.triggerWeight([]) }
    #expect(throws: StatisticsError.self) { try Normalisation.triggerWeight([(1.1, 1)]) }
    #expect(throws: StatisticsError.self) { try Normalisation.triggerWeight([(1, 0.5)]) }
    #expect(throws: StatisticsError.self) { try Normalisation.triggerWeight([(.nan, 1)]) }
  }

  @Test("A limit in branching ratio: events times sensitivity, its uncertainty an efficiency")
  func branchingRatio() throws {
    let scale = try BranchingRatioScale(sensitivity: MeasuredFactor(3.462e-11, [part("all", 0.06)]))
    #expect(scale.efficiency.value == 1 && scale.efficiency.shape == .logNormal)
    #expect(isClose(scale.efficiency.uncertainty, 0.06))
    let limit = try PoissonCLs.upperLimit(observed: 3, background: 1.65, confidenceLevel: 0.9)
    #expect(abs(scale.branchingRatio(limit) - 1.79e-10) < 0.005e-10)
    var belt = try FeldmanCousinsBelt(background: UncertainQuantity(1.65), confidenceLevel: 0.9)
    #expect(abs(scale.branchingRatio(try belt.interval(observed: 3)).upper - 2.00e-10) < 0.005e-10)
    #expect(try BranchingRatioScale(sensitivity: MeasuredFactor(1e-11)).efficiency.isKnown)
  }

  @Test("What has no meaning is refused")
  func refusals() throws {
    let one = try MeasuredFactor(1)
    let many = try UncertainQuantity(20)
    #expect(throws: StatisticsError.self) { try MeasuredFactor(0) }
    #expect(throws: StatisticsError.self) { try MeasuredFactor(.nan) }
    #expect(throws: StatisticsError.self) { try part("x", .infinity) }
    #expect(throws: StatisticsError.self) {
      try MeasuredFactor(1, [part("x", 0.1), part("x", 0.1, .external)])
    }
    #expect(throws: StatisticsError.self) { try MeasuredFactor.sum([]) }
    #expect(throws: StatisticsError.self) { try Normalisation.combined([]) }
    #expect(throws: StatisticsError.self) {
      try Normalisation.exposure(
        events: 10, background: many, branchingRatio: one, acceptance: one, efficiency: one)
    }
    #expect(throws: StatisticsError.self) {
      try Normalisation.exposure(
        events: 100, background: many, branchingRatio: one, acceptance: one, efficiency: one, downscaling: 0)
    }
    #expect(throws: StatisticsError.self) {
      try Normalisation(exposure: MeasuredFactor(1e12), acceptance: MeasuredFactor(1.5))
    }
  }
}
