import EventBuilding
import Foundation
import L0Trigger
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import SpillwayTestSupport
import Testing
import TriggerPipeline

@Suite("Inputs that are read again and again")
struct RepeatedSourceTests {
  private static func repeated(_ path: String, _ count: UInt32?) throws -> RepeatedSource {
    try RepeatedSource(count: count) { () throws(CaptureError) -> any PacketSource in
      try CaptureReader(inputs: [CaptureInput(path: path)])
    }
  }

  /// The rows of a table without the columns of the burst and, where asked, of L1's verdict: that has counters, which
  /// run on from burst to burst.
  private static func rows(_ table: String, withVerdict: Bool = true) -> [[Substring]] {
    table.split(separator: "\n").dropFirst().map { line in
      var fields = line.split(separator: ",", omittingEmptySubsequences: false).dropLast()
      if !withVerdict {
        fields.removeLast()
        fields.removeSubrange(6...7)
      }
      return Array(fields)
    }
  }

  @Test(
    "give the counts and decisions of one pass for each of them", arguments: ["ordered-1000", "stress-100"])
  func events(_ name: String) async throws {
    let path = RepositoryPaths.replay("\(name).pcap.gz")
    let one = try await PipelineFixture.run([path])
    let three = try await PipelineFixture.run([path], workers: 2, source: { try Self.repeated(path, 3) })
    // The thousand events are a multiple of each downscaling factor.
    let hasVerdict = name == "ordered-1000"
    let single = Self.rows(one.table, withVerdict: hasVerdict)
    let triple = Self.rows(three.table, withVerdict: hasVerdict)
    let isSame = triple == single + single + single
    #expect(isSame, "\(single.count) rows, in three passes \(triple.count)")
    var capture = CaptureBooks()
    var builder = BuilderBooks()
    for _ in 0..<3 {
      capture += one.capture
      builder += one.builder
    }
    #expect(three.capture == capture)
    #expect(three.builder.fragments == builder.fragments)
    #expect(three.builder.fragmentsBuilt == builder.fragmentsBuilt)
    #expect(three.builder.eventsBuilt == builder.eventsBuilt)
    #expect(three.builder.closes && three.batchesClose)
    #expect(three.unfinished.count == 3 * one.unfinished.count)
    #expect(three.rejects == 3 * one.rejects)
    #expect(three.bursts.count == 3 * one.bursts.count)
    #expect(three.bursts == Array(1...UInt32(three.bursts.count)))
  }

  @Test("give L0 the same triggers in each pass")
  func primitives() async throws {
    let path = RepositoryPaths.replay("l0-2018.pcap.gz")
    var menu = try #require(try TriggerMenu.load(path: RepositoryPaths.menu("kaon-2018.yaml")).l0)
    menu.resetsDownscaling = true
    let one = try await L0Outcome([path], menus: [menu])
    let three = try await L0Outcome(menus: [menu]) { try Self.repeated(path, 3) }
    let (single, triple) = (Self.rows(one.table), Self.rows(three.table))
    let isSame = triple == single + single + single
    #expect(isSame, "\(single.count) rows, in three passes \(triple.count)")
    #expect(single.count > 100)
    let bursts = three.table.split(separator: "\n").dropFirst().compactMap { $0.split(separator: ",").last }
    #expect(bursts.first == "1" && bursts.last == "3")
  }

  @Test("go on in data time, behind the pass before by its length and a gap, in whole seconds")
  func times() throws {
    let path = RepositoryPaths.replay("ordered-100.pcap.gz")
    let source = try Self.repeated(path, 3)
    var passes: [[Int64]] = []
    var marks: [UInt32] = []
    while let batch = try source.next() {
      if marks.last != batch.pass { passes.append([]) }
      marks.append(batch.pass)
      passes[passes.count - 1] += batch.datagrams.map(\.time.nanoseconds)
      #expect(batch.watermark.nanoseconds >= batch.datagrams.last?.time.nanoseconds ?? .min)
    }
    #expect(passes.count == 3 && source.passes == 3)
    let first = passes[0]
    let length = try #require(first.max()) - (try #require(first.min()))
    for (number, pass) in passes.enumerated() {
      let shift = pass[0] - first[0]
      #expect(pass.map { $0 - shift } == first)
      #expect(shift % 1_000_000_000 == 0)
      let period = shift / Int64(max(1, number))
      #expect(
        number == 0
          ? shift == 0 : (RepeatedSource.gap...RepeatedSource.gap + 1_000_000_000).contains(period - length))
    }
  }

  @Test("have bursts that go on behind those of the pass before, where the inputs say them")
  func namedBursts() throws {
    final class Named: PacketSource {
      let warnings = [CaptureWarning(path: "x", message: "said by each pass", isDataLoss: false)]
      var bursts: [UInt32] = [12, 10, 11]
      func next() throws(CaptureError) -> PacketBatch? {
        guard let burst = bursts.popLast() else { return nil }
        let packets = PacketBatch([ScriptedPacket([1], at: Int64(burst) * 20_000_000_000)])
        var books = CaptureBooks()
        books.packets = 1
        return PacketBatch(
          bytes: packets.bytes, datagrams: packets.datagrams, books: books,
          burst: BurstIdentity(run: 8000, burst: burst, startOfBurst: 1_500_000_000 + burst * 20),
          watermark: packets.watermark)
      }
    }
    let source = try RepeatedSource(count: 2) { () throws(CaptureError) -> any PacketSource in Named() }
    var seen: [BurstIdentity] = []
    while let batch = try source.next() { seen.append(try #require(batch.burst)) }
    #expect(seen.map(\.burst) == [11, 10, 12, 14, 13, 15])
    #expect(seen.map(\.run) == [8000, 8000, 8000, 8000, 8000, 8000])
    #expect(seen[3].startOfBurst == seen[0].startOfBurst + 48)
    #expect(source.warnings.count == 1)
  }

  @Test("end where a pass has no packets, and where damaged times leave no room for more")
  func ends() throws {
    final class Twice: PacketSource {
      let warnings: [CaptureWarning] = []
      var times: [Int64] = [.max, .min]
      func next() throws(CaptureError) -> PacketBatch? {
        guard let time = times.popLast() else { return nil }
        let packets = PacketBatch([ScriptedPacket([1], at: time)])
        var books = CaptureBooks()
        books.packets = 1
        return PacketBatch(
          bytes: packets.bytes, datagrams: packets.datagrams, books: books, watermark: packets.watermark)
      }
    }
    final class Empty: PacketSource {
      let warnings: [CaptureWarning] = []
      func next() throws(CaptureError) -> PacketBatch? { nil }
    }
    let empty = try RepeatedSource(count: nil) { () throws(CaptureError) -> any PacketSource in Empty() }
    #expect(try empty.next() == nil)
    #expect(try empty.next() == nil)
    let source = try RepeatedSource(count: 4) { () throws(CaptureError) -> any PacketSource in Twice() }
    var times: [Int64] = []
    while let batch = try source.next() { times += batch.datagrams.map(\.time.nanoseconds) }
    #expect(times.count == 8)
    #expect(times.last == .max)
  }
}
