import ArgumentParser
import Foundation
import TriggerPipeline

/// The command line of Spillway.
@main
struct Spillway: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "spillway",
    abstract: "A stream-oriented online trigger emulator of CERN's NA62.",
    discussion: """
      Replays recorded streams through event building and the L1 trigger, monitors trigger rates, counts \
      selected events with exact limits, and writes candidate alerts.

      Examples:
        spillway replay Replay/ordered-1000.pcap.gz --out runs/first
        spillway inspect Replay/ordered-1000.pcap.gz --event 25
        spillway config check Configs/menus/*.yaml

      Exit codes: 0 done; 1 failed; 2 wrong usage or configuration; 3 done, but data were lost or corrupt \
      beyond --tolerance.
      """,
    version: version,
    subcommands: [
      Replay.self, Listen.self, Aggregate.self, Simulate.self, Serve.self, Compare.self, Inspect.self,
      LimitCommand.self, Scan.self, Report.self, Merge.self, CampaignCommand.self, Export.self, Bands.self,
      Unblind.self,
      Config.self,
    ])

  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let failure as Failure {
      Terminal.error(failure.message)
      Foundation.exit(failure.code)
    } catch {
      let code = exitCode(for: error)
      if code == .success || error is CleanExit || error is ExitCode { exit(withError: error) }
      // Wrong usage is 2, as everywhere in Spillway, not the library's 64.
      if code == .validationFailure {
        Terminal.raw(fullMessage(for: error))
        Foundation.exit(2)
      }
      Terminal.error(String(describing: error))
      Foundation.exit(1)
    }
  }
}

/// An end of the program with one line for the person, and its exit code.
struct Failure: Error {
  let message: String
  let code: Int32

  static func usage(_ message: some CustomStringConvertible) -> Failure {
    Failure(message: String(describing: message), code: 2)
  }

  /// Refuses `--first-burst` where the inputs say their bursts.
  static func check(firstBurst: UInt32?, _ input: some SessionInput) throws {
    guard let firstBurst, input.saysBursts else { return }
    let kind = input.isBurstFiles ? "burst files" : "raw primitive files"
    throw usage("--first-burst \(firstBurst): \(kind) say their bursts; leave the option out")
  }
}

/// What goes to standard error: progress and errors.
enum Terminal {
  static let isInteractive = isatty(2) == 1

  static func error(_ message: String) { raw("spillway: \(message)") }

  static func raw(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }

  static func note(_ text: String) { raw(text) }

  /// Progress on one line that is written over; nothing where there is no terminal.
  static func progress(_ text: String) {
    guard isInteractive else { return }
    try? FileHandle.standardError.write(contentsOf: Data("\r\u{1B}[2K\(text)".utf8))
  }

  /// Writes results; a reader that has gone, as behind `| head`, ends the program quietly.
  static func out(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      let code = errno
      if code == EPIPE { Foundation.exit(0) }
      Terminal.error("standard output: cannot be written (\(String(cString: strerror(code))))")
      Foundation.exit(1)
    }
  }
}
