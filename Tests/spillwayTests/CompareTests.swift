import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Comparison of menus from the command line")
struct CompareTests {
  private static let menus = ["kaon-2018", "kaon-2017"].map {
    RepositoryPaths.path("Configs/menus/\($0).yaml")
  }

  /// Writes a capture of primitives, and of records of every tenth clock period at which the CHOD saw some.
  private static func write(_ path: String) throws {
    var random = SplitMix64(seed: 11)
    var stream = PrimitiveStream(frames: 200)
    var records = L0MEPEncoder(firstEvent: 0, source: .l0tp, subID: 3)
    for timestamp in stride(from: UInt32(100), to: 50_000, by: 40) {
      for input in 0..<7 where !random.oneIn(4) {
        stream.add(
          input, at: timestamp, fineTime: UInt8(100 + random.below(30)), UInt16(0x4000 | random.below(0x4000))
        )
      }
      if timestamp % 4000 == 100 {
        _ = records.append(payload: L0TPRecord.physics(1).bytes, timestamp: timestamp)
      }
    }
    let writer = try CaptureWriter(path: path)
    var builder = UDPFrameBuilder()
    for packet in stream.packets() + [ScriptedPacket(records.bytes, at: 10_000_000)] {
      builder.destinationPort = packet.port
      try writer.write(
        frame: builder.frame(payload: packet.payload), time: DataTime(nanoseconds: packet.nanoseconds))
    }
    try writer.close()
  }

  private static func options(_ menus: [String]) -> [String] { menus.flatMap { ["--menu", $0] } }

  @Test("two menus, with the files of --out; the size of batches changes no byte")
  func twoMenus() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let capture = "\(directory)/in.pcap"
      try Self.write(capture)
      let names = [
        "compare.json", "lines.csv", "overlaps.csv", "differences.csv", "disagreements.csv", "report.html",
      ]
      var files: [[Data]] = []
      for (number, batch) in ["0", "13"].enumerated() {
        let out = "\(directory)/\(number)"
        let run = try await SpillwayProcess(
          ["compare", capture, "--against", "recorded", "--out", out, "--batch-packets", batch]
            + Self.options(Self.menus))
        run.expect(0, [])
        #expect(run.output.contains("kaon-2017 against kaon-2018: gained"))
        #expect(run.output.contains("kaon-2018 against recorded: both"))
        #expect(run.output.contains("Books close"))
        files.append(try names.map { try Data(contentsOf: URL(fileURLWithPath: "\(out)/\($0)")) })
      }
      #expect(files[0] == files[1])
      #expect(files[0].allSatisfy { !$0.isEmpty })
    }
  }

  @Test("the JSON can be read, and carries what it was made of")
  func json() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let capture = "\(directory)/in.pcap"
      try Self.write(capture)
      let run = try await SpillwayProcess(["compare", capture, "--json"] + Self.options(Self.menus))
      run.expect(0, [])
      let result = try run.json()
      #expect(result["schema"] as? String == "spillway.compare/1")
      #expect(result["books_close"] as? Bool == true)
      #expect((result["configuration_hash"] as? String)?.count == 64)
      let menus = try #require(result["menus"] as? [[String: Any]])
      #expect(menus.compactMap { $0["name"] as? String } == ["kaon-2018", "kaon-2017"])
      #expect(menus.allSatisfy { ($0["sent"] as? Int ?? 0) > 10 })
    }
  }

  @Test("one menu is enough against the recorded decisions only")
  func oneMenu() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let capture = "\(directory)/in.pcap"
      try Self.write(capture)
      let menu = Self.options([Self.menus[0]])
      try await SpillwayProcess(["compare", capture] + menu).expectUsage("expected 2 or more")
      let run = try await SpillwayProcess(["compare", capture, "--against", "recorded", "--json"] + menu)
      run.expect(0, [])
      let recorded = try #require(try run.json()["recorded"] as? [[String: Any]])
      #expect(recorded.count == 1)
      try await SpillwayProcess(["compare", capture, "--against", "simulated"] + menu).expectUsage("recorded")
    }
  }

  @Test("a missing menu, a menu without L0 and a missing input are wrong usage")
  func wrongUsage() async throws {
    let menus = Self.options(Self.menus)
    try await SpillwayProcess(
      ["compare", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", "none.yaml"] + menus
    )
    .expectUsage("none.yaml")
    try await SpillwayProcess(
      [
        "compare", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
        RepositoryPaths.menu("golden-default.yaml"),
      ] + menus
    )
    .expectUsage("the key 'l0' is missing")
    try await SpillwayProcess(["compare", "none.pcap"] + menus).expectUsage("none.pcap")
  }

  @Test("a stream without primitives gives a warning, not a failure")
  func noPrimitives() async throws {
    let run = try await SpillwayProcess(
      ["compare", RepositoryPaths.replay("ordered-100.pcap.gz")] + Self.options(Self.menus))
    run.expect(0, [])
    #expect(run.errors.contains("no packet of primitives"))
  }
}
