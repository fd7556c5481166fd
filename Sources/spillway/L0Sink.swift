import Alerting
import Configuration
import Foundation
import L0Trigger
import PacketCapture
import RunStore
import TriggerPipeline

/// The task that takes the results of L0: counts, files, progress.
actor L0Sink {
  private var account: L0Account
  private let decisions: OutputFile?
  private let decisionsPath: String?
  private let counters: String?
  private let packets: FarmPacketWriter?
  private let directory: String?
  /// Whether there is no L1, whose run directory this otherwise is.
  private let isAlone: Bool
  private let quarantine: QuarantineWriter?
  private let table = L0DecisionTable()
  private let truth: TruthL0Join?
  private var lastProgress = ContinuousClock.now
  private let begin = ContinuousClock.now

  init(
    account: L0Account, menu: L0Menu, decisions: String?, counters: String?, packets: String?,
    directory: String?, isAlone: Bool, truth: sending TruthL0Join? = nil,
    continuing files: [String: UInt64]? = nil
  ) throws {
    self.truth = truth
    self.account = account
    decisionsPath = decisions
    self.decisions = try decisions.map { try OutputFile(path: $0, continuing: files) }
    self.counters = counters
    self.packets = try packets.map { try FarmPacketWriter(path: $0, menu: menu) }
    self.directory = directory
    self.isAlone = isAlone
    if let directory {
      try OutputDirectory.make(directory, option: "--out")
      let path = "\(directory)/\(isAlone ? "" : "l0-")quarantine.pcap"
      try RunFiles.cut([path], to: files ?? [:])
      quarantine = QuarantineWriter(path: path, append: files != nil)
    } else {
      quarantine = nil
    }
    if files == nil { try self.decisions?.write(L0DecisionTable.header) }
  }

  func take(_ output: L0Pipeline.Output) throws {
    account.add(output)
    try packets?.add(output)
    try keepRejected(output)
    if let truth {
      try ReplayTruth.checked { for slice in output.slices { try truth.add(slice, menu: 0) } }
    }
    if let decisions {
      for slice in output.slices { try decisions.write(table.rows(of: slice, menu: 0)) }
    }
    if isAlone, Terminal.isInteractive, ContinuousClock.now - lastProgress > .milliseconds(200) {
      lastProgress = .now
      let seconds = max(1e-3, (ContinuousClock.now - begin) / .seconds(1))
      let primitives = account.alignmentCounters[0].primitives.reduce(0, +)
      Terminal.progress(
        "\(primitives) primitives, \(account.menuCounters[0].sent) triggers, "
          + "\(Int(Double(primitives) / seconds / 1000)) k/s")
    }
  }

  /// Puts what could not be read in the quarantine.
  private func keepRejected(_ output: L0Pipeline.Output) throws {
    guard let quarantine, let packets = output.packets else { return }
    if isAlone, output.isFirst { try quarantine.write(packets) }
    for slice in output.slices {
      for reject in slice.rejects where packets.datagrams.indices.contains(reject.datagram) {
        let datagram = packets.datagrams[reject.datagram]
        let frame = packets.bytes[
          datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
        try quarantine.write(
          time: datagram.time, packet: datagram.packet, frame: frame, reason: reject.reason.rawValue)
      }
    }
  }

  /// What was counted.
  var counted: L0Account { account }

  /// What was counted, with the lengths of the files, once they are on the disk.
  func state() throws -> (account: L0Account, files: [String: UInt64]) {
    try quarantine?.flush()
    return (account, try RunFiles.lengths(of: [quarantine?.path, decisionsPath].compactMap { $0 }))
  }

  /// Writes manifest and ledger of a run without L1.
  func write(
    _ manifest: RunManifest, inputs: [LedgerInput], record: (_ time: String) throws -> RunRecord?
  ) throws {
    guard let directory else { return }
    let report = L0Report(account: account)
    let clock = try WallClock.fromEnvironment()
    let value = manifest.value(
      [ConfigValue.Entry("l0", try report.summary())], wallTime: clock.now())
    try OutputFile.write(value.json() + "\n", to: "\(directory)/run.json")
    let time = clock.now().rfc3339
    try record(time)?.finish(
      RunPartial(l0: account), sealed: [], results: [], inputs: inputs,
      books: account.books.entries.map { ("l0", $0.name, Int64(clamping: $0.count)) }, manifest: value,
      time: time)
  }

  /// Reads the rest of the truth; what was counted, if there is one.
  func finishTruth() throws -> TruthTable? { try ReplayTruth.checked { try truth?.finish() } }

  func finish() throws -> L0Report {
    try decisions?.close()
    try quarantine?.close()
    try packets?.close()
    let report = L0Report(account: account)
    if let counters {
      try OutputFile.write(account.counters(menu: 0).json(isIndented: true) + "\n", to: counters)
    }
    if let directory, report.hasPrimitives {
      try report.write(to: directory)
    }
    return report
  }
}
