import EventBuilding
import L0Trigger
import NA62Formats
import PacketCapture

/// Finds where a stream can be cut between two bursts.
///
/// A cut lies in front of a datagram with which a burst ends by the rules of event building (`BurstTracker`), if
/// nothing was received for as long before it as L0 takes for the end of a burst (`L0Emulator.burstPause`); or where
/// the input itself names another burst, or is read from its start again. A pure state machine over the datagrams in their order: so where the cuts
/// are depends on the stream alone. What it remembers begins anew at a cut: from there on a new one finds the same.
struct SegmentCutter {
  private let l0Port: UInt16
  private let host: UInt32?
  private let options: BurstTracker.Options
  /// The sources whose packets event building takes.
  private let configured: [Bool]
  private var tracker: BurstTracker
  private var identity: BurstIdentity?
  private var pass: UInt32 = 0
  private var newest: DataTime?

  /// A cutter at the beginning of a segment.
  ///
  /// - Parameters:
  ///   - layout: the sources of event building; without one L0TP alone.
  ///   - options: those of event building.
  init(layout: EventLayout? = nil, options: EventBuilder.Options = EventBuilder.Options()) {
    l0Port = options.l0Port
    host = options.hostAddress
    self.options = options.burst
    tracker = BurstTracker(options: options.burst)
    var configured = [Bool](repeating: false, count: 256)
    for source in layout?.sources.map(\.id) ?? [.l0tp] { configured[Int(source.rawValue)] = true }
    self.configured = configured
  }

  /// The burst under way, by the rules of event building, where the input does not say it.
  var burst: UInt32 { tracker.burst }

  /// Whether a datagram that comes next at a time begins a segment by that alone, whatever it holds.
  func beginsSegment(at time: DataTime) -> Bool {
    var tracker = tracker
    return tracker.arrival(at: time) == .endBurst
      && newest.map { time.seconds(since: $0) > L0Emulator.burstPause } ?? false
  }

  /// Looks at the datagrams of a batch from `begin` on, up to the first one that begins a segment.
  ///
  /// - Returns: its index; nil where none does.
  mutating func nextCut(in packets: PacketBatch, from begin: Int) -> Int? {
    let datagrams = packets.datagrams
    guard begin < datagrams.count else { return nil }
    let bytes = packets.bytes
    let isFirst = newest == nil
    if packets.burst != identity || packets.pass != pass || isFirst {
      identity = packets.burst
      pass = packets.pass
      tracker = BurstTracker(options: options)
      newest = datagrams[begin].time
      look(datagrams[begin], bytes)
      if !isFirst { return begin }
    }
    for i in (isFirst ? begin + 1 : begin)..<datagrams.count {
      let time = datagrams[i].time
      let isAfterPause = newest.map { time.seconds(since: $0) > L0Emulator.burstPause } ?? false
      newest = max(newest ?? time, time)
      if look(datagrams[i], bytes), isAfterPause {
        newest = time
        return i
      }
    }
    return nil
  }

  /// Whether nothing has come for so long, up to a time, that the burst is over: the next datagram would begin another
  /// one. So a live stream need not wait for it. Where it is, the cutter begins anew.
  mutating func endsInPause(at time: DataTime) -> Bool {
    guard identity == nil, let newest, let end = tracker.endOfBurst,
      time.seconds(since: end) > options.cleanAfter, time.seconds(since: newest) > L0Emulator.burstPause
    else { return false }
    tracker = BurstTracker(options: options)
    self.newest = nil
    return true
  }

  /// Whether a burst ends before a datagram.
  @discardableResult
  @inline(__always)
  private mutating func look(_ datagram: Datagram, _ bytes: ContiguousArray<UInt8>) -> Bool {
    guard identity == nil else { return false }
    // Of any datagram: the primitives of a burst come ahead of its fragments.
    let arrival = tracker.arrival(at: datagram.time)
    let offset = datagram.payloadOffset
    guard arrival != .flush, datagram.destinationPort == l0Port,
      datagram.payloadLength >= L0MEPHeader.byteCount,
      bytes[offset + 3] == SourceID.l0tp.rawValue,
      host == nil || host == datagram.destinationAddress
    else { return arrival == .endBurst }
    return see(bytes.span.bytes.extracting(offset..<(offset + datagram.payloadLength)), at: datagram.time)
      || arrival == .endBurst
  }

  /// Looks at what a packet of L0TP says of the burst.
  private mutating func see(_ payload: RawSpan, at time: DataTime) -> Bool {
    guard L0MEP.validate(payload, isConfigured: { configured[Int($0.rawValue)] }) == nil,
      let header = L0MEPHeader(payload)
    else { return false }
    return tracker.see(L0TPBurstMarks(payload, header: header), at: time) == .endBurst
  }
}
