import Foundation
import RandomNumbers
import SpillwayTestSupport
import Testing

@testable import CountingStatistics

@Suite("Sequential monitor")
struct SequentialMonitorTests {
  private func experiment(
    rate: Double = 1, typical: Double = 1, alternative: SequentialExperiment.Alternative = .excess
  ) throws -> SequentialExperiment {
    try SequentialExperiment(
      name: "x", exposureUnit: "s", backgroundRate: rate, typicalSignal: typical, alternative: alternative)
  }

  private func monitor(_ e: SequentialExperiment, per exposure: Double, quiet: Double = 5) throws
    -> SequentialMonitor
  {
    try SequentialMonitor(
      experiment: e, budget: FalseAlarmBudget(alarms: 1, perExposure: exposure), quietExposure: quiet)
  }

  @Test("The level is the sum of the likelihood ratios that started before, by hand")
  func byHand() throws {
    var monitor = try monitor(experiment(typical: 1), per: 100)
    #expect(try monitor.observe(ExposureSegment(index: 0, exposure: 1, background: 1, events: [0.5])).isEmpty)
    var expected = 0.0
    for x in SignalGrid.excess(1) {
      // ∫ over starts before the event of (1+x) e^{-x(1-u)}, and after it of e^{-x(1-u)}.
      let before = (1 + x) * (exp(-0.5 * x) - exp(-x)) / x
      expected += (before + (1 - exp(-0.5 * x)) / x) / 9 / 100
    }
    #expect(isClose(monitor.level, expected, relative: 1e-12))
    #expect(monitor.counts.observed == 1 && monitor.counts.background == 1)
  }

  @Test("Without knowing places, the level is (R + started) times the ratio of the segment")
  func batchByHand() throws {
    var monitor = try monitor(experiment(), per: 100)
    _ = try monitor.observe(ExposureSegment(index: 4, exposure: 2, background: 2, unplaced: 3))
    let expected = SignalGrid.excess(1).map { 0.02 * pow(1 + $0, 3) * exp(-2 * $0) }.reduce(0, +) / 9
    #expect(isClose(monitor.level, expected, relative: 1e-12))
  }

  @Test("Splitting a segment changes nothing but rounding")
  func splitting() throws {
    for alternative in SequentialExperiment.Alternative.allCases {
      var one = try monitor(experiment(alternative: alternative), per: 1e6)
      var two = one
      _ = try one.observe(
        ExposureSegment(index: 0, exposure: 3, background: 3.6, events: [0.1, 0.45, 0.75]))
      _ = try two.observe(ExposureSegment(index: 0, exposure: 1.5, background: 1.8, events: [0.2, 0.9]))
      _ = try two.observe(ExposureSegment(index: 1, exposure: 1.5, background: 1.8, events: [0.5]))
      #expect(isClose(one.level, two.level, relative: 1e-12))
    }
  }

  @Test("False alarms under continuous looking stay within the budget, for each alternative")
  func falseAlarmRate() throws {
    for (alternative, background) in [
      (SequentialExperiment.Alternative.excess, 0.2), (.excess, 5), (.deficit, 5), (.either, 5),
    ] {
      let e = try experiment(rate: background, typical: background / 2, alternative: alternative)
      var alarms = 0
      for toy in 0..<100 {
        var random = SequentialToys(seed: 9, toy: toy)
        var monitor = try monitor(e, per: 20)
        for index in 0..<UInt64(20) {
          let times = random.times(rate: background, end: 10)
          _ = try monitor.observe(
            ExposureSegment(
              index: index, exposure: 10, background: background * 10, events: times.map { $0 / 10 }))
        }
        alarms += monitor.alarms
      }
      // 1000 are accepted; the discreteness of counts leaves fewer, and none at all would be no alarm.
      #expect(alarms <= 1_000 && alarms > 100, "\(alternative), b = \(background): \(alarms)")
    }
  }

  @Test("The p-value goes below α in fewer than α of the runs, looked at after every event")
  func pValueUnderContinuousLooking() throws {
    for (background, typical) in [(0.3, 3.0), (4.0, 2.0)] {
      let e = try experiment(rate: background, typical: typical)
      let toys = 20_000
      var below = [0, 0]
      for toy in 0..<toys {
        var random = SequentialToys(seed: 21, toy: toy)
        var largest = 0.0
        for (k, t) in random.times(rate: background, end: 1).enumerated() {
          let counts = try SequentialCounts(observed: k + 1, background: background * t, exposure: t)
          largest = max(largest, try e.logEvidence(counts))
        }
        if largest >= -log(0.1) { below[0] += 1 }
        if largest >= -log(0.01) { below[1] += 1 }
      }
      #expect(below[0] <= toys / 10 && below[1] <= toys / 100, "\(below)")
      #expect(below[0] > toys / 500)
    }
  }

  @Test("A signal, a loss and a quiet time are told, and alarms go on while a signal does")
  func actions() throws {
    var monitor = try monitor(experiment(rate: 10, typical: 5, alternative: .either), per: 1e4, quiet: 3)
    var actions: [SequentialMonitor.Action] = []
    for index in 0..<UInt64(40) {
      // 10 a segment; three times as many from 10 to 19; from 30 on none.
      let events = index < 10 ? 10 : index < 20 ? 30 : index < 30 ? 10 : 0
      actions += try monitor.observe(
        ExposureSegment(index: index, exposure: 1, background: 10, unplaced: events))
    }
    let alerts = actions.compactMap { if case .alert(let alert) = $0 { alert } else { nil } }
    let cleared = actions.compactMap { if case .cleared(let segment) = $0 { segment } else { nil } }
    #expect(alerts.first.map { $0.segment >= 10 && $0.segment <= 12 && !$0.isRenewed } ?? false)
    #expect(alerts.contains { $0.isRenewed && $0.segment < 20 })
    #expect(alerts.contains { $0.segment >= 30 && $0.segment <= 32 })
    #expect(!alerts.contains { (23..<30).contains($0.segment) })
    #expect(cleared.count == 1 && (20..<26).contains(cleared[0]))
    #expect(alerts.map(\.number) == Array(1...alerts.count) && monitor.alarms == alerts.count)
    #expect(alerts.reduce(0) { $0 + $1.sinceLastAlarm.observed } == alerts.last?.counts.observed)
    #expect(monitor.isAlerting)
  }

  @Test("Alarms of merged shards equal those of the whole, whatever the order")
  func merged() throws {
    var random = SplitMix64(seed: 2)
    let e = try experiment(rate: 1, typical: 4)
    let budget = try FalseAlarmBudget(alarms: 1, perExposure: 30)
    for _ in 0..<20 {
      var shards = (0..<4).map { _ in SequentialState(experiment: e) }
      var live = try SequentialMonitor(experiment: e, budget: budget, quietExposure: 2)
      var actions: [SequentialMonitor.Action] = []
      for index in 0..<UInt64(30) {
        let events = (0..<random.below(index > 15 ? 9 : 3)).map { _ in
          Double.random(in: 0...1, using: &random)
        }
        actions += try live.observe(
          ExposureSegment(index: index, exposure: 1, background: 1, events: events))
        try shards[random.below(4)].set(segment: index, exposure: 1, background: 1)
        for place in events { try shards[random.below(4)].add(segment: index, place: place) }
      }
      var whole = SequentialState(experiment: e)
      for shard in shards.shuffled(using: &random) { try whole.merge(shard) }
      #expect(
        try SequentialMonitor.actions(over: whole, budget: budget, quietExposure: 2) == actions)
      #expect(!actions.isEmpty)
    }
  }

  @Test("Huge numbers alarm or fall silent, and are never NaN")
  func extremes() throws {
    for alternative in SequentialExperiment.Alternative.allCases {
      for rate in [1e-12, 1, 1e6] {
        var monitor = try monitor(experiment(rate: rate, typical: 1, alternative: alternative), per: 1e-300)
        for (index, n) in [0, 1_000_000, 0, .max / 8, 0, 1].enumerated() {
          for (part, exposure) in [0, 1e-300, 1, 1e9, 1e300].enumerated() {
            _ = try monitor.observe(
              ExposureSegment(
                index: UInt64(index * 10 + part), exposure: exposure, background: rate * exposure,
                events: part == 2 ? [0, 0, 1] : [], unplaced: part == 3 ? n : 0))
            #expect(monitor.level >= 0 && monitor.level < 1)
          }
        }
      }
    }
  }

  @Test("What has no meaning is refused and changes nothing")
  func refusals() throws {
    var monitor = try monitor(experiment(), per: 10)
    _ = try monitor.observe(ExposureSegment(index: 5, exposure: 1, background: 1, events: [0.5]))
    let level = monitor.level
    let again = try ExposureSegment(index: 5, exposure: 1, background: 1)
    let huge = try ExposureSegment(index: 6, exposure: 1, background: 1, unplaced: .max)
    #expect(throws: StatisticsError.self) { try monitor.observe(again) }
    #expect(throws: StatisticsError.self) { try monitor.observe(huge) }
    #expect(throws: StatisticsError.self) { try monitor.observe(ExposureSegment(index: 7)) }
    #expect(monitor.level == level && monitor.counts.observed == 1)
    for (alarms, exposure) in [(0, 1), (1, 0), (-1, 1), (1, Double.nan), (.infinity, 1), (1e300, 1e-300)] {
      #expect(throws: StatisticsError.self) { try FalseAlarmBudget(alarms: alarms, perExposure: exposure) }
    }
    let budget = try FalseAlarmBudget(alarms: 2, perExposure: 1e18)
    #expect(isClose(try budget.shared(among: 4).alarms(in: 1e18), 0.5))
    #expect(throws: StatisticsError.self) { try budget.shared(among: 0) }
    #expect(throws: StatisticsError.self) {
      try SequentialMonitor(experiment: experiment(), budget: budget, quietExposure: 0)
    }
    let beside = try SequentialExperiment(
      name: "x", exposureUnit: "s", backgroundRate: 1, typicalSignal: 1, background: .parallel(ratio: 2))
    #expect(throws: StatisticsError.self) {
      try SequentialMonitor(experiment: beside, budget: budget, quietExposure: 1)
    }
  }
}
