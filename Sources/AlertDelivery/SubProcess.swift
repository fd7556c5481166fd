import Foundation

/// Runs a program that takes its input and ends.
enum SubProcess {
  enum Result: Sendable, Equatable {
    /// It has ended, with this status and these words on standard error.
    case ended(Int32, String)
    /// It was ended, after the time was over.
    case tooLong
    /// It could not be started.
    case notStarted(String)
  }

  /// Runs a program with a text as its standard input.
  ///
  /// Input and errors go through files: a program that does not read, or writes without end, blocks nothing here.
  static func run(_ command: [String], input: String, timeout: Duration) async -> Result {
    guard let program = command.first else { return .notStarted("no program") }
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "spillway-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: directory) }
    let (inputURL, errorURL) = (
      directory.appendingPathComponent("in"), directory.appendingPathComponent("err")
    )
    let process = Process()
    do {
      try FileManager.default.createDirectory(
        at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try Data(input.utf8).write(to: inputURL)
      try Data().write(to: errorURL)
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = Array(command.dropFirst())
      process.standardInput = try FileHandle(forReadingFrom: inputURL)
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: errorURL)
    } catch { return .notStarted("\(error.localizedDescription)") }
    let ended = AsyncStream<Void> { stream in process.terminationHandler = { _ in stream.finish() } }
    do { try process.run() } catch { return .notStarted(error.localizedDescription) }
    let identifier = process.processIdentifier
    let isInTime = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        for await _ in ended {}
        // A stop of the task ends the wait, not the program.
        return !Task.isCancelled
      }
      group.addTask {
        try? await Task.sleep(for: timeout)
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
    guard isInTime else {
      if process.isRunning { kill(identifier, SIGKILL) }
      return .tooLong
    }
    let error = (try? Data(contentsOf: errorURL)) ?? Data()
    return .ended(process.terminationStatus, String(decoding: error.prefix(2000), as: UTF8.self))
  }
}
