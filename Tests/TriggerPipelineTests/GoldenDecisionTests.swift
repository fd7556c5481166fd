import L1Trigger
import SpillwayTestSupport
import Testing

/// One of the 24 comparisons: a stream, a menu, and what becomes of the STRAW scratch memory.
struct GoldenCase: Sendable, CustomTestStringConvertible {
  var stream: String
  var menu: String
  var scratch: StrawScratch

  var testDescription: String { "\(stream) \(menu) \(scratch.rawValue)" }

  static let all = PipelineFixture.streams.flatMap { stream in
    PipelineFixture.menus.flatMap { menu in
      StrawScratch.allCases.map { GoldenCase(stream: stream, menu: menu, scratch: $0) }
    }
  }
}

@Suite("Golden decisions")
struct GoldenDecisionTests {
  @Test("the shipped streams give the answers of NA62's code, column by column", arguments: GoldenCase.all)
  func shippedStreams(_ given: GoldenCase) async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.replay("\(given.stream)-100.pcap.gz")], menu: given.menu, scratch: given.scratch)
    let golden = try PipelineFixture.table(
      RepositoryPaths.fixture("\(given.stream)-100.\(given.menu).\(given.scratch.rawValue).csv.gz"))
    let comparison = DecisionComparison(expected: golden, actual: outcome.table)
    #expect(comparison.differences == [])
    #expect(comparison.rows == 104)
    #expect(comparison.columns == 45)
  }

  @Test(
    "the whole golden streams give the answers of NA62's code, column by column",
    .enabled(if: RepositoryPaths.hasGolden, "the golden data do not lie beside the package"),
    arguments: GoldenCase.all)
  func wholeStreams(_ given: GoldenCase) async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.golden("\(given.stream).pcap.gz")], menu: given.menu, scratch: given.scratch,
      workers: 2)
    let golden = try PipelineFixture.table(
      RepositoryPaths.golden("\(given.stream).\(given.menu).\(given.scratch.rawValue).csv.gz"))
    let comparison = DecisionComparison(expected: golden, actual: outcome.table)
    #expect(comparison.differences == [])
    #expect(comparison.rows > 1000)
  }

  @Test(
    "the events never completed are those of NA62's event building",
    .enabled(if: RepositoryPaths.hasGolden, "the golden data do not lie beside the package"),
    arguments: PipelineFixture.streams)
  func unfinishedEvents(_ stream: String) async throws {
    let outcome = try await PipelineFixture.run(
      [RepositoryPaths.golden("\(stream).pcap.gz")], runsAlone: false)
    let sources = try PipelineFixture.menu("default").layout.sources
    let expected = try PipelineFixture.table(RepositoryPaths.golden("\(stream).incomplete.csv"))
    let counts = outcome.unfinished.map { event in
      var fields: [String: String] = [:]
      for (source, received) in zip(sources, event.received) {
        fields[source.id.hex] = "\(received)/\(source.fragments)"
      }
      return (event.number, fields)
    }
    let lines = expected.split(separator: "\n").map { $0.split(separator: ",") }
    #expect(counts.map { "\($0.0)" } == lines.map { String($0[0]) })
    for (count, line) in zip(counts, lines) {
      for field in line.dropFirst() {
        let parts = field.split(separator: ":").map(String.init)
        #expect(count.1[parts[0]] == parts[1], "event \(count.0) source \(parts[0])")
      }
    }
  }

  @Test("a comparison sees a changed integer, real, row and column")
  func comparisonSees() {
    let golden = "event,chod_tavg,straw_p0,l1word\n1,0.5,20215.8652,0x01\n"
    func differences(_ actual: String) -> Int {
      DecisionComparison(expected: golden, actual: actual).differences.count
    }
    #expect(differences("l1word,event,chod_tavg,straw_p0,burst\n1,1,5e-1,20215.865,1\n") == 0)
    #expect(differences("event,chod_tavg,straw_p0,l1word\n1,0.5,20215.8652,2\n") == 1)
    #expect(differences("event,chod_tavg,straw_p0,l1word\n1,0.50000000000000011,20215.8652,1\n") == 1)
    #expect(differences("event,chod_tavg,straw_p0,l1word\n1,0.5,20215.8672,1\n") == 1)
    #expect(differences("event,chod_tavg,straw_p0,l1word\n") == 1)
    #expect(differences("event,chod_tavg,straw_p0\n1,0.5,20215.8652\n") == 1)
  }
}
