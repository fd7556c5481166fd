import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Packets to the farm")
struct FarmOutputTests {
  @Test("hold every trigger once, in order, between the events at the start and end of the burst")
  func triggers() throws {
    let stream = RandomPrimitives(seed: 41, groups: 200).datagrams()
    let menu = L0Menu.test([L0Condition()]) { $0.control.isEnabled = true }
    let emulator = L0Emulator(menus: [menu])
    let batch = PacketBatch(stream)
    emulator.add(batch, 0..<batch.datagrams.count)
    emulator.finish()
    var output = FarmOutput(menu: menu, eventsPerPacket: 8)
    var packets: [[UInt8]] = []
    var triggers: [L0TriggerRecord] = []
    var counters = (L0MenuCounters(), L0AlignmentCounters())
    for slice in emulator.take() {
      triggers += slice.triggers[0]
      counters.0 += slice.menuCounters[0]
      counters.1 += slice.alignmentCounters[0]
      packets += output.packets(of: slice, menu: 0, totals: counters)
    }
    #expect(triggers.count > 100)
    var events: [(number: UInt32, timestamp: UInt32, payload: [UInt8], isLast: Bool)] = []
    for packet in packets {
      let span = packet.span.bytes
      #expect(L0MEP.validate(span, isConfigured: { $0 == .l0tp }) == nil)
      guard let header = L0MEPHeader(span) else { continue }
      #expect(header.subID == 3)
      L0MEP.forEachFragment(of: span, header: header) { fragment in
        let range = fragment.payloadOffset..<(fragment.payloadOffset + fragment.payloadLength)
        events.append((fragment.event, fragment.timestamp, Array(packet[range]), fragment.isLastOfBurst))
      }
    }
    #expect(events.map(\.number) == (0..<UInt32(triggers.count + 2)).map { $0 })
    #expect(events.first.flatMap { L0TPRecord($0.payload.span.bytes) }?.word == .startOfBurst)
    var previous: (UInt32, UInt8) = (0, 0x22)
    for (event, trigger) in zip(events.dropFirst(), triggers) {
      #expect(event.timestamp == trigger.timestamp)
      let read = L0TPEvent(event.payload.span.bytes)
      var expected = L0TPEvent(trigger)
      (expected.previousTimestamp, expected.previousWord) = previous
      #expect(read == expected)
      previous = (trigger.timestamp, trigger.word)
    }
    let last = try #require(events.last)
    #expect(last.isLast)
    let end = try L0TPEndOfBurst(last.payload.span.bytes)
    #expect(end.masks[0].pre == UInt32(counters.0.pre[0]))
    #expect(end.controlPost == UInt32(counters.0.controlPost))
    #expect(end.lastTimestamp == previous.0)
  }
}
