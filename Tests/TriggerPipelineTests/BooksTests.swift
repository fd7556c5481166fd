import EventBuilding
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Books of a whole run")
struct PipelineBooksTests {
  /// Checks that every item of a run is in exactly one column, and that the columns of the stages agree.
  private func check(_ outcome: PipelineFixture.Outcome, _ comment: Comment) {
    #expect(outcome.builder.closes, comment)
    #expect(outcome.capture.closes, comment)
    #expect(outcome.batchesClose, comment)
    #expect(outcome.builder.datagrams == outcome.capture.datagrams, comment)
    #expect(outcome.capture == outcome.readerBooks, comment)
    #expect(outcome.builder.fragmentsPending == 0, comment)
    #expect(outcome.builder.eventsPending == 0, comment)
    #expect(outcome.capture.fragmentsPending == 0, comment)
    #expect(outcome.builder.eventsBuilt == UInt64(outcome.events), comment)
    #expect(outcome.builder.eventsUnfinished == UInt64(outcome.unfinished.count), comment)
    #expect(outcome.builder.rejected.reduce(0, +) == UInt64(outcome.rejects), comment)
    #expect(outcome.rates.events == UInt64(outcome.events), comment)
  }

  @Test("books close on the shipped captures", arguments: PipelineFixture.streams)
  func shipped(_ stream: String) async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.replay("\(stream)-100.pcap.gz")], runsAlone: false)
    check(outcome, "\(stream)")
    #expect(outcome.capture.packets == ["ordered": 767, "shuffled": 783, "stress": 769][stream])
    #expect(outcome.builder.eventsBuilt == 104)
  }

  @Test(
    "books close on the whole golden captures",
    .enabled(if: RepositoryPaths.hasGolden, "the golden data do not lie beside the package"),
    arguments: PipelineFixture.streams)
  func golden(_ stream: String) async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.golden("\(stream).pcap.gz")], menu: "refchod", runsAlone: false)
    check(outcome, "\(stream)")
    #expect(outcome.builder.eventsUnfinished == (stream == "stress" ? 32 : 0))
  }

  @Test(
    "books close on captures with packets lost, doubled, moved, cut and bits flipped",
    arguments: PipelineFixture.streams, 0..<7)
  func mutations(_ stream: String, _ part: Int) async throws {
    let whole = try PipelineFixture.packets(RepositoryPaths.replay("\(stream)-100.pcap.gz"))
    let start = stream == "ordered" ? 0 : part * 40
    let packets = Array(whole[start..<(start + 130)])
    try await RepositoryPaths.withTemporaryDirectory { directory in
      for round in 0..<10 {
        var generator = SplitMix64(seed: UInt64(part * 100 + round))
        let path = "\(directory)/\(round).pcap"
        let mutated = mutate(packets, round: round, &generator)
        try PipelineFixture.write(mutated, to: path)
        let outcome = try await PipelineFixture.run(
          [path], menu: "stateful", workers: 1 + round % 2, batchEvents: [1, 256, 0][round % 3],
          runsAlone: false, slabSize: [1 << 20, 8192][round % 2])
        check(outcome, "part \(part) round \(round)")
        #expect(outcome.capture.packets == UInt64(mutated.count))
      }
    }
  }

  /// Changes a capture: in the first rounds one kind of change, then all of them.
  private func mutate(
    _ packets: [PipelineFixture.Packet], round: Int, _ generator: inout SplitMix64
  ) -> [PipelineFixture.Packet] {
    var out = packets
    let kinds = round < 5 ? [round] : [0, 1, 2, 3, 4]
    for kind in kinds {
      for _ in 0...generator.below(12) {
        let i = generator.below(out.count)
        switch kind {
        case 0: out.remove(at: i)
        case 1: out.insert(out[i], at: generator.below(out.count))
        case 2: out.swapAt(i, generator.below(out.count))
        case 3:
          // Cut on the wire, or by the capture alone.
          let length = generator.below(out[i].frame.count + 1)
          out[i].frame = Array(out[i].frame[..<length])
          if generator.oneIn(2) { out[i].originalLength = length }
        default:
          guard !out[i].frame.isEmpty else { continue }
          let count = generator.oneIn(2) ? 1 : 16
          for _ in 0..<count {
            // Headers more often than their share of the bytes.
            let limit = generator.oneIn(2) ? min(64, out[i].frame.count) : out[i].frame.count
            out[i].frame[generator.below(limit)] ^= 1 << UInt8(generator.below(8))
          }
        }
      }
    }
    return out
  }
}
