import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Commands on the shipped captures")
struct ReplayTests {
  @Test("the JSON of a replay can be read, and its books close")
  func json() async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("stress-100.pcap.gz"), "--menu",
      RepositoryPaths.menu("golden-default.yaml"), "--selections",
      RepositoryPaths.path("Configs/selections/first-counting.yaml"), "--json")
    run.expect(0, [])
    let result = try run.json()
    #expect(result["schema"] as? String == "spillway.replay/1")
    #expect(result["books_close"] as? Bool == true)
    #expect(result["events"] as? Int == 104)
    #expect((result["masks"] as? [Any])?.count == 16)
    let counts = try #require(result["counts"] as? [String: Any])
    #expect((counts["selections"] as? [Any])?.count == 3)
  }

  @Test("the number of workers and the size of batches do not change a byte of the decisions")
  func workers() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      var tables: [Data] = []
      for (i, options) in [
        ["--workers", "1"], ["--workers", "3"], ["--workers", "3", "--batch-events", "7"],
      ]
      .enumerated() {
        let path = "\(directory)/\(i).csv"
        let run = try await SpillwayProcess(
          [
            "replay", RepositoryPaths.replay("stress-100.pcap.gz"), "--menu",
            RepositoryPaths.menu("golden-default.yaml"), "--decisions", path,
          ] + options)
        run.expect(0, [])
        tables.append(try Data(contentsOf: URL(fileURLWithPath: path)))
      }
      #expect(tables[0].split(separator: 10).count == 105)
      #expect(tables[1] == tables[0])
      #expect(tables[2] == tables[0])
    }
  }

  @Test("a finite speed changes no byte of the results")
  func speed() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let files = ["decisions.csv", "run/counts.json", "run/rates.csv", "run/alerts.jsonl"]
      var results: [[Data]] = []
      for speed in ["max", "50"] {
        let out = "\(directory)/\(speed)"
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let run = try await SpillwayProcess([
          "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
          RepositoryPaths.menu("golden-default.yaml"), "--selections",
          RepositoryPaths.path("Configs/selections/first-counting.yaml"), "--speed", speed,
          "--decisions", "\(out)/decisions.csv", "--out", "\(out)/run",
        ])
        run.expect(0, speed == "max" ? [] : ["s of data in"])
        results.append(
          try files.map { file in
            // Of the wall clock nothing can be the same.
            let text = try String(contentsOfFile: "\(out)/\(file)", encoding: .utf8)
            return Data(text.replacing(/"t_wall":"[^"]*"/, with: "").utf8)
          })
      }
      #expect(results[0] == results[1])
    }
  }

  @Test("speeds that are none are refused", arguments: ["fast", "0", "-1", "nan", "1e9"])
  func badSpeed(_ speed: String) async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--speed=\(speed)")
    run.expectUsage("--speed \(speed): expected max, or a number from 0.001 to 1000")
  }

  @Test("standard input, compressed or not, is as good as a file")
  func standardInput() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let plain = "\(directory)/plain.pcap"
      try Data(readWholeFileDecompressed(RepositoryPaths.replay("ordered-100.pcap.gz"))).write(
        to: URL(fileURLWithPath: plain))
      let file = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
        RepositoryPaths.menu("golden-default.yaml"), "--json")
      file.expect(0, [])
      for input in [RepositoryPaths.replay("ordered-100.pcap.gz"), plain] {
        let run = try await SpillwayProcess(
          "replay", "-", "--menu", RepositoryPaths.menu("golden-default.yaml"), "--json", input: input)
        run.expect(0, [])
        #expect(run.output == file.output)
      }
    }
  }

  @Test(
    "the help shows examples",
    arguments: [
      [], ["replay"], ["compare"], ["inspect"], ["config"], ["config", "check"], ["config", "show"],
      ["config", "import-l0"], ["config", "export-l0"],
    ])
  func help(command: [String]) async throws {
    let run = try await SpillwayProcess(command + ["--help"])
    run.expect(0, [])
    #expect(run.output.contains("Example"))
    #expect(run.output.contains("  \((["spillway"] + command).joined(separator: " ")) "))
  }

  @Test("a packet field by field")
  func inspectPacket() async throws {
    let run = try await SpillwayProcess(
      "inspect", RepositoryPaths.replay("ordered-100.pcap.gz"), "--packet", "1")
    run.expect(0, [])
    #expect(run.output.hasPrefix("packet 1: 10."))
    #expect(run.output.contains("source ID: 0x04 KTAG"))
    #expect(!run.output.contains("packet 2"))
    #expect(!run.output.contains("error:"))
  }

  @Test("an event as JSON")
  func inspectEvent() async throws {
    let run = try await SpillwayProcess(
      "inspect", RepositoryPaths.replay("ordered-100.pcap.gz"), "--event", "5", "--json")
    run.expect(0, [])
    let event = try run.json()
    #expect(event["name"] as? String == "event 5")
    #expect((event["children"] as? [Any])?.count == 59)
  }

  @Test("every shipped configuration is sound")
  func configurations() async throws {
    for directory in ["menus", "selections", "scans", "detectors", "simulation", "reconstruction"] {
      let names = try FileManager.default.contentsOfDirectory(
        atPath: RepositoryPaths.path("Configs/\(directory)"))
      #expect(!names.isEmpty)
      for name in names {
        let path = RepositoryPaths.path("Configs/\(directory)/\(name)")
        let run = try await SpillwayProcess("config", "check", path)
        run.expect(0, [])
        #expect(run.output.hasPrefix("\(path): "))
        let shown = try await SpillwayProcess("config", "show", path, "--json")
        guard ["menus", "selections", "scans"].contains(directory) else {
          shown.expectUsage("only menus, selections and scans have defaults to show")
          continue
        }
        shown.expect(0, [])
        #expect(try !shown.json().isEmpty)
      }
    }
  }

  @Test("a burst file gives the decisions of the capture that it was made from")
  func burstFile() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let burst = "\(directory)/burst.dat"
      let events = try Self.storedEvents(of: RepositoryPaths.replay("ordered-100.pcap.gz"))
      #expect(events.count == 104)
      let encoded = try BurstFile.encode(run: 8000, burst: 17, events: events)
      #expect(encoded.dropped == 0)
      try Data(encoded.bytes).write(to: URL(fileURLWithPath: burst))
      var tables: [[[Substring]]] = []
      for (name, input) in [("capture", RepositoryPaths.replay("ordered-100.pcap.gz")), ("burst", burst)] {
        let path = "\(directory)/\(name).csv"
        let run = try await SpillwayProcess(
          "replay", input, "--menu", RepositoryPaths.menu("golden-default.yaml"), "--decisions", path,
          "--json")
        run.expect(0, [])
        #expect(try run.json()["books_close"] as? Bool == true)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        // The last column is the burst, which only the burst file knows.
        let rows = text.split(separator: "\n").map { $0.split(separator: ",") }
        #expect(rows.first?.last == "burst")
        #expect(Set(rows.dropFirst().compactMap(\.last)) == [name == "burst" ? "17" : "1"])
        tables.append(rows.map { $0.dropLast() })
      }
      #expect(tables[0].count == 105)
      #expect(tables[0] == tables[1])
    }
  }

  /// The events of a capture as the farm would have stored them.
  private static func storedEvents(of path: String) throws -> [[UInt8]] {
    let layout = try L1Menu.load(path: RepositoryPaths.menu("golden-default.yaml")).layout
    let builder = EventBuilder(layout: layout)
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    while let packets = try reader.next() { builder.add(packets, packets.datagrams.indices) }
    let batch = builder.takeBatch()
    return try batch.events.map { event in
      let sources = layout.sources.enumerated().map { dense, source in
        StoredEventEncoder.Source(
          id: source.id,
          fragments: (layout.starts[dense]..<layout.starts[dense + 1]).map { place in
            let fragment = batch.fragments[Int(event.firstFragment) + place]
            let begin = Int(fragment.offset)
            return .l0(
              subID: fragment.subID, timestamp: fragment.timestamp,
              payload: fragment.isVirtual
                ? [UInt8](repeating: 0, count: Int(fragment.length))
                : Array(batch.bytes[begin..<(begin + Int(fragment.length))]))
          })
      }
      return try StoredEventEncoder().encode(
        StoredEventHeader(
          event: event.number, burst: 17, timestamp: event.timestamp,
          triggerWord: UInt32(event.l0.word.rawValue), fineTime: event.l0.fineTime),
        sources: sources)
    }
  }
}
