import Configuration
import Foundation
import SpillwayTestSupport
import Testing

@Suite("Menus of L0 on the command line")
struct ConfigL0Tests {
  private static let registers = RepositoryPaths.path("Tests/Fixtures/l0/registers.json")
  private static let kaon = RepositoryPaths.path("Configs/menus/kaon-2018.yaml")
  private static let dump = RepositoryPaths.path("Tests/Fixtures/l0/lines-only.yaml")

  @Test("registers become a readable menu, and the same registers again")
  func roundTrip() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let menu = "\(directory)/menu.yaml"
      let imported = try await SpillwayProcess("config", "import-l0", Self.registers, "--out", menu)
      imported.expect(0, [])
      #expect(imported.output.isEmpty)
      #expect(imported.errors.contains("mask 9 can never fire"))
      let text = try String(contentsOfFile: menu, encoding: .utf8)
      #expect(text.hasPrefix("# Imported from \(Self.registers), "))
      #expect(text.contains("condition: RICH & QX\n"))

      let exported = try await SpillwayProcess("config", "export-l0", menu)
      exported.expect(0, [])
      #expect(exported.errors.isEmpty)
      let direct = try await SpillwayProcess("config", "export-l0", Self.registers)
      #expect(exported.output == direct.output)
      let original = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: Self.registers)))
      #expect(try (exported.json() as NSObject) == (original as? NSObject))
    }
  }

  @Test("the run gives the bits their names")
  func run() async throws {
    let old = try await SpillwayProcess("config", "import-l0", Self.registers, "--run", "6492")
    old.expect(0, [])
    #expect(old.output.contains("run: 6492\n"))
    #expect(old.output.contains("LKr[8]"))
    let wrong = try await SpillwayProcess("config", "import-l0", Self.registers, "--run=-1")
    wrong.expectUsage("--run -1: expected 0 to 999999")
  }

  @Test("what cannot be imported is explained")
  func wrongImport() async throws {
    try await SpillwayProcess("config", "import-l0", Self.kaon)
      .expectUsage("\(Self.kaon): no menu in register form; give JSON")
    try await SpillwayProcess("config", "import-l0", "/no/such.json").expectUsage(
      "/no/such.json: cannot be opened")
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/negative.json"
      let text = try String(contentsOfFile: Self.registers, encoding: .utf8)
      let place = try #require(text.range(of: " 20,\n"))
      try Data(text.replacingCharacters(in: place, with: " -20,\n").utf8).write(
        to: URL(fileURLWithPath: path))
      try await SpillwayProcess("config", "import-l0", path)
        .expectUsage("\(path): cannot be said as a menu: l0.time_cuts.MUV3: expected", "at least 0")
    }
  }

  @Test("what is lost in the registers is named")
  func lossyExport() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/menu.yaml"
      let text =
        "schema: spillway.menu/1\nname: a\nl0:\n  masks:\n    - {number: 3, condition: RICH, downscaling: 2.5}\n"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let run = try await SpillwayProcess("config", "export-l0", path)
      run.expect(0, [])
      #expect(run.errors.contains("warning: \(path): not in the register form: mask 3: the downscaling 2.5"))
    }
    try await SpillwayProcess("config", "export-l0", RepositoryPaths.menu("golden-default.yaml"))
      .expectUsage("the key 'l0' is missing: the menu has chains of L1 only")
  }

  @Test("check and show know menus of L0, of L1, of both, and registers")
  func checkAndShow() async throws {
    for (path, keys) in [
      (Self.dump, ["l0", "l0_hash"]), (Self.kaon, ["l0", "l0_hash", "l1", "hash", "detectors"]),
      (RepositoryPaths.menu("golden-default.yaml"), ["l1", "hash", "detectors"]),
      (Self.registers, ["l0", "l0_hash"]),
    ] {
      let check = try await SpillwayProcess("config", "check", path)
      check.expect(0, [])
      #expect(check.output.hasPrefix("\(path): menu "))
      #expect(check.output.contains("l0_hash") == keys.contains("l0"))
      let show = try await SpillwayProcess("config", "show", path, "--json")
      show.expect(0, [])
      #expect(try Set(show.json().keys) == Set(keys + ["schema", "name", "description"]))
    }
  }

  @Test("a shipped kaon menu has a chain of the same name for every line", arguments: [2016, 2017, 2018])
  func chains(year: Int) async throws {
    let path = RepositoryPaths.path("Configs/menus/kaon-\(year).yaml")
    let shown = try await SpillwayProcess("config", "show", path, "--json").json()
    func names(_ level: String) throws -> [Int: String] {
      let masks = try #require((shown[level] as? [String: Any])?["masks"] as? [[String: Any]])
      return Dictionary(
        uniqueKeysWithValues: masks.compactMap { mask in
          guard let number = mask["number"] as? Int, let name = mask["name"] as? String else { return nil }
          return (number, name)
        })
    }
    let lines = try names("l0")
    #expect(!lines.isEmpty)
    #expect(try names("l1").filter { !$0.value.isEmpty } == lines)
  }

  @Test("the example of the documentation is sound")
  func documentation() async throws {
    let text = try String(contentsOfFile: RepositoryPaths.path("Docs/Menus.md"), encoding: .utf8)
    // The first indented block that begins with the schema of menus.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasPrefix("    schema: spillway.menu/1") })
    let block = lines[start...].prefix { $0.hasPrefix("    ") }.map { $0.dropFirst(4) }
    let menu = block.joined(separator: "\n")
      .replacingOccurrences(of: "../detectors", with: RepositoryPaths.path("Configs/detectors"))
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/menu.yaml"
      try Data(menu.utf8).write(to: URL(fileURLWithPath: path))
      let check = try await SpillwayProcess("config", "check", path)
      check.expect(0, [])
      #expect(check.errors.isEmpty)
      #expect(check.output.contains("L0 masks 2"))
    }
  }

  @Test("replay of events through a menu without L1 says what is missing")
  func replayWithoutL1() async throws {
    let run = try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", Self.dump)
    run.expect(0, [])
    #expect(run.errors.contains("no packet of primitives in the input, and the menu has no chains of L1"))
    try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--menu", Self.dump, "--decisions", "d.csv"
    )
    .expectUsage("--decisions: the menu \(Self.dump) has no chains of L1; give one with 'l1'")
  }

  @Test("replay of primitives prints the lines, what the detectors sent, and books that close")
  func replayPrimitives() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("l0-2018.pcap.gz"), "--menu", Self.kaon, "--l0-decisions",
        "\(directory)/l0.csv", "--l0-counters", "\(directory)/l0.json", "--out", "\(directory)/run")
      run.expect(0, [])
      #expect(run.output.contains("RICH & UTMC & !MUV3 & !QX & !LKr"))
      #expect(run.output.contains("3500 in = 3500 grouped; the books close"))
      // There are no events, so there is nothing to say of L1.
      #expect(!run.output.contains("L1 acc"))
      let rows = try String(contentsOfFile: "\(directory)/l0.csv", encoding: .utf8).split(separator: "\n")
      #expect(rows.count > 1000)
      #expect(rows[0].hasPrefix("timestamp,ref_ft,data_type,trigger_word,flags,id_N_A"))
      let counters = try String(contentsOfFile: "\(directory)/l0.json", encoding: .utf8)
      #expect(counters.contains("\"frames\": 3500"))
      #expect(counters.contains("\"sent\": \(rows.count - 1)"))
      for file in ["l0-rates.csv", "primitives.csv", "l0.json", "run.json"] {
        #expect(FileManager.default.fileExists(atPath: "\(directory)/run/\(file)"), "\(file)")
      }
      let manifest = try String(contentsOfFile: "\(directory)/run/run.json", encoding: .utf8)
      let stream = try Data(contentsOf: URL(fileURLWithPath: RepositoryPaths.replay("l0-2018.pcap.gz")))
      #expect(manifest.contains("\"sha256\":\"\(SHA256.hex(of: [UInt8](stream)))\""))
    }
  }

  @Test(
    "what L0 sends to the farm, replayed beside its primitives, agrees with the emulation in every trigger")
  func farmPackets() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let stream = RepositoryPaths.replay("l0-2018.pcap.gz")
      let sent = "\(directory)/farm.pcap"
      try await SpillwayProcess("replay", stream, "--menu", Self.kaon, "--l0-packets", sent).expect(0, [])
      let compare = try await SpillwayProcess(
        "compare", stream, sent, "--menu", Self.kaon, "--against", "recorded", "--json")
      compare.expect(0, [])
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(compare.output.utf8)) as? [String: Any])
      let menus = try #require(json["recorded"] as? [[String: Any]])
      let lines = try #require(menus.first?["lines"] as? [[String: Any]])
      #expect(lines.compactMap { $0["only_emulated"] as? Int }.reduce(0, +) == 0)
      #expect(lines.compactMap { $0["only_recorded"] as? Int }.reduce(0, +) == 0)
      #expect(lines.compactMap { $0["both"] as? Int }.reduce(0, +) > 1000)
    }
  }

  @Test("primitives and events in one stream give L0 what primitives give, and L1 what events give")
  func mixedStream() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let events = RepositoryPaths.replay("stress-100.pcap.gz")
      let primitives = RepositoryPaths.replay("l0-2018.pcap.gz")
      func run(_ inputs: [String], _ name: String) async throws -> SpillwayProcess {
        try await SpillwayProcess(
          ["replay"] + inputs + [
            "--menu", Self.kaon, "--tolerance", "1", "--decisions", "\(directory)/\(name).csv",
            "--l0-decisions", "\(directory)/\(name).l0.csv",
          ])
      }
      let both = try await run([events, primitives], "both")
      both.expect(0, [])
      #expect(both.output.contains("L1 acc") && both.output.contains("L0 triggers over"))
      try await run([events], "events").expect(0, [])
      try await run([primitives], "primitives").expect(0, [])
      func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(directory)/\(name).csv", encoding: .utf8)
      }
      #expect(try text("both") == text("events"))
      #expect(try text("both.l0") == text("primitives.l0"))
      #expect(try text("both").split(separator: "\n").count == 105)
    }
  }

  @Test("packets that are no primitives go to the quarantine with their reason")
  func quarantine() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let run = try await SpillwayProcess(
        "replay", RepositoryPaths.replay("l0-boundary.pcap.gz"), "--menu", Self.kaon, "--out", directory)
      run.expect(0, [])
      #expect(run.output.contains("5 lost (unknown-source)"))
      let quarantine = try await SpillwayProcess("inspect", "\(directory)/l0-quarantine.pcap")
      quarantine.expect(0, [])
      #expect(quarantine.output.split(separator: "\n").filter { $0.hasPrefix("packet") }.count == 5)
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(directory)/l0-quarantine.pcap"))
      #expect(bytes.range(of: Data("unknown-source (input 0 packet".utf8)) != nil)
    }
  }

  @Test("options of L0 need lines of L0")
  func optionsWithoutL0() async throws {
    try await SpillwayProcess(
      "replay", RepositoryPaths.replay("ordered-100.pcap.gz"), "--l0-decisions", "l0.csv"
    )
    .expectUsage("--l0-decisions: the menu Configs/menus/golden-default.yaml has no lines of L0")
  }
}
