public import EventBuilding
public import L0Trigger
public import L1Trigger

/// All that a pipeline carries from one segment of a stream to the next: what counters run over a whole run, and where
/// the segment ended. With it, the same inputs, the same configuration and the same version a run goes on as if it
/// had never stopped. A few KiB.
public struct PipelineCarry: Codable, Hashable, Sendable {
  /// Version of what is carried.
  public static let version = 1

  /// What events and L1 carry.
  public struct Events: Codable, Hashable, Sendable {
    /// Complete events so far.
    public var events: UInt64
    /// The event builder.
    public var builder: EventBuilder.Carry
    /// L1 ahead of the algorithms.
    public var head: L1Head.Carry
    /// L1 behind the algorithms.
    public var tail: L1Tail.Carry
    /// Whether the algorithms too remember the events before (`straw_scratch: original`), which is not carried.
    public var remembersEvents: Bool
  }

  /// ``version`` of the program that made it.
  public var version = Self.version
  /// Segments that have ended.
  public var segments: UInt64 = 0
  /// Datagrams of the inputs, in the order in which they are read, up to the end of the last one.
  public var datagrams: UInt64 = 0
  /// What events and L1 carry; nil where the pipeline has primitives alone.
  public var events: Events?
  /// What L0 carries; nil where it is not emulated.
  public var l0: L0Emulator.Carry?

  /// Whether a run can go on from here.
  public var canResume: Bool { events?.remembersEvents != true }

  /// Whether a run with or without events, and with so many menus of L0, can go on from here.
  func check(hasEvents: Bool, l0Menus: Int?) throws(CarryError) {
    guard version == Self.version else { throw .version(version) }
    guard canResume else { throw .remembersEvents }
    guard (events != nil) == hasEvents, l0?.phases.count == l0Menus else { throw .otherMenu }
  }
}

/// Why a run cannot go on where another one stopped.
public enum CarryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The state was written by another version of the program.
  case version(Int)
  /// The algorithms remember the events before.
  case remembersEvents
  /// The menu has other parts than the one of the run that stopped.
  case otherMenu
  /// The inputs have fewer datagrams than the run that stopped had read.
  case inputTooShort(datagrams: UInt64, wanted: UInt64)

  /// What it is, and what to do.
  public var description: String {
    switch self {
    case .version(let version):
      "the run's state has version \(version), this program writes \(PipelineCarry.version): run it anew"
    case .remembersEvents:
      "with 'straw_scratch: original' what L1 says depends on all events before: such a run cannot be resumed, run it anew"
    case .otherMenu: "the run's state is that of another menu: give the menu that the run began with"
    case .inputTooShort(let datagrams, let wanted):
      "the inputs end after \(datagrams) datagrams, the run had read \(wanted): give the inputs that the run began with"
    }
  }
}

/// The end of a segment of a stream: all of its results have been taken, and none of the next.
public struct SegmentEnd: Sendable {
  /// Why a segment ended.
  public enum Reason: Hashable, Sendable {
    /// A burst ended, and more packets followed.
    case burst
    /// The input ended.
    case input
    /// The run was stopped, or failed: packets of the segment may be missing.
    case stopped
  }

  /// Why it ended.
  public var reason: Reason
  /// What the next segment goes on from; of a segment that was stopped nothing can go on.
  /// ``PipelineCarry/segments`` counts this one too.
  public var carry: PipelineCarry
  /// What the selections have counted in the segment; nil without selections.
  public var selections: SelectionRun?
}
