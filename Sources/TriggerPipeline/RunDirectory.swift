public import Alerting
public import Configuration
import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture

/// A run directory could not be written.
public struct RunDirectoryError: Error, Sendable, CustomStringConvertible {
  /// What happened, where, and what to do.
  public let description: String
}

/// The files of a run: written as the run goes on, and closed with its results.
///
/// `run.json` (manifest), `rates.csv`, `counts.json`, `alerts.jsonl`, `quarantine.pcap` (pcapng, the reason
/// in each packet's comment; only when something was rejected), and `unfinished.csv`.
public final class RunDirectory {
  /// The directory.
  public let path: String
  private let alerts: JSONLinesSink
  private let quarantine: QuarantineWriter
  private var unfinished: OutputFile?

  /// Makes the directory, if it is not there, and opens its files.
  ///
  /// - Throws: `RunDirectoryError` or `AlertingError`.
  public init(path: String) throws {
    self.path = path
    try Self.make(path: path)
    for name in ["quarantine.pcap", "unfinished.csv"] {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
    alerts = try JSONLinesSink(path: "\(path)/alerts.jsonl")
    quarantine = QuarantineWriter(path: "\(path)/quarantine.pcap")
  }

  /// Makes the directory of a run, if it is not there.
  ///
  /// - Throws: `RunDirectoryError`.
  public static func make(path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw RunDirectoryError(
        description: "\(path): the run directory cannot be made (\(error.localizedDescription)); "
          + "name another with --out")
    }
  }

  /// Writes what a batch brings: alerts, rejected packets, unfinished events.
  ///
  /// - Throws: when a file cannot be written.
  public func add(_ judged: JudgedBatch, alerts records: [AlertRecord]) throws {
    if !records.isEmpty { try alerts.deliver(records.map(AlertEncoder.line)) }
    let batch = judged.batch
    if let packets = batch.packets {
      if batch.captureBooks.packets > 0 { try quarantine.write(packets) }
      for reject in batch.rejects {
        let datagram = packets.datagrams[reject.datagram]
        let frame = packets.bytes[
          datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
        try quarantine.write(
          time: datagram.time, packet: datagram.packet, frame: frame, reason: reject.reason.rawValue)
      }
    }
    if !batch.unfinished.isEmpty {
      if unfinished == nil {
        unfinished = try OutputFile(path: "\(path)/unfinished.csv")
        try unfinished?.write("burst,event,reason,received\n")
      }
      var rows = ""
      for event in batch.unfinished {
        let received = zip(batch.layout.sources, event.received)
          .map { "\($0.id.hex):\($1)/\($0.fragments)" }
        rows += "\(event.burst),\(event.number),\(event.reason.rawValue),"
        rows += received.joined(separator: " ") + "\n"
      }
      try unfinished?.write(rows)
    }
  }

  /// Writes the results and closes the files.
  ///
  /// - Throws: when a file cannot be written.
  public func finish(report: ReplayReport, manifest: ConfigValue) throws {
    try quarantine.close()
    try unfinished?.close()
    try alerts.close()
    try OutputFile.write(try report.ratesCSV(), to: "\(path)/rates.csv")
    try OutputFile.write(report.counts().json() + "\n", to: "\(path)/counts.json")
    try OutputFile.write(manifest.json() + "\n", to: "\(path)/run.json")
  }
}

/// A text file that is written in pieces.
public final class OutputFile {
  private let path: String
  private let handle: FileHandle

  /// Makes the file, or empties it.
  ///
  /// - Throws: `RunDirectoryError`.
  public init(path: String) throws {
    self.path = path
    // Not FileManager.createFile, which puts a new file in the place of a pipe or a device.
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RunDirectoryError(
        description: "\(path): cannot be written (\(String(cString: strerror(errno)))); "
          + "check that the directory exists and is yours to write")
    }
    handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Appends text.
  ///
  /// - Throws: `RunDirectoryError`.
  public func write(_ text: String) throws { try write(Data(text.utf8)) }

  /// Appends bytes.
  func write(_ bytes: Data) throws {
    do {
      try handle.write(contentsOf: bytes)
    } catch {
      throw RunDirectoryError(
        description: "\(path): writing failed (\(error.localizedDescription)); is the disk full?")
    }
  }

  /// Closes the file.
  ///
  /// - Throws: `RunDirectoryError`.
  public func close() throws {
    do {
      try handle.close()
    } catch {
      throw RunDirectoryError(description: "\(path): closing failed (\(error.localizedDescription))")
    }
  }

  /// Writes a whole file.
  ///
  /// - Throws: `RunDirectoryError`.
  public static func write(_ text: String, to path: String) throws {
    let file = try OutputFile(path: path)
    try file.write(text)
    try file.close()
  }
}
