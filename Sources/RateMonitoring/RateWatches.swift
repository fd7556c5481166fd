import CountingStatistics
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a watch decided on a bin.
struct WatchVerdict {
  var isFiring: Bool
  var observed: UInt64
  var expected: Double
  var bins: Int
  var statistic: Double
}

/// Whether something has fallen silent while others go on.
struct SilenceWatch: Sendable, Codable {
  /// Own counts, those of a reference among them.
  private(set) var count: UInt64
  /// Counts of the others up to the last own one.
  private(set) var before: UInt64
  private var since: UInt64 = 0
  private var bins = 0
  private(set) var isFiring = false

  init(count: UInt64 = 0, before: UInt64 = 0) {
    self.count = count
    self.before = before
  }

  /// Own counts expected beside `others`.
  func expected(beside others: UInt64) -> Double {
    before > 0 ? Double(count) / Double(before) * Double(others) : 0
  }

  /// Takes a bin; `logAlpha` is ln of the false-alarm probability of one look.
  ///
  /// It is over with the first bin that has half of what is expected, and more than nothing.
  mutating func observe(_ own: UInt64, others: UInt64, logAlpha: Double) -> WatchVerdict? {
    if own > 0 {
      guard isFiring else {
        count &+= own
        before &+= since &+ others
        (since, bins) = (0, 0)
        return nil
      }
      let expected = expected(beside: others)
      guard Double(own) >= 0.5 * expected else { return nil }
      isFiring = false
      (since, bins) = (0, 0)
      return WatchVerdict(isFiring: false, observed: own, expected: expected, bins: 1, statistic: 0)
    }
    guard !isFiring else { return nil }
    since &+= others
    bins += 1
    guard others > 0 else { return nil }
    let logP = SilenceTest.logProbability(count: count, before: before, silent: since)
    guard logP <= logAlpha else { return nil }
    isFiring = true
    return WatchVerdict(
      isFiring: true, observed: 0, expected: expected(beside: since), bins: bins, statistic: logP)
  }
}

/// Whether something takes a far larger part of a whole than it did before.
///
/// Given own counts before and now, those of now are binomial with the wholes as exposures, or narrower. So the test is
/// exact however little was seen before; a reference may be put before the first bin.
struct ShareWatch: Sendable, Codable {
  private var count: UInt64
  private var whole: UInt64
  private var rise: SelfStartingCUSUM?
  private var runLength = 0.0
  private var fall = try? LikelihoodCUSUM(runLength: RateMonitor.clearingRunLength)
  private(set) var isFiring = false
  /// What came since the last test.
  private var own: UInt64 = 0
  private var all: UInt64 = 0
  /// Own counts that must be expected for a test, so that it has the power of its rate: bins are taken together.
  private static let least = 30.0
  /// Counts of the whole after which a test is made in any case.
  private static let most: UInt64 = 2000
  /// The excess, beyond the tolerance, against which its end is weighed.
  private static let change = 1.5

  init(count: UInt64 = 0, whole: UInt64 = 0) {
    self.count = count
    self.whole = whole
  }

  /// Takes a bin: `own` of `all` counts. When a test is made depends on the whole alone.
  mutating func observe(
    _ own: UInt64, of all: UInt64, tolerance: Double, runLength: Double
  ) -> WatchVerdict? {
    self.own &+= own
    self.all &+= all
    let expected = whole > 0 ? Double(count) / Double(whole) * Double(self.all) : 0
    guard expected >= Self.least || self.all >= Self.most || whole == 0 && self.all > 0 else { return nil }
    defer { (self.own, self.all) = (0, 0) }
    return test(self.own, of: self.all, tolerance: tolerance, runLength: runLength)
  }

  /// A test of what came since the last one. While it fires nothing is learnt.
  private mutating func test(
    _ own: UInt64, of all: UInt64, tolerance: Double, runLength: Double
  ) -> WatchVerdict? {
    guard whole > 0 else {
      (count, whole) = (own, all)
      return nil
    }
    let expected = Double(count) / Double(whole) * Double(all)
    if isFiring {
      let share = (1 + tolerance) * Double(max(1, count)) / Double(whole)
      // A share that cannot rise by so much is weighed at the most that it can.
      let change = min(Self.change, 0.99 / share)
      let ratio = LikelihoodCUSUM.share(count: own, of: all, share: share, ratio: max(change, 1.0001))
      guard share < 0.99, fall?.observe(logRatio: -ratio) == true else { return nil }
      isFiring = false
      rise = nil
      return WatchVerdict(isFiring: false, observed: own, expected: expected, bins: 1, statistic: 0)
    }
    if rise == nil || runLength != self.runLength {
      // Another number of tests shares the false alarms: what was gathered before is forgotten.
      self.runLength = runLength
      rise = try? SelfStartingCUSUM(
        direction: .up, reference: min(count, 1 << 52), exposure: Double(whole), tolerance: 1 + tolerance,
        runLength: runLength)
    }
    let before = rise?.statistic ?? 0
    guard (try? rise?.observe(count: own, exposure: Double(all))) == true else {
      count &+= own
      whole &+= all
      return nil
    }
    isFiring = true
    fall?.reset()
    return WatchVerdict(isFiring: true, observed: own, expected: expected, bins: 1, statistic: before)
  }
}

/// Whether the rate of a line leaves its band.
struct StepWatch: Sendable {
  /// A sample of a line.
  struct Sample {
    var count: UInt64
    var seconds: Double
    /// Counts of the line that it is relative to, or part of.
    var other: UInt64
  }

  enum Test: Sendable, Codable {
    case bins(PoissonCUSUM)
    case likelihood(LikelihoodCUSUM)
    case selfStarting(SelfStartingCUSUM)

    var statistic: Double {
      switch self {
      case .bins(let test): test.statistic
      case .likelihood(let test): test.sum
      case .selfStarting(let test): test.statistic
      }
    }
  }

  let band: RateMonitoringConfiguration.Band
  /// False alarms per s of both directions together.
  let falseAlarmRate: Double
  private var tests: [RateChange: Test]
  private let designed: [RateChange: Test]
  private var clearing: LikelihoodCUSUM
  private(set) var firing: RateChange?

  /// Throws where the band cannot be tested, as with a rate that is too high for its bins.
  init(
    _ band: RateMonitoringConfiguration.Band, falseAlarmRate: Double, binSeconds: Double, burstSeconds: Double
  )
    throws
  {
    self.band = band
    self.falseAlarmRate = falseAlarmRate
    clearing = try LikelihoodCUSUM(runLength: RateMonitor.clearingRunLength)
    let seconds = band.sample == .bin ? binSeconds : burstSeconds
    // Half of the false alarms for each direction; a run length of 2 is the shortest that makes sense.
    let runLength = min(1e15, max(2, 2 / (falseAlarmRate * seconds)))
    var tests: [RateChange: Test] = [:]
    for direction in RateChange.allCases {
      let edge = direction == .up ? 1 + band.tolerance : 1 - band.tolerance
      let ratio = direction == .up ? band.change : 1 / band.change
      switch (band.expectation, band.sample) {
      case (.rate(let rate), .bin):
        tests[direction] = .bins(
          PoissonCUSUM(
            try PoissonCUSUM.Design(
              direction: direction, expected: rate * edge * binSeconds, ratio: ratio,
              averageRunLength: runLength)))
      case (.counts(let counts, let seconds), _):
        tests[direction] = .selfStarting(
          try SelfStartingCUSUM(
            direction: direction, reference: counts, exposure: seconds, tolerance: edge,
            runLength: runLength))
      default: tests[direction] = .likelihood(try LikelihoodCUSUM(runLength: runLength))
      }
    }
    self.tests = tests
    designed = tests
  }

  /// What it has come to, to be kept with a checkpoint.
  struct State: Sendable, Codable {
    var tests: [RateChange: Test]
    var clearing: LikelihoodCUSUM
    var firing: RateChange?
  }

  var state: State { State(tests: tests, clearing: clearing, firing: firing) }

  mutating func restore(_ state: State) {
    (tests, clearing, firing) = (state.tests, state.clearing, state.firing)
  }

  /// Counts expected in a sample, without tolerance.
  func expected(_ sample: Sample) -> Double {
    switch band.expectation {
    case .rate(let rate): rate * sample.seconds
    case .counts(let counts, let seconds): Double(counts) / seconds * sample.seconds
    case .relative(_, let ratio): Double(sample.other) * ratio
    case .part(_, let share): Double(sample.other) * share
    }
  }

  /// ln of the likelihood ratio of a change to none, at the edge of the band.
  private func logRatio(_ sample: Sample, _ direction: RateChange) -> Double {
    let edge = direction == .up ? 1 + band.tolerance : 1 - band.tolerance
    let ratio = direction == .up ? band.change : 1 / band.change
    switch band.expectation {
    case .rate, .counts:
      return LikelihoodCUSUM.poisson(count: sample.count, expected: expected(sample) * edge, ratio: ratio)
    case .relative(_, let odds):
      return LikelihoodCUSUM.binomial(
        count: sample.count, other: sample.other, odds: odds * edge, ratio: ratio)
    case .part(_, let share):
      return LikelihoodCUSUM.share(
        count: sample.count, of: sample.other, share: min(share * edge, 0.999), ratio: ratio)
    }
  }

  /// Takes the next sample.
  mutating func observe(_ sample: Sample) throws -> (verdict: WatchVerdict, change: RateChange)? {
    guard sample.seconds > 0 else { return nil }
    let expected = expected(sample)
    if let change = firing {
      guard clearing.observe(logRatio: -logRatio(sample, change)) else { return nil }
      firing = nil
      // What a self-starting test has learnt stays; the sums begin again.
      for (direction, test) in designed {
        if case .selfStarting = test { continue }
        tests[direction] = test
      }
      return (
        WatchVerdict(isFiring: false, observed: sample.count, expected: expected, bins: 1, statistic: 0),
        change
      )
    }
    var fired: (RateChange, Double)?
    for direction in RateChange.allCases {
      guard let test = tests[direction] else { continue }
      let statistic: Double
      let fires: Bool
      switch test {
      case .bins(var cusum):
        tests[direction] = nil
        statistic = cusum.statistic
        fires = cusum.observe(sample.count)
        tests[direction] = .bins(cusum)
      case .likelihood(var cusum):
        let ratio = logRatio(sample, direction)
        statistic = cusum.sum + ratio
        fires = cusum.observe(logRatio: ratio)
        tests[direction] = .likelihood(cusum)
      case .selfStarting(var cusum):
        statistic = cusum.statistic
        fires = try cusum.observe(count: sample.count, exposure: sample.seconds)
        tests[direction] = .selfStarting(cusum)
      }
      if fires { fired = (direction, statistic) }
    }
    guard let (change, statistic) = fired else { return nil }
    firing = change
    clearing.reset()
    return (
      WatchVerdict(
        isFiring: true, observed: sample.count, expected: expected, bins: 1, statistic: statistic), change
    )
  }
}
