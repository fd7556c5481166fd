import EventBuilding
import L1Trigger
import NA62Formats

/// What the events of one burst are counted into: a row of counts for each bin.
struct EventTally: Sendable, Codable {
  /// The places of a row; selections stand behind them.
  enum Place {
    /// For each mask: fired by L0, accepted by L1, and the eight algorithms.
    static let perMask = 10
    static let events = 16 * perMask
    static let kept = events + 1
    static let physics = events + 2
    static let periodic = events + 3
    static let control = events + 4
    static let special = events + 5
    static let selections = events + 6
  }

  let key: RateCounts.Key
  /// The bin of the first event that was completed.
  private var firstBin: Int64?
  private let width: Int64
  private let row: Int
  private var counts: ContiguousArray<UInt32> = []
  /// Events of the burst that were given up.
  private(set) var unfinished: UInt64 = 0
  /// Events completed.
  private(set) var built: UInt64 = 0
  /// Fragments missing of given-up events, by source.
  private(set) var missing: ContiguousArray<UInt64>

  init(_ key: RateCounts.Key, width: Int64, selections: Int, sources: Int) {
    self.key = key
    self.width = width
    row = Place.selections + selections
    missing = ContiguousArray(repeating: 0, count: sources)
  }

  /// Whether its rows are whole: one that was read may be damaged.
  var isSound: Bool { row >= Place.selections && width > 0 && counts.count % row == 0 }

  /// Where the row of a time begins; rows are added as bins come.
  @inline(__always)
  private mutating func row(at time: DataTime) -> Int {
    let bin = RateCounts.bin(of: time.nanoseconds, width: width)
    let first = firstBin ?? bin
    firstBin = first
    let after = bin.subtractingReportingOverflow(first)
    let place = after.overflow ? 0 : min(max(0, Int(after.partialValue)), RateCounts.maximumBins - 1)
    let end = (place + 1) * row
    if end > counts.count { counts.append(contentsOf: repeatElement(0, count: end - counts.count)) }
    return place * row
  }

  /// Counts an event, as `RateTable` does.
  mutating func add(_ event: BuiltEvent, _ evaluation: L1Evaluation, _ decision: L1Decision) {
    let base = row(at: event.time)
    built &+= 1
    let l0 = event.l0
    counts.withUnsafeMutableBufferPointer { row in
      row[base + Place.events] &+= 1
      if !decision.word.isEmpty { row[base + Place.kept] &+= 1 }
      if l0.word.isSpecial || l0.word == .gtkPulser { row[base + Place.special] &+= 1 }
      if l0.dataType.contains(.periodic) { row[base + Place.periodic] &+= 1 }
      if l0.dataType.contains(.control) { row[base + Place.control] &+= 1 }
      guard l0.dataType.contains(.physics) else { return }
      row[base + Place.physics] &+= 1
      var fired = l0.flags
      while fired != 0 {
        let mask = fired.trailingZeroBitCount
        fired &= fired &- 1
        let place = base + mask * Place.perMask
        row[place] &+= 1
        guard evaluation.plan.path == .masks, evaluation.plan.reducedMasks & 1 << UInt16(mask) == 0
        else { continue }
        if decision.masks & 1 << UInt16(mask) != 0 { row[place + 1] &+= 1 }
        var words = evaluation.words[mask]
        while words != 0 {
          row[place + 2 + words.trailingZeroBitCount] &+= 1
          words &= words &- 1
        }
      }
    }
  }

  /// Counts the selections that take an event, a bit for each.
  mutating func add(selected: UInt64, at time: DataTime) {
    var rest = selected
    guard rest != 0 else { return }
    let base = row(at: time)
    while rest != 0 {
      let place = Place.selections + rest.trailingZeroBitCount
      rest &= rest &- 1
      guard place < row else { continue }
      counts[base + place] &+= 1
    }
  }

  /// Counts an event that was given up.
  mutating func add(_ event: UnfinishedEvent, layout: EventLayout) {
    unfinished &+= 1
    for (place, source) in layout.sources.enumerated() where place < missing.count {
      let received = place < event.received.count ? Int(event.received[place]) : 0
      missing[place] &+= UInt64(max(0, source.fragments - received))
    }
  }

  /// Adds the lines to a burst.
  func pour(into burst: inout RateCounts.Burst, names: RateLineNames) {
    let first = firstBin ?? burst.firstBin
    let shift = Int(clamping: first.subtractingReportingOverflow(burst.firstBin).partialValue)
    let bins = counts.count / max(1, row)
    for place in 0..<row {
      var line = RateCounts.Line()
      for bin in 0..<bins where counts[bin * row + place] > 0 {
        let count = UInt64(counts[bin * row + place])
        line.count &+= count
        line.add(count, bin: bin &+ shift)
      }
      guard line.count > 0 || place == Place.events else { continue }
      burst.lines[Self.line(at: place, names)] = line
    }
    burst.lines[RateLine(.stream, "events given up")] = Self.line(count: unfinished)
    burst.lines[RateLine(.stream, "fragments missing")] = Self.line(count: missing.reduce(0, &+))
  }

  private static func line(count: UInt64) -> RateCounts.Line {
    var line = RateCounts.Line()
    line.count = count
    return line
  }

  private static func line(at place: Int, _ names: RateLineNames) -> RateLine {
    switch place {
    case Place.events: return RateLine(.stream, "events")
    case Place.kept: return RateLine(.stream, "events kept by L1")
    case Place.physics: return RateLine(.stream, "physics events")
    case Place.periodic: return RateLine(.stream, "periodic events")
    case Place.control: return RateLine(.stream, "control events")
    case Place.special: return RateLine(.stream, "special events")
    case Place.selections...:
      let number = place - Place.selections
      return RateLine(
        .selection, number < names.selections.count ? names.selections[number] : "selection \(number)")
    default: break
    }
    let (mask, part) = place.quotientAndRemainder(dividingBy: Place.perMask)
    switch part {
    case 0: return RateLine(.l0, names.mask(mask))
    case 1: return RateLine(.l1, names.mask(mask))
    default:
      let algorithm = L1Algorithm(rawValue: part - 2)?.name ?? "algorithm \(part - 2)"
      return RateLine(.algorithm, "\(names.mask(mask)) \(algorithm)")
    }
  }
}
