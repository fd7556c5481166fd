import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import NIOConcurrencyHelpers
import TriggerPipeline

/// Captures and runs of the pipeline for its tests.
enum PipelineFixture {
  static let streams = ["ordered", "shuffled", "stress"]
  static let menus = ["default", "pnn", "refchod", "stateful"]

  private static let loadedMenus = Result {
    try Dictionary(
      uniqueKeysWithValues: menus.map {
        ($0, try L1Menu.load(path: RepositoryPaths.menu("golden-\($0).yaml")))
      })
  }

  /// A shipped menu, read once.
  static func menu(_ name: String) throws -> L1Menu {
    guard let menu = try loadedMenus.get()[name] else { throw CocoaError(.fileNoSuchFile) }
    return menu
  }

  /// A packet of a capture as it was recorded.
  struct Packet: Sendable {
    var time: Int64
    var frame: [UInt8]
    var originalLength: Int
  }

  /// The packets of a classic little-endian capture with times in microseconds.
  static func packets(_ path: String) throws -> [Packet] {
    let bytes = try readWholeFileDecompressed(path)
    var packets: [Packet] = []
    func word(_ at: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
    }
    var at = 24
    while at + 16 <= bytes.count {
      let length = word(at + 8)
      packets.append(
        Packet(
          time: Int64(word(at)) * 1_000_000_000 + Int64(word(at + 4)) * 1000,
          frame: Array(bytes[(at + 16)..<(at + 16 + length)]), originalLength: word(at + 12)))
      at += 16 + length
    }
    return packets
  }

  /// Writes packets as a capture.
  static func write(_ packets: [Packet], to path: String) throws {
    let writer = try CaptureWriter(path: path)
    for packet in packets {
      try writer.write(
        frame: packet.frame, time: DataTime(nanoseconds: packet.time), originalLength: packet.originalLength)
    }
    try writer.close()
  }

  /// What came out of a run.
  struct Outcome: Sendable {
    var table = DecisionTable.header
    var builder = BuilderBooks()
    var capture = CaptureBooks()
    var readerBooks = CaptureBooks()
    var batchesClose = true
    var unfinished: [UnfinishedEvent] = []
    var rejects = 0
    var events = 0
    var batches = 0
    var largestBatch = 0
    var rates = RateTable()
    var order: [UInt32] = []
    var bursts: [UInt32] = []
  }

  /// Runs captures through the pipeline.
  static func run(
    _ paths: [String], menu name: String = "default", scratch: StrawScratch = .clean,
    corrections: L1Corrections = [], workers: Int = 1,
    batchEvents: Int = 256, runsAlone: Bool = true, eventLimit: UInt64? = nil, slabSize: Int = 1 << 20,
    feed: PacketFeed = PacketFeed(), source: (@Sendable () throws -> any PacketSource)? = nil
  ) async throws -> Outcome {
    let menu = try menu(name)
    var configuration = menu.configuration
    configuration.strawScratch = scratch
    configuration.corrections = corrections
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = batchEvents
    options.runsAlone = runsAlone
    options.eventLimit = eventLimit
    let pipeline = TriggerPipeline(
      configuration: configuration, layout: menu.layout, maps: menu.detectors.maps, options: options)
    let table = DecisionTable(configuration: configuration)
    let outcome = NIOLockedValueBox(Outcome())
    let readerBooks = NIOLockedValueBox(CaptureBooks())
    try await pipeline.run(
      source: {
        if let source = try source?() { return { try source.next() } }
        var captureOptions = CaptureOptions()
        captureOptions.slabSize = slabSize
        let reader = try CaptureReader(inputs: paths.map(CaptureInput.init(path:)), options: captureOptions)
        return {
          let batch = try reader.next()
          readerBooks.withLockedValue { $0 = reader.books }
          return batch
        }
      },
      feed: feed,
      take: { judged in
        let rows = table.rows(of: judged)
        outcome.withLockedValue { out in
          out.table += rows
          out.builder += judged.batch.books
          out.capture += judged.batch.captureBooks
          if !judged.batch.books.closes || !judged.batch.captureBooks.closes { out.batchesClose = false }
          out.unfinished += judged.batch.unfinished
          out.rejects += judged.batch.rejects.count
          out.events += judged.batch.events.count
          out.batches += 1
          out.largestBatch = max(out.largestBatch, judged.batch.events.count)
          out.order += judged.batch.events.map(\.number)
          for (i, event) in judged.batch.events.enumerated() {
            out.rates.add(event, judged.evaluations[i], judged.decisions[i])
          }
          for burst in judged.batch.endedBursts {
            out.rates.add(burst)
            out.bursts.append(burst.burst)
          }
        }
      })
    let books = readerBooks.withLockedValue { $0 }
    return outcome.withLockedValue { out in
      out.readerBooks = books
      return out
    }
  }

  /// A golden table, from a file that may be compressed.
  static func table(_ path: String) throws -> String {
    String(decoding: try readWholeFileDecompressed(path), as: UTF8.self)
  }
}

extension PipelineFixture {
  /// Frames without IPv4 fragments and options as a batch of a burst that the input names.
  static func batch(_ packets: [Packet], burst: UInt32) -> PacketBatch {
    let plain = PacketBatch(
      packets.map {
        ScriptedPacket(
          Array($0.frame[42..<(34 + (Int($0.frame[38]) << 8 | Int($0.frame[39])))]), at: $0.time,
          port: UInt16($0.frame[36]) << 8 | UInt16($0.frame[37]))
      })
    return PacketBatch(
      bytes: plain.bytes, datagrams: plain.datagrams,
      burst: BurstIdentity(run: 1, burst: burst, startOfBurst: 0), watermark: plain.watermark)
  }
}
