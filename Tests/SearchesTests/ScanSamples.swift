import Configuration
import Foundation
import SpillwayTestSupport

@testable import Searches

/// Scans for the tests.
enum ScanSamples {
  /// A shipped scan.
  static func shipped(_ name: String) throws -> ScanConfiguration {
    try ScanConfiguration.load(path: RepositoryPaths.path("Configs/scans/\(name).yaml"))
  }

  /// The text of a shipped scan.
  static func text(_ name: String) throws -> String {
    try String(contentsOfFile: RepositoryPaths.path("Configs/scans/\(name).yaml"), encoding: .utf8)
  }

  /// A scan from text.
  static func scan(_ text: String) throws -> ScanConfiguration {
    try ScanConfiguration(node: YAMLNode.parse(text: text, file: "scan.yaml"))
  }

  /// A shipped scan of a dark photon with some points only, and with these events.
  static func darkPhoton(
    _ name: String, masses: Int, mixings: Int = 3, events: [Double]? = nil
  ) throws -> DarkPhotonScan {
    var text = try text(name)
    if let events {
      text = text.replacingOccurrences(
        of: "masses: [411 MeV/c2]",
        with: "masses: [\(events.map { "\($0) MeV/c2" }.joined(separator: ", "))]")
    }
    var scan = try scan(text)
    guard case .darkPhoton(var search) = scan.model else { throw ScanError("no dark photon") }
    search.masses.count = masses
    search.mixings.count = mixings
    scan.model = .darkPhoton(search)
    guard case .darkPhoton(let result) = try ScanReport(scan, counts: nil, version: "test").result else {
      throw ScanError("no dark photon")
    }
    return result
  }

  /// Points that the published contours go through, digitised by the authors of FORESEE (physics.md 3.2): mass in
  /// MeV/c², lower and upper ε.
  static let published: [(scan: String, points: [(mass: Double, lower: Double, upper: Double)])] = [
    (
      "aprime-mumu-closure",
      [(300, 4.04e-7, 2.51e-6), (400, 4.22e-7, 1.58e-6), (411, 5.49e-7, 1.34e-6), (500, 4.74e-7, 1.0e-6)]
    ),
    (
      "aprime-ee-closure",
      [(300, 4.7e-7, 2.5e-6), (400, 5.1e-7, 1.44e-6)]
    ),
  ]

  /// The whole digitised contour of a channel, which lies beside the package and may be absent.
  static func contour(_ channel: String) -> [(mass: Double, mixing: Double)]? {
    let path = RepositoryPaths.root.deletingLastPathComponent()
      .appendingPathComponent("shared/data/contour_NA62_Aprime_\(channel)_FORESEE.txt").path
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return text.split(separator: "\n").compactMap { line in
      let numbers = line.split(separator: " ").compactMap { Double($0) }
      return numbers.count == 2 ? (numbers[0] * 1000, numbers[1]) : nil
    }
  }

  /// Lowest and highest crossing of a closed polyline with a mass.
  static func crossings(_ outline: [(mass: Double, mixing: Double)], _ mass: Double) -> (Double, Double)? {
    var found: [Double] = []
    for (a, b) in zip(outline, outline.dropFirst() + outline.prefix(1))
    where a.mass != b.mass && (a.mass - mass) * (b.mass - mass) <= 0 {
      let part = (mass - a.mass) / (b.mass - a.mass)
      found.append(exp(log(a.mixing) * (1 - part) + log(b.mixing) * part))
    }
    guard let low = found.min(), let high = found.max(), low < high else { return nil }
    return (low, high)
  }
}
