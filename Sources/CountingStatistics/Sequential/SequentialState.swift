/// The running state of a sequential test: a commutative monoid under ``merge(_:)``.
///
/// It keeps the segments by their number and their events by their place, and looks at them in that order. So
/// every result depends on what happened only, not on the order in which it was learnt: incremental, merged
/// and batch results are equal to the last bit. Segments whose exposure is not yet known wait, and are not in
/// any result. In order, an event costs one or two evaluations; what comes late, behind events or segments
/// that were looked at, costs going through the segment or the run again, once, when a result is asked for.
public struct SequentialState: Sendable {
  /// The experiment.
  public let experiment: SequentialExperiment
  /// All segments known, by their number.
  public private(set) var segments: [ExposureSegment] = []

  /// Everything looked at in the first `count` segments.
  private struct Passed: Sendable {
    var count = 0
    var look = Look()
  }
  private var passed = Passed()
  /// The look at the last segment as far as it has been gone through; nil where that must begin again.
  private var part: PartLook?

  /// Nothing seen yet.
  public init(experiment: SequentialExperiment) { self.experiment = experiment }

  /// Says how much exposure and expected background a segment has; before its events or after them.
  ///
  /// Throws, changing nothing, for numbers that are negative or not finite, or that differ from those given
  /// before.
  public mutating func set(segment index: UInt64, exposure: Double, background: Double) throws {
    try change(index) { try $0.set(exposure: exposure, background: background) }
  }

  /// Adds an event at the fraction `place` of a segment. Throws, changing nothing, for a place outside 0 to
  /// 1.
  public mutating func add(segment index: UInt64, place: Double, inSideband: Bool = false) throws {
    try ExposureSegment.check(place, index)
    let isBehind = part.map { inSideband ? place > $0.cursor.place : place >= $0.cursor.place } ?? false
    let kept = isBehind && index == segments.last?.index ? part : nil
    try change(index) { $0.insert(place, inSideband: inSideband) }
    part = kept
  }

  /// Adds events that count at the end of a segment. Throws, changing nothing, for a negative number or an
  /// overflow.
  public mutating func add(segment index: UInt64, events: Int, inSideband: Bool = false) throws {
    try InputCheck.count(events, "events of segment \(index)")
    // They count at the end, which is looked at each time.
    let kept = index == segments.last?.index ? part : nil
    try change(index) {
      if inSideband {
        $0.unplacedSideband = try ExposureSegment.sum($0.unplacedSideband, events, index)
      } else {
        $0.unplaced = try ExposureSegment.sum($0.unplaced, events, index)
      }
    }
    part = kept
  }

  /// Adds a whole segment; throws as ``merge(_:)``.
  public mutating func add(_ segment: ExposureSegment) throws {
    try change(segment.index) { try $0.merge(segment) }
  }

  /// Adds what another state of the same experiment has seen: segments may be in both, events must not.
  ///
  /// Throws, changing nothing, if the experiments differ, or exposures of one segment.
  public mutating func merge(_ other: SequentialState) throws {
    guard experiment == other.experiment else {
      throw StatisticsError.differentExperiments(experiment.name, other.experiment.name)
    }
    var sum = self
    for segment in other.segments { try sum.add(segment) }
    self = sum
  }

  /// Events in segments whose exposure is not yet known: they are in no result.
  public var waiting: Int {
    segments.reduce(0) { $1.exposure == nil ? $0 + $1.events.count + $1.unplaced : $0 }
  }

  /// Counts, background and exposure so far. Throws if they leave the range of their numbers.
  public mutating func counts() throws -> SequentialCounts { try look().counts }

  /// The always-valid p-value, with the evidence now. Throws without convergence, or where a sum leaves the
  /// range of its numbers.
  public mutating func significance() throws -> AnytimeSignificance {
    let now = try look()
    return try AnytimeSignificance(
      experiment: experiment, counts: now.counts, logEvidence: now.current, largest: now.largest)
  }

  /// What is known after each segment, in order: for plots, and for the intersection of a confidence
  /// sequence.
  public func history() throws -> [SequentialPoint] {
    var look = Look()
    var points: [SequentialPoint] = []
    for segment in segments where segment.exposure != nil {
      try look.add(segment, experiment)
      points.append(
        SequentialPoint(
          segment: segment.index,
          significance: try AnytimeSignificance(
            experiment: experiment, counts: look.counts, logEvidence: look.current, largest: look.largest)))
    }
    return points
  }

  /// The look at everything: what is passed, the placed events of the last segment, and its end so far.
  private mutating func look() throws -> Look {
    while passed.count + 1 < segments.count {
      // On a copy: what throws halfway must not stay.
      var next = passed.look
      try next.add(segments[passed.count], experiment)
      passed = Passed(count: passed.count + 1, look: next)
    }
    guard let last = segments.last, last.exposure != nil else { return passed.look }
    var filling = part ?? PartLook(begin: passed.look.counts, look: passed.look)
    try filling.addPlaced(of: last, experiment)
    part = filling
    return try filling.atEnd(of: last, experiment)
  }

  private mutating func change(_ index: UInt64, _ body: (inout ExposureSegment) throws -> Void) throws {
    var position = segments.count
    if let last = segments.last, last.index >= index {
      // Nearly always the last one; else by halving.
      position = last.index == index ? segments.count - 1 : lowerBound(index)
    }
    if position < segments.count, segments[position].index == index {
      try body(&segments[position])
    } else {
      var fresh = ExposureSegment(index: index)
      try body(&fresh)
      segments.insert(fresh, at: position)
    }
    part = nil
    if position < passed.count { passed = Passed() }
  }

  private func lowerBound(_ index: UInt64) -> Int {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = low + (high - low) / 2
      if segments[middle].index < index { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension SequentialState: Equatable {
  /// Whether experiment and segments are equal.
  public static func == (a: SequentialState, b: SequentialState) -> Bool {
    a.experiment == b.experiment && a.segments == b.segments
  }
}

/// The test after one segment of the run.
public struct SequentialPoint: Sendable, Hashable {
  /// The segment's number.
  public let segment: UInt64
  /// The test at its end.
  public let significance: AnytimeSignificance
}

/// Sums and largest evidence up to one moment.
private struct Look: Sendable {
  var counts = SequentialCounts.zero
  var current = 0.0
  var largest = 0.0

  /// Goes through a whole segment.
  mutating func add(_ segment: ExposureSegment, _ experiment: SequentialExperiment) throws {
    guard segment.exposure != nil else { return }
    var part = PartLook(begin: counts, look: self)
    try part.addPlaced(of: segment, experiment)
    self = try part.atEnd(of: segment, experiment)
  }

  /// Goes to a place of a segment, evaluating after its events and, where evidence can grow without one,
  /// before.
  mutating func step(
    to place: Double, of segment: ExposureSegment, begin: SequentialCounts, events: Int, sideband: Int,
    isLook: Bool, _ experiment: SequentialExperiment
  ) throws {
    counts.background = begin.background + (segment.background ?? 0) * place
    counts.exposure = begin.exposure + (segment.exposure ?? 0) * place
    guard counts.background.isFinite, counts.exposure.isFinite else {
      throw StatisticsError.invalidInput(
        name: "exposure or background up to segment \(segment.index)", value: "infinite",
        expected: "sums within the range of numbers")
    }
    if isLook, experiment.growsBetweenEvents { largest = max(largest, try experiment.logEvidence(counts)) }
    counts.observed = try ExposureSegment.sum(counts.observed, events, segment.index)
    counts.sideband = try ExposureSegment.sum(counts.sideband, sideband, segment.index)
    guard isLook else { return }
    current = try experiment.logEvidence(counts)
    largest = max(largest, current)
  }
}

/// The look at a segment that is still filling, up to its last placed event.
private struct PartLook: Sendable {
  let begin: SequentialCounts
  var look: Look
  var cursor = ExposureSegment.Cursor()

  init(begin: SequentialCounts, look: Look) {
    self.begin = begin
    self.look = look
  }

  mutating func addPlaced(of segment: ExposureSegment, _ experiment: SequentialExperiment) throws {
    try segment.forEachPlaced(from: &cursor) { place, events, sideband in
      try look.step(
        to: place, of: segment, begin: begin, events: events, sideband: sideband, isLook: events > 0,
        experiment)
    }
  }

  func atEnd(of segment: ExposureSegment, _ experiment: SequentialExperiment) throws -> Look {
    var end = look
    try end.step(
      to: 1, of: segment, begin: begin, events: segment.unplaced, sideband: segment.unplacedSideband,
      isLook: true, experiment)
    return end
  }
}
