public import Alerting
public import Configuration
import EventBuilding
import Foundation
import Glibc
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
/// `run.json` (manifest), `rates.csv`, `hlt.csv`, `counts.json`, `alerts.jsonl`, `quarantine.pcap` (pcapng, the reason
/// in each packet's comment; only when something was rejected), `unfinished.csv`, `report.html`, and `timing.json`
/// where events were reconstructed.
public final class RunDirectory {
  /// The directory.
  public let path: String
  private let alerts: JSONLinesSink
  private let quarantine: QuarantineWriter
  private var unfinished: OutputFile?

  /// Makes the directory, if it is not there, and opens its files.
  ///
  /// - Parameters:
  ///   - path: The directory.
  ///   - files: To go on with an interrupted run: what ``files()`` said at its checkpoint.
  /// - Throws: `RunDirectoryError` or `AlertingError`.
  public init(path: String, continuing files: [String: UInt64]? = nil) throws {
    self.path = path
    try OutputDirectory.make(path, option: "--out")
    let own = Self.growing.map { "\(path)/\($0)" }
    if let files {
      try RunFiles.cut(
        own, to: Dictionary(files.map { ("\(path)/\($0.key)", $0.value) }, uniquingKeysWith: { $1 }))
    }
    for name in ["timing.json"] + (files == nil ? ["quarantine.pcap", "unfinished.csv"] : []) {
      try? FileManager.default.removeItem(atPath: "\(path)/\(name)")
    }
    alerts = try JSONLinesSink(path: "\(path)/alerts.jsonl", append: files != nil)
    quarantine = QuarantineWriter(path: "\(path)/quarantine.pcap", append: files != nil)
    if files?["unfinished.csv"] != nil {
      unfinished = try OutputFile(path: "\(path)/unfinished.csv", append: true)
    }
  }

  /// The files that grow as the run goes on.
  private static let growing = ["alerts.jsonl", "unfinished.csv", "quarantine.pcap"]

  /// The lengths of the files that grow, by name, once what was written to them is on the disk.
  ///
  /// - Throws: when a file cannot be written.
  public func files() throws -> [String: UInt64] {
    try quarantine.flush()
    let lengths = try RunFiles.lengths(of: Self.growing.map { "\(path)/\($0)" })
    return Dictionary(
      lengths.map { (String($0.key.dropFirst(path.count + 1)), $0.value) }, uniquingKeysWith: { $1 })
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
    if !batch.unfinished.isEmpty || !judged.l1Unfinished.isEmpty {
      if unfinished == nil {
        unfinished = try OutputFile(path: "\(path)/unfinished.csv")
        try unfinished?.write("run,burst,event,reason,received\n")
      }
      let layout = batch.layout
      try unfinished?.write(
        Self.rows(of: batch.unfinished, layout.sources, "")
          + Self.rows(of: judged.l1Unfinished, layout.l1Sources, "l1-"))
    }
  }

  private static func rows(
    of events: [UnfinishedEvent], _ sources: [EventLayout.Source], _ prefix: String
  ) -> String {
    var rows = ""
    for event in events {
      let received = zip(sources, event.received).map { "\($0.id.hex):\($1)/\($0.fragments)" }
      rows += "\(event.run),\(event.burst),\(event.number),\(prefix)\(event.reason.rawValue),"
      rows += received.joined(separator: " ") + "\n"
    }
    return rows
  }

  /// Writes the results and closes the files.
  ///
  /// - Throws: when a file cannot be written.
  public func finish(
    report: ReplayReport, manifest: ConfigValue, sections: [(title: String, html: String)] = []
  ) throws {
    try quarantine.close()
    try unfinished?.close()
    try alerts.close()
    try OutputFile.write(try report.ratesCSV(), to: "\(path)/rates.csv")
    try OutputFile.write(report.hltCSV(), to: "\(path)/hlt.csv")
    try OutputFile.write(report.counts().json() + "\n", to: "\(path)/counts.json")
    let timing = report.timing()
    if timing != .null {
      try OutputFile.write(timing.json(isIndented: true) + "\n", to: "\(path)/timing.json")
    }
    try OutputFile.write(try report.html(manifest: manifest, sections: sections), to: "\(path)/report.html")
    try OutputFile.write(manifest.json() + "\n", to: "\(path)/run.json")
  }
}

/// A text file that is written in pieces.
public final class OutputFile {
  private let path: String
  private var descriptor: Int32

  /// Makes the file, or empties it unless it is appended to.
  ///
  /// - Throws: `RunDirectoryError`.
  public init(path: String, append: Bool = false) throws {
    self.path = path
    // Not FileManager.createFile, which puts a new file in the place of a pipe or a device.
    descriptor = open(path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC) | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RunDirectoryError(
        description: "\(path): cannot be written (\(String(cString: strerror(errno)))); "
          + "check that the directory exists and is yours to write")
    }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Appends text.
  ///
  /// - Throws: `RunDirectoryError`.
  public func write(_ text: String) throws { try write(Data(text.utf8)) }

  /// Appends bytes.
  func write(_ bytes: Data) throws {
    try bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure("writing", errno) }
        done += count
      }
    }
  }

  /// Closes the file.
  ///
  /// - Throws: `RunDirectoryError`.
  public func close() throws {
    guard descriptor >= 0 else { return }
    defer { descriptor = -1 }
    guard Glibc.close(descriptor) == 0 else { throw failure("closing", errno) }
  }

  private func failure(_ action: String, _ code: Int32) -> RunDirectoryError {
    RunDirectoryError(
      description:
        "\(path): \(action) failed (\(String(cString: strerror(code)))); make room, or write elsewhere")
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
