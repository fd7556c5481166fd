public import EventBuilding

/// What the boards that are read after L1 sent of one event.
///
/// `L1DataCollector` gives it for the events that L1 kept, when all has come.
public struct CalorimeterData: Sendable {
  /// The fragments, in any order; their offsets are into `bytes`.
  public var fragments: ContiguousArray<L1DataFragment>
  /// The bytes of the fragments, headers included.
  public var bytes: ContiguousArray<UInt8>

  /// The given fragments.
  public init(fragments: ContiguousArray<L1DataFragment>, bytes: ContiguousArray<UInt8>) {
    self.fragments = fragments
    self.bytes = bytes
  }

  /// The data that were collected for an event: of its fragments those that have data.
  public init(_ data: L1EventData) {
    self.init(fragments: data.filled, bytes: data.bytes)
  }
}
