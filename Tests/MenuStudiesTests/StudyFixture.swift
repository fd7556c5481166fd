import Foundation
import L0Trigger
import MenuStudies
import NA62Formats
import PacketCapture
import SpillwayTestSupport

/// Menus, streams and runs for the tests of studies.
enum StudyFixture {
  /// A condition that requires bits of detectors, and forbids others.
  static func condition(
    _ required: [(L0Detector, Int)], forbidden: [(L0Detector, Int)] = []
  ) -> L0Condition {
    var condition = L0Condition()
    for (detector, bit) in required { condition[detector, bit] = .required }
    for (detector, bit) in forbidden { condition[detector, bit] = .forbidden }
    return condition
  }

  /// A menu with line 0: RICH and CHOD.
  static func menu(_ change: (inout L0Menu) -> Void = { _ in }) -> L0Menu {
    var menu = L0Menu()
    menu.name = "plain"
    menu.masks = [L0Menu.Mask(number: 0, name: "two", condition: condition([(.rich, 14), (.chod, 14)]))]
    change(&menu)
    return menu
  }

  /// A coincidence of RICH and CHOD every 100 clock periods; the CHOD is later by 40/256.
  static func coincidences(_ frames: Int = 40) -> PrimitiveStream {
    var stream = PrimitiveStream(frames: frames)
    for timestamp in stride(from: UInt32(300), to: UInt32(frames - 3) * 256, by: 100) {
      stream.add(1, at: timestamp, fineTime: 100)
      stream.add(0, at: timestamp, fineTime: 140)
    }
    return stream
  }

  /// Primitives as a generator with the given seed throws them; many lie near one another.
  static func random(seed: UInt64, frames: Int = 70) -> PrimitiveStream {
    var random = SplitMix64(seed: seed)
    var stream = PrimitiveStream(frames: frames)
    for frame in 0..<frames {
      // Detectors send their primitives in the order of time.
      for offset in (0..<random.below(12)).map({ _ in random.below(256) }).sorted() {
        let timestamp = UInt32(frame * 256 + offset)
        let fineTime = random.below(256)
        for input in 0..<7 where !random.oneIn(3) {
          let time = min(max(fineTime + random.below(160) - 80, 0), 255)
          stream.add(
            input, at: timestamp, fineTime: UInt8(time), UInt16(0x4000 | random.below(0x4000) & 0x3F00))
        }
      }
    }
    return stream
  }

  /// Menus that differ in one thing or another from the first.
  static func menus(_ count: Int) -> [L0Menu] {
    (0..<count).map { number in
      menu { menu in
        menu.name = "menu \(number)"
        menu.masks = [
          .init(number: 0, name: "", condition: condition([(.rich, 14), (.chod, 14)])),
          .init(
            number: 3, name: "", condition: condition([(.rich, 14), (.lkr, 13)], forbidden: [(.muv3, 12)])),
          .init(number: 7, name: "", condition: condition([(.rich, 13)]), downscaling: .init(3)),
        ]
        menu.control = .init(
          isEnabled: true, condition: condition([(.chod, 14)]), downscaling: .init(5))
        switch number % 8 {
        case 1: menu.masks[2].downscaling = .init(2)
        case 2: menu.timeCuts[0] = 20
        case 3: menu.masks[0].isEnabled = false
        case 4: menu.primitiveDT = 30
        case 5: menu.referenceDetector = .lkr
        case 6: menu.fineTimeBits = 1
        case 7: menu.periodics = [.init(period: 4000, word: 0x30, start: 100, end: 100_000)]
        default: break
        }
      }
    }
  }

  /// The packets as a batch of the capture stage, numbered from `first`.
  static func batch(_ packets: ArraySlice<ScriptedPacket>) -> PacketBatch {
    var bytes: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    for i in packets.indices {
      let packet = packets[i]
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: packet.nanoseconds),
          packet: PacketReference(input: 0, number: UInt32(i + 1)), frameOffset: bytes.count,
          frameLength: packet.payload.count, payloadOffset: bytes.count, payloadLength: packet.payload.count,
          sourceAddress: 0x0A00_0001, destinationAddress: packet.host, sourcePort: 50000,
          destinationPort: packet.port))
      bytes += packet.payload
    }
    return PacketBatch(
      bytes: bytes, datagrams: datagrams,
      watermark: DataTime(nanoseconds: packets.last?.nanoseconds ?? 0))
  }

  /// The slices of the menus on the packets, taken after every `step` packets.
  static func slices(
    _ menus: [L0Menu], _ packets: [ScriptedPacket], step: Int = .max,
    between body: (PacketBatch, [L0Slice]) -> Void = { _, _ in }
  ) -> [L0Slice] {
    var options = L0Emulator.Options()
    options.tracesOutcomes = true
    options.monitorsPrimitives = true
    let emulator = L0Emulator(menus: menus, options: options)
    var all: [L0Slice] = []
    var begin = 0
    while begin < packets.count {
      let end = min(packets.count, begin + min(step, packets.count))
      let batch = batch(packets[begin..<end])
      emulator.add(batch, 0..<batch.datagrams.count)
      let slices = emulator.take()
      body(batch, slices)
      all += slices
      begin = end
    }
    emulator.finish()
    let slices = emulator.take()
    body(batch([]), slices)
    return all + slices
  }

  /// Studies the menus on the packets.
  static func study(
    _ menus: [L0Menu], _ packets: [ScriptedPacket], step: Int = .max,
    options: MenuStudy.Options = MenuStudy.Options()
  ) -> StudyResult {
    var study = MenuStudy(menus: menus, options: options)
    var reader = RecordedDecisionReader()
    _ = slices(menus, packets, step: step) { batch, slices in
      let decisions = reader.decisions(in: batch)
      study.add(slices, recorded: decisions, books: reader.books)
    }
    study.finish()
    return study.result
  }

  /// The sums that hold whatever the menus are.
  static func sumsHold(_ result: StudyResult) -> Bool {
    zip(result.pairs, result.differences).allSatisfy { pair, difference in
      let (first, second) = (result.menus[pair.first], result.menus[pair.second])
      return first.triggers.sent == difference.both + difference.lost.total
        && second.triggers.sent == difference.both + difference.gained.total
        && (0..<LinePattern.lineCount).allSatisfy { line in
          let counts = difference.lines[line]
          return first.inclusive(line) == counts.both + counts.lost.total
            && second.inclusive(line) == counts.both + counts.gained.total
        }
    }
  }
}
