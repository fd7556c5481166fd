import Foundation

/// Places of the package that the tests read.
enum ConfigurationPaths {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  /// The YAML file under test.
  static let yaml = root + "/Configs/detectors/na62-2018.yaml"
  /// NA62's own files, which are not part of the package.
  static let na62 = root + "/../shared/data/na62-config"
  static var hasNA62: Bool { FileManager.default.fileExists(atPath: na62 + "/CHOD.2017.om.conf") }
}
