import Foundation
import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing
import TriggerPipeline

@Suite("Raw primitive files in a replay")
struct PrimitiveFileReplayTests {
  private static let boundary = RepositoryPaths.replay("l0-boundary.pcap.gz")

  private static func menu() throws -> L0Menu {
    try L0Menu.load(path: RepositoryPaths.path("Tests/Fixtures/l0/boundary.menu.json"))
  }

  /// Writes the packets of the boundary stream as the files of some bursts; at most `limit` of each.
  private static func write(_ directory: String, bursts: [(number: UInt32, limit: Int)]) throws -> UInt64 {
    let writer = PrimitiveFileWriter(directory: directory, run: 8000, burst: bursts.first?.number ?? 0)
    for (number, limit) in bursts {
      try writer.startBurst(number)
      let reader = try CaptureReader(inputs: [CaptureInput(path: boundary)])
      var count = 0
      while let batch = try reader.next() {
        let storage = batch.bytes
        for datagram in batch.datagrams where count < limit && datagram.destinationPort == MTP.port {
          let begin = datagram.payloadOffset
          try writer.write(storage.span.bytes.extracting(begin..<(begin + datagram.payloadLength)))
          count += 1
        }
      }
    }
    try writer.close()
    return writer.refused
  }

  /// The counters without those of packets that were not taken.
  private static func emulated(_ counters: String) -> Substring {
    let begin = counters.range(of: "\"groups\"")?.lowerBound ?? counters.startIndex
    let end = counters.range(of: "\"lost_packets\"")?.lowerBound ?? counters.startIndex
    return counters[min(begin, end)..<end]
  }

  @Test("give the triggers and counters of the capture they were made from")
  func roundTrip() async throws {
    let menu = try Self.menu()
    let expected = try await L0Outcome([Self.boundary], menus: [menu])
    try await RepositoryPaths.withTemporaryDirectory { directory in
      // The stream has packets of unknown sources, for which there are no files.
      #expect(try Self.write(directory, bursts: [(1, .max)]) == 5)
      for batch in [0, 17] {
        let outcome = try await L0Outcome([directory], menus: [menu], batch: batch)
        #expect(outcome.table == expected.table)
        #expect(Self.emulated(outcome.counters) == Self.emulated(expected.counters))
      }
    }
  }

  @Test("are bursts of their own, with the numbers of their names, however short they are")
  func bursts() async throws {
    var menu = try Self.menu()
    menu.resetsDownscaling = true
    let one = try await L0Outcome([Self.boundary], menus: [menu])
    try await RepositoryPaths.withTemporaryDirectory { directory in
      // The first burst has so few packets that the time of the second begins behind it.
      _ = try Self.write(directory, bursts: [(3, 14), (7, .max), (8, .max)])
      let input = try ReplayInput(arguments: [directory], filter: nil)
      #expect(input.saysBursts && !input.isBurstFiles)
      #expect(Set(input.files.map(\.burst)) == [3, 7, 8])
      let rows = try await L0Outcome([directory], menus: [menu]).table.split(separator: "\n").dropFirst()
      let expected = one.table.split(separator: "\n").dropFirst().map { $0.dropLast(2) }
      for burst in [7, 8] {
        let mine = rows.filter { $0.hasSuffix(",\(burst)") }.map { $0.dropLast(2) }
        // The last slot of the memory keeps what it held in the burst before.
        #expect(Set(mine).intersection(expected).count > expected.count - 5)
        #expect(mine.count >= expected.count)
      }
      let direct = try input.open()
      let emulator = L0Emulator(menus: [menu])
      var ended: [UInt32] = []
      while let batch = try direct.next() {
        emulator.add(batch, 0..<batch.datagrams.count)
        ended += emulator.take().filter(\.endsBurst).map(\.burst)
      }
      emulator.finish()
      ended += emulator.take().filter(\.endsBurst).map(\.burst)
      #expect(ended == [3, 7, 8])
    }
  }

  @Test("take no filter")
  func filter() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      _ = try Self.write(directory, bursts: [(1, 100)])
      #expect(throws: CaptureError.self) { try ReplayInput(arguments: [directory], filter: "udp") }
    }
  }
}
