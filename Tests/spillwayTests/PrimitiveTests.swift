import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Primitives on the command line")
struct PrimitiveTests {
  private static let boundary = RepositoryPaths.replay("l0-boundary.pcap.gz")
  private static let menu = RepositoryPaths.menu("kaon-2018.yaml")

  /// Writes a burst of two packets each of RICH and CHOD.
  private static func write(_ directory: String) throws {
    let writer = PrimitiveFileWriter(directory: directory, run: 8000, burst: 12)
    for frame in 1..<3 as Range<UInt32> {
      for source in [SourceID.rich, .chod] {
        var encoder = MTPEncoder(timestamp: frame, source: source)
        _ = encoder.append(Primitive(timestamp: frame << 8, fineTime: 9, identifier: 0x4000))
        let bytes = encoder.bytes
        try writer.write(bytes.span.bytes)
      }
    }
    try writer.close()
  }

  @Test("raw files are replayed and compared like captures, with the bursts of their names")
  func rawFiles() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Self.write(directory)
      let table = "\(directory)/../\(UUID().uuidString).csv"
      defer { try? FileManager.default.removeItem(atPath: table) }
      let menu = RepositoryPaths.path("Tests/Fixtures/l0/boundary.menu.json")
      let replay = try await SpillwayProcess("replay", directory, "--menu", menu, "--l0-decisions", table)
      replay.expect(0, [])
      #expect(replay.output.contains("RICH"))
      let rows = try String(contentsOfFile: table, encoding: .utf8).split(separator: "\n").dropFirst()
      #expect(rows.allSatisfy { $0.hasSuffix(",12") })
      let compare = try await SpillwayProcess("compare", directory, "--menu", menu, "--menu", menu)
      compare.expect(0, [])
    }
  }

  @Test("raw files are not mixed, and say their bursts themselves")
  func refusals() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Self.write(directory)
      try await SpillwayProcess("replay", directory, Self.boundary, "--menu", Self.menu)
        .expectUsage("not a raw primitive file")
      for command in ["replay", "compare"] {
        try await SpillwayProcess(
          command, directory, "--menu", Self.menu, "--menu", Self.menu, "--first-burst", "3"
        )
        .expectUsage("raw primitive files say their bursts")
      }
      try await SpillwayProcess("replay", directory, "--menu", Self.menu, "--filter", "udp")
        .expectUsage("raw primitive files have no frames")
      try await SpillwayProcess("compare", directory, "--menu", Self.menu, "--against", "recorded")
        .expectUsage("raw primitive files have no records")
    }
  }

  @Test("a damaged raw file is read as far as it goes, with a warning, and counted")
  func damage() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Self.write(directory)
      let path = "\(directory)/rich_run08000_burst00012"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      try (bytes + Data([1, 2, 3])).write(to: URL(fileURLWithPath: path))
      for (menu, text) in [
        (Self.menu, "cut-inputs 1"),
        (RepositoryPaths.path("Tests/Fixtures/l0/lines-only.yaml"), "cut inputs 1"),
      ] {
        // One piece of five is more than the tolerance.
        let replay = try await SpillwayProcess("replay", directory, "--menu", menu)
        #expect(replay.code == 3)
        #expect(
          replay.errors.contains(
            "\(path), after packet 2, at byte \(bytes.count): 3 bytes are left, too few for the header"))
        #expect(replay.output.contains(text))
      }
    }
  }

  @Test("inspect shows a packet of a capture and of a raw file, with the names of its bits")
  func inspect() async throws {
    let capture = try await SpillwayProcess(
      "inspect", RepositoryPaths.replay("l0-2018.pcap.gz"), "--packet", "9")
    capture.expect(0, [])
    #expect(capture.output.contains("MTP"))
    #expect(capture.output.contains("timestamp word: "))
    #expect(capture.output.contains("bits: "))
    #expect(!capture.output.contains("error"))
    try await RepositoryPaths.withTemporaryDirectory { directory in
      try Self.write(directory)
      let raw = try await SpillwayProcess(
        "inspect", "\(directory)/rich_run08000_burst00012", "--packet", "2", "--json")
      raw.expect(0, [])
      #expect(
        raw.output.contains(#""value":"t 512 + 9\/256, RICH""#) || raw.output.contains("t 512 + 9/256, RICH"))
      _ = try JSONSerialization.jsonObject(with: Data(raw.output.utf8))
    }
    try await SpillwayProcess("inspect", Self.boundary, "--packet", "1", "--run", "-1").expectUsage("--run")
  }
}
