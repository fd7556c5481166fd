import Foundation
import SpillwayTestSupport
import Testing

/// What the `spillway` program does when it is run.
struct SpillwayProcess: Sendable {
  /// Exit code.
  let code: Int32
  /// Standard output.
  let output: String
  /// Standard error, warnings of the menu included.
  let errors: String

  /// The lines of standard error that are no warnings.
  var messages: [Substring] {
    errors.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
  }

  /// Runs the program that was built beside the tests, and waits for its end.
  init(_ arguments: String..., input: String? = nil) async throws {
    try await self.init(arguments, input: input)
  }

  /// Runs the program with the arguments; `input` and `output` are files for its standard input and output,
  /// `environment` is beside that of the tests. As soon as `isToDie` says so it is killed (SIGKILL).
  init(
    _ arguments: [String], input: String? = nil, output device: String? = nil,
    environment: [String: String] = [:], isToDie: (@Sendable () -> Bool)? = nil
  ) async throws {
    let program = try #require(Self.program, "no 'spillway' beside the test bundle")
    (code, output, errors) = try await RepositoryPaths.withTemporaryDirectory { directory in
      let process = Process()
      process.executableURL = program
      process.arguments = arguments
      process.currentDirectoryURL = RepositoryPaths.root
      // After a crash no backtrace: it takes seconds.
      process.environment = ProcessInfo.processInfo.environment
        .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }.merging(environment) { $1 }
      // Files, not pipes: they cannot fill up.
      let texts = ["out", "err"].map { URL(fileURLWithPath: "\(directory)/\($0)") }
      let handles = try texts.map { url in
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        return try FileHandle(forWritingTo: url)
      }
      process.standardOutput =
        try device.map { try FileHandle(forWritingTo: URL(fileURLWithPath: $0)) }
        ?? handles[0]
      process.standardError = handles[1]
      process.standardInput =
        try input.map { try FileHandle(forReadingFrom: URL(fileURLWithPath: $0)) }
        ?? FileHandle.nullDevice
      let end: Int32 = try await withCheckedThrowingContinuation { continuation in
        process.terminationHandler = { ended in
          // A signal is no exit code.
          continuation.resume(
            returning: ended.terminationReason == .exit ? ended.terminationStatus : -ended.terminationStatus)
        }
        do {
          try process.run()
          if let isToDie {
            let id = process.processIdentifier
            Thread.detachNewThread {
              while kill(id, 0) == 0 {
                if isToDie() { kill(id, SIGKILL) }
                usleep(500)
              }
            }
          }
        } catch {
          process.terminationHandler = nil
          continuation.resume(throwing: error)
        }
      }
      for handle in handles { try handle.close() }
      let read = try texts.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
      return (end, read[0], read[1])
    }
  }

  /// The program, which the build leaves in the directory of the test bundle, or in one above it.
  static let program: URL? = {
    let starts =
      [Bundle.main.bundleURL, Bundle.main.executableURL ?? Bundle.main.bundleURL]
      + CommandLine.arguments.map { URL(fileURLWithPath: $0) }
    for start in starts {
      var directory = start
      for _ in 0..<4 {
        let program = directory.appendingPathComponent("spillway")
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: program.path, isDirectory: &isDirectory),
          !isDirectory.boolValue, FileManager.default.isExecutableFile(atPath: program.path)
        {
          return program
        }
        directory.deleteLastPathComponent()
      }
    }
    return nil
  }()

  /// Standard output as JSON.
  func json() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
  }

  /// A column of the books of `replay --json`.
  func book(_ level: String, _ column: String) throws -> Int? {
    let books = try #require(try json()["books"] as? [String: Any])
    return (books[level] as? [String: Any])?[column] as? Int
  }

  /// Expects wrong usage or configuration: exit code 2, nothing printed, and a message with these parts.
  func expectUsage(_ parts: String..., location: SourceLocation = #_sourceLocation) {
    expect(2, parts, location)
  }

  /// Expects an exit code, and a message with these parts.
  func expect(_ code: Int32, _ parts: [String], _ location: SourceLocation = #_sourceLocation) {
    #expect(self.code == code, "\(errors)", sourceLocation: location)
    if code == 1 || code == 2 { #expect(output.isEmpty, sourceLocation: location) }
    for part in parts {
      #expect(
        messages.contains { $0.contains(part) }, "no '\(part)' in: \(errors)", sourceLocation: location)
    }
  }
}
