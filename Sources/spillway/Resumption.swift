import Configuration
import Foundation
import L0Trigger
import RunStore
import TriggerPipeline

/// What a run that goes on must have in common with the one that was interrupted.
struct RunPosition: Codable, Equatable {
  /// An input: the same file, as far as can be told without reading all of it.
  struct Input: Codable, Equatable {
    var path: String
    var bytes: Int64
    /// ns since 1970.
    var modified: Int64
    /// SHA-256 of the first bytes.
    var head: String

    private static let headLength = 1 << 16

    /// The file at a path; nil where it is none that can be read twice.
    init?(path: String) {
      var status = stat()
      guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
        let file = FileHandle(forReadingAtPath: path), let head = try? file.read(upToCount: Self.headLength)
      else { return nil }
      self.path = path
      bytes = Int64(status.st_size)
      modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
      var hash = SHA256()
      head.withUnsafeBytes { hash.update($0) }
      self.head = hash.hexDigest()
    }
  }

  var version: String
  var configurationHash: String
  /// Options that change results or files.
  var options: [String: String]
  /// The inputs; nil for one that cannot be read twice.
  var inputs: [Input?]

  /// Where a session is about to begin.
  init(
    _ options: TriggerOptions, _ others: [String: String?], input: any SessionInput, configurationHash: String
  ) {
    version = Spillway.version
    self.configurationHash = configurationHash
    var values = others
    values["run"] = options.runNumber.map { "\($0)" }
    values["first-burst"] = options.firstBurst.map { "\($0)" }
    values["node"] = options.farm.shard?.text
    values["limit"] = options.limit.map { "\($0)" }
    values["decisions"] = options.decisions
    values["write-bursts"] = options.writeBursts
    values["l0-decisions"] = options.l0Decisions
    values["l0-packets"] = options.l0Packets
    values["bands"] = Self.content(options.monitor.bands)
    values["alerts"] = Self.content(options.monitor.alerts)
    self.options = values.compactMapValues { $0 }
    inputs = input.files.map { Input(path: $0.path) }
  }

  /// A file with what is in it: its name alone does not say whether it is the same.
  private static func content(_ path: String?) -> String? {
    path.map { path in
      let bytes = FileManager.default.contents(atPath: path).map { [UInt8]($0) } ?? []
      return "\(path) (SHA-256 \(SHA256.hex(of: String(decoding: bytes, as: UTF8.self)).prefix(12)))"
    }
  }

  /// As the ledger keeps it.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }

  /// Refuses to go on from `other` where results would not be those of one run.
  func check(against other: RunPosition, _ directory: String) throws {
    func refuse(_ what: String) -> Failure {
      Failure.usage("--resume: \(what); replay to another directory, or without --resume")
    }
    guard version == other.version else {
      throw refuse("\(directory) was begun with Spillway \(other.version), this is \(version)")
    }
    guard configurationHash == other.configurationHash else {
      throw refuse("menu, selections or detectors are not those that \(directory) was begun with")
    }
    for key in Set(options.keys).union(other.options.keys).sorted() where options[key] != other.options[key] {
      throw refuse(
        "\(directory) was begun with \(other.options[key].map { "--\(key) \($0)" } ?? "no --\(key)")")
    }
    guard inputs.count == other.inputs.count else {
      throw refuse("\(directory) was begun with \(other.inputs.count) inputs, there are \(inputs.count)")
    }
    for (mine, theirs) in zip(inputs, other.inputs) {
      guard let mine, let theirs else { throw refuse("an input is no file that can be read twice") }
      guard mine == theirs else {
        throw refuse(
          "the input \(mine.path) is not the file that \(directory) was begun with (\(theirs.path))")
      }
    }
  }
}

/// An interrupted run as it was at its last checkpoint.
struct Resumption {
  /// What there is to go on with.
  enum Found {
    /// No checkpoint: the run begins anew.
    case nothing
    /// The run has ended.
    case ended
    case checkpoint(Resumption)
  }

  let directory: String
  let partial: RunPartial
  let carry: PipelineCarry
  /// Lengths of files: those of the run directory by name, others by path.
  let files: [String: UInt64]
  private let sealed: [SealedPartial]
  private let monitor: Data?

  /// Looks into a run directory; throws where the run there is another one.
  static func find(_ directory: String, _ position: RunPosition) throws -> Found {
    guard FileManager.default.fileExists(atPath: "\(directory)/\(RunLedger.fileName)") else {
      return .nothing
    }
    let ledger = try RunLedger(directory: directory)
    guard try ledger.isRunning() else { return .ended }
    guard let state = try ledger.lastCheckpoint() else { return .nothing }
    guard let before = try? JSONDecoder().decode(RunPosition.self, from: Data(state.position.utf8)),
      let carry = try? JSONDecoder().decode(PipelineCarry.self, from: state.carry)
    else {
      throw Failure.usage("--resume: the checkpoint in \(directory) is not whole; replay without --resume")
    }
    try position.check(against: before, directory)
    let partial = try RunPartial(data: state.partial, bursts: ledger.stored().bursts)
    return .checkpoint(
      Resumption(
        directory: directory, partial: partial, carry: carry, files: state.files,
        sealed: try state.sealed.map {
          try SealedPartial(
            selection: $0.selection, selectionHash: $0.selectionHash, bursts: partial.bursts.count,
            bytes: $0.content)
        }, monitor: state.monitor))
  }

  /// What the monitor remembered; nil where the run had none.
  func monitorState() throws -> LiveMonitor.State? {
    guard let monitor else { return nil }
    guard let state = try? JSONDecoder().decode(LiveMonitor.State.self, from: monitor) else {
      throw Failure.usage("--resume: the checkpoint in \(directory) is not whole; replay without --resume")
    }
    return state
  }

  /// What was counted of events.
  func account(_ setup: SelectionSetup?, _ identity: RunIdentity) throws -> ReplayAccount {
    try ReplayAccount(selections: setup, identity: identity, restoring: partial, sealed: sealed)
  }

  /// What was counted of L0.
  func l0Account(_ menu: L0Menu) throws -> L0Account {
    guard let account = L0Account(menus: [menu], restoring: partial) else {
      throw Failure.usage("--resume: the menu of L0 is not that of \(directory); replay without --resume")
    }
    return account
  }
}

extension OutputFile {
  /// The file, begun anew; or cut back to what it was and appended to.
  convenience init(path: String, continuing files: [String: UInt64]?) throws {
    if let files { try RunFiles.cut([path], to: files) }
    try self.init(path: path, append: files != nil)
  }
}
