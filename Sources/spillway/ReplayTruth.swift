import Configuration
import L0Trigger
import L1Trigger
import PacketCapture
import Selections
import Simulation
import TriggerPipeline

/// What `spillway replay` does with the truth of a simulation.
struct ReplayTruth {
  /// Path of the truth.
  let path: String
  /// ns from a trigger within which its decays begin.
  let window: Double
  /// The header of the truth.
  let header: TruthHeader

  /// Opens the truth, to see that it is one.
  init?(path: String?, window: Double) throws {
    guard let path else { return nil }
    guard path != "-" else {
      throw Failure.usage("--truth -: give a file, as it is read once for L0 and once for the events")
    }
    self.path = path
    self.window = window
    header = try Self.reader(path).header
    guard window <= header.lookahead else {
      throw Failure.usage(
        "--truth-window \(window): \(path) was written for at most \(header.lookahead) ns; give less")
    }
  }

  /// What joins the judged events with it.
  func eventJoin(_ selections: SelectionSet?) throws -> TruthEventJoin {
    TruthEventJoin(reader: try Self.reader(path), window: window, selections: selections)
  }

  /// What joins the emulated triggers with it.
  func l0Join() throws -> TruthL0Join { TruthL0Join(reader: try Self.reader(path), window: window) }

  private static func reader(_ path: String) throws -> TruthReader {
    try checked { try TruthReader(path: path) }
  }

  /// Does something with the truth; what is wrong with the file is wrong usage.
  static func checked<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch let error as ConfigurationError {
      throw Failure.usage(error)
    } catch let error as CaptureError { throw Failure.usage(error) }
  }

  /// The report, written to the run directory if there is one.
  func report(
    events: TruthTable?, emulated: TruthTable?, menuPath: String, l0: L0Menu?, l1: L1Menu?,
    selections: SelectionSet?, out: String?
  ) throws -> TruthReport {
    let report = TruthReport(
      header: header, path: path, window: window, events: events, emulated: emulated,
      menuFileHash: SHA256.hex(of: try ConfigurationFile.text(path: menuPath)), l0: l0, l1: l1,
      selections: selections)
    if let out {
      try OutputFile.write(report.csv(), to: "\(out)/efficiencies.csv")
      try OutputFile.write(report.summary().json() + "\n", to: "\(out)/truth.json")
    }
    return report
  }
}
