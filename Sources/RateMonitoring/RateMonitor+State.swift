import NA62Formats
import PacketCapture

extension RateMonitor {
  /// All that the monitor remembers between two packets, to be kept with a checkpoint of the run: a monitor of the same
  /// configuration that is restored from it finds in the rest of the stream what the first one finds.
  ///
  /// The counts of the bursts before, which are shown, are not in it.
  public struct State: Sendable, Codable {
    var burstsEnded: UInt64
    /// By the lines' names, so that the same state has the same bytes.
    var totals: [String: UInt64]
    var tally: PacketTally.State
    var tracker: BurstTracker
    var open: OpenBurst?
    var closing: OpenBurst?
    var detectors: [SilenceWatch]
    var boards: [SilenceWatch]
    var boardShares: [ShareWatch]
    var bitShares: [ShareWatch]
    var steps: [StepWatch.State]
    var losses: [LossState]
    var isSilent: Bool
    var tallies: [EventTally]
    var identity: BurstIdentity?
    var run: UInt32
  }

  /// What it remembers. Packets that it was told of, and whose judged batch it was not, are not in it: they are read
  /// again.
  public var state: State {
    State(
      burstsEnded: burstsEnded,
      totals: Dictionary(totals.map { ($0.key.description, $0.value) }, uniquingKeysWith: &+),
      tally: tally.state, tracker: tracker, open: open, closing: closing, detectors: detectors,
      boards: boards, boardShares: boardShares, bitShares: bitShares, steps: steps.map(\.state),
      losses: losses, isSilent: isSilent, tallies: tallies, identity: identity, run: run)
  }

  /// Goes on from a state.
  ///
  /// - Throws: `RateMonitoringError.differentState` where the state is of another configuration; then nothing has changed.
  public mutating func restore(_ state: State) throws(RateMonitoringError) {
    var restored = self
    guard state.detectors.count == detectors.count, state.bitShares.count == bitShares.count,
      state.steps.count == steps.count, state.losses.count == losses.count,
      state.boards.count == state.boardShares.count, state.boards.count <= state.tally.boards.count,
      state.tallies.allSatisfy(\.isSound), restored.tally.restore(state.tally)
    else { throw .differentState }
    restored.burstsEnded = state.burstsEnded
    restored.totals = [:]
    for (name, count) in state.totals {
      guard let line = RateLine(text: name) else { throw .differentState }
      restored.totals[line] = count
    }
    restored.tracker = state.tracker
    (restored.open, restored.closing) = (state.open, state.closing)
    (restored.detectors, restored.boards) = (state.detectors, state.boards)
    (restored.boardShares, restored.bitShares) = (state.boardShares, state.bitShares)
    for index in steps.indices { restored.steps[index].restore(state.steps[index]) }
    (restored.losses, restored.isSilent) = (state.losses, state.isSilent)
    (restored.tallies, restored.identity, restored.run) = (state.tallies, state.identity, state.run)
    self = restored
  }
}
