import Foundation

/// Files that come with Spillway, `Configs/…` and `Replay/…`: in a clone they are in the working directory, and behind
/// `make install` or a package in `share/spillway`, so that the same commands work everywhere.
enum ShippedFile {
  private static let directories = ["Configs/", "Replay/"]

  /// The path of a file to read, as an option gives it.
  @Sendable static func find(_ path: String) -> String {
    find(
      path, program: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path,
      exists: FileManager.default.fileExists(atPath:))
  }

  /// The path as it is, or, where it names a shipped file that is not here, that of the installed one.
  ///
  /// - Parameters:
  ///   - path: relative to the working directory, or absolute.
  ///   - program: absolute path of the program, without links: `PREFIX/bin/spillway` or `PREFIX/lib/spillway/spillway`.
  ///   - exists: whether there is something at a path.
  static func find(_ path: String, program: String, exists: (String) -> Bool) -> String {
    guard directories.contains(where: path.hasPrefix), !path.split(separator: "/").contains(".."),
      !exists(path)
    else { return path }
    let place = URL(fileURLWithPath: program).deletingLastPathComponent()
    for above in ["..", "../.."] {
      let installed = place.appendingPathComponent("\(above)/share/spillway/\(path)").standardized.path
      if exists(installed) { return installed }
    }
    return path
  }
}
