/// When one burst ends and the next begins, from the data alone.
///
/// NA62's farm is told of a new burst by command, then drops what arrives between 4 s and 6 s later and
/// cleans up (`l1.md` 3.4). A recorded stream has no commands. Here the end-of-burst trigger, an L0TP
/// record with word 0x23 and the last-of-burst flag, stands for the command, and the first L0TP packet
/// that starts again at a lower event number with a start-of-burst record opens the next burst at once.
/// All times are data times. A pure state machine: it is told what was seen, and answers what to do.
public struct BurstTracker: Sendable, Hashable, Codable {
  /// Options of the burst change.
  public struct Options: Sendable, Hashable, Codable {
    /// Time after the end-of-burst trigger at which packets begin to be dropped.
    public var flushAfter: Double = 4
    /// Time after the end-of-burst trigger at which the burst is cleaned up and the next one begins.
    public var cleanAfter: Double = 6
    /// Identifier of the first burst.
    public var firstBurst: UInt32 = 1
    /// Data time up to which the first burst is known to be under way, where the stream is joined in its course: a first
    /// packet much later is one of the next burst. nil where the first packet begins the first burst.
    public var openUntil: DataTime?
    /// Time after `openUntil` at which the first burst is over.
    public var pause: Double = 2
    /// NA62's values.
    public init() {}
  }

  /// What to do with a datagram.
  public enum Action: Sendable, Hashable {
    /// Build with it.
    case build
    /// Drop it: the burst is changing.
    case flush
    /// End the burst, then build with it in the next one.
    case endBurst
  }

  /// The current burst.
  public private(set) var burst: UInt32
  private let options: Options
  /// When the end-of-burst trigger of this burst came; nil before.
  public var endOfBurst: DataTime? { endSeen }
  private var endSeen: DataTime?
  private var endEvent: UInt32 = 0
  private var openUntil: DataTime?

  /// A tracker in its first burst.
  public init(options: Options = Options()) {
    self.options = options
    burst = options.firstBurst
    openUntil = options.openUntil
  }

  /// Decides on a datagram by its time.
  public mutating func arrival(at time: DataTime) -> Action {
    if let openUntil {
      if time.seconds(since: openUntil) > options.pause { burst &+= 1 }
      self.openUntil = nil
    }
    guard let endSeen else { return .build }
    let elapsed = time.seconds(since: endSeen)
    if elapsed > options.cleanAfter {
      advance()
      return .endBurst
    }
    return elapsed > options.flushAfter ? .flush : .build
  }

  /// Decides on an L0TP packet by the event number and the word of its first record.
  public mutating func l0tpPacket(firstEvent: UInt32, word: L0Word) -> Action {
    guard endSeen != nil, firstEvent < endEvent, word == .startOfBurst else { return .build }
    advance()
    return .endBurst
  }

  /// Notes the end-of-burst trigger.
  public mutating func endOfBurst(event: UInt32, at time: DataTime) {
    guard endSeen == nil else { return }
    endSeen = time
    endEvent = event
  }

  /// Decides on an L0TP packet by its marks, and notes an end-of-burst trigger in it.
  public mutating func see(_ marks: L0TPBurstMarks, at time: DataTime) -> Action {
    var action = Action.build
    if let word = marks.firstWord { action = l0tpPacket(firstEvent: marks.firstEvent, word: word) }
    if let event = marks.endOfBurst { endOfBurst(event: event, at: time) }
    return action
  }

  /// Takes a burst from an input that says itself which one it holds.
  public mutating func enter(_ burst: UInt32) {
    self.burst = burst
    endSeen = nil
    openUntil = nil
  }

  /// Ends the burst, as the input or a rule above this one has it.
  public mutating func endBurst() { advance() }

  private mutating func advance() {
    burst &+= 1
    endSeen = nil
  }
}

/// What an L0TP packet says of the beginning and the end of a burst.
public struct L0TPBurstMarks: Hashable, Sendable {
  /// Number of the first event.
  public var firstEvent: UInt32
  /// L0 word of the first record; `nil` in a packet without records.
  public var firstWord: L0Word?
  /// Number of the event of the end-of-burst trigger, if it is in the packet.
  public var endOfBurst: UInt32?

  /// The marks of a packet that `L0MEP.validate` found sound.
  public init(_ payload: RawSpan, header: L0MEPHeader) {
    firstEvent = header.firstEvent
    var first: L0Word?
    var end: UInt32?
    L0MEP.forEachFragment(of: payload, header: header) { fragment in
      guard payload.byteCount >= fragment.payloadOffset + L0TPRecord.bytesUsedByL1 else { return }
      let word = L0Word(rawValue: payload.little(fragment.payloadOffset + 20, as: UInt8.self))
      if fragment.event == header.firstEvent { first = word }
      if fragment.isLastOfBurst, word == .endOfBurst, end == nil { end = fragment.event }
    }
    firstWord = first
    endOfBurst = end
  }
}
