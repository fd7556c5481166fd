public import L0Trigger
import NA62Formats
public import Simulation

/// Joins emulated L0 triggers with the truth by time, while both are read.
///
/// It reads the truth on its own, as L0 runs ahead of L1; lines of triggers are passed over.
public final class TruthL0Join {
  /// What was counted.
  public private(set) var table = TruthTable()
  private let reader: TruthReader
  private let window: Double
  private var order = TruthOrder()
  private var decays = TruthDecayWindow()
  /// The burst of the decays.
  private var burst: UInt32?
  /// The record behind the last that was taken.
  private var ahead: TruthRecord?

  /// A join with the truth of a reader, of which decays begin less than `window` ns from their triggers.
  public init(reader: TruthReader, window: Double) {
    self.reader = reader
    self.window = window
    reader.skipsTriggers = true
  }

  /// Takes what a menu did in a slice.
  ///
  /// Throws `ConfigurationError` where the truth cannot be read or is not in order.
  public func add(_ slice: L0Slice, menu: Int) throws {
    guard slice.triggers.indices.contains(menu) else { return }
    for trigger in slice.triggers[menu] {
      try add(
        burst: slice.burst,
        time: (Double(trigger.timestamp) + Double(trigger.fineTime) / 256) * reader.header.clockPeriod,
        lines: trigger.dataType.contains(.physics) ? trigger.flags : nil)
    }
  }

  /// Takes a trigger; `lines` is `nil` for one that is not of physics.
  func add(burst wanted: UInt32, time: Double, lines: UInt16?) throws {
    // Triggers of different kinds may be out of order by a few clock periods.
    let start = time - window - 1000
    while let next = try peek(), let nextBurst = next.burst, nextBurst <= wanted,
      burst != wanted || decays.lastTime < time + window
    {
      take(next)
      if burst == wanted { trim(before: start) }
    }
    table.triggers += 1
    guard burst == wanted else {
      table.withoutTruth += 1
      return
    }
    guard let lines else { return }
    let matches = decays.matches(at: time, within: window)
    let dominant = decays.dominant(of: matches, at: time).flatMap { decays[$0] }
    for m in 0..<16 where lines >> UInt16(m) & 1 != 0 {
      table.lineTriggers[m] += 1
      if let dominant { table[dominant.channel].dominant[m] += 1 } else { table.accidentals[m] += 1 }
    }
    for number in matches {
      decays.update(number) { decay in
        decay.isTriggered = true
        decay.lines |= lines
      }
    }
  }

  /// Reads the rest of the truth, and returns what was counted.
  ///
  /// Throws as ``add(_:menu:)``.
  public func finish() throws -> TruthTable {
    while let next = try peek() {
      take(next)
      trim(before: decays.lastTime)
    }
    trim(before: .infinity)
    return table
  }

  private func peek() throws -> TruthRecord? {
    if ahead == nil, let record = try reader.next() {
      try order.check(record, reader)
      ahead = record
    }
    return ahead
  }

  /// Takes the record that was looked at.
  private func take(_ record: TruthRecord) {
    ahead = nil
    if burst != record.burst {
      trim(before: .infinity)
      burst = record.burst
    }
    switch record {
    case .header, .trigger: break
    case .decay(let decay): decays.append(TruthCandidate(decay, fiducial: reader.header.fiducial))
    case .totals(let totals): table.add(totals)
    }
  }

  private func trim(before time: Double) {
    decays.remove(before: time) { _, decay in decay.count(in: &table) }
  }
}
