import CountingStatistics
import EventBuilding
import L0Trigger
import NA62Formats
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension RateMonitor {
  private typealias Place = PacketTally.Place

  private var binSeconds: Double { Double(width) * 1e-9 }

  /// ln of the false-alarm probability of one look at the end of a bin, for one of so many members of a family.
  private func logAlpha(_ members: Int) -> Double {
    log(min(0.5, configuration.share(among: members) * binSeconds))
  }

  // MARK: Bins

  /// Ends the bins before the one given.
  mutating func closeBins(until bin: Int64, _ findings: inout [RateFinding]) throws {
    guard let current = open?.bin, bin > current else { return }
    close(&findings)
    let empty = bin &- current &- 1
    if empty > 0 { judgeSilence(bins: empty, &findings) }
    guard var burst = open else { return }
    open = nil
    burst.bin = bin
    // What lies behind the last bin that is kept counts in it.
    let last = min(bin &- burst.firstBin, Int64(RateCounts.maximumBins - 1))
    while burst.bins.count < last { burst.bins.append([]) }
    open = burst
  }

  /// Ends the last bin of a burst, which is not whole: only what was seen in it matters.
  mutating func closeLastBin(_ findings: inout [RateFinding]) { close(&findings) }

  private mutating func close(_ findings: inout [RateFinding]) {
    while boards.count < tally.boards.count {
      boards.append(SilenceWatch())
      boardShares.append(ShareWatch())
    }
    let counts = tally.take()
    store(counts)
    let packets =
      counts[Place.primitivePackets] &+ counts[Place.l0Packets] &+ counts[Place.l1Packets]
      &+ counts[Place.otherPackets]
    if isSilent, packets > 0 {
      isSilent = false
      findings.append(
        finding(
          RateLine(.stream, "packets"), .noData,
          WatchVerdict(isFiring: false, observed: packets, expected: 0, bins: 1, statistic: 0), share(1)))
    }
    judgeDetectors(counts, &findings)
    judgeBoards(counts, &findings)
    judgeBits(counts, &findings)
  }

  /// Keeps the counts of a bin: those behind the last one are added to it.
  private mutating func store(_ counts: ContiguousArray<UInt64>) {
    guard var burst = open else { return }
    // Only one owner, so that no list is copied.
    open = nil
    let place = Int(clamping: min(burst.bin &- burst.firstBin, Int64(RateCounts.maximumBins - 1)))
    if place < burst.bins.count {
      var row = burst.bins[place]
      burst.bins[place] = []
      if row.count < counts.count { row += repeatElement(0, count: counts.count - row.count) }
      for i in counts.indices { row[i] &+= counts[i] }
      burst.bins[place] = row
    } else {
      burst.bins.append(counts)
    }
    open = burst
  }

  private func share(_ members: Int) -> Double { configuration.share(among: members) }

  /// Detectors without primitives, while the others have some.
  private mutating func judgeDetectors(
    _ counts: ContiguousArray<UInt64>, _ findings: inout [RateFinding]
  ) {
    let all = (0..<L0Detector.count).reduce(UInt64(0)) { $0 &+ counts[Place.primitives + $1] }
    let alpha = logAlpha(L0Detector.count)
    for detector in 0..<L0Detector.count {
      let own = counts[Place.primitives + detector]
      let verdict = detectors[detector].observe(own, others: all &- own, logAlpha: alpha)
      if detectors[detector].isFiring { open?.deadDetectors.insert(detector) }
      guard let verdict else { continue }
      findings.append(
        finding(
          RateLine(.detector, L0Detector.names[detector]), .deadDetector, verdict, share(L0Detector.count)))
    }
  }

  /// Boards without packets while the others have some, and boards with more than their share.
  private mutating func judgeBoards(
    _ counts: ContiguousArray<UInt64>, _ findings: inout [RateFinding]
  ) {
    let all = boards.indices.reduce(UInt64(0)) { $0 &+ counts[Place.boards + 2 * $1] }
    guard all > 0 else { return }
    let members = max(boards.count, layout.fragmentCount)
    let alpha = logAlpha(members)
    var someSilent = false
    for board in boards.indices {
      let own = counts[Place.boards + 2 * board]
      let verdict = boards[board].observe(own, others: all &- own, logAlpha: alpha)
      if boards[board].isFiring { open?.lostBoards.insert(board) }
      if own == 0, boards[board].expected(beside: all) >= 1 { someSilent = true }
      guard let verdict else { continue }
      findings.append(
        finding(PacketTally.line(tally.boards[board]), .lostBoard, verdict, share(members)))
    }
    // Where a board is missing, the others' shares rise without their doing.
    guard !someSilent, !boards.contains(where: \.isFiring) else { return }
    let rate = share(max(boards.count, layout.fragmentCount) + bitShares.count)
    let runLength = max(2, 1 / (rate * binSeconds))
    for board in boards.indices {
      let own = counts[Place.boards + 2 * board]
      let verdict = boardShares[board].observe(
        own, of: all, tolerance: configuration.boardTolerance, runLength: runLength)
      guard let verdict else { continue }
      findings.append(finding(PacketTally.line(tally.boards[board]), .hotChannel, verdict, rate))
    }
  }

  /// Identifier bits with more than their share of a detector's primitives.
  private mutating func judgeBits(
    _ counts: ContiguousArray<UInt64>, _ findings: inout [RateFinding]
  ) {
    let rate = share(max(boards.count, layout.fragmentCount) + bitShares.count)
    let runLength = max(2, 1 / (rate * binSeconds))
    for detector in 0..<L0Detector.count {
      let all = counts[Place.bit(detector, 15)]
      guard all > 0 else { continue }
      for bit in 0..<15 {
        let verdict = bitShares[detector * 15 + bit].observe(
          counts[Place.bit(detector, bit)], of: all, tolerance: configuration.identifierTolerance,
          runLength: runLength)
        guard let verdict else { continue }
        findings.append(finding(PacketTally.line(detector: detector, bit: bit), .hotChannel, verdict, rate))
      }
    }
  }

  /// So many bins without any packet: exact for a rate that is as it was in the burst so far.
  private mutating func judgeSilence(bins: Int64, _ findings: inout [RateFinding]) {
    guard !isSilent, let burst = open, burst.over == nil else { return }
    let seen = burst.bins.reduce(UInt64(0)) { sum, row in
      row.isEmpty ? sum : sum &+ row[Place.primitivePackets] &+ row[Place.l0Packets] &+ row[Place.l1Packets]
    }
    let before = max(1, burst.bin &- burst.firstBin &+ 1)
    let least = max(1, Int64((configuration.silenceSeconds / binSeconds).rounded(.up)))
    guard seen > 0, bins >= least else { return }
    // ln (1 + silent / before) × seen must reach -ln α.
    let needed = expm1(min(700, -logAlpha(1) / Double(seen))) * Double(before)
    guard needed <= Double(bins) else { return }
    let silent = max(least, Int64(needed.rounded(.up)))
    isSilent = true
    open?.wasSilent = true
    var verdict = WatchVerdict(
      isFiring: true, observed: 0, expected: Double(seen) / Double(before) * Double(silent),
      bins: Int(clamping: silent), statistic: -Double(seen) * log1p(Double(silent) / Double(before)))
    verdict.bins = Int(clamping: silent)
    var found = finding(RateLine(.stream, "packets"), .noData, verdict, share(1))
    found.dataTime = time(ofBin: burst.bin &+ 1 &+ silent)
    findings.append(found)
  }

  // MARK: Bursts

  /// Losses of a burst that has ended: fragments that events lack, packets of primitives that detectors lack beside
  /// the others, and packets that could not be read.
  mutating func judgeLosses(_ events: EventTally?, _ findings: inout [RateFinding]) {
    // A silence takes fragments of the events at its edges with it.
    guard let burst = open, !burst.wasSilent else { return }
    func sum(_ place: Int) -> UInt64 {
      burst.bins.reduce(0) { place < $1.count ? $0 &+ $1[place] : $0 }
    }
    let lostSources = Set(burst.lostBoards.map { tally.boards[$0].source })
    if let events {
      // Fragments are lost by packets: so many fragments a packet has.
      let (packets, fragments) = boards.indices.reduce(into: (UInt64(0), UInt64(0))) { total, board in
        total.0 &+= sum(Place.boards + 2 * board)
        total.1 &+= sum(Place.boards + 2 * board + 1)
      }
      let perPacket = packets > 0 ? max(1, Double(fragments) / Double(packets)) : 1
      var (missing, expected) = (UInt64(0), UInt64(0))
      for (place, source) in layout.sources.enumerated() {
        guard !lostSources.contains(source.id), ![.l1, .l2, .nstd].contains(source.id) else { continue }
        missing &+= events.missing[place]
        expected &+= (events.built &+ events.unfinished) &* UInt64(source.fragments)
      }
      judgeLoss(
        0, UInt64(Double(missing) / perPacket), of: Double(expected) / perPacket, &findings)
    }
    let sent = (0..<L0Detector.count).map {
      burst.deadDetectors.contains($0) ? 0 : sum(Place.detectorPackets + $0)
    }
    let most = sent.max() ?? 0
    // A detector that sends far fewer packets does not send one for each frame.
    let regular = sent.filter { $0 > most / 2 }
    let lost = regular.reduce(UInt64(0)) { $0 &+ (most &- $1) }
    // At begin and end of a burst a detector may be a packet ahead.
    judgeLoss(
      1, lost &- min(lost, UInt64(2 * regular.count)),
      of: Double(most) * Double(regular.count), &findings)
    let all = sum(Place.l0Packets) &+ sum(Place.primitivePackets)
    judgeLoss(2, sum(Place.rejectedPackets), of: Double(all), &findings)
  }

  /// The lines of the losses, in the order of ``losses``.
  private static let lossNames = ["fragments missing", "primitive packets missing", "packets rejected"]

  private mutating func judgeLoss(
    _ place: Int, _ lost: UInt64, of all: Double, _ findings: inout [RateFinding]
  ) {
    guard all > 0 else { return }
    let rate = share(losses.count)
    let tolerated = configuration.packetLoss * all
    var verdict = WatchVerdict(
      isFiring: false, observed: lost, expected: tolerated, bins: 0, statistic: 0)
    if losses[place].isFiring {
      guard Double(lost) <= tolerated else { return }
      losses[place].isFiring = false
    } else {
      // The Poisson tail is above the binomial one from a count of mean + 1 on.
      guard Double(lost) >= tolerated + 1, let mean = try? PoissonDistribution(mean: tolerated),
        let logP = try? mean.logSurvival(from: Int(clamping: lost)),
        logP <= log(min(0.5, rate * configuration.burstSeconds))
      else { return }
      losses[place].isFiring = true
      verdict.isFiring = true
      verdict.statistic = logP
    }
    var found = finding(RateLine(.stream, Self.lossNames[place]), .packetLoss, verdict, rate)
    found.seconds = open.map { max(0, $0.end.seconds(since: $0.begin)) } ?? 0
    found.dataTime = open?.end ?? found.dataTime
    findings.append(found)
  }

  /// The rates of a burst that has ended against their bands.
  ///
  /// Where something else is known to be wrong that changes a rate - a lost board, losses, a silence, a dead detector -
  /// the rate is not judged: one fault raises one finding.
  mutating func judgeSteps(_ burst: RateCounts.Burst, _ findings: inout [RateFinding]) throws {
    guard let state = open else { return }
    let isBroken = !state.lostBoards.isEmpty || losses.contains(where: \.isFiring) || state.wasSilent
    let dead = Set(state.deadDetectors.map { RateLine(.detector, L0Detector.names[$0]) })
    for place in steps.indices {
      let band = steps[place].band
      var lines = [band.line]
      var other: RateLine?
      switch band.expectation {
      case .relative(let line, _), .part(let line, _): other = line
      case .rate, .counts: break
      }
      if let other { lines.append(other) }
      guard !lines.contains(where: { dead.contains($0) || isBroken && $0.level != .detector }),
        !state.wasSilent
      else { continue }
      func sample(_ seconds: Double, _ bin: Int?) -> StepWatch.Sample {
        func count(_ line: RateLine) -> UInt64 {
          guard let counts = burst.lines[line] else { return 0 }
          guard let bin else { return counts.count }
          return bin < counts.along.count ? counts.along[bin] : 0
        }
        return StepWatch.Sample(count: count(band.line), seconds: seconds, other: other.map(count) ?? 0)
      }
      switch band.sample {
      case .burst:
        let sample = sample(burst.seconds, nil)
        try step(place, sample, at: burst.end, &findings)
      case .bin:
        // The first and the last bin are not whole.
        let bins = min(Int(clamping: state.bin &- state.firstBin), RateCounts.maximumBins - 1)
        for bin in stride(from: 1, to: bins, by: 1) {
          let end = time(ofBin: state.firstBin &+ Int64(bin) &+ 1)
          try step(place, sample(binSeconds, bin), at: end, &findings)
        }
      }
    }
  }

  private mutating func step(
    _ place: Int, _ sample: StepWatch.Sample, at time: DataTime, _ findings: inout [RateFinding]
  ) throws {
    guard let (verdict, change) = try steps[place].observe(sample) else { return }
    var found = finding(
      steps[place].band.line, change == .up ? .stepUp : .stepDown, verdict, steps[place].falseAlarmRate)
    found.seconds = sample.seconds
    found.dataTime = time
    findings.append(found)
  }

  // MARK: Findings

  private func time(ofBin bin: Int64) -> DataTime {
    let (time, overflows) = bin.multipliedReportingOverflow(by: width)
    return DataTime(nanoseconds: overflows ? .max : time)
  }

  private func finding(
    _ line: RateLine, _ kind: RateFinding.Kind, _ verdict: WatchVerdict, _ rate: Double
  ) -> RateFinding {
    RateFinding(
      line: line, kind: kind, isFiring: verdict.isFiring, observed: verdict.observed,
      expected: verdict.expected, seconds: Double(verdict.bins) * binSeconds, statistic: verdict.statistic,
      falseAlarmRate: rate, run: open?.key.run ?? 0, burst: open?.key.burst ?? 0,
      dataTime: time(ofBin: (open?.bin ?? 0) &+ 1))
  }
}

extension RateMonitor {
  /// What is known of the lines that are not as they should be.
  var conditions: [RateLine: RateSnapshot.Condition] {
    var conditions: [RateLine: RateSnapshot.Condition] = [:]
    for step in steps {
      if let change = step.firing { conditions[step.band.line] = change == .up ? .high : .low }
    }
    for (place, share) in bitShares.enumerated() where share.isFiring {
      conditions[PacketTally.line(detector: place / 15, bit: place % 15)] = .high
    }
    for (place, share) in boardShares.enumerated() where share.isFiring {
      conditions[PacketTally.line(tally.boards[place])] = .high
    }
    for (place, name) in Self.lossNames.enumerated() where losses[place].isFiring {
      conditions[RateLine(.stream, name)] = .high
    }
    for (place, board) in boards.enumerated() where board.isFiring {
      conditions[PacketTally.line(tally.boards[place])] = .dead
    }
    for (place, detector) in detectors.enumerated() where detector.isFiring {
      conditions[RateLine(.detector, L0Detector.names[place])] = .dead
    }
    if isSilent { conditions[RateLine(.stream, "packets")] = .dead }
    return conditions
  }
}
