public import Detectors
public import EventBuilding
public import NA62Formats
import PacketCapture

/// Puts simulated hits through the readout into built events, as the farm has them: fragments of all boards,
/// packets, event building. For studies and tests that need events without a capture.
public struct EventBatchMaker: Sendable {
  /// The sources and boards of the events.
  public let layout: EventLayout
  private var maker: FragmentMaker

  /// A maker of events with the sources of `detectors`.
  public init(configuration: ResponseConfiguration, detectors: DetectorConfiguration) {
    maker = FragmentMaker(configuration: configuration, detectors: detectors)
    layout = EventLayout(sources: detectors.sources.l0.map { .init(id: $0.id, fragments: $0.boards) })
  }

  /// The events of triggers at the given times.
  ///
  /// - Parameters:
  ///   - times: of the triggers, in ns since the start of burst; those that no trigger can have are left out.
  ///   - hits: gives the hits around a trigger, by its place in `times`; arranged (`HitStore.arrange`).
  /// - Throws: `FormatError` if a board has more edges than its format can hold.
  public mutating func batch(times: [Double], hits: (Int) -> HitStore) throws(FormatError) -> EventBatch {
    var writer = MEPWriter(eventsPerPacket: 8)
    var payloads: [[UInt8]] = []
    for (place, time) in times.enumerated() {
      guard let units = ReadoutClock.units(time), units >> 8 <= Int64(UInt32.max) else { continue }
      let timestamp = UInt32(truncatingIfNeeded: units >> 8)
      var fragments: [(SourceID, UInt8, [UInt8])] = []
      try maker.forEachFragment(of: .init(timestamp: timestamp), hits: hits(place)) {
        fragments.append(($0, $1, $2))
      }
      let record = L0TPRecord(
        fineTime: UInt8(truncatingIfNeeded: units), dataType: .physics, word: L0Word(rawValue: 1), flags: 1)
      fragments.append((.l0tp, 0, record.bytes))
      for (source, board, payload) in fragments {
        try writer.add(
          source: source, board: board, event: UInt32(truncatingIfNeeded: place), timestamp: timestamp,
          payload: payload
        ) { payloads.append($0) }
      }
    }
    writer.flush { payloads.append($0) }
    var bytes: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    for (i, payload) in payloads.enumerated() {
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: 0),
          packet: PacketReference(input: 0, number: UInt32(truncatingIfNeeded: i + 1)),
          frameOffset: bytes.count, frameLength: payload.count, payloadOffset: bytes.count,
          payloadLength: payload.count, sourceAddress: 0x0A00_0001, destinationAddress: 0x0A00_0002,
          sourcePort: 50000, destinationPort: 58913))
      bytes += payload
    }
    let packets = PacketBatch(bytes: bytes, datagrams: datagrams, watermark: DataTime(nanoseconds: 0))
    var options = EventBuilder.Options()
    options.l1BlockByteCount = 12
    let builder = EventBuilder(layout: layout, options: options)
    builder.add(packets, payloads.indices)
    return builder.takeBatch()
  }
}
