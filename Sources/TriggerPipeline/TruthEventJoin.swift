import Configuration
import EventBuilding
import L1Trigger
import NA62Formats
public import Selections
public import Simulation

/// What the join with the truth needs of a judged event.
struct TruthJudgement {
  var burst: UInt32
  var event: UInt32
  var timestamp: UInt32
  /// `nil` where the stream does not say it.
  var fineTime: UInt8?
  /// Whether it is one that the truth does not have, as the start of a burst.
  var isSpecial = false
  /// Bit m: mask m of L1 accepts it.
  var masks: UInt16 = 0
  var isKept = false
  /// Bit s: it passes selection s.
  var selected: UInt64 = 0
  /// Whether KTAG, run alone, passes; `nil` if it did not run.
  var ktag: Bool?
  /// Tracks of STRAW, run alone; `nil` if it did not run.
  var strawTracks: Int?
  var isMultiTrack = false
  var overflows = false
}

/// Joins judged events with the truth by burst and number, while both are read: events may come in any order as
/// long as not too many lie between.
///
/// A decay belongs to a trigger if it begins less than the window from it. Memory is bounded: what waits is at most
/// ``pendingLimit`` triggers with the decays that they are in time with.
public final class TruthEventJoin {
  /// Most triggers of the truth that wait for their event; beyond, the oldest is given up.
  public static let pendingLimit = 1 << 17

  /// The header of the truth.
  public var header: TruthHeader { reader.header }
  /// What was counted.
  public private(set) var table: TruthTable

  private struct Pending {
    var trigger: TruthKey
    var timestamp: UInt32
    var fineTime: UInt8
    var lines: UInt16
    var isPhysics: Bool
    var line: Int
    var matches: Range<Int>
    var dominant: Int?
    /// Tracks of the dominant decay that go through all chambers.
    var tracks: Int
    /// What the dominant decay is.
    var channel: String?
    var isKaon: Bool
  }

  private let reader: TruthReader
  private let window: Double
  private let pendingLimit: Int
  private let selections: SelectionSet?
  private var order = TruthOrder()
  private var decays = TruthDecayWindow()
  /// Decays that left the window while a trigger of theirs was not judged.
  private var parked: [Int: TruthCandidate] = [:]
  private var pending: [TruthKey: Pending] = [:]
  /// Keys in the order of the truth, done ones included, from `firstKey` on.
  private var keys: [TruthKey] = []
  private var firstKey = 0
  /// Where the truth has been read to.
  private var reached: TruthKey?
  private var isAtEnd = false

  /// A join with the truth of a reader.
  ///
  /// - Parameters:
  ///   - reader: at its header.
  ///   - window: ns from a trigger within which its decays begin.
  ///   - selections: of which the acceptance is wanted; blind ones are left out.
  public convenience init(reader: TruthReader, window: Double, selections: SelectionSet?) {
    self.init(reader: reader, window: window, selections: selections, pendingLimit: Self.pendingLimit)
  }

  init(reader: TruthReader, window: Double, selections: SelectionSet?, pendingLimit: Int) {
    self.reader = reader
    self.window = window
    self.selections = selections
    self.pendingLimit = pendingLimit
    table = TruthTable(selections: selections?.selections.count ?? 0)
  }

  /// Takes a batch of judged events, with the algorithms run alone.
  ///
  /// Throws `ConfigurationError` where the truth cannot be read, is not in order, or is that of another stream.
  public func add(_ judged: JudgedBatch) throws {
    for (i, event) in judged.batch.events.enumerated() {
      let decision = judged.decisions[i]
      var judgement = TruthJudgement(
        burst: event.burst, event: event.number, timestamp: event.timestamp,
        fineTime: event.l0.dataType.isEmpty ? nil : event.l0.fineTime, isSpecial: event.l0.word.isSpecial,
        masks: decision.masks, isKept: !decision.word.isEmpty)
      if i < judged.alone.count {
        let info = judged.alone[i].info
        if info.state(.ktag).contains(.processed) {
          judgement.ktag = info.results[L1Algorithm.ktag.rawValue] != 0
        }
        if info.state(.straw).contains(.processed) {
          judgement.strawTracks = Int(info.straw.tracks)
          judgement.isMultiTrack = info.straw.flags & 1 << 2 != 0
          judgement.overflows = info.state(.straw).contains(.overflow)
        }
      }
      if let selections {
        let input = SelectionInput(event: event, evaluation: judged.evaluations[i], decision: decision)
        for (s, selection) in selections.selections.enumerated() where s < 64 && !selection.isBlind {
          if case .selected = selection.verdict(on: input) { judgement.selected |= 1 << UInt64(s) }
        }
      }
      try judge(judgement)
    }
  }

  /// Reads the rest of the truth, and returns what was counted.
  ///
  /// Throws as ``add(_:)``, and where not one event of the stream is in the truth.
  public func finish() throws -> TruthTable {
    while try read() {}
    for key in keys[firstKey...] { if let left = pending.removeValue(forKey: key) { giveUp(left) } }
    keys = []
    firstKey = 0
    decays.remove(before: .infinity) { _, decay in decay.count(in: &table) }
    if table.triggers == 0, table.withoutTruth > 0 {
      throw ConfigurationError(
        file: reader.path,
        problem:
          "none of the \(table.withoutTruth) events of the stream is in it: it belongs to another stream",
        advice: "give the truth that was written with this stream; bursts count from --first-burst")
    }
    return table
  }

  // MARK: Events

  /// Takes one event.
  func judge(_ event: TruthJudgement) throws {
    guard !event.isSpecial else { return }
    let key = TruthKey(burst: event.burst, event: event.event)
    while pending[key] == nil, reached.map({ $0 < key }) ?? true { guard try read() else { break } }
    guard let truth = pending.removeValue(forKey: key) else {
      table.withoutTruth += 1
      return
    }
    if truth.timestamp != event.timestamp || event.fineTime.map({ $0 != truth.fineTime }) ?? false {
      throw ConfigurationError(
        file: reader.path, line: truth.line, keyPath: "timestamp",
        problem:
          "event \(event.event) of burst \(event.burst) is at \(truth.timestamp) + \(truth.fineTime)/256 clock "
          + "periods, in the stream at \(event.timestamp)"
          + (event.fineTime.map { " + \($0)/256" } ?? "") + ": the truth belongs to another stream",
        advice: "give the truth that was written with this stream")
    }
    table.triggers += 1
    guard truth.isPhysics else { return close(truth) { _ in } }
    count(truth, event)
    close(truth) { decay in
      decay.isTriggered = true
      decay.lines |= truth.lines
      decay.masks |= truth.lines & event.masks
      decay.isKept = decay.isKept || event.isKept
      decay.selected |= event.selected
    }
  }

  /// Counts what a physics trigger was.
  private func count(_ truth: Pending, _ event: TruthJudgement) {
    for m in 0..<16 where truth.lines >> UInt16(m) & 1 != 0 {
      table.lineTriggers[m] += 1
      if let channel = truth.channel { table[channel].dominant[m] += 1 } else { table.accidentals[m] += 1 }
    }
    guard let channel = truth.channel else { return }
    if truth.isKaon, let ktag = event.ktag { table[channel].ktag.add(ktag) }
    guard truth.tracks > 0, let tracks = event.strawTracks else { return }
    let place = min(truth.tracks, 4) - 1
    if event.overflows {
      table[channel].straw[place].overflows += 1
    } else {
      table[channel].straw[place].tracks.add(tracks >= min(truth.tracks, 4))
      table[channel].straw[place].multiTrack.add(event.isMultiTrack)
    }
  }

  /// Tells the decays of a trigger what became of it; those that wait for nothing any more are counted.
  private func close(_ truth: Pending, _ body: (inout TruthCandidate) -> Void) {
    for number in truth.matches {
      if var decay = parked[number] {
        body(&decay)
        decay.open -= 1
        if decay.open == 0 {
          decay.count(in: &table)
          parked[number] = nil
        } else {
          parked[number] = decay
        }
      } else {
        decays.update(number) { decay in
          body(&decay)
          decay.open -= 1
        }
      }
    }
  }

  private func giveUp(_ truth: Pending) {
    table.unjudged += 1
    close(truth) { _ in }
  }

  // MARK: Truth

  /// Reads one record; `false` at the end.
  private func read() throws -> Bool {
    guard !isAtEnd, let record = try reader.next() else {
      isAtEnd = true
      reached = TruthKey(burst: .max, event: .max)
      return false
    }
    try order.check(record, reader)
    switch record {
    case .header: break
    case .decay(let decay):
      decays.append(TruthCandidate(decay, fiducial: header.fiducial))
      trim(before: decay.time - header.lookahead - window)
      if decays.count > TruthDecayWindow.limit {
        throw reader.error(
          "more than \(TruthDecayWindow.limit) decays within \(header.lookahead) ns", key: "time",
          advice: "write the truth with a shorter lookahead")
      }
    case .trigger(let trigger): try add(trigger)
    case .totals(let totals):
      table.add(totals)
      trim(before: .infinity)
      reached = TruthKey(burst: totals.burst, event: .max)
    }
    return true
  }

  private func add(_ trigger: TruthTrigger) throws {
    let key = TruthKey(burst: trigger.burst, event: trigger.event)
    if let reached, key <= reached {
      throw reader.error(
        "event \(key.event) of burst \(key.burst) stands behind event \(reached.event)", key: "event",
        advice: "write the truth again with 'spillway simulate', and do not sort it")
    }
    reached = key
    let time = trigger.time(period: header.clockPeriod)
    trim(before: time - window)
    let matches = decays.matches(at: time, within: window)
    let dominant = decays.dominant(of: matches, at: time)
    let decay = dominant.flatMap { decays[$0] }
    for number in matches { decays.update(number) { $0.open += 1 } }
    pending[key] = Pending(
      trigger: key, timestamp: trigger.timestamp, fineTime: trigger.fineTime, lines: trigger.flags,
      isPhysics: trigger.dataType.contains(.physics), line: reader.lineNumber, matches: matches,
      dominant: dominant, tracks: decay.map { trigger.tracks(of: $0.number) } ?? 0, channel: decay?.channel,
      isKaon: decay?.isKaon ?? false)
    keys.append(key)
    while pending.count > pendingLimit {
      let oldest = keys[firstKey]
      firstKey += 1
      if let left = pending.removeValue(forKey: oldest) { giveUp(left) }
    }
    // Keys of judged events at the front go, so that the list is as long as what waits is spread.
    while firstKey < keys.count, pending[keys[firstKey]] == nil { firstKey += 1 }
    if firstKey > 4096, 2 * firstKey > keys.count {
      keys.removeFirst(firstKey)
      firstKey = 0
    }
  }

  /// Takes leave of old decays: they are counted, or wait for their triggers.
  private func trim(before time: Double) {
    decays.remove(before: time) { number, decay in
      if decay.open > 0 { parked[number] = decay } else { decay.count(in: &table) }
    }
  }
}

/// Burst and number of an event.
struct TruthKey: Hashable, Comparable, Sendable {
  var burst: UInt32
  var event: UInt32

  static func < (a: Self, b: Self) -> Bool { (a.burst, a.event) < (b.burst, b.event) }
}

extension TruthTable {
  /// Adds the totals of a burst.
  mutating func add(_ totals: TruthTotals) {
    bursts += 1
    strayDecays &+= totals.strayDecays
    for channel in totals.channels {
      self[channel.name].generated &+= channel.generated
      self[channel.name].fiducial &+= channel.fiducial
      self[channel.name].written &+= channel.written
    }
  }
}

extension TruthTrigger {
  /// Particles of a decay that have hits in three views or more of every STRAW chamber in the window.
  func tracks(of decay: UInt64) -> Int {
    guard let group = decays.first(where: { $0.decay == decay }) else { return 0 }
    // Bit 4 × chamber + view; an SRB reads half a view.
    var views: [Int32: UInt16] = [:]
    for hit in group.hits where hit.detector == .straw && hit.particle >= 0 && hit.channel < 8192 {
      views[hit.particle, default: 0] |= 1 << UInt16(hit.channel >> 9)
    }
    return views.values.count { seen in
      (0..<4).allSatisfy { (seen >> UInt16(4 * $0) & 0xF).nonzeroBitCount >= 3 }
    }
  }
}
