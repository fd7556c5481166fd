import Foundation
import SpillwayTestSupport
import Testing

/// Blind means blind: what a blind selection seals is in no output until it is unblinded, and then is what an open
/// one would have given.
@Suite("Blind selections of a simulated stream with signal", .serialized)
struct BlindTests {
  /// Three tracks of one vertex: many of the decays with five tracks have one.
  private static func selections(blind: Bool) -> String {
    """
    schema: spillway.selections/2
    selections:
      - name: ThreeTracks
        description: A test of blindness.
        topology: vertex
        roles:
          - { name: a, charge: +1, mass: pi }
          - { name: b, charge: +1, mass: pi }
          - { name: c, charge: -1, mass: pi }
        variables:
          m_abc: { invariant_mass: [a, b, c] }
        cuts:
          - { name: vertex-chi2, variable: vertex.chi2, below: 40, trust: chosen, source: test }
        regions:
          - { name: SR, blind: true, interval: { m_abc: { above: 0 MeV/c2, max: 500 MeV/c2 } }, trust: chosen, source: test }
          - { name: CR, interval: { m_abc: { above: 500 MeV/c2, max: 2000 MeV/c2 } }, trust: chosen, source: test }
        scans:
          - name: masses
            axes:
              - variable: m_abc
                masses: { from: 400 MeV/c2, to: 600 MeV/c2, step: 20 MeV/c2 }
                window: { sigmas: 3, sigma: [[400 MeV/c2, 5 MeV/c2], [600 MeV/c2, 5 MeV/c2]] }
            region: SR
            trust: chosen
            source: test
        histograms:
          - { name: m_abc, axes: [{ variable: m_abc, bins: 50, from: 400 MeV/c2, to: 700 MeV/c2 }] }
        counting:
          regions: [SR]
          background: { events: 0.5, trust: chosen, source: test }
          efficiency: 1
          confidence_level: 0.9
        blind: \(blind)
        alert: true

    """
  }

  private static func replay(
    _ directory: String, blind: Bool, to out: String, _ options: [String] = []
  ) async throws -> SpillwayProcess {
    let file = "\(directory)/\(blind ? "blind" : "open").yaml"
    try Data(selections(blind: blind).utf8).write(to: URL(fileURLWithPath: file))
    return try await SpillwayProcess(
      [
        "replay", RepositoryPaths.replay("pi4e-2018.pcap.gz"), "--menu",
        RepositoryPaths.menu("kaon-2018.yaml"),
        "--selections", file, "--out", out, "--limit", "560",
      ] + options)
  }

  private static func unblind(_ out: String) async throws -> SpillwayProcess {
    try await SpillwayProcess("unblind", out, "ThreeTracks", "--reason", "a test of 2 parts")
  }

  private static func object(_ path: String) throws -> [String: Any] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  /// All files of a directory, and what was printed.
  private static func outputs(_ out: String, _ run: SpillwayProcess) throws -> [(name: String, data: Data)] {
    var found = [("standard output", Data(run.output.utf8)), ("standard error", Data(run.errors.utf8))]
    let names = try #require(FileManager.default.enumerator(atPath: out)?.allObjects as? [String])
    for name in names.sorted() {
      var isDirectory: ObjCBool = false
      let path = "\(out)/\(name)"
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), !isDirectory.boolValue
      else { continue }
      found.append((name, try Data(contentsOf: URL(fileURLWithPath: path))))
    }
    return found
  }

  @Test("no output of a blind run holds a sealed value; unblinded it is what an open run counts")
  func blindMeansBlind() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let (blind, open) = ("\(directory)/b", "\(directory)/o")
      let run = try await Self.replay(directory, blind: true, to: blind)
      run.expect(0, [])
      let before = try Self.outputs(blind, run)
      #expect(
        before.map(\.name).filter { $0.contains(".") }.sorted() == [
          "alerts.jsonl", "counts.json", "hlt.csv", "l0-rates.csv", "l0.json", "ledger.sqlite",
          "primitives.csv",
          "rates.csv", "report.html", "run.json", "sealed.key", "timing.json", "unfinished.csv",
        ])

      let opened = try await Self.unblind(blind)
      opened.expect(0, [])
      let result = try Self.object("\(blind)/unblinded/ThreeTracks.json")
      let candidates = try #require(result["candidates"] as? [[String: Any]])
      try #require(candidates.count > 3, "the stream has to bring sealed events")
      var secrets: [String] = []
      var inRegion = 0
      for candidate in candidates {
        let values = try #require(candidate["values"] as? [String: Any])
        let mass = try #require(values["m_abc"] as? Double)
        // An event is sealed as a whole where some candidate lies in SR, not only its best one.
        inRegion += mass <= 500 ? 1 : 0
        let event = try #require(candidate["event"] as? Int)
        secrets += ["\(mass)", "-\(event)-ThreeTracks", "\"event\":\(event),", "\"number\":\(event),"]
      }
      for (name, data) in before {
        for secret in secrets { #expect(data.range(of: Data(secret.utf8)) == nil, "\(secret) in \(name)") }
      }

      let openRun = try await Self.replay(directory, blind: false, to: open)
      openRun.expect(0, [])
      try compare(result, try Self.object("\(open)/counts.json"), sealed: inRegion)
      try checkMasks(try Self.object("\(blind)/counts.json"))
      // The open run tells what the blind one must not.
      let alerts = try String(contentsOfFile: "\(open)/alerts.jsonl", encoding: .utf8)
      #expect(secrets.contains { alerts.contains($0) })
    }
  }

  /// The unblinded result is that of an open run, whose hash alone differs.
  private func compare(_ result: [String: Any], _ counts: [String: Any], sealed: Int) throws {
    var whole = try #require(result["result"] as? [String: Any])
    var open = try #require((counts["selections"] as? [[String: Any]])?.first)
    whole["selection_hash"] = nil
    open["selection_hash"] = nil
    // The list of bursts has no bound by declaration, so no place in the box; the list of events has them.
    #expect((open["bursts"] as? [Any])?.isEmpty == false)
    open["bursts"] = nil
    #expect(NSDictionary(dictionary: whole) == NSDictionary(dictionary: open))
    let regions = try #require(whole["regions"] as? [[String: Any]])
    #expect(regions.first?["events"] as? Int == sealed)
    #expect((regions.last?["events"] as? Int ?? 0) > 0)
    #expect((whole["counting"] as? [String: Any])?["observed"] as? Int == sealed)
  }

  /// What a blind run says of the counts of sealed events.
  private func checkMasks(_ counts: [String: Any]) throws {
    let blind = try #require((counts["selections"] as? [[String: Any]])?.first)
    let regions = try #require(blind["regions"] as? [[String: Any]])
    #expect(regions.first?["events"] as? String == "(blind)")
    #expect((regions.last?["events"] as? Int ?? 0) > 0)
    #expect(blind["entered"] as? String == "(blind)")
    #expect((blind["scans"] as? [[String: Any]])?.first?["events"] as? String == "(blind)")
    #expect((blind["counting"] as? [String: Any])?["observed"] as? String == "(blind)")
  }

  @Test("workers and batches change no byte of what is compared, and nothing that is sealed")
  func sameBytes() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      var sealed: [Data] = []
      let ways = [
        ["--workers", "1"], ["--workers", "3", "--batch-events", "5"],
        ["--workers", "2", "--batch-events", "0"],
      ]
      for (i, options) in ways.enumerated() {
        let out = "\(directory)/\(i)"
        try await Self.replay(directory, blind: true, to: out, options).expect(0, [])
        try await Self.unblind(out).expect(0, [])
        sealed.append(try Data(contentsOf: URL(fileURLWithPath: "\(out)/unblinded/ThreeTracks.json")))
        for file in ["counts.json", "rates.csv", "hlt.csv"] {
          let (first, this) = ("\(directory)/0/\(file)", "\(out)/\(file)")
          #expect(FileManager.default.contentsEqual(atPath: first, andPath: this), "\(file), \(options)")
        }
      }
      #expect(sealed[1] == sealed[0])
      #expect(sealed[2] == sealed[0])
    }
  }

  @Test("an unblinding is on record, and needs a reason and the run's own key")
  func unblinding() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let out = "\(directory)/b"
      try await Self.replay(directory, blind: true, to: out).expect(0, [])
      let silent = try await SpillwayProcess("unblind", out, "ThreeTracks")
      #expect(silent.code == 2)
      #expect(!FileManager.default.fileExists(atPath: "\(out)/unblinded/ThreeTracks.json"))
      try await SpillwayProcess("unblind", out, "ThreeTrack", "--reason", "x")
        .expect(1, ["no blind selection 'ThreeTrack'; there are: ThreeTracks"])

      let key = "\(out)/sealed.key"
      let kept = try Data(contentsOf: URL(fileURLWithPath: key))
      try Data(String(repeating: "0", count: 64).utf8).write(to: URL(fileURLWithPath: key))
      try await Self.unblind(out).expect(1, ["is not the key of this ledger"])
      try FileManager.default.removeItem(atPath: key)
      try await Self.unblind(out).expect(1, ["sealed.key: cannot be read"])
      try kept.write(to: URL(fileURLWithPath: key))

      // A sealed event is not drawn before, and is after.
      let first = try await Self.unblind(out)
      first.expect(0, [])
      let second = try await Self.unblind(out)
      second.expect(0, ["'ThreeTracks' was opened before: "])
      #expect(second.messages.contains { $0.hasSuffix(": a test of 2 parts") })
      let list = try await SpillwayProcess("unblind", out, "--list")
      #expect(list.output.hasPrefix("ThreeTracks: opened\n  1. "))
      try await Self.replay(directory, blind: true, to: out)
        .expect(1, ["'ThreeTracks' was unblinded here", "write the new run to another directory"])
    }
  }

  @Test("the display shows no sealed event, and others as a valid picture")
  func display() async throws {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let out = "\(directory)/b"
      try await Self.replay(directory, blind: true, to: out).expect(0, [])
      // The copy is opened to learn which events are sealed.
      let copy = "\(directory)/copy"
      try FileManager.default.copyItem(atPath: out, toPath: copy)
      try await Self.unblind(copy).expect(0, [])
      let result = try Self.object("\(copy)/unblinded/ThreeTracks.json")
      let candidates = try #require(result["candidates"] as? [[String: Any]])
      let event = "\(try #require(candidates.first?["event"] as? Int))"
      func draw(_ options: [String]) async throws -> SpillwayProcess {
        try await SpillwayProcess(
          [
            "inspect", RepositoryPaths.replay("pi4e-2018.pcap.gz"), "--event", event, "--display",
            "\(directory)/event.svg", "--menu", RepositoryPaths.menu("kaon-2018.yaml"),
          ] + options)
      }
      try await draw(["--ledger", out]).expect(
        1, ["event \(event) is sealed by ThreeTracks and is not shown"])
      try await draw(["--selections", "\(directory)/blind.yaml"]).expect(1, ["is sealed by ThreeTracks"])
      #expect(!FileManager.default.fileExists(atPath: "\(directory)/event.svg"))
      try await draw(["--ledger", copy, "--selections", "\(directory)/blind.yaml"]).expect(0, [])
      let picture = try String(contentsOfFile: "\(directory)/event.svg", encoding: .utf8)
      #expect(picture.contains("Event \(event), burst 1"))
      try await SpillwayProcess(
        "inspect", RepositoryPaths.replay("pi4e-2018.pcap.gz"), "--event", "4000000", "--display",
        "\(directory)/none.svg", "--menu", RepositoryPaths.menu("kaon-2018.yaml")
      ).expect(2, ["event 4000000 is not in it, or is not complete"])
    }
  }
}
