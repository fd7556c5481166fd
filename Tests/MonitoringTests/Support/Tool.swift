import Foundation

/// A program of the system, where it is there.
enum Tool {
  /// Whether programs are in the path.
  static func isThere(_ names: String...) -> Bool {
    names.allSatisfy { path($0) != nil }
  }

  /// Runs a program to its end; what it wrote on both streams.
  static func run(_ name: String, _ arguments: [String], input: String = "") async throws -> (
    status: Int32, output: String
  ) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path(name) ?? name)
    process.arguments = arguments
    let directory = FileManager.default.temporaryDirectory
    let (from, to) = (
      directory.appendingPathComponent(UUID().uuidString), directory.appendingPathComponent(UUID().uuidString)
    )
    defer { for file in [from, to] { try? FileManager.default.removeItem(at: file) } }
    try Data(input.utf8).write(to: from)
    try Data().write(to: to)
    process.standardInput = try FileHandle(forReadingFrom: from)
    let output = try FileHandle(forWritingTo: to)
    process.standardOutput = output
    process.standardError = output
    let status = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return (status, String(decoding: try Data(contentsOf: to), as: UTF8.self))
  }

  private static func path(_ name: String) -> String? {
    if name.contains("/") { return FileManager.default.isExecutableFile(atPath: name) ? name : nil }
    return ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
