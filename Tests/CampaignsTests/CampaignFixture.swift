import Campaigns
import Foundation

/// Plans to test with.
enum CampaignFixture {
  /// A file that is so many bytes long.
  static func identity(_ bytes: UInt64, _ end: String = "00") -> CampaignInput.Identity {
    CampaignInput.Identity(bytes: bytes, head: "11", tail: end)
  }

  /// Captures of one burst each, of so many bytes.
  static func units(_ bytes: [UInt64]) -> [CampaignUnit] {
    bytes.enumerated().map { index, bytes in
      CampaignUnit(
        inputs: [index], begin: Int64(index) * 20,
        bursts: [CampaignBurst(run: nil, burst: UInt32(index + 1))],
        bytes: bytes)
    }
  }

  /// A plan over such captures.
  static func plan(
    _ bytes: [UInt64], tasks: Int, engine: CampaignEngine = .local, directory: String = "/data/c 1"
  ) -> CampaignPlan {
    CampaignPlan(
      version: "1.2.3", configurationHash: "abc", workingDirectory: "/work", directory: directory,
      program: "/opt/spillway", engine: engine,
      options: CampaignOptions(menu: "menu.yaml", counters: "burst", workers: 2), kind: .captures,
      inputs: bytes.enumerated().map { CampaignInput(path: "b\($0).pcap", identity: identity($1)) },
      tasks: CampaignSplit.tasks(of: units(bytes), maximum: tasks, assumesSingleBursts: true))
  }
}
