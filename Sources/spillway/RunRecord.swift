import Alerting
import Configuration
import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import RunStore
import TriggerPipeline

/// A run on its way into its ledger: what the pipeline has counted, in the ledger's words.
struct RunRecord {
  /// Names of the parts of the configuration in the ledger.
  enum Part: String {
    case menu, l0, selections, reconstruction, scratch
  }

  private let ledger: RunningLedger
  /// Bursts that the ledger has.
  private var bursts = 0
  /// Alerts that the ledger has not yet.
  private var alerts: [LedgerAlert] = []

  /// Begins the ledger of a run.
  init(
    directory: String, run: LedgerRun, inputs: [LedgerInput], configurations: [LedgerConfiguration]
  ) throws {
    ledger = try RunningLedger.begin(
      directory: directory, run: run, inputs: inputs, configurations: configurations)
  }

  /// Goes on with the ledger of a run that was interrupted.
  init(resuming directory: String) throws {
    ledger = try RunningLedger.resume(directory: directory)
    bursts = try ledger.burstCount()
  }

  /// The configuration of a run by its parts: all that a report needs.
  static func configurations(_ trigger: TriggerSetup) throws -> [LedgerConfiguration] {
    func part(_ name: Part, _ hash: String, _ content: String) -> LedgerConfiguration {
      LedgerConfiguration(name: name.rawValue, hash: hash, content: content)
    }
    var parts: [LedgerConfiguration] = []
    if let l1 = trigger.menu.l1 {
      // The order of keys is that of a hash table otherwise, another one in every process.
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let shown = try encoder.encode(ReportMenu(l1, effective: trigger.l1))
      parts.append(part(.menu, l1.hash, String(decoding: shown, as: UTF8.self)))
    }
    if let l0 = trigger.menu.l0 {
      let file = ConfigValue.map([
        .init("schema", .string(MenuFile.schema)), .init("name", .string(l0.name)),
        .init("description", .string(l0.description)), .init("l0", l0.section),
      ])
      parts.append(part(.l0, l0.hash, file.yaml()))
    }
    if let setup = trigger.selections {
      parts.append(part(.selections, setup.set.hash, setup.set.effective.yaml()))
      parts.append(part(.reconstruction, setup.hash, setup.reconstructionText))
    }
    return parts
  }

  // MARK: Writing

  /// Notes alerts, to be taken with the next checkpoint.
  mutating func add(_ records: [AlertRecord]) {
    alerts += records.map { record in
      LedgerAlert(
        id: record.id, selection: record.selection, run: record.event.run, burst: record.event.burst,
        event: record.event.number, time: record.dataTime.rfc3339, line: AlertEncoder.line(record))
    }
  }

  /// Notes messages of the rules, to be taken with the next checkpoint.
  mutating func add(_ messages: [AlertMessage]) {
    alerts += messages.map { message in
      LedgerAlert(
        id: message.key, kind: message.kind.rawValue, time: message.dataTime.rfc3339,
        line: AlertMessageEncoder.line(message))
    }
  }

  /// Takes a checkpoint.
  mutating func checkpoint(
    _ partial: RunPartial, sealed: [SealedPartial], position: String, carry: Data, files: [String: UInt64],
    monitor: Data?, time: String
  ) throws {
    try ledger.checkpoint(
      Self.state(partial, sealed, position: position, carry: carry, files: files, monitor: monitor),
      time: time,
      bursts: Self.bursts(partial, from: bursts), alerts: alerts)
    bursts = partial.bursts.count
    alerts = []
  }

  /// Ends the run.
  func finish(
    _ partial: RunPartial, sealed: [SealedPartial], results: [SealedSelection], inputs: [LedgerInput],
    books: [(level: String, column: String, count: Int64)], manifest: ConfigValue, time: String
  ) throws {
    try ledger.finish(
      sealed: results.map(SealedResult.init), state: Self.state(partial, sealed), time: time, inputs: inputs,
      bursts: Self.bursts(partial, from: bursts), alerts: alerts,
      counters: books.map { LedgerCounter(level: $0.level, column: $0.column, count: $0.count) },
      manifest: Self.withoutResults(manifest).json())
  }

  private static func state(
    _ partial: RunPartial, _ sealed: [SealedPartial], position: String = "{}", carry: Data = Data(),
    files: [String: UInt64] = [:], monitor: Data? = nil
  ) throws -> RunCheckpoint {
    RunCheckpoint(
      position: position, carry: carry, partial: try partial.data(),
      sealed: sealed.map {
        SealedPart(
          selection: $0.selection, selectionHash: $0.selectionHash, content: $0.bytes, size: $0.size)
      }, files: files, monitor: monitor)
  }

  private static func bursts(_ partial: RunPartial, from first: Int) throws -> [LedgerBurst] {
    try zip(partial.bursts.dropFirst(first), partial.burstData(from: first)).map { ended, data in
      let burst = ended.burst
      let masks = ended.counts.rates.masks.enumerated().filter { $0.element.l0Input > 0 }
      return LedgerBurst(
        run: burst.run, burst: burst.burst, begin: burst.begin.nanoseconds, end: burst.end.nanoseconds,
        events: Int64(clamping: burst.events), kept: Int64(clamping: ended.counts.rates.kept),
        masks: masks.map { number, counts in
          .init(
            number: number, l0Input: Int64(clamping: counts.l0Input),
            l1Input: Int64(clamping: counts.l1Input), l1Accepted: Int64(clamping: counts.l1Accepted))
        }, statistics: data)
    }
  }

  /// The manifest without what follows from the counts.
  private static func withoutResults(_ manifest: ConfigValue) -> ConfigValue {
    guard case .map(let entries) = manifest else { return manifest }
    return .map(entries.filter { !["results", "l0", "bursts"].contains($0.key) })
  }
}

extension LedgerInput {
  /// An input as the manifest has it.
  init(_ file: (path: String, run: UInt32?, burst: UInt32?), _ digest: InputDigest?) {
    self.init(
      path: file.path, bytes: digest.map { Int64(clamping: $0.bytes) }, sha256: digest?.sha256,
      run: file.run, burst: file.burst)
  }
}
