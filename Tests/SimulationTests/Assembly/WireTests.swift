import NA62Formats
import Testing

@testable import Simulation

/// What is on the network, read at offsets that are written here by hand from `l1.md` and `l0tp.md`.
@Suite struct WireTests {
  /// The lines of this file whose expectation fails: one by one, for thousands of frames, they would be slow.
  private struct Faults {
    var lines: Set<Int> = []

    mutating func expect(_ isTrue: Bool, line: Int = #line) { if !isTrue { lines.insert(line) } }
  }

  private static let made = Result { () throws -> [AssemblyFixture.Frame] in
    let setup = try AssemblyFixture.setup(keepsTruth: false)
    return AssemblyFixture.frames(try AssemblyFixture.outputs(setup))
  }

  @Test func framesAreEthernetIPv4AndUDPInOrderOfTime() throws {
    let frames = try Self.made.get()
    #expect(frames.count > 3000)
    var last = Int64.min
    var faults = Faults()
    for frame in frames {
      faults.expect(frame.time >= last)
      last = frame.time
      // l1.md 1.2: Ethernet type, IPv4 without options, UDP; lengths; 9014 bytes at most.
      faults.expect(frame.big(12) == 0x0800 && frame.bytes[14] == 0x45 && frame.bytes[23] == 17)
      faults.expect(frame.bytes.count <= 9014 && frame.bytes.count >= 60)
      let total = frame.big(16)
      faults.expect(14 + total == frame.bytes.count || frame.bytes.count == 60 && 14 + total < 60)
      faults.expect(frame.big(38) == total - 20)
      faults.expect(frame.big(20) & 0x3FFF == 0)
      var sum = 0
      for offset in stride(from: 14, to: 34, by: 2) { sum += frame.big(offset) }
      faults.expect(sum % 0xFFFF == 0)
      faults.expect([58913, 58914, 58915].contains(frame.port))
    }
    #expect(faults.lines.isEmpty)
  }

  @Test func everyInputSendsAPacketOfPrimitivesForEveryFrame() throws {
    let frames = try Self.made.get().filter { $0.port == 58914 }
    var headers: [Int: [Int]] = [:]
    var used: [Int: Int] = [:]
    var faults = Faults()
    for frame in frames {
      // l0tp.md 1.1: source port 0xE62x.
      faults.expect(frame.big(34) >> 4 == 0xE62)
      let payload = frame.payload
      let source = Int(payload[3])
      headers[source, default: []].append(frame.little(42, 3))
      faults.expect(
        frame.little(46, 2) == payload.count && payload.count % 4 == 0 && payload.count >= 16)
      let count = Int(payload[6])
      used[source, default: 0] += count
      // l0tp.md 1.3: a word with an upper byte of 0 is a time, the others are primitives.
      var primitives = 0
      var high = -1
      for offset in stride(from: 8, to: payload.count, by: 4) {
        if payload[offset + 3] == 0 {
          high = frame.little(42 + offset, 3)
        } else {
          primitives += 1
          // Two frames behind the header.
          faults.expect(high == frame.little(42, 3) - 2)
        }
      }
      faults.expect(primitives == count)
      if count == 0 { faults.expect(payload.count == 16) }
    }
    #expect(faults.lines.isEmpty)
    #expect(Set(headers.keys) == [0x18, 0x1C, 0x10, 0x30, 0x20, 0x60, 0x24])
    for (source, times) in headers {
      #expect(times.count == 16 * 15 || times.count == 16 * 16)
      #expect(zip(times, times.dropFirst()).allSatisfy { $1 == $0 + 1 })
      #expect((used[source] ?? 0 > 0) == (source != 0x60))
    }
  }

  @Test func multiEventPacketsHoldEveryEventOfEveryBoard() throws {
    let frames = try Self.made.get().filter { $0.port == 58913 }
    var events: [Int: [Int]] = [:]
    var times: [Int: Set<Int>] = [:]
    var flags: [Int: Set<Int>] = [:]
    var faults = Faults()
    for frame in frames where frame.bytes[45] != 0x40 || frame.bytes[49] == 3 {
      let payload = frame.payload
      faults.expect(frame.little(46, 2) == payload.count)
      let board = Int(payload[3]) << 8 | Int(payload[7])
      let first = frame.little(42, 3)
      var offset = 8
      for i in 0..<Int(payload[6]) {
        let length = frame.little(42 + offset, 2)
        faults.expect(length >= 8 && Int(payload[offset + 2]) == (first + i) & 0xFF)
        faults.expect(payload[offset + 3] & 0x7F == 0)
        events[board, default: []].append(first + i)
        times[first + i, default: []].insert(frame.little(42 + offset + 4, 4))
        flags[first + i, default: []].insert(Int(payload[offset + 3]))
        offset += length
      }
      faults.expect(offset == payload.count)
    }
    #expect(faults.lines.isEmpty)
    // l1.md 2.7: 6 + 12 + 32 + 1 + 5 + 1 + 1 boards, and L0TP.
    #expect(events.count == 59)
    let count = events[0x4003]?.count ?? 0
    #expect(count > 20)
    for (_, list) in events { #expect(list == Array(0..<count)) }
    for event in 0..<count {
      #expect(times[event]?.count == 1)
      #expect(flags[event] == [event == count - 1 ? 0x80 : 0])
    }
  }

  @Test func theProcessorSendsStartTriggersAndEnd() throws {
    let frames = try Self.made.get().filter { $0.port == 58913 && $0.bytes[45] == 0x40 }
    for frame in frames {
      // l0tp.md 5.1 and 5.2.
      #expect(
        frame.big(34) == 0xD622 && frame.big(36) == 0xE621
          && Array(frame.bytes[30..<34]) == [192, 168, 1, 20])
      #expect(frame.bytes[49] == 3)
    }
    let first = try #require(frames.first)
    #expect(first.little(42, 3) == 0 && first.little(46, 2) == 8 + 96 * Int(first.bytes[48]))
    // Event 0: word 0x22 at byte 20 of the payload, which is 16 behind the start of the packet.
    #expect(first.bytes[42 + 16 + 20] == 0x22 && first.bytes[42 + 16 + 1] == 0x22)
    // Event 1 is 96 bytes on: a trigger that says what it is, and the time and word of the one before.
    #expect(first.bytes[42 + 16 + 96 + 21] == 0x22)
    #expect(first.bytes[42 + 16 + 96 + 1] & 0x11 != 0)
    // l0tp.md 5.4: 856 bytes, 0x23 at bytes 1 and 20, the flag of the last event.
    let last = try #require(frames.last)
    #expect(last.little(46, 2) == 856 && last.bytes[48] == 1 && last.little(50, 2) == 848)
    #expect(last.bytes[53] == 0x80 && last.bytes[42 + 16 + 1] == 0x23 && last.bytes[42 + 16 + 20] == 0x23)
  }

  @Test func creamsAnswerForTheEventsThatL1Keeps() throws {
    let setup = try AssemblyFixture.setup()
    let outputs = try AssemblyFixture.outputs(setup)
    var kept: Set<Int> = []
    var times: [Int: Int] = [:]
    for trigger in outputs.flatMap(\.triggers) {
      times[Int(trigger.event)] = Int(trigger.record.timestamp)
      if trigger.decision?.word.isEmpty == false { kept.insert(Int(trigger.event)) }
    }
    #expect(kept.count > 5 && kept.count < times.count)
    // Start and end of burst are special, and kept.
    kept.insert(0)
    kept.insert(times.count + 1)
    var boards: [Int: Set<Int>] = [:]
    var withData = 0
    var faults = Faults()
    for frame in AssemblyFixture.frames(outputs) where frame.port == 58915 {
      let payload = frame.payload
      var offset = 0
      // l1.md 2.4: fragments without a packet header, 16 bytes of header each.
      while offset < payload.count {
        let event = frame.little(42 + offset, 3)
        faults.expect(payload[offset + 3] == 0x24)
        let length = 4 * frame.little(42 + offset + 4, 2)
        faults.expect(length >= 28 && length <= 9500)
        if length > 28 { withData += 1 }
        let subID = frame.little(42 + offset + 12, 2)
        faults.expect(boards[event, default: []].insert(subID).inserted)
        // Slots 3 to 10 and 13 to 20.
        faults.expect([3...10, 13...20].contains { $0.contains(subID & 31) })
        if let time = times[event] {
          faults.expect(frame.little(42 + offset + 8, 4) == time + 0x1F01)
        } else {
          faults.expect(length == 28)
        }
        offset += max(length, 28)
      }
      faults.expect(offset == payload.count)
    }
    #expect(faults.lines.isEmpty)
    #expect(Set(boards.keys) == kept)
    #expect(boards.values.allSatisfy { $0.count == 432 })
    #expect(withData > 20)
  }

  @Test func aDatagramBeyondTheFrameIsCutIntoFragments() {
    var block = FrameBlock()
    let payload = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    block.append(
      OutgoingDatagram(
        time: 5, sourceAddress: 0x0AC2_1401, destinationAddress: 0xC0A8_0114, sourcePort: 1,
        destinationPort: 58913, payload: payload))
    #expect(block.frames.count == 3 && block.count == 1)
    var whole: [UInt8] = []
    for (i, frame) in block.frames.enumerated() {
      let bytes = Array(block.bytes[frame.offset..<(frame.offset + frame.length)])
      #expect(bytes.count <= 9014)
      let flags = Int(bytes[20]) << 8 | Int(bytes[21])
      #expect((flags & 0x1FFF) * 8 == whole.count && (flags & 0x2000 != 0) == (i < 2))
      whole += bytes[34...]
    }
    #expect(Array(whole[8...]) == payload)
    let datagram = block.batch().datagrams[0]
    #expect(
      Array(block.bytes[datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength)])
        == payload)
  }
}
