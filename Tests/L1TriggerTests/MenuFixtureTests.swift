import Configuration
import Foundation
import L1Trigger

/// Places and texts that the tests of menus share.
enum MenuFixture {
  /// The root of the package, found from this file.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  /// The golden configurations, which lie beside the package and may be absent.
  static let golden = URL(fileURLWithPath: root).deletingLastPathComponent()
    .appendingPathComponent("shared/golden/l1").path

  static var hasGolden: Bool { FileManager.default.fileExists(atPath: golden + "/default.cfg") }

  /// A menu whose `l1` is the given text, indented by two; the detectors are those of `Configs`.
  static func text(l1: String) -> String {
    """
    schema: spillway.menu/1
    name: test
    detectors: \(root)/Configs/detectors/na62-2018.yaml
    l1:
    \(l1)
    """
  }

  /// A menu of masks.
  static func text(masks: String) -> String { text(l1: "  masks:\n" + masks) }

  /// A menu of one mask with the given chain entry in flow style.
  static func text(entry: String) -> String {
    text(masks: "    - number: 3\n      chain:\n        - {\(entry)}")
  }

  static func load(_ text: String) throws(ConfigurationError) -> L1Menu {
    try L1Menu.parse(text: text, path: "menu.yaml")
  }

  /// The description of the error that reading the menu gives, or nil if it reads.
  static func message(_ text: String) -> String? {
    do {
      _ = try load(text)
      return nil
    } catch {
      return error.description
    }
  }

  /// Gives `body` the path of a file with the text, and removes it afterwards.
  static func withFile<R>(_ name: String, _ text: String, _ body: (String) throws -> R) throws -> R {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("menu-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return try body(file.path)
  }
}
