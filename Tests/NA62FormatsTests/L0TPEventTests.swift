import NA62Formats
import Testing

@Suite("Events of the L0 trigger processor")
struct L0TPEventTests {
  private var event: L0TPEvent {
    var event = L0TPEvent(
      record: L0TPRecord(
        fineTime: 0x11, dataType: [.physics, .control], word: L0Word(rawValue: 0x11), flags: 0x8421))
    event.identifiers = (0..<21).map { UInt16(0x4000 + $0) }
    event.fineTimes = (0..<21).map { UInt8(100 + $0) }
    event.previousTimestamp = 0x0102_0304
    event.previousWord = 0x22
    event.primitiveCounts = [1, 2, 3, 255]
    event.internalTimestamp = 0x0A0B_0C0D
    return event
  }

  @Test("have each field where the table of the specification has it")
  func layout() {
    let bytes = event.bytes
    #expect(bytes.count == 88)
    #expect(bytes[0] == 0x11 && bytes[1] == 0x11)
    // Slot N: identifiers A at 2, D at 8, G at 14; fine times from 32.
    #expect(Array(bytes[2..<4]) == [0x00, 0x40] && Array(bytes[14..<16]) == [0x06, 0x40])
    #expect(Array(bytes[16..<20]) == [4, 3, 2, 1])
    #expect(bytes[20] == 0x11 && bytes[21] == 0x22)
    #expect(Array(bytes[22..<24]) == [0x21, 0x84])
    #expect(Array(bytes[24..<32]) == [1, 2, 3, 255, 0x0D, 0x0C, 0x0B, 0x0A])
    #expect(bytes[32] == 100 && bytes[38] == 106 && bytes[39] == 0)
    // Slot N-1 at 42 and 56, slot N+1 at 66 and 80.
    #expect(bytes[42] == 7 && bytes[56] == 107 && bytes[66] == 14 && bytes[80] == 114)
    #expect(bytes[86] == 120 && bytes[87] == 0)
  }

  @Test("come back as they were written")
  func roundTrip() {
    #expect(L0TPEvent(event.bytes.span.bytes) == event)
    let short = Array(event.bytes.prefix(87))
    #expect(L0TPEvent(short.span.bytes) == nil)
  }

  @Test("at the end of a burst have 840 bytes, and come back as they were written")
  func endOfBurst() throws {
    var end = L0TPEndOfBurst()
    end.fixedLatency = 4000
    end.fineTimeBits = 2
    end.referenceDetector = 1
    end.controlFactor = 400
    end.controlPre = 123_456
    end.controlPost = 308
    end.lastTimestamp = 99
    end.lastWord = 1
    end.primitives = [1, 2, 3, 4, 5, 6, 7]
    end.chokes = 8
    end.errors = 9
    end.periodics = 10
    end.calibrations = 11
    for m in 0..<16 {
      end.masks[m].factor = UInt32(m + 1)
      end.masks[m].post = UInt32(100 * m)
      end.masks[m].pre = UInt32(1000 * m)
      end.masks[m].mask = (0..<7).map { UInt16(m * 16 + $0) }
      end.masks[m].dontcare = (0..<7).map { UInt16(0xFF00 + m * 16 + $0) }
    }
    let bytes = end.bytes
    #expect(bytes.count == 840)
    #expect(bytes[1] == 0x23 && bytes[20] == 0x23)
    #expect(Array(bytes[72 + 48 * 3..<76 + 48 * 3]) == [3, 0, 0, 0])
    #expect(try L0TPEndOfBurst(bytes.span.bytes) == end)
    let short = Array(bytes.dropLast())
    #expect(throws: FormatError.self) { try L0TPEndOfBurst(short.span.bytes) }
    var other = bytes
    other[1] = 0x22
    #expect(throws: FormatError.self) { try L0TPEndOfBurst(other.span.bytes) }
  }
}
