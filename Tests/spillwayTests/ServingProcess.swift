import Foundation
import SpillwayTestSupport
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The `spillway` program while it serves a dashboard.
final class ServingProcess {
  private let process = Process()
  private let directory: URL

  /// Starts the program.
  init(_ arguments: [String]) throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("spillway-serve-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let program = try #require(SpillwayProcess.program, "no 'spillway' beside the test bundle")
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = RepositoryPaths.root
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let file = directory.appendingPathComponent("err")
    try Data().write(to: file)
    process.standardError = try FileHandle(forWritingTo: file)
    try process.run()
  }

  /// Standard error so far.
  var errors: String {
    (try? String(contentsOf: directory.appendingPathComponent("err"), encoding: .utf8)) ?? ""
  }

  /// The address that it tells once it listens.
  func url() async throws -> String {
    for _ in 0..<600 {
      if let line = errors.split(separator: "\n").first(where: { $0.hasPrefix("dashboard: ") }) {
        return String(line.dropFirst("dashboard: ".count))
      }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it does not serve: \(errors)")
    throw CancellationError()
  }

  /// Waits until the page says that the run is at its end.
  func waitForEnd(_ base: String) async throws {
    let url = try #require(URL(string: base + "api/v1/status"))
    for _ in 0..<1200 {
      if let (data, _) = try? await URLSession.shared.data(from: url),
        let status = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
        status["state"] as? String == "finished"
      {
        return
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("the run does not end: \(errors)")
  }

  /// Waits for its end; its exit code.
  func exitCode() async throws -> Int32 {
    while process.isRunning { try await Task.sleep(for: .milliseconds(20)) }
    return process.terminationStatus
  }

  /// Ends it as Ctrl-C does.
  func stop() {
    if process.isRunning {
      process.interrupt()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: directory)
  }
}

/// A run directory for a test.
struct TemporaryRun {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("spillway-run-\(UUID())").path
  }

  /// A file of it as text.
  func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  /// A file of it as JSON.
  func json(_ name: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(try text(name).utf8)) as? [String: Any])
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }
}
