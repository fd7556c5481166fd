import Detectors
import EventBuilding
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport

/// Events and configurations for the tests of the trigger.
enum L1Fixture {
  private static let loadedMaps = Result { try L1DetectorMaps.load(path: RepositoryPaths.detectors) }

  /// The shipped channel maps, read once.
  static func maps() throws -> L1DetectorMaps { try loadedMaps.get() }

  /// One board of each detector of the trigger.
  static let layout = EventLayout(
    sources: [SourceID.ktag, .lav, .straw, .chod, .ircSacNewCHOD, .muv3, .l0tp, .l1].map {
      .init(id: $0, fragments: 1)
    })

  /// The layout without some sources.
  static func layout(without missing: SourceID...) -> EventLayout {
    EventLayout(sources: layout.sources.filter { !missing.contains($0.id) })
  }

  static let timestamp: UInt32 = 0x0100_8000

  /// A time at the fine time 128 of an event, moved by 1/256 of a clock period.
  static func edge(_ channel: Int, isLeading: Bool = true, shift: Int = 0) -> TDCEdge {
    TDCEdge(
      time: UInt64(timestamp) * 256 + UInt64(128 + shift), channel: UInt16(channel), isLeading: isLeading)
  }

  /// Events with the given L0 records, in which every detector sends the edges of `edges`, or none.
  static func batch(
    _ records: [L0TPRecord], layout: EventLayout = layout, edges: [SourceID: [TDCEdge]] = [:],
    bad: Set<SourceID> = []
  ) throws -> EventBatch {
    var packets: [ScriptedPacket] = []
    for (i, record) in records.enumerated() {
      for source in layout.sources where source.id != .l1 {
        let payload: [UInt8]
        switch source.id {
        case .l0tp: payload = record.bytes
        case let id where bad.contains(id): payload = [1]
        case .straw: payload = SRBEncoder(board: 0, firstSlotTime: timestamp).bytes
        case let id:
          payload = try TEL62Encoder(edges: edges[id] ?? [], timestamp: timestamp, subID: 1).bytes()
        }
        packets.append(
          ScriptedPacket(source.id, board: 1, first: UInt32(i), [payload], timestamp: timestamp))
      }
    }
    return batch(packets, layout: layout)
  }

  /// Events of the given packets.
  static func batch(_ packets: [ScriptedPacket], layout: EventLayout, blockSize: Int = 12) -> EventBatch {
    var options = EventBuilder.Options()
    options.l1BlockByteCount = blockSize
    let builder = EventBuilder(layout: layout, options: options)
    builder.add(PacketBatch(packets), packets.indices)
    return builder.takeBatch()
  }

  /// A configuration without autopass in which the given masks are set up.
  static func configuration(_ masks: [Int: L1Mask]) -> L1Configuration {
    var configuration = L1Configuration()
    configuration.autoFlagFactor = 0
    for (number, mask) in masks { configuration.masks[number] = mask }
    return configuration
  }

  /// A mask with algorithms in the given order, each a veto: in an event without edges all of them pass.
  static func vetoes(_ order: [L1Algorithm]) -> L1Mask {
    var mask = L1Mask()
    for (place, algorithm) in order.enumerated() {
      mask[algorithm].isEnabled = true
      mask[algorithm].isPositive = false
      mask[algorithm].processID = place
      if algorithm == .straw { mask[algorithm].xx = 1 }
    }
    return mask
  }

  /// The verdicts on a batch, by a new processor.
  static func decide(
    _ batch: EventBatch, _ configuration: L1Configuration
  ) throws -> [(evaluation: L1Evaluation, decision: L1Decision)] {
    try L1Processor(configuration: configuration, layout: batch.layout, maps: maps()).process(batch)
  }

  /// The words of the verdicts on events with the given records and no edges.
  static func words(_ records: [L0TPRecord], _ configuration: L1Configuration) throws -> [UInt8] {
    try decide(batch(records), configuration).map(\.decision.word.rawValue)
  }
}
