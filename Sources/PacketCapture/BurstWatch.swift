public import NA62Formats

/// How a reader knows that a burst ends: then no fragment of an IPv4 datagram waits any longer.
///
/// The rules are those of event building (`BurstTracker`), applied to each packet as it is read: so the
/// place of the change depends on the packets alone, never on batches or on timing. Identifications of
/// IPv4 come again in each burst; without the change a fragment could meet one of a burst before.
public struct BurstWatch: Sendable, Hashable {
  /// UDP port of L0 data.
  public var l0Port: UInt16 = 58913
  /// The burst change.
  public var burst = BurstTracker.Options()

  /// NA62's values.
  public init() {}

  /// A watch that is on.
  struct State {
    private let l0Port: UInt16
    private var tracker: BurstTracker

    init(_ watch: BurstWatch) {
      l0Port = watch.l0Port
      tracker = BurstTracker(options: watch.burst)
    }

    /// When the end-of-burst trigger of the burst came; nil before.
    var endOfBurst: DataTime? { tracker.endOfBurst }

    /// Whether a burst has ended before a packet of this time.
    @inline(__always)
    mutating func endsBurst(at time: DataTime) -> Bool { tracker.arrival(at: time) == .endBurst }

    /// Whether a burst has ended before this datagram.
    @inline(__always)
    mutating func endsBurst(_ payload: UnsafeRawBufferPointer, port: UInt16, at time: DataTime) -> Bool {
      let hasEnded = endsBurst(at: time)
      guard port == l0Port, payload.count >= L0MEPHeader.byteCount,
        payload[3] == SourceID.l0tp.rawValue
      else { return hasEnded }
      return look(payload.bytes, at: time) || hasEnded
    }

    private mutating func look(_ payload: RawSpan, at time: DataTime) -> Bool {
      guard let header = L0MEPHeader(payload),
        L0MEP.validate(payload, isConfigured: { $0 == .l0tp }) == nil
      else { return false }
      return tracker.see(L0TPBurstMarks(payload, header: header), at: time) == .endBurst
    }
  }
}
