import Foundation
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import SpillwayTestSupport
import Testing
import TriggerPipeline

@Suite(
  "A pipeline on an interface", .enabled(if: Loopback.mayCapture, "capturing on lo needs CAP_NET_RAW"),
  .serialized)
struct LivePipelineTests {
  /// Runs the pipeline on the loopback, sends a stream when it listens, and stops it then.
  private func listen(
    to path: String, filter: String, workers: Int, _ destination: PacketSender.Destination, frames: Bool
  ) async throws -> (outcome: PipelineFixture.Outcome, sender: SenderBooks, feed: PacketFeed) {
    let stop = try LiveControl()
    let feed = PacketFeed(live: stop)
    let isListening = NIOLockedValueBox(false)
    async let sent: SenderBooks = {
      defer { feed.stop() }
      while !isListening.withLockedValue({ $0 }) { try await Task.sleep(for: .milliseconds(1)) }
      var options = CaptureOptions()
      options.takesFrames = frames
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: options)
      let sender = try PacketSender(to: destination)
      while let batch = try reader.next() { sender.send(batch) }
      return sender.books
    }()
    let outcome = try await PipelineFixture.run(
      [], workers: workers, feed: feed,
      source: {
        let capture = try LiveCapture(interface: "lo", options: LiveOptions(filter: filter), control: stop)
        isListening.withLockedValue { $0 = true }
        return capture
      })
    return (outcome, try await sent, feed)
  }

  @Test("decides as the replay of the same stream does", arguments: ["ordered-1000", "stress-100"])
  func sameDecisions(_ name: String) async throws {
    let path = RepositoryPaths.replay("\(name).pcap.gz")
    let replay = try await PipelineFixture.run([path])
    let sinks = try [UInt16(58913), 58915].map { try Loopback.Sink(port: $0) }
    let live = try await listen(
      to: path, filter: "udp and dst host \(Loopback.host)", workers: 2,
      .host(address: Loopback.address, port: nil), frames: false)
    #expect(live.sender.closes && live.sender.sent == replay.capture.datagrams)
    #expect(live.outcome.capture.datagrams == replay.capture.datagrams)
    #expect(live.outcome.capture.kernelDropped == 0)
    let isSame = live.outcome.table == replay.table
    #expect(isSame, "\(live.outcome.events) events live, \(replay.events) in the replay")
    #expect(live.outcome.builder == replay.builder)
    #expect(live.outcome.rates == replay.rates)
    #expect(live.outcome.batchesClose)
    #expect(live.feed.wasStopped && live.feed.isLive)
    withExtendedLifetime(sinks) {}
  }
}
