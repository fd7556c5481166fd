import Detectors
import NA62Formats
import Testing

@testable import Simulation

@Suite struct LKrReadoutTests {
  private static let timestamp: UInt32 = 4_000_000

  private func trigger(isZeroSuppressed: Bool) -> L1DataRequest.Trigger {
    L1DataRequest.Trigger(
      timestamp: Self.timestamp, fineTime: 0, isZeroSuppressed: isZeroSuppressed, word: 1, event: 7)
  }

  private func clusters(_ list: [(cell: Int32, energy: Float)]) -> HitList {
    var hits = HitList()
    for cluster in list {
      hits.append(
        channel: cluster.cell, leading: Double(Self.timestamp) * ReadoutClock.period, trailing: .nan,
        amplitude: cluster.energy, event: 7, particle: 0)
    }
    return hits
  }

  @Test func cellsAreReadByTheBoardsOfTheMap() {
    #expect(LKrGeometry.blocks.count == 432)
    // Rows of NA62's map: crate, slot index, slot and lowest cell.
    for (crate, slot, number, x, y) in [(1, 0, 3, 0, 88), (14, 14, 19, 56, 32), (27, 14, 19, 112, 24)] {
      let block = LKrGeometry.Block(crate: crate, slot: slot, x: x, y: y)
      #expect(LKrGeometry.blocks.contains(block))
      #expect(block.subID == UInt16(crate << 5 | number))
    }
    // No two boards read a cell.
    #expect(LKrGeometry.channels.filter { $0 >= 0 }.count == 432 * 32)
    // Channel 0 is the top of the first column.
    #expect(LKrGeometry.channels[56 * 128 + 39] == 512 * 14 + 32 * 14)
  }

  @Test func theEnergyOfAClusterIsReadBack() throws {
    var readout = LKrReadout()
    var packet: [UInt8] = []
    try readout.forEachFragment(
      of: trigger(isZeroSuppressed: true), clusters: clusters([(30_090, 20)]), seed: 1
    ) { packet += $0 }
    var sum = 0.0
    var largest: UInt16 = 0
    var place = -1
    var failures = 0
    let rejection = L1Packet.forEachFragment(of: packet.span.bytes, isConfigured: { $0 == .lkr }) {
      fragment in
      #expect(fragment.event == 7 && fragment.timestamp == Self.timestamp + 0x1F01)
      let bytes = Array(packet[(fragment.offset + 16)..<(fragment.offset + fragment.length)])
      guard let channels = try? CREAM.decode(bytes.span.bytes) else {
        failures += 1
        return
      }
      for channel in channels {
        sum += Double(channel.samples[5]) - 400
        if channel.samples[5] > largest {
          largest = channel.samples[5]
          place = 512 * fragment.crate + 32 * (fragment.slot < 11 ? fragment.slot - 3 : fragment.slot - 5)
          place += channel.number
        }
      }
    }
    #expect(rejection == nil && failures == 0)
    #expect(place == Int(LKrGeometry.channels[30 * 128 + 90]))
    // Cells below 20 counts (70 MeV), some 10 %, are suppressed.
    let energy = sum * 0.003491
    #expect(energy > 17 && energy < 19.5)
    // The middle cell has 0.394 of 0.92 within 110 mm.
    let share = (Double(largest) - 400) * 0.003491 / 20
    #expect(abs(share - 0.428) < 0.03)
  }

  @Test func withoutSuppressionAllBoardsSendTheirPedestals() throws {
    var readout = LKrReadout()
    var fragments = 0
    try readout.forEachFragment(of: trigger(isZeroSuppressed: false), clusters: HitList(), seed: 1) { bytes in
      fragments += 1
      // Header, two words, 32 channels of 8 samples, one word.
      #expect(bytes.count == 16 + 8 + 512 + 4)
    }
    #expect(fragments == 432)
    // Suppressed they all send as well, without data: what the farm leaves out.
    var suppressed = 0
    try readout.forEachFragment(of: trigger(isZeroSuppressed: true), clusters: HitList(), seed: 1) { bytes in
      suppressed += 1
      #expect(bytes.count == 28)
    }
    #expect(suppressed == 432)
  }

  @Test func samplesComeBackFromTheirPayload() throws {
    let channels = [
      CREAM.Channel(number: 2, samples: [400, 401, 16_383, 0]),
      CREAM.Channel(number: 31, samples: [1, 2, 3, 4]),
    ]
    let bytes = try CREAM.encode(channels, sampleCount: 4, isZeroSuppressed: true)
    // Two words, four of samples, one more.
    #expect(bytes.count == 28 && bytes[0] == 7 && bytes[2] == 4 && bytes[3] == 0x40)
    let back = try CREAM.decode(bytes.span.bytes)
    #expect(back == channels)
    for cut in 0..<bytes.count {
      let short = Array(bytes[..<cut])
      #expect(throws: FormatError.self) { _ = try CREAM.decode(short.span.bytes) }
    }
    #expect(throws: FormatError.self) {
      try CREAM.encode(channels.reversed(), sampleCount: 4, isZeroSuppressed: true)
    }
  }
}
