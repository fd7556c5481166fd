import Alerting
import CountingStatistics
import Selections

/// Makes the alerts of the parts of a run those of the whole: the state of a counting experiment in a line counts the
/// events of the parts before it as well.
///
/// It is told of the parts in the order of the data. Each line brings what is needed: its burst, and how many events its
/// part had counted.
public struct AlertStates {
  private let names: [String]
  private var counting: [CountingState?]

  /// At the beginning of a run with these selections.
  public init(selections setup: SelectionSetup?) {
    names = (setup?.set.selections ?? []).map(\.name)
    counting = (setup?.set.selections ?? []).map(ReplayAccount.counting)
  }

  /// The lines of the next part, as the whole run writes them.
  ///
  /// - Parameters:
  ///   - lines: the part's `alerts.jsonl`.
  ///   - partial: what the part has counted.
  /// - Throws: `PartialError` where a line is none, `StatisticsError`.
  public mutating func lines(_ lines: [String], of partial: RunPartial) throws -> [String] {
    let bursts = partial.bursts.map(\.burst)
    var ended = bursts[...]
    var seen = [Int](repeating: 0, count: counting.count)
    var out: [String] = []
    for text in lines {
      guard let line = CandidateLine(text) else {
        throw PartialError("a line of alerts.jsonl is not whole; run the part again")
      }
      // Bursts that ended ahead of the event.
      while let burst = ended.first, (burst.run, burst.burst) != (line.run, line.burst) {
        try cover(run: burst.run, burst: burst.burst)
        ended = ended.dropFirst()
      }
      guard let observed = line.observed, let index = names.firstIndex(of: line.selection),
        counting[index] != nil
      else {
        out.append(text)
        continue
      }
      if observed > seen[index] {
        let period = PhysicsAccumulator.period(run: line.run, burst: line.burst)
        try counting[index]?.cover(period: period)
        try counting[index]?.add(observed - seen[index], period: period)
        seen[index] = observed
      }
      guard let result = try counting[index]?.result() else { continue }
      out.append(line.with(AlertRecord.State(result, try counting[index]?.anytime())))
    }
    for burst in ended { try cover(run: burst.run, burst: burst.burst) }
    return out
  }

  private mutating func cover(run: UInt32, burst: UInt32) throws {
    for index in counting.indices {
      try counting[index]?.cover(period: PhysicsAccumulator.period(run: run, burst: burst))
    }
  }
}
