import Foundation
import Monitoring
import TriggerPipeline

/// The last snapshot of a run in its directory, which `spillway serve` shows.
enum SavedSnapshot {
  /// Its name in the run directory.
  static let fileName = "monitor.json"
  /// Largest file that is read.
  private static let limit = 256 << 20

  /// A snapshot as text.
  static func text(_ snapshot: MonitorSnapshot) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(snapshot), as: UTF8.self)
  }

  /// The snapshot of a run directory, marked as of a run that has ended.
  static func read(_ directory: String) throws -> MonitorSnapshot {
    let path = "\(directory)/\(fileName)"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure.usage(
        "\(path): cannot be read; name the directory that 'replay' or 'listen' wrote with --out and --serve, --alerts "
          + "or --bands")
    }
    guard data.count <= limit, var snapshot = try? JSONDecoder().decode(MonitorSnapshot.self, from: data)
    else {
      throw Failure.usage("\(path): not a snapshot of this version of Spillway; replay the run again")
    }
    snapshot.status.source = .finished
    // The pictures need the recording.
    for i in snapshot.alerts.entries.indices { snapshot.alerts.entries[i].hasDisplay = false }
    return snapshot
  }
}
