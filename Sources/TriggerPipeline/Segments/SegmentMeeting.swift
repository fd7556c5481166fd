import L0Trigger

/// Where L0 and the events meet at the end of a segment: each waits until the other has taken all of its results, and
/// L0 goes on once the end has been told.
final class SegmentMeeting: Sendable {
  private let arrivals = BoundedStream<L0Emulator.Carry>(capacity: 1)
  private let departures = BoundedStream<Bool>(capacity: 1)

  /// L0 has taken its results of a segment; returns when it may go on.
  func arrive(_ carry: L0Emulator.Carry) async {
    // Where the events have ended first, there is nobody to wait for.
    if await arrivals.send(carry) { _ = await departures.receive() }
  }

  /// The events have come as far: waits for L0; nil if it has gone.
  func meet() async -> L0Emulator.Carry? { await arrivals.receive() }

  /// The end of the segment has been told.
  func part() async { _ = await departures.send(true) }

  /// L0 ends.
  func finishL0() {
    arrivals.finish()
    departures.close()
  }

  /// The events end.
  func finishEvents() {
    arrivals.close()
    departures.finish()
  }
}
