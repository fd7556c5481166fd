public import Foundation

/// An input of a run.
public struct LedgerInput: Sendable, Hashable {
  /// Its path.
  public var path: String
  /// Its size in bytes; nil for streams.
  public var bytes: Int64?
  /// Its SHA-256; nil where it is not known yet.
  public var sha256: String?
  /// The run that it says it holds.
  public var run: UInt32?
  /// The burst that it says it holds.
  public var burst: UInt32?

  /// An input; see the properties.
  public init(path: String, bytes: Int64?, sha256: String?, run: UInt32? = nil, burst: UInt32? = nil) {
    self.path = path
    self.bytes = bytes
    self.sha256 = sha256
    self.run = run
    self.burst = burst
  }
}

/// A burst of a run, with what the trigger counted in it.
public struct LedgerBurst: Sendable, Hashable {
  /// The counts of one L0 mask.
  public struct Mask: Sendable, Hashable {
    /// Number of the mask.
    public var number: Int
    /// Events that L0 fired it for.
    public var l0Input: Int64
    /// Of these, those that L1 looked at.
    public var l1Input: Int64
    /// Of these, those that it accepted.
    public var l1Accepted: Int64

    /// Counts; see the properties.
    public init(number: Int, l0Input: Int64, l1Input: Int64, l1Accepted: Int64) {
      self.number = number
      self.l0Input = l0Input
      self.l1Input = l1Input
      self.l1Accepted = l1Accepted
    }
  }

  /// Run number, or 0.
  public var run: UInt32
  /// Identifier of the burst.
  public var burst: UInt32
  /// Data time of its first datagram, ns since 1970.
  public var begin: Int64
  /// Data time of its last datagram, ns since 1970.
  public var end: Int64
  /// Complete events.
  public var events: Int64
  /// Events that L1 kept.
  public var kept: Int64
  /// The masks that fired.
  public var masks: [Mask]
  /// All counts of the burst, as the pipeline stores them.
  public var statistics: Data

  /// A burst; see the properties.
  public init(
    run: UInt32, burst: UInt32, begin: Int64, end: Int64, events: Int64, kept: Int64, masks: [Mask],
    statistics: Data
  ) {
    self.run = run
    self.burst = burst
    self.begin = begin
    self.end = end
    self.events = events
    self.kept = kept
    self.masks = masks
    self.statistics = statistics
  }
}

/// A line of `alerts.jsonl`: a candidate, or what else was told.
public struct LedgerAlert: Sendable, Hashable {
  /// Its identity: the same in every run over the same data.
  public var id: String
  /// The kind of line: `candidate`, and others.
  public var kind: String
  /// Selection, run, burst and event of a candidate.
  public var candidate: (selection: String, run: UInt32, burst: UInt32, event: UInt32)? {
    selection.map { ($0, run, burst, event) }
  }
  private var selection: String?
  private var run: UInt32 = 0
  private var burst: UInt32 = 0
  private var event: UInt32 = 0
  /// Data time, as RFC 3339.
  public var time: String
  /// The line.
  public var line: String

  /// A candidate.
  public init(
    id: String, selection: String, run: UInt32, burst: UInt32, event: UInt32, time: String, line: String
  ) {
    self.id = id
    kind = "candidate"
    self.selection = selection
    self.run = run
    self.burst = burst
    self.event = event
    self.time = time
    self.line = line
  }

  /// Another kind of line.
  public init(id: String, kind: String, time: String, line: String) {
    self.id = id
    self.kind = kind
    self.time = time
    self.line = line
  }
}

/// A column of the books.
public struct LedgerCounter: Sendable, Hashable {
  /// The level: `capture`, `fragments`, and so on.
  public var level: String
  /// The column.
  public var column: String
  /// The count.
  public var count: Int64

  /// A column; see the properties.
  public init(level: String, column: String, count: Int64) {
    self.level = level
    self.column = column
    self.count = count
  }
}

/// A part of the configuration of a run, as it takes effect.
public struct LedgerConfiguration: Sendable, Hashable {
  /// What it is: `menu`, `selections`, and so on.
  public var name: String
  /// Its hash.
  public var hash: String
  /// What it says; empty where only the hash is kept.
  public var content: String

  /// A part; see the properties.
  public init(name: String, hash: String, content: String) {
    self.name = name
    self.hash = hash
    self.content = content
  }
}

/// What of a blind selection must not be seen, in the middle of a run or to be merged: bytes that only the pipeline
/// reads. The ledger takes them encrypted, in a room of a size that tells nothing.
public struct SealedPart: Sendable, Hashable {
  /// Name of the selection.
  public var selection: String
  /// Hash of the selection.
  public var selectionHash: String
  /// The bytes.
  public var content: [UInt8]
  /// Bytes set aside for them; it must follow from what everybody may know.
  public var size: Int

  /// A part; see the properties.
  public init(selection: String, selectionHash: String, content: [UInt8], size: Int) {
    self.selection = selection
    self.selectionHash = selectionHash
    self.content = content
    self.size = size
  }
}

/// All that a run has come to at a moment between two bursts.
public struct RunCheckpoint: Sendable, Hashable {
  /// Where in the inputs it was taken, as JSON; what is in it is the pipeline's.
  public var position: String
  /// What the stages of the pipeline carry over.
  public var carry: Data
  /// All that is counted and may be seen.
  public var partial: Data
  /// What is sealed.
  public var sealed: [SealedPart]
  /// Lengths of the files of the run directory, by their names.
  public var files: [String: UInt64]
  /// What the monitor of rates and rules remembers, as it stores it; nil where the run had none.
  public var monitor: Data?

  /// A checkpoint; see the properties.
  public init(
    position: String, carry: Data, partial: Data, sealed: [SealedPart], files: [String: UInt64],
    monitor: Data? = nil
  ) {
    self.monitor = monitor
    self.position = position
    self.carry = carry
    self.partial = partial
    self.sealed = sealed
    self.files = files
  }
}
