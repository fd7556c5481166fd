import Alerting
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import Selections
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing

@testable import TriggerPipeline

@Suite("The order of alerts")
struct AlertOrderTests {
  /// One that L0 and L1 say enough for, and two of the same events once they are reconstructed; each with an
  /// experiment whose results depend on the bursts that have passed.
  private static let selections: [(file: String, text: String)] = [
    (
      "late.yaml",
      """
      schema: spillway.selections/2
      selections:
      \(["late-plus": "+1", "late-minus": "-1"].sorted { $0.key < $1.key }.map { name, charge in
        """
          - name: \(name)
            trigger: { kept: true, trust: chosen, source: test }
            topology: track
            roles: [{ name: a, charge: \(charge), mass: pi }]
            cuts: [{ name: p, variable: track.a.p, min: 1 GeV/c, trust: chosen, source: test }]
            counting:
              background: { events: 30, uncertainty: 2, trust: illustrative, source: test }
              running: { unit: bursts, total: 4, per_burst: 1, trust: illustrative, source: test }
            blind: false
            alert: true
        """
      }.joined(separator: "\n"))
      """
    ),
    (
      "immediate.yaml",
      """
      schema: spillway.selections/1
      selections:
        - name: immediate
          conditions:
            - l0.data_type: { none_of: [periodic] }
          background: { events: 100, trust: I, source: test }
          running: { unit: bursts, total: 4, per_burst: 1, trust: I, source: test }
          blind: false
          alert: true
      """
    ),
  ]

  private struct Outcome: Equatable {
    var lines: [String] = []
    var bursts: [UInt32] = []
  }

  private static func run(
    _ path: String, _ setup: SelectionSetup, _ menu: L1Menu, workers: Int, batchEvents: Int
  ) async throws -> Outcome {
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = batchEvents
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options,
      selections: setup)
    let account = NIOLockedValueBox(
      ReplayAccount(selections: setup, identity: RunIdentity(input: "test", configurationHash: "")))
    let lines = NIOLockedValueBox([String]())
    try await pipeline.run(
      source: {
        let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: CaptureOptions())
        return { try reader.next() }
      },
      take: { judged in
        let alerts = try account.withLockedValue {
          try $0.add(judged, wallClock: .fixed(DataTime(nanoseconds: 0)))
        }
        lines.withLockedValue { $0 += alerts.map(AlertEncoder.line) }
      })
    return Outcome(
      lines: lines.withLockedValue { $0 }, bursts: account.withLockedValue { $0.bursts.map(\.burst.burst) })
  }

  @Test("alerts of both kinds come in the same order, with the same counts, for any batches and workers")
  func sameBytes() async throws {
    let menu = try #require(try TriggerMenu.load(path: RepositoryPaths.menu("kaon-2018.yaml")).l1)
    let packets = try PipelineFixture.threeBursts().joined()
    try await RepositoryPaths.withTemporaryDirectory { directory in
      var paths: [String] = []
      for (file, text) in Self.selections {
        paths.append("\(directory)/\(file)")
        try text.write(toFile: "\(directory)/\(file)", atomically: true, encoding: .utf8)
      }
      let setup = try SelectionSetup(
        set: PhysicsSelectionSet.load(paths: paths),
        reconstruction: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
      let stream = "\(directory)/bursts.pcap"
      try PipelineFixture.write(Array(packets), to: stream)
      let reference = try await Self.run(stream, setup, menu, workers: 1, batchEvents: 1)
      #expect(reference.bursts == [1, 2, 3])
      for (selection, burst) in [("late-minus", 1), ("late-plus", 3), ("immediate", 1), ("immediate", 3)] {
        #expect(
          reference.lines.contains {
            $0.contains("\"selection\":\"\(selection)\"") && $0.contains("\"burst\":\(burst),")
          })
      }
      // Both kinds alternate, so that an order by batches would be another one.
      let kinds = reference.lines.map { $0.contains("\"immediate\"") }
      #expect(zip(kinds, kinds.dropFirst()).count { $0 != $1 } > 20)
      for batchEvents in [1, 7, 64, 256, 0] {
        for workers in [1, 2, 3] where (workers, batchEvents) != (1, 1) {
          let outcome = try await Self.run(stream, setup, menu, workers: workers, batchEvents: batchEvents)
          let first = zip(outcome.lines, reference.lines).first { $0 != $1 }
          #expect(
            outcome == reference,
            "batches of \(batchEvents), \(workers) workers: \(first.map { "\($0.0)\n\($0.1)" } ?? "length")")
        }
      }
    }
  }
}
