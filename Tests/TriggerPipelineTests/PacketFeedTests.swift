import NA62Formats
import PacketCapture
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing
import TriggerPipeline

@Suite("What lets packets in")
struct PacketFeedTests {
  /// What a feed delivered: datagrams and packets of the books.
  private struct Delivered {
    var times: [Int64] = []
    var packets: UInt64 = 0
    var batches = 0
  }

  /// Batches of ten packets each, 100 µs from one to the next.
  private func source(batches: Int) -> @Sendable () throws -> (() throws -> PacketBatch?) {
    {
      var made = 0
      return {
        guard made < batches else { return nil }
        defer { made += 1 }
        let scripted = PacketBatch((0..<10).map { ScriptedPacket([1], at: Int64(made * 10 + $0) * 100_000) })
        var books = CaptureBooks()
        books.packets = 10
        books.datagrams = 10
        return PacketBatch(
          bytes: scripted.bytes, datagrams: scripted.datagrams, books: books, watermark: scripted.watermark)
      }
    }
  }

  private func run(
    _ feed: PacketFeed, batches: Int, isWanted: @Sendable () -> Bool = { true },
    then: @Sendable (Int) -> Bool = { _ in true }
  ) async throws -> Delivered {
    let delivered = NIOLockedValueBox(Delivered())
    try await feed.run(source: source(batches: batches), isWanted: isWanted) { batch in
      then(
        delivered.withLockedValue {
          $0.times += batch.datagrams.map(\.time.nanoseconds)
          $0.packets += batch.books.packets
          $0.batches += 1
          return $0.times.count
        })
    }
    return delivered.withLockedValue { $0 }
  }

  @Test("with a speed every packet is delivered once, in order, and the books come whole")
  func paced() async throws {
    let feed = PacketFeed(speed: 5)
    let run = try await run(feed, batches: 5)
    #expect(run.times == (0..<50).map { $0 * 100_000 })
    #expect(run.packets == 50)
    #expect(run.batches > 5)
    let pace = try #require(feed.pace)
    #expect(abs(pace.dataSeconds - 0.0049) < 1e-12)
    #expect(pace.seconds >= pace.plannedSeconds)
    #expect(!feed.wasStopped)
  }

  @Test("without a speed the batches pass as they are")
  func unpaced() async throws {
    let feed = PacketFeed()
    let run = try await run(feed, batches: 3)
    #expect(run.batches == 3)
    #expect(run.packets == 30)
    #expect(feed.pace == nil)
  }

  @Test("a stop ends the stream with the batch under way, whose books are whole", arguments: [nil, 0.01])
  func stops(_ speed: Double?) async throws {
    let feed = PacketFeed(speed: speed)
    let run = try await run(
      feed, batches: 100_000,
      then: { count in
        if count >= 13 { feed.stop() }
        return true
      })
    #expect(run.times == (0..<20).map { $0 * 100_000 })
    #expect(run.packets == 20)
    #expect(feed.wasStopped)
  }

  @Test("who wants no more is not waited for", arguments: [true, false])
  func unwanted(_ whileWaiting: Bool) async throws {
    let run = try await run(
      PacketFeed(speed: 0.001), batches: 100, isWanted: { !whileWaiting }, then: { _ in whileWaiting })
    #expect(run.times == [0])
  }

  @Test("at any speed a stream gives the same decisions, counts and books", arguments: [1000.0, 50])
  func sameResults(_ speed: Double) async throws {
    let path = RepositoryPaths.replay("stress-100.pcap.gz")
    let reference = try await PipelineFixture.run([path])
    let paced = try await PipelineFixture.run([path], workers: 2, feed: PacketFeed(speed: speed))
    #expect(paced.table == reference.table)
    #expect(paced.builder == reference.builder)
    #expect(paced.capture == reference.capture)
    #expect(paced.rates == reference.rates)
    #expect(paced.unfinished == reference.unfinished)
    #expect(paced.rejects == reference.rejects)
  }
}
