import Foundation
import Testing

@testable import CountingStatistics

@Suite("Trials")
struct TrialsFactorTests {
  @Test("Šidák and Bonferroni by hand, and where p is below the smallest number")
  func byHand() throws {
    #expect(isClose(exp(try TrialsFactor.logSidak(logPValue: log(0.1), trials: 3)), 0.271, relative: 1e-12))
    #expect(isClose(exp(try TrialsFactor.logBonferroni(logPValue: log(0.1), trials: 3)), 0.3))
    #expect(isClose(try TrialsFactor.logSidak(logPValue: -1_000, trials: 35), -1_000 + log(35)))
    #expect(isClose(try TrialsFactor.logSidak(logPValue: log(1e-20), trials: 10_000), log(1e-16)))
    #expect(try TrialsFactor.logSidak(logPValue: log(0.3), trials: 1) == log(0.3))
    #expect(try TrialsFactor.logSidak(logPValue: 0, trials: 7) == 0)
    #expect(try TrialsFactor.logBonferroni(logPValue: log(0.4), trials: 7) == 0)
    #expect(try TrialsFactor.logSidak(logPValue: -.infinity, trials: 7) == -.infinity)
    for p in [1e-300, 1e-9, 0.01, 0.5, 0.999] {
      for k in [1, 2, 35, 100_000] {
        let sidak = try TrialsFactor.logSidak(logPValue: log(p), trials: k)
        #expect(sidak <= (try TrialsFactor.logBonferroni(logPValue: log(p), trials: k)) + 1e-12)
        #expect(sidak >= log(p) && sidak <= 0)
      }
    }
    for bad in [0.1, .nan, .infinity] {
      #expect(throws: StatisticsError.self) { try TrialsFactor.logSidak(logPValue: bad, trials: 2) }
    }
    #expect(throws: StatisticsError.self) { try TrialsFactor.logBonferroni(logPValue: -1, trials: 0) }
  }

  @Test("Mean and product of evidence, by hand and out of range")
  func evidence() throws {
    #expect(isClose(try CombinedEvidence.logMean([log(3), log(9)]), log(6)))
    #expect(isClose(try CombinedEvidence.logMean([5_000, 0]), 5_000 - log(2)))
    #expect(isClose(try CombinedEvidence.logMean([-.infinity, 0]), -log(2)))
    #expect(try CombinedEvidence.logMean([-.infinity]) == -.infinity)
    #expect(isClose(try CombinedEvidence.logProduct([log(3), log(9)]), log(27)))
    for bad in [[], [Double.nan], [.infinity, 0]] {
      #expect(throws: StatisticsError.self) { try CombinedEvidence.logMean(bad) }
      #expect(throws: StatisticsError.self) { try CombinedEvidence.logProduct(bad) }
    }
  }

  @Test("The global p-value is that of the largest mean over common moments")
  func global() throws {
    func state(_ counts: [Int]) throws -> SequentialState {
      let e = try SequentialExperiment(
        name: "window", exposureUnit: "bursts", backgroundRate: 0.1, typicalSignal: 0.5)
      var state = SequentialState(experiment: e)
      for (index, n) in counts.enumerated() where n >= 0 {
        try state.set(segment: UInt64(index), exposure: 1, background: 0.1)
        try state.add(segment: UInt64(index), events: n)
      }
      return state
    }
    let windows = [try state([0, 1, 2, 0, 0]), try state([0, 0, 3, -1, 0]), try state([0, 0, 0, 0, 0])]
    let histories = try windows.map { try $0.history().map(\.significance.logEvidence) }
    // The fourth segment is not known to the second window.
    let moments = [(0, 0, 0), (1, 1, 1), (2, 2, 2), (4, 3, 4)]
    let means = moments.map { a, b, c in
      log((exp(histories[0][a]) + exp(histories[1][b]) + exp(histories[2][c])) / 3)
    }
    let p = try GlobalSequentialTest.logPValue(windows)
    #expect(isClose(p, -(try #require(means.max()))))
    #expect(p < 0)
    var one = windows[0]
    #expect(try GlobalSequentialTest.logPValue([one]) == one.significance().logPValue)
    #expect(throws: StatisticsError.self) { try GlobalSequentialTest.logPValue([]) }
  }
}
