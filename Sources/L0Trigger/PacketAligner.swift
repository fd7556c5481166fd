import NA62Formats
import PacketCapture

/// Why a packet of primitives did not take part.
public enum PrimitivePacketLoss: String, Sendable, Hashable, CaseIterable, Codable, CodingKeyRepresentable {
  /// Shorter than a header.
  case tooShort = "too-short"
  /// Longer than a frame can be, 1472 bytes.
  case tooLong = "too-long"
  /// The source is none of the inputs.
  case unknownSource = "unknown-source"
  /// Dropped at the start of the burst, as the input's offset asks.
  case offset
  /// Its group was already processed.
  case late
  /// The group already has a packet of this detector.
  case duplicate
  /// The header's time fits neither the stream before it nor that after it.
  case outlier
}

/// Puts the packets of the detectors together in groups, one for each frame of 256 clock periods
/// (`l0tp.md` 3.1), and tells one burst from the next.
///
/// A group is ready when every detector that takes part has come as far, or when the newest packet is
/// `window` frames ahead. What comes later is lost, and counted. A state machine: `add` takes a packet,
/// then `nextStep` says what is to be done until it has nothing left.
struct PacketAligner: ~Copyable {
  /// Frames that the slowest detector may be behind.
  static let window: Int64 = 64

  /// A packet that waits: its cell, and its length.
  struct Packet {
    var cell: Int32 = -1
    var length: Int32 = 0
    var reference = PacketReference(input: 0, number: 0)
    var isPresent: Bool { cell >= 0 }
  }

  /// The packets of one frame, an input each.
  typealias Packets = InlineArray<7, Packet>

  /// What is to be done next.
  enum Step {
    /// Process a group; its number counts from the start of the burst. Give its cells back afterwards.
    case process(group: Int64, packets: Packets)
    /// The burst has ended.
    case endBurst
  }

  private enum Item {
    case packet(Packet, group: Int64, frame: Int64, detector: Int)
    case endBurst
  }

  /// The memory of the packets.
  var cells = PacketCells()
  private let offsets: [Int64]
  private let grouping: L0Menu.Grouping
  private var follower: HeaderFollower
  private var inbox: ContiguousArray<Item> = []
  private var inboxHead = 0
  private var ring = ContiguousArray(
    repeating: Packets(repeating: Packet()), count: Int(PacketAligner.window))
  /// Newest group of each detector; the least number where it was not seen in this burst.
  private var newest = InlineArray<7, Int64>(repeating: .min)
  private var packetNumber = InlineArray<7, Int64>(repeating: 0)
  private var newestGroup = Int64.min
  private var seen = 0
  private var firstFrame = Int64.max
  /// The first group of the burst, once it is known.
  private var base: Int64?
  /// The next group to be processed.
  private var next: Int64 = 0
  /// Least group seen in this burst.
  private var oldestGroup = Int64.max
  /// Groups in the ring.
  private var waiting = 0
  /// Whether the burst has ended, so that nothing more is waited for.
  private var isEnding = false
  private var held = [(packet: Packet, frame: Int64)?](repeating: nil, count: L0Detector.count)

  /// Packets lost, by reason.
  private(set) var losses: [PrimitivePacketLoss: UInt64] = [:]

  /// The processor's time in clock periods: that of the header of the group that came last.
  private(set) var clock: UInt64 = 0

  init(offsets: [Int], grouping: L0Menu.Grouping, formats: [MTP.Format]) {
    self.offsets = offsets.map(Int64.init)
    self.grouping = grouping
    follower = HeaderFollower(formats: formats)
  }

  /// Takes a packet of at most `PacketCells.size` bytes.
  mutating func add(
    _ payload: RawSpan, _ header: MTPHeader, detector: Int, time: DataTime, reference: PacketReference
  ) {
    let frame = follower.frame(of: header, detector)
    let packet = Packet(
      cell: cells.put(payload), length: Int32(min(payload.byteCount, PacketCells.size)),
      reference: reference)
    switch follower.judge(frame, detector, time) {
    case .fits:
      dropHeld(detector)
      place(packet, frame, detector)
    case .hold:
      dropHeld(detector)
      held[detector] = (packet, frame)
    case .confirmsJump:
      placeHeld(detector)
      place(packet, frame, detector)
    case .confirmsNewBurst:
      startBurst()
      placeHeld(detector)
      place(packet, frame, detector)
      // Other detectors may have their first packets of the burst held as well.
      for other in 0..<L0Detector.count {
        if let frame = held[other]?.frame, follower.accepts(frame, other) { placeHeld(other) }
      }
    case .newBurst:
      dropHeld(detector)
      startBurst()
      place(packet, frame, detector)
    }
  }

  /// Ends the stream.
  mutating func finish() {
    for detector in 0..<L0Detector.count { dropHeld(detector) }
    startBurst()
  }

  private mutating func startBurst() {
    inbox.append(.endBurst)
    follower.startBurst()
    packetNumber = .init(repeating: 0)
  }

  private mutating func dropHeld(_ detector: Int) {
    guard let packet = held[detector]?.packet else { return }
    held[detector] = nil
    lose(packet, .outlier)
  }

  private mutating func placeHeld(_ detector: Int) {
    guard let earlier = held[detector] else { return }
    held[detector] = nil
    place(earlier.packet, earlier.frame, detector)
  }

  private mutating func place(_ packet: Packet, _ frame: Int64, _ detector: Int) {
    follower.accept(frame, detector)
    switch grouping {
    case .header:
      inbox.append(.packet(packet, group: frame - offsets[detector], frame: frame, detector: detector))
    case .count:
      inbox.append(
        .packet(packet, group: packetNumber[detector] - offsets[detector], frame: frame, detector: detector))
      packetNumber[detector] += 1
    }
  }

  private mutating func lose(_ packet: Packet, _ reason: PrimitivePacketLoss) {
    cells.give(packet.cell)
    losses[reason, default: 0] += 1
  }

  /// What is to be done next, or `nil` until there are more packets.
  mutating func nextStep() -> Step? {
    while true {
      if let base, next <= limit {
        guard waiting > 0 else {
          next = limit + 1
          continue
        }
        let place = Int(next & (Self.window - 1))
        next += 1
        let packets = ring[place]
        guard Self.hasPacket(packets) else { continue }
        ring[place] = Packets(repeating: Packet())
        waiting -= 1
        let frame = grouping == .header ? next - 1 : follower.newest ?? 0
        clock = UInt64(max(0, frame)) << 8
        return .process(group: next - 1 - base, packets: packets)
      }
      guard inboxHead < inbox.count else {
        inbox.removeAll(keepingCapacity: true)
        inboxHead = 0
        return nil
      }
      switch inbox[inboxHead] {
      case .endBurst:
        if waiting > 0 {
          fixBase()
          isEnding = true
          continue
        }
        inboxHead += 1
        let hadPackets = newestGroup != .min
        resetBurst()
        if hadPackets { return .endBurst }
      case .packet(let packet, let group, let frame, let detector):
        note(group, frame, detector)
        if base == nil, seen == L0Detector.count || newestGroup - oldestGroup >= Self.window { fixBase() }
        // What is a window or more behind goes first, whether complete or not: `note` has moved the limit.
        if base != nil, next <= limit, group - next >= Self.window { continue }
        inboxHead += 1
        insert(packet, group, detector)
      }
    }
  }

  /// The last group that is ready.
  private var limit: Int64 {
    if isEnding { return newestGroup }
    var slowest = newestGroup
    for i in 0..<L0Detector.count where newest[i] != .min { slowest = min(slowest, newest[i]) }
    return max(slowest - 1, newestGroup - Self.window)
  }

  /// Notes how far a detector has come.
  private mutating func note(_ group: Int64, _ frame: Int64, _ detector: Int) {
    if newest[detector] == .min {
      seen += 1
      firstFrame = min(firstFrame, frame)
    }
    newest[detector] = max(newest[detector], group)
    newestGroup = max(newestGroup, group)
    oldestGroup = min(oldestGroup, group)
  }

  /// Decides which group is number 0: that of the earliest first packet.
  private mutating func fixBase() {
    guard base == nil else { return }
    let first = grouping == .count ? 0 : firstFrame
    base = first
    next = first
    // Packets before it are those that an offset drops.
    var group = oldestGroup
    while group < first, waiting > 0 {
      let place = Int(group & (Self.window - 1))
      if Self.hasPacket(ring[place]) {
        for i in 0..<L0Detector.count where ring[place][i].isPresent { lose(ring[place][i], .offset) }
        ring[place] = Packets(repeating: Packet())
        waiting -= 1
      }
      group += 1
    }
  }

  private mutating func insert(_ packet: Packet, _ group: Int64, _ detector: Int) {
    if let base, group < next { return lose(packet, group < base ? .offset : .late) }
    let place = Int(group & (Self.window - 1))
    guard !ring[place][detector].isPresent else { return lose(packet, .duplicate) }
    if !Self.hasPacket(ring[place]) { waiting += 1 }
    ring[place][detector] = packet
  }

  private static func hasPacket(_ packets: Packets) -> Bool {
    for i in 0..<L0Detector.count where packets[i].isPresent { return true }
    return false
  }

  private mutating func resetBurst() {
    newest = .init(repeating: .min)
    newestGroup = .min
    oldestGroup = .max
    firstFrame = .max
    seen = 0
    base = nil
    next = 0
    isEnding = false
  }
}
