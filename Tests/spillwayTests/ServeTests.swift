import Foundation
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The dashboard of a run, served by the real program and read over HTTP.
@Suite("spillway replay --serve and spillway serve")
struct ServeTests {
  private static let menu = ["--menu", "Configs/menus/golden-default.yaml"]
  private static let selections = ["--selections", "Configs/selections/first-counting.yaml"]

  /// What the API of a server says at a path.
  private func json(_ base: String, _ path: String) async throws -> [String: Any] {
    let url = try #require(URL(string: base + path))
    let (data, response) = try await URLSession.shared.data(from: url)
    #expect((response as? HTTPURLResponse)?.statusCode == 200, "\(path)")
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  @Test("what the dashboard shows at the end of a replay is what counts.json and the books say")
  func servedCountsAreThoseOfTheRun() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    let program = try ServingProcess(
      ["replay", "Replay/ordered-1000.pcap.gz", "--out", directory.path, "--serve", "0", "--keep-serving"]
        + Self.menu + Self.selections)
    defer { program.stop() }
    let base = try await program.url()
    try await program.waitForEnd(base)
    let status = try await json(base, "api/v1/status")
    #expect(status["state"] as? String == "finished")
    #expect(status["source"] as? String == "replay")
    #expect(status["isTest"] as? Bool == true)

    let shown = try await json(base, "api/v1/counts")["selections"] as? [[String: Any]]
    let written = try directory.json("counts.json")["selections"] as? [[String: Any]]
    let (left, right) = (try #require(shown), try #require(written))
    #expect(left.count == right.count && !left.isEmpty)
    for (a, b) in zip(left, right) {
      #expect(a["name"] as? String == b["selection"] as? String)
      #expect(a["selected"] as? Int == b["selected"] as? Int)
      #expect(a["events"] as? Int == b["seen"] as? Int)
      let counting = b["counting"] as? [String: Any]
      let state = a["state"] as? [String: Any]
      #expect(state?["observed"] as? Int == counting?["observed"] as? Int)
      #expect(state?["upperLimit"] as? Double == counting?["upper_limit_events"] as? Double)
    }
    let books = try await json(base, "api/v1/health")["books"] as? [[String: Any]]
    #expect(books?.first { $0["item"] as? String == "events" }?["entered"] as? Int == 1000)
    #expect(books?.allSatisfy { $0["closes"] as? Bool == true } == true)
    let alerts = try await json(base, "api/v1/alerts")
    let lines = try directory.text("alerts.jsonl").split(separator: "\n").count
    #expect(alerts["total"] as? Int == lines)
    let rates = try await json(base, "api/v1/rates")["lines"] as? [[String: Any]]
    #expect(rates?.contains { $0["level"] as? String == "l1" } == true)
  }

  @Test("a run that has ended is served from its directory, and says so")
  func finishedRunIsServed() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    let replay = try ServingProcess(
      ["replay", "Replay/ordered-100.pcap.gz", "--out", directory.path, "--serve", "0"] + Self.menu
        + Self.selections)
    #expect(try await replay.exitCode() == 0)
    let program = try ServingProcess(["serve", directory.path, "--serve", "0"])
    defer { program.stop() }
    let base = try await program.url()
    let status = try await json(base, "api/v1/status")
    #expect(status["source"] as? String == "finished")
    #expect(status["state"] as? String == "finished")
  }

  @Test("a blind selection shows no count, limit or event on the dashboard")
  func blindStaysBlind() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    let program = try ServingProcess(
      ["replay", "Replay/pi4e-2018.pcap.gz", "--out", directory.path, "--serve", "0", "--keep-serving"]
        + ["--menu", "Configs/menus/kaon-2018.yaml", "--selections", "Configs/selections/kpi4e.yaml"])
    defer { program.stop() }
    let base = try await program.url()
    try await program.waitForEnd(base)
    let selections = try await json(base, "api/v1/counts")["selections"] as? [[String: Any]]
    let blind = try #require(selections?.filter { $0["isBlind"] as? Bool == true })
    #expect(!blind.isEmpty)
    for selection in blind {
      for key in ["events", "selected", "state"] { #expect(selection[key] == nil, "\(key)") }
      #expect((selection["history"] as? [Any])?.isEmpty == true)
    }
  }

  @Test("candidates are drawn from the run itself, also where its input is read again and again")
  func candidatesAreDrawn() async throws {
    let directory = try TemporaryRun()
    defer { directory.remove() }
    let program = try ServingProcess(
      ["replay", "Replay/kaon-2018.pcap.gz", "--loop", "2", "--out", directory.path, "--serve", "0"]
        + ["--keep-serving", "--menu", "Configs/menus/kaon-2018.yaml"]
        + ["--selections", "Configs/selections/kpinunu.yaml"])
    defer { program.stop() }
    let base = try await program.url()
    try await program.waitForEnd(base)
    let entries = try #require(try await json(base, "api/v1/alerts")["entries"] as? [[String: Any]])
    let candidates = entries.filter { $0["kind"] as? String == "candidate" }
    #expect(Set(candidates.compactMap { $0["burst"] as? Int }) == [1, 2])
    for candidate in candidates {
      #expect(candidate["hasDisplay"] as? Bool == true)
      let (id, event) = (try #require(candidate["id"] as? String), try #require(candidate["event"] as? Int))
      let burst = try #require(candidate["burst"] as? Int)
      let name = try #require(id.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      let url = try #require(URL(string: base + "api/v1/candidates/\(name)/display.svg"))
      let (data, response) = try await URLSession.shared.data(from: url)
      #expect((response as? HTTPURLResponse)?.statusCode == 200)
      #expect(
        String(decoding: data, as: UTF8.self).contains("aria-label=\"Event \(event) of burst \(burst),"))
    }
    let rates = try #require(try await json(base, "api/v1/rates")["lines"] as? [[String: Any]])
    let events = rates.first { $0["level"] as? String == "stream" && $0["name"] as? String == "events" }
    let counted = try directory.text("rates-by-burst.csv").split(separator: "\n")
      .filter { $0.contains(",stream,events,") }.compactMap { Int($0.split(separator: ",")[6]) }
    #expect(counted.count == 2)
    #expect(events?["total"] as? Int == counted.reduce(0, +))
  }

  @Test("beyond loopback a token is needed, and said in one line")
  func tokenIsNeeded() async throws {
    let program = try ServingProcess(
      ["replay", "Replay/ordered-100.pcap.gz", "--serve", "0.0.0.0:0"] + Self.menu)
    #expect(try await program.exitCode() == 2)
    #expect(program.errors.contains("token"))
  }
}
