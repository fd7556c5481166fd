import Foundation
import SpillwayTestSupport
import Testing

@testable import Monitoring

/// What others read: checked with their tools, where those are there (the scripts say so where they are not).
@Suite("Other people's tools")
struct ToolTests {
  @Test("the API is as its description says", .enabled(if: Tool.isThere("python3")))
  func openAPI() async throws {
    try await TestServer.with { port async throws in
      let check = try await Tool.run(
        "python3",
        [RepositoryPaths.path("Tools/check-openapi"), "http://127.0.0.1:\(port)", "9001-1-17"])
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test(
    "promtool takes rules and metrics, and a real Prometheus scrapes them", .enabled(if: Tool.isThere("bash"))
  )
  func prometheus() async throws {
    try await TestServer.with { port async throws in
      let check = try await Tool.run(
        "bash", [RepositoryPaths.path("Tools/check-prometheus"), "http://127.0.0.1:\(port)"])
      #expect(check.status == 0, "\(check.output)")
    }
  }

  @Test(
    "what Grafana and the alert rules ask for is there",
    arguments: [
      "Configs/prometheus/grafana-spillway.json", "Configs/prometheus/spillway-alerts.yml",
      "Configs/prometheus/spillway-alerts-tests.yml",
    ])
  func names(file: String) throws {
    let text = try String(contentsOfFile: RepositoryPaths.path(file), encoding: .utf8)
    let names = Set(text.matches(of: /\b(?:spillway|process)_[a-z0-9_]+/).map { String($0.output) })
    #expect(names.count > 8)
    let known = Set(MetricCatalogue.families.map(\.name))
    #expect(names.subtracting(known).isEmpty, "\(names.subtracting(known))")
  }

  @Test("the dashboard for Grafana is JSON with a query in each panel, and panels that do not overlap")
  func grafana() throws {
    struct Dashboard: Decodable {
      struct Panel: Decodable {
        struct Place: Decodable {
          var x, y, w, h: Int
        }
        struct Target: Decodable {
          var expr: String
        }
        var id: Int
        var gridPos: Place
        var targets: [Target]
      }
      var title: String
      var panels: [Panel]
    }
    let path = RepositoryPaths.path("Configs/prometheus/grafana-spillway.json")
    let data = try #require(FileManager.default.contents(atPath: path))
    let panels = try JSONDecoder().decode(Dashboard.self, from: data).panels
    #expect(Set(panels.map(\.id)).count == panels.count)
    var taken = Set<[Int]>()
    for panel in panels {
      #expect(!panel.targets.isEmpty)
      #expect(panel.gridPos.x + panel.gridPos.w <= 24)
      for x in panel.gridPos.x..<panel.gridPos.x + panel.gridPos.w {
        for y in panel.gridPos.y..<panel.gridPos.y + panel.gridPos.h {
          #expect(taken.insert([x, y]).inserted, "panel \(panel.id)")
        }
      }
    }
  }

  @Test("each metric stands in the documentation")
  func documented() throws {
    let text = try String(contentsOfFile: RepositoryPaths.path("Docs/Monitoring.md"), encoding: .utf8)
    for family in MetricCatalogue.families {
      #expect(text.contains("`\(family.name)"), "\(family.name)")
    }
  }
}
