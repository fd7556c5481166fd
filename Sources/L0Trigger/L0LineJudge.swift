import NA62Formats

/// Why a line of a menu does not match a trigger that another menu sent, told from the trigger's record.
///
/// The record has the primitives around the trigger with their times, before any cut, so that the answer is
/// exact for every menu that lines up primitives as the other one does (``sharesEntries(with:)``); for
/// others it is that on the primitives which the other one saw.
public struct L0LineJudge: Sendable {
  /// Number of the lines of a menu: 16 masks, and in place 16 the control trigger.
  public static let lineCount = 17

  private let settings: AlignmentSettings
  private let cuts: SIMD8<Int16>
  private let correctsReference: Bool
  /// The conditions that can fire by their line.
  private let conditions: [L0Condition?]
  private let controlLane: Int

  /// A judge of the lines of a menu.
  public init(_ menu: L0Menu) {
    settings = AlignmentSettings(menu)
    var cuts = SIMD8<Int16>(repeating: 0)
    for lane in 0..<min(L0Detector.count, menu.timeCuts.count) { cuts[lane] = menu.timeCuts[lane] }
    self.cuts = cuts
    correctsReference = menu.corrections.contains(.referenceNeighbours)
    var conditions = [L0Condition?](repeating: nil, count: Self.lineCount)
    for mask in menu.masks where (0..<16).contains(mask.number) && mask.isEnabled {
      conditions[mask.number] = mask.condition
    }
    if menu.control.isEnabled { conditions[16] = menu.control.condition }
    self.conditions = conditions.map { $0?.isImpossible == true ? nil : $0 }
    controlLane = menu.controlDetector.rawValue
  }

  /// Whether records of the other menu have all that this one looks at: entries and slots are the same.
  public func sharesEntries(with other: L0LineJudge) -> Bool {
    var (a, b) = (settings, other.settings)
    // Without control triggers a menu has fewer entries, but those of the reference are the same.
    if a.control == nil || b.control == nil { (a.control, b.control) = (nil, nil) }
    (a.makesCalibrationTriggers, b.makesCalibrationTriggers) = (false, false)
    return a == b
  }

  /// The step at which line `line` (16: control) fails on the primitives of a record, or `nil` if it matches.
  ///
  /// - Parameter sender: the judge of the menu that sent the record.
  public func failure(
    of line: Int, on record: L0TriggerRecord, sentBy sender: L0LineJudge
  ) -> LineFailure? {
    guard conditions.indices.contains(line), let condition = conditions[line] else { return .noLine }
    let coincidence = sender.coincidence(of: record)
    let words = words(coincidence)
    if condition.matches(words) { return nil }
    let all = coincidence.wordsWithoutCut
    let zero = L0Words(repeating: 0)
    if any((condition.required .!= zero) .& (all .== zero)) { return .noPrimitive }
    // All that the line asks for is there, and what it lacks or forbids is so because of the cut.
    let lacking = condition.required & ~words
    let isLackingByCut = lacking & ~all == zero && condition.forbidden & words == zero
    return condition.matches(all) || lacking != zero && isLackingByCut ? .timeCut : .maskBit
  }

  /// Whether a record has a primitive of the detector whose primitives make the entries of a line.
  public func hasEntry(_ line: Int, on record: L0TriggerRecord) -> Bool {
    let lane = line == 16 ? controlLane : settings.reference
    return (record.identifiers.0 | record.identifiers.1 | record.identifiers.2)[lane] != 0
  }

  /// Whether line `line` would match the primitives of a record with the time cuts of the menu that sent it.
  public func matches(_ line: Int, on record: L0TriggerRecord, withCutsOf sender: L0LineJudge) -> Bool {
    guard conditions.indices.contains(line), let condition = conditions[line] else { return false }
    return condition.matches(sender.words(sender.coincidence(of: record)))
  }

  private func words(_ coincidence: Coincidence) -> L0Words {
    coincidence.words(cuts: cuts, correctsReference: correctsReference)
  }

  /// What the memory held when this menu made the record.
  private func coincidence(of record: L0TriggerRecord) -> Coincidence {
    let reference = settings.reference
    guard !record.dataType.contains(.physics), let control = conditions[16] else {
      return coincidence(of: record, lane: reference)
    }
    // An entry of both detectors is measured against the reference, one of the control detector only
    // against that. The record does not say which it was; the condition does.
    let both = coincidence(of: record, lane: reference)
    return record.identifiers.0[reference] != 0 && control.matches(words(both))
      ? both : coincidence(of: record, lane: controlLane)
  }

  private func coincidence(of record: L0TriggerRecord, lane: Int) -> Coincidence {
    let clock = UInt16(truncatingIfNeeded: record.timestamp)
    let shift = UInt16(8 - settings.fineTimeBits)
    let slot = UInt16(record.fineTimes.0[lane]) >> shift
    let lastSlot = (1 as UInt16) << UInt16(settings.fineTimeBits) - 1
    let isFirst = slot == 0 || settings.fineTimeBits == 0
    let isLast = slot == lastSlot || settings.fineTimeBits == 0
    func times(_ clock: UInt16, _ fineTimes: SIMD8<UInt8>) -> L0Words {
      L0Words(truncatingIfNeeded: fineTimes) | L0Words(repeating: clock << 8)
    }
    let n = times(clock, record.fineTimes.0)
    let before = times(isFirst ? clock &- 1 : clock, record.fineTimes.1)
    let after = times(isLast ? clock &+ 1 : clock, record.fineTimes.2)
    var laneMask = L0Words(repeating: 0)
    laneMask[lane] = 0xFFFF
    return Coincidence(
      identifiers: record.identifiers, times: (n, before, after), reference: n[lane], laneMask: laneMask)
  }
}
