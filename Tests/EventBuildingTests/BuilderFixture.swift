import EventBuilding
import NA62Formats
import PacketCapture
import SpillwayTestSupport

/// Small layouts and packets for the tests of event building.
enum BuilderFixture {
  static let muv3 = SourceID.muv3

  /// L0TP, two boards of KTAG, MUV3 and the virtual source 0x44.
  static let layout = EventLayout(sources: [
    .init(id: .ktag, fragments: 2), .init(id: .muv3, fragments: 1), .init(id: .l0tp, fragments: 1),
    .init(id: .l1, fragments: 1),
  ])

  /// The packets of `count` events from `first` on: L0TP, the two KTAG boards, MUV3.
  static func packets(
    first: UInt32, count: Int = 1, word: UInt8 = 1, isLast: Bool = false, timestamp: UInt32 = 1000,
    at nanoseconds: Int64 = 0
  ) -> [ScriptedPacket] {
    func packet(_ source: SourceID, _ board: UInt8, _ payload: [UInt8]) -> ScriptedPacket {
      ScriptedPacket(
        source, board: board, first: first, Array(repeating: payload, count: count), timestamp: timestamp,
        isLast: isLast, at: nanoseconds)
    }
    let record = L0TPRecord(fineTime: 7, dataType: .physics, word: L0Word(rawValue: word), flags: 1)
    return [
      packet(.l0tp, 0, record.bytes), packet(.ktag, 0, [1, 2, 3, 4, 5]), packet(.ktag, 1, [6, 7]),
      packet(.muv3, 0, []),
    ]
  }

  /// Builds with all packets, ends the burst if asked to, and takes what came of it.
  static func build(
    _ packets: [ScriptedPacket], with builder: EventBuilder, finishes: Bool = true
  ) -> EventBatch {
    let batch = PacketBatch(packets)
    builder.add(batch, 0..<batch.datagrams.count)
    if finishes { builder.finish() }
    return builder.takeBatch()
  }

  /// Builds with a new builder.
  static func build(_ packets: [ScriptedPacket], options: EventBuilder.Options = .init()) -> EventBatch {
    build(packets, with: EventBuilder(layout: layout, options: options))
  }

  /// The payload of a fragment of an event, by its dense place.
  static func payload(_ event: BuiltEvent, _ place: Int, of batch: EventBatch) -> [UInt8] {
    let fragment = batch.fragments[Int(event.firstFragment) + place]
    if fragment.isVirtual { return [UInt8](repeating: 0, count: Int(fragment.length)) }
    return Array(batch.bytes[Int(fragment.offset)..<Int(fragment.offset + fragment.length)])
  }

  /// Unfinished events as text, to compare.
  static func texts(_ events: [UnfinishedEvent]) -> [String] {
    events.map { "\($0.number) of burst \($0.burst): \($0.received), \($0.reason.rawValue)" }
  }

  /// How many packets were thrown away for a reason.
  static func rejected(_ reason: PacketRejection, _ books: BuilderBooks) -> UInt64 {
    guard let index = PacketRejection.allCases.firstIndex(of: reason) else { return 0 }
    return books.rejected[index]
  }

  /// The rejection counters with one reason counted once.
  static func only(_ reason: PacketRejection) -> [UInt64] {
    PacketRejection.allCases.map { $0 == reason ? 1 : 0 }
  }
}
