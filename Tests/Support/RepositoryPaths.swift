public import Foundation

/// Where the tests find what lies in the repository, and the golden data beside it.
public enum RepositoryPaths {
  /// The root of the package.
  public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A file of the package, by its path in it.
  public static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

  /// A shipped capture, by its file name.
  public static func replay(_ name: String) -> String { path("Replay/\(name)") }

  /// A golden fixture, by its file name.
  public static func fixture(_ name: String) -> String { path("Tests/Fixtures/golden/\(name)") }

  /// A shipped menu, by its file name.
  public static func menu(_ name: String) -> String { path("Configs/menus/\(name)") }

  /// The shipped detectors file.
  public static var detectors: String { path("Configs/detectors/na62-2018.yaml") }

  /// A file of the whole golden data, which lie beside the package and may be absent.
  public static func golden(_ name: String) -> String {
    root.deletingLastPathComponent().appendingPathComponent("shared/golden/l1/\(name)").path
  }

  /// Whether the whole golden data are there.
  public static var hasGolden: Bool {
    FileManager.default.fileExists(atPath: golden("stress.pcap.gz"))
  }

  /// Calls `body` with the path of a new directory, which is removed afterwards.
  public static func withTemporaryDirectory<Result>(
    _ body: (String) async throws -> Result
  ) async throws -> Result {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("spillway-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(url.path)
  }
}
