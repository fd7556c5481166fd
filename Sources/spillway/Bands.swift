import ArgumentParser
import Configuration
import Foundation
import RateMonitoring
import TriggerPipeline

/// `spillway bands`.
struct Bands: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make bands for rate monitoring of a run.",
    discussion: """
      Prints a file for '--bands': what the rates of later runs are compared with. It is made of the counts of a \
      reference run, one that was replayed or taken with '--bands', '--serve' or '--alerts' \
      (RUN/rates-by-burst.csv). With --prediction L0 masks have the rates that the run's menu, emulated on the \
      recorded primitives, sends (RUN/l0-rates.csv): what to expect of a menu before it is loaded.

      Examples:
        spillway bands runs/8000 > bands.yaml
        spillway bands runs/8000 --relative-to detector/NewCHOD --tolerance 0.2 > bands.yaml
        spillway bands runs/new-menu --prediction --relative-to detector/NewCHOD > bands.yaml
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var directory: String

  @Option(
    name: .customLong("relative-to"),
    help: ArgumentHelp(
      "The line that follows the intensity; detectors and L0 masks are compared with it.", valueName: "line"))
  var intensity: String?

  @Option(help: "Deviation that is no change, as a fraction of the rate.")
  var tolerance = 0.1

  @Flag(help: "Take the rates of L0 masks from the emulation of the run's menu.")
  var prediction = false

  func validate() throws {
    if !(tolerance >= 0 && tolerance < 1) {
      throw ValidationError("--tolerance \(tolerance): expected 0 or more, below 1")
    }
    if let intensity, RateLine(text: intensity) == nil {
      throw ValidationError("--relative-to \(intensity): expected LEVEL/NAME, as detector/NewCHOD")
    }
  }

  func run() throws {
    let path = "\(directory)/\(RatesFile.fileName)"
    let counts: RateCounts
    do throws(ConfigurationError) {
      guard FileManager.default.fileExists(atPath: path) else {
        throw ConfigurationError(
          file: path, problem: "there are no counts by burst",
          advice: "run 'replay' or 'listen' with --bands, --serve or --alerts and --out")
      }
      counts = try RatesByBurst.counts(of: try ConfigurationFile.text(path: path), file: path)
    } catch { throw Failure.usage(error) }
    var reference = RateReference(from: counts)
    reference.tolerance = tolerance
    if let line = intensity.flatMap(RateLine.init(text:)) {
      guard counts.total(of: line).count > 0 else {
        throw Failure.usage("--relative-to \(line): the run counted nothing there; see \(path)")
      }
      reference.intensity = line
    }
    if prediction { reference.predict(sent: try sent()) }
    let bursts = "\(counts.bursts.count) burst\(counts.bursts.count == 1 ? "" : "s")"
    let name = URL(fileURLWithPath: directory).lastPathComponent
    let bands = reference.configuration(
      name: name,
      description: (prediction ? "what its menu of L0 sends, emulated on " : "counts of ")
        + "\(bursts) of \(name)")
    Terminal.out(bands.effective.yaml())
  }

  /// The triggers that the emulated menu sends, by mask.
  private func sent() throws -> [(mask: String, count: UInt64)] {
    let path = "\(directory)/l0-rates.csv"
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw Failure.usage(
        "\(path): cannot be read; replay recorded primitives with a menu that has lines of L0, and --out")
    }
    let rows = text.split(separator: "\n").map { CSV.fields($0) ?? [] }
    guard let header = rows.first, let mask = header.firstIndex(of: "mask"),
      let name = header.firstIndex(of: "name"), let sent = header.firstIndex(of: "sent")
    else { throw Failure.usage("\(path): not a table of L0 rates that Spillway wrote") }
    return try rows.dropFirst().enumerated().compactMap { number, row in
      guard row.count == header.count, let count = UInt64(row[sent]) else {
        throw Failure.usage("\(path):\(number + 2): not a row of L0 rates")
      }
      // Control triggers are of no mask.
      guard Int(row[mask]) != nil else { return nil }
      return (row[name].isEmpty ? "mask \(row[mask])" : row[name], count)
    }
  }
}
