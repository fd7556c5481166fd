import Foundation
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("Errors of the command line")
struct ErrorTests {
  // MARK: Inputs

  @Test("no such file")
  func noFile() async throws {
    let run = try await SpillwayProcess(
      "replay", "/no/such/file.pcap", "--menu", RepositoryPaths.menu("golden-default.yaml"))
    run.expectUsage("spillway: /no/such/file.pcap: no such file; check the path")
    #expect(run.messages.count == 1)
  }

  @Test(
    "not a capture",
    arguments: [
      ("plain text, as of a log file\n", "it looks like text"),
      ("\u{7F}ELF\u{2}\u{1}\u{1}\0\0\0\0\0\0\0\0\0\0\0\0\0", "it looks like an ELF program"),
      ("", "the file is empty"),
    ])
  func notACapture(content: String, message: String) async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/input"
      try Data(content.utf8).write(to: URL(fileURLWithPath: path))
      for command in [
        ["replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml")], ["inspect", path],
      ] {
        let run = try await SpillwayProcess(command)
        run.expectUsage("spillway: \(path): ", message)
        #expect(run.messages.count == 1)
      }
    }
  }

  @Test("a PNG image is not a capture")
  func image() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/event-display.png"
      try Data([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]).write(to: URL(fileURLWithPath: path))
      let run = try await SpillwayProcess(
        "replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml"))
      run.expectUsage("\(path): not a capture: it looks like a PNG image; give a pcap or pcapng file")
    }
  }

  @Test("a capture of something else gives no event, and the books say why")
  func otherPort() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/dns.pcap"
      var frame = UDPFrameBuilder()
      frame.destinationPort = 53
      try Self.write(path, [frame.frame(payload: [1, 2, 3]), frame.frame(payload: [4])])
      let run = try await SpillwayProcess(
        "replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml"), "--json")
      run.expect(0, [])
      #expect(try run.json()["events"] as? Int == 0)
      #expect(try run.json()["books_close"] as? Bool == true)
      #expect(try run.book("datagrams", "other-port") == 2)
    }
  }

  @Test("packets of an unknown source are counted and kept in quarantine")
  func unknownSource() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/unknown.pcap"
      let out = "\(directory)/run"
      let payloads = (0..<3).map { i in
        var encoder = L0MEPEncoder(firstEvent: UInt32(i), source: SourceID(rawValue: 0xEE), subID: 0)
        let isAppended = encoder.append(payload: [1, 2, 3, 4], timestamp: 9)
        #expect(isAppended)
        return encoder.bytes
      }
      try Self.write(path, payloads.map { UDPFrameBuilder().frame(payload: $0) })
      let run = try await SpillwayProcess(
        "replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml"), "--json", "--out", out)
      run.expect(3, ["100 % of the data were lost or corrupt, more than --tolerance 5 %"])
      #expect(try run.book("datagrams", "rejected-unknown-source") == 3)
      #expect(try run.json()["books_close"] as? Bool == true)
      let reader = try CaptureReader(inputs: [CaptureInput(path: "\(out)/quarantine.pcap")])
      var kept: [[UInt8]] = []
      while let batch = try reader.next() {
        for datagram in batch.datagrams {
          kept.append(
            Array(batch.bytes[datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength)]))
        }
      }
      #expect(kept == payloads)
      let text = try Data(contentsOf: URL(fileURLWithPath: "\(out)/quarantine.pcap"))
      #expect(text.range(of: Data("unknown-source".utf8)) != nil)
    }
  }

  @Test("another number of boards leaves every event unfinished")
  func wrongBoards() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let detectors = try Self.text("Configs/detectors/na62-2018.yaml")
      try #require(detectors.contains("{id: 0x04, boards: 6}"))
      try Self.write(
        detectors.replacingOccurrences(of: "{id: 0x04, boards: 6}", with: "{id: 0x04, boards: 7}"),
        "\(directory)/detectors.yaml")
      let menu = try Self.text("Configs/menus/golden-default.yaml")
        .replacingOccurrences(of: "../detectors/na62-2018.yaml", with: "detectors.yaml")
      try Self.write(menu, "\(directory)/menu.yaml")
      let out = "\(directory)/run"
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", "\(directory)/menu.yaml", "--json",
        "--out", out)
      run.expect(3, ["of the data were lost or corrupt"])
      #expect(try run.json()["events"] as? Int == 0)
      #expect(try run.json()["books_close"] as? Bool == true)
      #expect(try run.book("events", "unfinished-burst-end") == 104)
      let rows = try String(contentsOfFile: "\(out)/unfinished.csv", encoding: .utf8).split(separator: "\n")
      #expect(rows.count == 105)
      #expect(rows.dropFirst().allSatisfy { $0.contains("0x04:6/7 ") })
    }
  }

  @Test("a capture that is cut gives what is whole, with a warning")
  func cut() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/cut.pcap"
      let all = try readWholeFileDecompressed(RepositoryPaths.replay("ordered-100.pcap.gz"))
      try Data(all.dropLast(7)).write(to: URL(fileURLWithPath: path))
      for (tolerance, code) in [("0.1", Int32(0)), ("0.05", 3)] {
        let run = try await SpillwayProcess(
          "replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml"), "--json", "--tolerance",
          tolerance)
        run.expect(code, code == 0 ? [] : ["% of the data were lost or corrupt, more than --tolerance 5 %"])
        #expect(try run.json()["events"] as? Int == 96)
        #expect(run.errors.contains("warning: \(path)"))
        #expect(try run.book("capture", "cut-inputs") == 1)
        #expect(try run.book("events", "unfinished-burst-end") == 8)
      }
    }
  }

  @Test("the same capture twice is said, by its path and by its bytes")
  func repeated() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let copy = "\(directory)/copy.pcap.gz"
      try FileManager.default.copyItem(atPath: RepositoryPaths.replay("ordered-100.pcap.gz"), toPath: copy)
      let other = RepositoryPaths.replay("stress-100.pcap.gz")
      for (inputs, hints) in [
        ([copy, copy], ["\(copy): is given twice; "]),
        ([RepositoryPaths.replay("ordered-100.pcap.gz"), copy], ["\(copy): is the same as "]),
        ([copy, other], []),
      ] {
        let run = try await SpillwayProcess(
          ["replay", "--tolerance", "1", "--menu", RepositoryPaths.menu("golden-default.yaml")] + inputs)
        run.expect(0, [])
        let found = run.errors.split(separator: "\n").filter { $0.contains("give it once") }
        #expect(found.count == hints.count, "\(run.errors)")
        for hint in hints { #expect(run.errors.contains("warning: \(hint)"), "\(run.errors)") }
      }
    }
  }

  @Test("a capture without packets is said to be one")
  func headerOnly() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/empty.pcap"
      try Self.write(path, [])
      let run = try await SpillwayProcess(
        "replay", path, "--menu", RepositoryPaths.menu("golden-default.yaml"), "--json")
      run.expect(0, [])
      #expect(run.errors.contains("warning: \(path): there is no packet behind the header"))
      #expect(try run.json()["books_close"] as? Bool == true)
    }
  }

  @Test("an error of the input is not preceded by warnings of the menu")
  func errorAlone() async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "/no/such/file.pcap", "--menu",
      RepositoryPaths.menu("golden-default.yaml"))
    run.expectUsage("/no/such/file.pcap: no such file")
    #expect(!run.errors.contains("warning"))
  }

  // MARK: Configuration

  @Test(
    "wrong menus",
    arguments: [
      ("{algorithm: CHOD, window: 10 ns", "{algorithm: CHOD, windw: 10 ns", ["did you mean 'window'?"]),
      ("{algorithm: CHOD, window: 10 ns", "{algorithm: CHOD, window: -10 ns", [".window", "-10"]),
      ("number: 1\n", "number: 0\n", ["the mask 0 is already defined on line"]),
      ("algorithm: NewCHOD", "algorithm: NewCHDO", ["did you mean 'NewCHOD'?"]),
      ("schema: spillway.menu/1", "schema: spillway.menu/2", ["spillway.menu/1", "spillway.menu/2"]),
    ])
  func wrongMenu(old: String, new: String, parts: [String]) async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/menu.yaml"
      let text = try Self.text("Configs/menus/golden-default.yaml")
        .replacingOccurrences(of: "../detectors", with: RepositoryPaths.path("Configs/detectors"))
      let place = try #require(text.range(of: old))
      try Self.write(text.replacingCharacters(in: place, with: new), path)
      let line = text[..<place.lowerBound].count { $0 == "\n" } + 1
      for command in [
        ["replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", path], ["config", "check", path],
      ] {
        let run = try await SpillwayProcess(command)
        run.expect(2, parts)
        #expect(run.messages.count == 1)
        #expect(run.errors.contains("\(path):\(line): "), "\(run.errors)")
      }
    }
  }

  @Test("no menu")
  func noMenu() async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", "/no/menu.yaml")
    run.expectUsage("spillway: /no/menu.yaml: ", "check the path")
  }

  // MARK: Usage

  @Test(
    "wrong options",
    arguments: [
      (["--wrkers", "2"], ["Unknown option '--wrkers'", "--workers"]),
      (["--workers", "0"], ["--workers 0: expected 1 to 1024"]),
      (["--workers", "many"], ["many"]),
      (["--batch-events=-1"], ["--batch-events -1: expected 0 or more"]),
      (["--straw-scratch", "dirty"], ["--straw-scratch dirty: expected clean or original"]),
      (["--tolerance", "2"], ["--tolerance 2.0: expected 0 to 1"]),
      (["--tolerance", "nan"], ["--tolerance nan: expected 0 to 1"]),
      (["--filter", "udp prt 1"], ["filter 'udp prt 1': ", "pcap-filter(7)"]),
    ])
  func wrongOption(options: [String], parts: [String]) async throws {
    let run = try await SpillwayProcess(
      [
        "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
        RepositoryPaths.menu("golden-default.yaml"),
      ] + options)
    run.expect(2, parts)
  }

  @Test("no input, an unknown command, packet and event at once")
  func usage() async throws {
    try await SpillwayProcess("replay").expectUsage("Missing expected argument '<input> ...'")
    try await SpillwayProcess("repaly", "x").expectUsage("repaly")
    try await SpillwayProcess(
      "inspect", RepositoryPaths.replay("ordered-100.pcap.gz"), "--packet", "1", "--event", "2"
    )
    .expectUsage("give --packet or --event, not both")
    try await SpillwayProcess("inspect", RepositoryPaths.replay("ordered-100.pcap.gz"), "--packet", "999999")
      .expectUsage("no UDP packet has the number 999999")
    try await SpillwayProcess("inspect", RepositoryPaths.replay("ordered-100.pcap.gz"), "--event", "999999")
      .expectUsage("no fragment of event 999999 is in it")
  }

  @Test("outputs that cannot be written", arguments: ["--out", "--decisions"])
  func unwritable(option: String) async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
      RepositoryPaths.menu("golden-default.yaml"), option, "/proc/spillway/x")
    run.expect(1, ["spillway: /proc/spillway/x: cannot be "])
    #expect(run.errors.contains("No such file or directory"))
    #expect(run.messages.count == 1)
  }

  @Test("standard output that cannot take the results is an error of one line, not a crash")
  func fullOutput() async throws {
    let run = try await SpillwayProcess(
      [
        "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
        RepositoryPaths.menu("golden-default.yaml"), "--json",
      ], output: "/dev/full")
    #expect(run.code == 1)
    #expect(run.messages.count == 1)
  }

  @Test("an output that is a link is written through it, not replaced")
  func linkedOutput() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let target = "\(directory)/target.csv"
      let link = "\(directory)/link.csv"
      try Self.write("", target)
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu",
        RepositoryPaths.menu("golden-default.yaml"), "--decisions", link)
      run.expect(0, [])
      let text = try String(contentsOfFile: target, encoding: .utf8)
      #expect(text.split(separator: "\n").count == 105)
    }
  }

  // MARK: Files

  private static func write(_ path: String, _ frames: [[UInt8]]) throws {
    let writer = try CaptureWriter(path: path)
    for (i, frame) in frames.enumerated() {
      try writer.write(frame: frame, time: DataTime(nanoseconds: Int64(i) * 1000))
    }
    try writer.close()
  }

  private static func write(_ text: String, _ path: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOfFile: RepositoryPaths.path(name), encoding: .utf8)
  }
}
