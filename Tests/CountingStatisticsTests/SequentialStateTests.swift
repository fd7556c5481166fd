import Foundation
import RandomNumbers
import SpillwayTestSupport
import Testing

@testable import CountingStatistics

@Suite("Sequential state")
struct SequentialStateTests {
  private func experiment(
    rate: Double = 2, alternative: SequentialExperiment.Alternative = .excess,
    background: BackgroundKnowledge = .known, name: String = "x"
  ) throws -> SequentialExperiment {
    try SequentialExperiment(
      name: name, exposureUnit: "bursts", backgroundRate: rate, typicalSignal: 1, alternative: alternative,
      background: background)
  }

  private func kinds() throws -> [SequentialExperiment] {
    try SequentialExperiment.Alternative.allCases.map { try experiment(alternative: $0) }
      + [
        experiment(background: .parallel(ratio: 3)),
        experiment(background: .auxiliary(count: 7, ratio: 3)),
        experiment(background: .bounded(UncertainQuantity(1, uncertainty: 0.1), delta: 1e-3)),
      ]
  }

  /// One thing that is learnt of a run.
  private enum Fact {
    case exposure(UInt64, Double, Double)
    case event(UInt64, Double, Bool)
    case count(UInt64, Int, Bool)

    func tell(_ state: inout SequentialState) throws {
      switch self {
      case .exposure(let index, let exposure, let background):
        try state.set(segment: index, exposure: exposure, background: background)
      case .event(let index, let place, let side):
        try state.add(segment: index, place: place, inSideband: side)
      case .count(let index, let events, let side):
        try state.add(segment: index, events: events, inSideband: side)
      }
    }
  }

  private func facts(_ random: inout SplitMix64) -> [Fact] {
    var facts: [Fact] = []
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      let index = UInt64(random.below(40))
      // Equal exposures for equal segments, since a segment has one.
      let exposure = 0.1 + Double(index * 7 % 11) * 0.137
      facts.append(.exposure(index, exposure, exposure * 1.9 + Double(index % 3) * 0.01))
      for _ in 0..<random.below(5) {
        facts.append(.event(index, Double.random(in: 0...1, using: &random), random.oneIn(3)))
      }
      if random.oneIn(3) { facts.append(.count(index, random.below(4), random.oneIn(2))) }
    }
    return facts
  }

  @Test("In whatever order and shards a run is learnt, results are equal to the last bit")
  func mergedShardsEqualTheWhole() throws {
    var random = SplitMix64(seed: 11)
    for experiment in try kinds() {
      for _ in 0..<40 {
        let facts = facts(&random)
        var whole = SequentialState(experiment: experiment)
        for fact in facts { try fact.tell(&whole) }
        var shards = (0...random.below(5)).map { _ in SequentialState(experiment: experiment) }
        for fact in facts.shuffled(using: &random) {
          let shard = random.below(shards.count)
          try fact.tell(&shards[shard])
          if random.oneIn(4) { _ = try shards[shard].significance() }
        }
        var merged = SequentialState(experiment: experiment)
        for shard in shards.shuffled(using: &random) {
          try merged.merge(shard)
          if random.oneIn(2) { _ = try merged.significance() }
        }
        #expect(merged == whole)
        let (a, b) = (try merged.significance(), try whole.significance())
        #expect(a == b && a.logPValue.bitPattern == b.logPValue.bitPattern)
        var batch = SequentialState(experiment: experiment)
        for segment in whole.segments.reversed() {
          guard let exposure = segment.exposure, let background = segment.background else { continue }
          try batch.add(
            ExposureSegment(
              index: segment.index, exposure: exposure, background: background,
              events: segment.events.shuffled(using: &random), unplaced: segment.unplaced,
              sideband: segment.sideband.shuffled(using: &random),
              unplacedSideband: segment.unplacedSideband))
        }
        #expect(try batch.significance() == b)
        #expect(try batch.history().last?.significance == b)
      }
    }
  }

  @Test("Results while a segment fills are those of a fresh state, for places in and out of order, and equal")
  func fillingSegment() throws {
    var random = SplitMix64(seed: 8)
    for experiment in try kinds() {
      for _ in 0..<20 {
        var state = SequentialState(experiment: experiment)
        try state.set(segment: 1, exposure: 0.3, background: 0.4)
        try state.add(segment: 1, place: 0.5)
        var facts: [Fact] = [.exposure(2, 1, 1.7)]
        for _ in 0..<12 {
          let place = Double(random.below(5)) / 4
          facts.append(random.oneIn(5) ? .count(2, 1, random.oneIn(2)) : .event(2, place, random.oneIn(2)))
        }
        if random.oneIn(2) { facts.swapAt(0, random.below(12)) }
        if random.oneIn(3) { facts.append(.event(1, 0.25, false)) }
        for fact in facts {
          try fact.tell(&state)
          var fresh = SequentialState(experiment: experiment)
          try fresh.merge(state)
          #expect(try state.significance() == fresh.significance())
        }
      }
    }
  }

  @Test("Merging is commutative and associative, and an empty state is neutral")
  func monoid() throws {
    var random = SplitMix64(seed: 5)
    let experiment = try experiment()
    for _ in 0..<60 {
      var parts: [SequentialState] = []
      for _ in 0..<3 {
        var state = SequentialState(experiment: experiment)
        for fact in facts(&random) { try fact.tell(&state) }
        parts.append(state)
      }
      func sum(_ states: [SequentialState]) throws -> SequentialState {
        var total = SequentialState(experiment: experiment)
        for state in states { try total.merge(state) }
        return total
      }
      let (a, b, c) = (parts[0], parts[1], parts[2])
      #expect(try sum([a, b]) == sum([b, a]))
      #expect(try sum([sum([a, b]), c]) == sum([a, sum([b, c])]))
      #expect(try sum([a]) == a)
    }
  }

  @Test("The p-value never rises, and is that of the largest evidence over all looks")
  func pValueIsTheRunningExtreme() throws {
    var state = SequentialState(experiment: try experiment(rate: 1))
    var largest = 0.0
    var background = 0.0
    for index in 0..<UInt64(30) {
      try state.set(segment: index, exposure: 0.1, background: 0.1)
      if index % 4 == 1 {
        try state.add(segment: index, place: 0.25)
        let moment = background + 0.1 * 0.25
        let n = Int(index / 4) + 1
        largest = max(
          largest,
          try state.experiment.logEvidence(
            SequentialCounts(observed: n, background: moment, exposure: moment)))
      }
      background += 0.1
      let now = try state.significance()
      #expect(now.largestLogEvidence == largest)
      #expect(now.logPValue == -largest)
    }
    let end = try state.significance()
    #expect(end.logEvidence < end.largestLogEvidence)
    #expect(isClose(end.pValue, NormalDistribution.survival(try #require(end.zOneSided)), relative: 1e-10))
    #expect(
      isClose(end.pValue, 2 * NormalDistribution.survival(try #require(end.zTwoSided)), relative: 1e-10))
    #expect(end.method.rawValue.contains("anytime-valid") && end.tail == .anytimeExcess)
  }

  @Test("Events wait for the exposure of their segment")
  func waiting() throws {
    var state = SequentialState(experiment: try experiment())
    try state.set(segment: 1, exposure: 1, background: 2)
    try state.add(segment: 0, place: 0.5)
    try state.add(segment: 2, events: 3)
    #expect(state.waiting == 4)
    #expect(try state.counts().observed == 0)
    try state.set(segment: 0, exposure: 1, background: 2)
    #expect(state.waiting == 3)
    #expect(try state.counts().observed == 1 && state.counts().background == 4)
    #expect(try SequentialState(experiment: state.experiment).history().isEmpty)
    var empty = SequentialState(experiment: state.experiment)
    #expect(try empty.significance().logPValue == 0 && empty.significance().zOneSided == nil)
  }

  @Test("What has no meaning is refused and changes nothing")
  func refusals() throws {
    var state = SequentialState(experiment: try experiment())
    try state.add(ExposureSegment(index: 3, exposure: 1, background: 2, events: [0.5], unplaced: .max))
    let before = state
    for place in [-0.1, 1.1, .nan, .infinity] {
      #expect(throws: StatisticsError.self) { try state.add(segment: 3, place: place) }
      #expect(throws: StatisticsError.self) { try state.add(segment: 9, place: place) }
    }
    for value in [-1, .nan, .infinity] {
      #expect(throws: StatisticsError.self) { try state.set(segment: 4, exposure: value, background: 1) }
      #expect(throws: StatisticsError.self) { try state.set(segment: 4, exposure: 1, background: value) }
    }
    #expect(throws: StatisticsError.self) { try state.set(segment: 3, exposure: 1, background: 2.5) }
    #expect(throws: StatisticsError.self) { try state.add(segment: 3, events: 1) }
    #expect(throws: StatisticsError.self) { try state.add(segment: 5, events: -1) }
    #expect(throws: StatisticsError.self) { try state.merge(before) }
    #expect(throws: StatisticsError.differentExperiments("x", "y")) {
      try state.merge(SequentialState(experiment: experiment(name: "y")))
    }
    // One event and the largest count: the sum is too large, and stays refused.
    #expect(throws: StatisticsError.self) { try state.significance() }
    #expect(throws: StatisticsError.self) { try state.significance() }
    #expect(state == before)
    var infinite = SequentialState(experiment: try experiment())
    for index in 0..<UInt64(3) { try infinite.set(segment: index, exposure: 1e308, background: 1e308) }
    #expect(throws: StatisticsError.self) { try infinite.significance() }
  }
}
