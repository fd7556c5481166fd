import Configuration
import Simulation

/// What the joins need of a decay.
struct TruthCandidate: Sendable {
  /// Number in the burst.
  var number: UInt64
  /// ns since start of burst.
  var time: Double
  var channel: String
  /// Whether the vertex is in the fiducial range.
  var isFiducial: Bool
  /// Whether it is of a K⁺.
  var isKaon: Bool
  /// Hits behind KTAG.
  var hits: UInt64
  /// Triggers that it is in time with and that are not judged yet.
  var open = 0
  /// Lines and L1 masks that have it; whether any trigger, and any kept event.
  var lines: UInt16 = 0
  var masks: UInt16 = 0
  var isTriggered = false
  var isKept = false
  /// Bit s: selection s has it.
  var selected: UInt64 = 0

  init(_ decay: TruthDecay, fiducial: ClosedRange<Double>) {
    number = decay.number
    time = decay.time
    channel = decay.channel
    isFiducial = decay.vertexZ.map { fiducial.contains($0) } ?? false
    isKaon = decay.particles.first?.pdg == Species.kaonPlus.rawValue
    hits = decay.hits.downstream
  }

  /// Whether there is anything to count of it.
  var isMarked: Bool { isFiducial && (isTriggered || isKept || selected != 0) }

  /// Counts what triggers did with it; nothing for one outside the fiducial range.
  func count(in table: inout TruthTable) {
    guard isMarked else { return }
    table[channel].triggered += isTriggered ? 1 : 0
    table[channel].kept += isKept ? 1 : 0
    for m in 0..<16 {
      table[channel].lines[m] += UInt64(lines >> UInt16(m) & 1)
      table[channel].masks[m] += UInt64(masks >> UInt16(m) & 1)
    }
    for s in 0..<min(64, table.selectionCount) { table[channel].selected[s] += selected >> UInt64(s) & 1 }
  }
}

/// Decays in the order of their times, of which the old ones go: the decays that triggers of one moment can be in
/// time with.
struct TruthDecayWindow: Sendable {
  /// Most decays that are held; with more in a stretch of a lookahead the truth is not of this experiment.
  static let limit = 1 << 21

  /// The decays, by their number in the order in which they came.
  private var decays: [TruthCandidate] = []
  private var first = 0
  /// Number of the first one in `decays`.
  private var base = 0

  /// Decays held.
  var count: Int { decays.count - first }

  /// Time of the last decay that is held.
  var lastTime: Double { count > 0 ? decays[decays.count - 1].time : -.infinity }

  /// Adds a decay, which is not to begin before those that are there.
  mutating func append(_ decay: TruthCandidate) { decays.append(decay) }

  /// The decay of a number that ``matches(at:within:)`` gave; `nil` if it has gone.
  subscript(number: Int) -> TruthCandidate? {
    let place = number - base
    return place >= first && place < decays.count ? decays[place] : nil
  }

  /// Changes a decay, if it has not gone.
  mutating func update(_ number: Int, _ body: (inout TruthCandidate) -> Void) {
    let place = number - base
    if place >= first, place < decays.count { body(&decays[place]) }
  }

  /// The numbers of the decays that begin less than `window` ns from a time.
  func matches(at time: Double, within window: Double) -> Range<Int> {
    let low = index { $0 > time - window }
    let high = index { $0 >= time + window }
    return base + low..<base + max(low, high)
  }

  /// The first decay whose time fulfils a condition that holds from some time on.
  private func index(where isBehind: (Double) -> Bool) -> Int {
    var low = first
    var high = decays.count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(decays[middle].time) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Gives up the decays before a time, in order, to `body`.
  mutating func remove(before time: Double, _ body: (Int, TruthCandidate) -> Void) {
    while first < decays.count, decays[first].time < time {
      body(base + first, decays[first])
      first += 1
    }
    if first > 4096, 2 * first > decays.count || first == decays.count {
      decays.removeFirst(first)
      base += first
      first = 0
    }
  }

  /// The decay in time that has the most hits behind KTAG, the nearest of those with as many; `nil` if none has
  /// any.
  func dominant(of matches: Range<Int>, at time: Double) -> Int? {
    var best: (number: Int, hits: UInt64, distance: Double)?
    for number in matches {
      guard let decay = self[number], decay.hits > 0 else { continue }
      let distance = abs(decay.time - time)
      if let best, (best.hits, -best.distance) >= (decay.hits, -distance) { continue }
      best = (number, decay.hits, distance)
    }
    return best?.number
  }
}

/// Checks that the records of a truth are in the order that bounded joining needs.
struct TruthOrder {
  private var burst: UInt32?
  private var decayTime = -Double.infinity
  private var triggerTime = -Double.infinity
  private var isAfterTotals = false

  /// Takes a record; throws what is wrong with its place in the file of the reader.
  mutating func check(_ record: TruthRecord, _ reader: TruthReader) throws {
    let advice = "write the truth again with 'spillway simulate', and do not sort it"
    guard let burst = record.burst else { return }
    if let current = self.burst {
      if burst < current || burst == current && isAfterTotals {
        throw reader.error("burst \(burst) comes again behind burst \(current)", key: "burst", advice: advice)
      }
      if burst > current, !isAfterTotals {
        throw reader.error("burst \(current) has no totals", key: "burst", advice: advice)
      }
    }
    if self.burst != burst {
      self.burst = burst
      decayTime = -.infinity
      triggerTime = -.infinity
      isAfterTotals = false
    }
    if case .decay(let decay) = record {
      guard decay.time >= decayTime else {
        throw reader.error(
          "a decay at \(decay.time) ns behind one at \(decayTime) ns", key: "time", advice: advice)
      }
      // Rounding moves the border a little.
      guard decay.time > triggerTime + reader.header.lookahead - 0.001 else {
        throw reader.error(
          "a decay at \(decay.time) ns behind a trigger at \(triggerTime) ns that it may belong to",
          key: "time",
          advice: advice)
      }
      decayTime = decay.time
    }
    if case .trigger(let trigger) = record {
      triggerTime = max(triggerTime, trigger.time(period: reader.header.clockPeriod))
    }
    if case .totals = record { isAfterTotals = true }
  }
}

extension TruthRecord {
  /// The burst; `nil` for the header.
  var burst: UInt32? {
    switch self {
    case .header: nil
    case .decay(let decay): decay.burst
    case .trigger(let trigger): trigger.burst
    case .totals(let totals): totals.burst
    }
  }
}
