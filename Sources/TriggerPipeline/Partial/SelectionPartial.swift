import CountingStatistics
import Selections

/// What the selections of a run have counted that everyone may see. What is sealed is apart: ``SealedPartial``.
struct SelectionPartial: Codable, Hashable, Sendable {
  /// One part of the events of one selection.
  struct Part: Codable, Hashable, Sendable {
    var selection: String
    var hash: String
    /// ``PhysicsAccumulator/tally``.
    var tally: CountList
    /// The counts by burst.
    var columns: Int
    var periods: CountList
    var counts: CountList

    init(_ part: PhysicsAccumulator) {
      selection = part.flow.selection
      hash = part.selectionHash
      tally = CountList(part.tally)
      columns = part.bursts.columns
      periods = CountList(part.bursts.periods)
      counts = CountList(part.bursts.counts)
    }

    /// Counts by burst.
    func bursts() throws -> PeriodCounts {
      try PeriodCounts(columns: columns, periods: periods.values, counts: counts.values)
    }

    /// The accumulator that it was made of; throws where it is not of `selection`.
    func restored(_ selection: PhysicsSelection) throws -> PhysicsAccumulator {
      guard hash == selection.hash else {
        throw SelectionError.differentSelections(selection.name, self.selection)
      }
      return try PhysicsAccumulator(selection, tally: tally.values, bursts: bursts())
    }

    mutating func merge(_ other: Part) throws {
      guard hash == other.hash else { throw SelectionError.differentSelections(selection, other.selection) }
      try tally.merge(other.tally)
      var bursts = try bursts()
      try bursts.merge(other.bursts())
      periods = CountList(bursts.periods)
      counts = CountList(bursts.counts)
    }
  }

  /// Hash of selections and reconstruction.
  var hash: String
  var parts: [Part]
  /// Events that the counting experiments of alerts hold, by burst, in the order of the selections.
  var alerted: [Alerted]

  /// Events by burst.
  struct Alerted: Codable, Hashable, Sendable {
    var periods: CountList
    var counts: CountList

    init(_ counts: PeriodCounts) {
      periods = CountList(counts.periods)
      self.counts = CountList(counts.counts)
    }

    func restored() throws -> PeriodCounts {
      try PeriodCounts(columns: 1, periods: periods.values, counts: counts.values)
    }
  }

  mutating func merge(_ other: SelectionPartial) throws {
    guard hash == other.hash, parts.count == other.parts.count, alerted.count == other.alerted.count else {
      throw PartialError("the runs have different selections; merge runs of the same selections")
    }
    for index in parts.indices { try parts[index].merge(other.parts[index]) }
    for index in alerted.indices {
      var sum = try alerted[index].restored()
      try sum.merge(other.alerted[index].restored())
      alerted[index] = Alerted(sum)
    }
  }
}
