import Alerting
import Foundation
import FoundationXML
import L1Trigger
import NA62Formats
import PacketCapture
import Reconstruction
import Selections
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing

@testable import TriggerPipeline

@Suite("Reconstruction and selections behind L1")
struct SelectionStageTests {
  private static let menu = Result { try TriggerMenu.load(path: RepositoryPaths.menu("kaon-2018.yaml")).l1 }

  private static func setup(_ files: [String]) throws -> SelectionSetup {
    try SelectionSetup(
      set: PhysicsSelectionSet.load(
        paths: files.map { RepositoryPaths.path("Configs/selections/\($0).yaml") }),
      reconstruction: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
  }

  private static func run(
    _ path: String, _ setup: SelectionSetup, workers: Int = 1, batchEvents: Int = 256, limit: UInt64? = 400
  ) async throws -> ReplayAccount {
    let menu = try #require(try menu.get())
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = batchEvents
    options.eventLimit = limit
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options,
      selections: setup)
    let account = NIOLockedValueBox(
      ReplayAccount(selections: setup, identity: RunIdentity(input: "test", configurationHash: "")))
    let run = try await pipeline.run(
      source: {
        let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: CaptureOptions())
        return { try reader.next() }
      },
      take: { judged in
        _ = try account.withLockedValue { try $0.add(judged, wallClock: .fixed(DataTime(nanoseconds: 0))) }
      })
    return account.withLockedValue { account in
      account.finish(run)
      return account
    }
  }

  @Test("every kept event is reconstructed once, and the books close")
  func booksClose() async throws {
    let account = try await Self.run(
      RepositoryPaths.replay("pi4e-2018.pcap.gz"), try Self.setup(["k3pi", "kpi4e"]), limit: nil)
    #expect(account.closes)
    #expect(account.reconstruction.events == account.rates.kept)
    #expect(account.reconstruction.events > 50)
    #expect(account.reconstruction.withoutL1Data == 0)
    let run = try #require(account.selections)
    #expect(run.timing.all.events == account.rates.kept)
    for part in run.engine.accounts {
      let whole = try part.unblinded()
      #expect(whole.flow.seen == account.rates.events)
    }
  }

  @Test("events whose L1 data do not all come are reconstructed without LKr, and are counted")
  func missingL1Data() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      // Every 500th packet of the CREAMs is left out.
      var (packets, crates) = ([PipelineFixture.Packet](), 0)
      for packet in try PipelineFixture.packets(RepositoryPaths.replay("pi4e-2018.pcap.gz")) {
        if Self.isL1Data(packet) {
          crates += 1
          if crates % 500 == 0 { continue }
        }
        packets.append(packet)
      }
      try #require(crates > 1000)
      let path = "\(directory)/missing.pcap"
      try PipelineFixture.write(packets, to: path)
      let setup = try Self.setup(["k3pi"])
      let one = try await Self.run(path, setup)
      #expect(one.closes)
      #expect(one.reconstruction.withoutL1Data > 0)
      #expect(one.reconstruction.complete > 0)
      #expect(one.reconstruction.events == one.rates.kept)
      let three = try await Self.run(path, setup, workers: 3, batchEvents: 3)
      #expect(three.closes)
      #expect(three.reconstruction == one.reconstruction)
      #expect(three.selections?.engine.accounts == one.selections?.engine.accounts)
    }
  }

  /// Whether a frame goes to the port of the L1 data.
  private static func isL1Data(_ packet: PipelineFixture.Packet) -> Bool {
    guard packet.frame.count > 42 else { return false }
    return UInt16(packet.frame[36]) << 8 | UInt16(packet.frame[37]) == 58915
  }

  @Test("selections that L0 and L1 say enough for need no reconstruction")
  func immediate() async throws {
    let setup = try Self.setup(["first-counting"])
    #expect(setup.reconstruction == nil)
    let account = try await Self.run(RepositoryPaths.replay("pi4e-2018.pcap.gz"), setup)
    #expect(account.closes)
    #expect(account.reconstruction.events == 0)
    #expect(
      account.selections?.engine.accounts.allSatisfy { $0.open.flow.seen == account.rates.events } == true)
  }

  @Test("a selection of reconstructed events that L1 need not keep is refused")
  func unkept() throws {
    let text = """
      schema: spillway.selections/2
      selections:
        - name: all
          trigger: { kept: false, trust: chosen, source: test }
          topology: track
          roles: [{ name: a, charge: 1, mass: pi }]
          cuts: [{ name: p, variable: track.a.p, min: 1 GeV/c, trust: chosen, source: test }]
          blind: false
      """
    let set = try PhysicsSelectionSet.parse(text: text, file: "test.yaml")
    #expect(throws: (any Error).self) { try SelectionSetup(set: set, reconstruction: "none.yaml") }
  }

  @Test("times are told by quantiles of fixed bins")
  func timing() {
    var timing = StageTiming()
    #expect(timing.mean == nil && timing.quantile(0.5) == nil)
    for _ in 0..<98 { timing.add(1000) }
    timing.add(1_000_000)
    timing.add(UInt64(Int64.max))
    #expect(timing.events == 100)
    let middle = timing.quantile(0.5) ?? 0
    #expect(middle >= 0.89 && middle <= 1.26)
    let late = timing.quantile(0.99) ?? 0
    #expect(late >= 890 && late <= 1260)
    #expect(timing.quantile(1) == .infinity)
    var both = timing
    both.merge(timing)
    #expect(both.events == 200)
    #expect(both.quantile(0.5) == timing.quantile(0.5))
  }

  @Test("a time lies in the bin whose edges are around it")
  func timingBins() {
    var value: UInt64 = 1
    while value < 800_000_000 {
      for time in [value, value + 1, value + value / 31] {
        var timing = StageTiming()
        timing.add(time)
        let upper = 1000 * (timing.quantile(1) ?? 0)
        #expect(upper > Double(time) * (1 - 1e-12))
        #expect(upper < Double(max(time, 10)) * 1.13)
      }
      value += 1 + value / 23
    }
    for time in [UInt64(1) << 40, .max] {
      var timing = StageTiming()
      timing.add(time)
      #expect(timing.quantile(1) == .infinity)
    }
  }

  @Test("the picture of an event is valid XML")
  func picture() async throws {
    let menu = try #require(try Self.menu.get())
    let configuration = try ReconstructionConfiguration.load(
      path: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
    let scene = try await EventScene.find(
      EventScene.Wanted(event: 254),
      source: {
        let reader = try CaptureReader(
          inputs: [CaptureInput(path: RepositoryPaths.replay("pi4e-2018.pcap.gz"))], options: CaptureOptions()
        )
        return { try reader.next() }
      }, menu: menu, configuration: configuration, selections: nil)
    let found = try #require(scene)
    #expect(found.hasCalorimeter)
    #expect(found.reconstructed.tracks.count > 1)
    #expect(!found.straws.isEmpty)
    let svg = EventDisplay(found, menu: menu, configuration: configuration, title: "a <title> & more").svg()
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    #expect(svg.contains("a &lt;title&gt; &amp; more"))
  }
}
