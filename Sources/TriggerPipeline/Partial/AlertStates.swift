import Alerting
import CountingStatistics
import Foundation
import Selections

/// Makes the alerts of the parts of a run those of the whole: the state of a counting experiment in a line counts the
/// events of the parts before it as well.
///
/// It is told of the parts in the order of the data. Each line brings what is needed: its burst, and how many events its
/// part had counted.
public struct AlertStates {
  /// What is read of a line.
  public struct Line: Sendable, Decodable {
    /// Identity of the alert.
    public let id: String
    /// Name of the selection.
    public let selection: String
    /// Run of the event.
    public let run: UInt32
    /// Burst of the event.
    public let burst: UInt32
    /// Number of the event.
    public let event: UInt32
    let state: State?
    /// Data time, as RFC 3339.
    public let time: String
    /// The line, with the state of the whole.
    public internal(set) var text = ""

    struct State: Decodable {
      let observed: Int?
    }

    private enum CodingKeys: String, CodingKey {
      case id, selection, run, burst, event, state
      case time = "t_data"
    }
  }

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
  public mutating func lines(_ lines: [String], of partial: RunPartial) throws -> [Line] {
    let bursts = partial.bursts.map(\.burst)
    var ended = bursts[...]
    var seen = [Int](repeating: 0, count: counting.count)
    var out: [Line] = []
    for text in lines {
      guard var line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)) else {
        throw PartialError("a line of alerts.jsonl is not whole; run the part again")
      }
      // Bursts that ended ahead of the event.
      while let burst = ended.first, (burst.run, burst.burst) != (line.run, line.burst) {
        try cover(run: burst.run, burst: burst.burst)
        ended = ended.dropFirst()
      }
      line.text = text
      if let observed = line.state?.observed, let index = names.firstIndex(of: line.selection),
        counting[index] != nil
      {
        if observed > seen[index] {
          let period = PhysicsAccumulator.period(run: line.run, burst: line.burst)
          try counting[index]?.cover(period: period)
          try counting[index]?.add(observed - seen[index], period: period)
          seen[index] = observed
        }
        if let result = try counting[index]?.result() {
          let state = AlertRecord.State(result, try counting[index]?.anytime())
          line.text = AlertEncoder.line(text, with: state) ?? text
        }
      }
      out.append(line)
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
