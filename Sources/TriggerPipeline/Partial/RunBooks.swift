import EventBuilding
import PacketCapture

/// The books of a run up to L1's verdict, and what ties them to each other.
struct RunBooks {
  var capture: CaptureBooks
  var builder: BuilderBooks
  var l1Data: L1DataBooks
  var rates: RateTable
  /// Whether there are sources that are read after L1.
  var hasL1Sources: Bool

  /// Whether every item is in exactly one column.
  var close: Bool {
    capture.closes && builder.closes && builder.eventsBuilt == rates.events && l1Data.closes
      && l1Data.fragments == builder.l1Fragments && l1Data.events == (hasL1Sources ? rates.kept : 0)
  }
}
