import NA62Formats
import PacketCapture
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing
import TriggerPipeline

private struct Stop: Error, Equatable { var place: String }

@Suite("How a run ends")
struct PipelineEndTests {
  private func pipeline(workers: Int) throws -> TriggerPipeline {
    let menu = try PipelineFixture.menu("refchod")
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = 1
    options.depth = 1
    return TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options)
  }

  private static let path = RepositoryPaths.replay("ordered-100.pcap.gz")

  @Test("an error of the taker ends the run and is thrown", arguments: [1, 3])
  func takerThrows(_ workers: Int) async throws {
    let pipeline = try pipeline(workers: workers)
    let taken = NIOLockedValueBox(0)
    await #expect(throws: Stop(place: "take")) {
      try await pipeline.run(
        source: {
          let reader = try CaptureReader(inputs: [CaptureInput(path: Self.path)])
          return { try reader.next() }
        },
        take: { _ in
          let count = taken.withLockedValue {
            $0 += 1
            return $0
          }
          if count == 3 { throw Stop(place: "take") }
        })
    }
    #expect(taken.withLockedValue { $0 } == 3)
  }

  @Test("an error of the source is thrown", arguments: [1, 3])
  func sourceThrows(_ workers: Int) async throws {
    let pipeline = try pipeline(workers: workers)
    await #expect(throws: Stop(place: "open")) {
      try await pipeline.run(source: { throw Stop(place: "open") }, take: { _ in })
    }
    await #expect(throws: Stop(place: "next")) {
      try await pipeline.run(
        source: {
          let reader = try CaptureReader(inputs: [CaptureInput(path: Self.path)])
          var isFirst = true
          return {
            guard isFirst else { throw Stop(place: "next") }
            isFirst = false
            return try reader.next()
          }
        }, take: { _ in })
    }
  }

  @Test("a source without packets gives one batch without events")
  func noPackets() async throws {
    let batches = NIOLockedValueBox<[Int]>([])
    try await pipeline(workers: 2).run(
      source: { { nil } },
      take: { judged in batches.withLockedValue { $0.append(judged.batch.events.count) } })
    #expect(batches.withLockedValue { $0 } == [0])
  }
}
