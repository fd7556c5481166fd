public import NA62Formats
public import PacketCapture

/// What the emulator gave for a span of one burst.
public struct L0Slice: Sendable {
  /// The burst.
  public var burst: UInt32
  /// Whether the burst ended with this slice.
  public var endsBurst = false
  /// Clock periods of the burst before which nothing can be sent any more.
  public var horizon: UInt64 = 0
  /// For each menu the triggers, in the order they were sent.
  public var triggers: [ContiguousArray<L0TriggerRecord>]
  /// For each menu what it counted in this slice.
  public var menuCounters: [L0MenuCounters]
  /// For each menu what was counted of primitives and entries in this slice.
  public var alignmentCounters: [L0AlignmentCounters]
  /// For each menu the entries that fired, in the order they were processed; empty unless they are traced.
  public var fired: [ContiguousArray<FiredEntry>]
  /// What was watched of the primitives since the last slice that has some, as the first menu lines them up. Where a
  /// burst or the stream ends it is complete; before, it comes once it is much. `nil` unless primitives are watched.
  public var statistics: PrimitiveStatistics?
  /// What came of the packets, as the first menu lines them up.
  public var books = L0Books()
  /// The datagrams of the batch added last that could not be taken, for a quarantine.
  public var rejects: [RejectedPrimitivePacket] = []

  /// An empty slice for a number of menus.
  public init(burst: UInt32, menuCount: Int) {
    self.burst = burst
    triggers = Array(repeating: [], count: menuCount)
    menuCounters = Array(repeating: L0MenuCounters(), count: menuCount)
    alignmentCounters = Array(repeating: L0AlignmentCounters(), count: menuCount)
    fired = Array(repeating: [], count: menuCount)
  }

  mutating func add(_ seen: PrimitiveStatistics) {
    if statistics == nil { statistics = seen } else { statistics? += seen }
  }
}

/// The L0 trigger processor for any number of menus in one pass (`l0tp.md` sections 3, 4 and 6).
///
/// It streams: triggers leave as soon as they can no longer change, and memory does not grow with the
/// stream. Menus that line up primitives in the same way share the work up to their conditions.
public final class L0Emulator {
  /// Options of the emulator.
  public struct Options: Sendable, Hashable {
    /// UDP port of the primitives.
    public var port = MTP.port
    /// The number of the first burst, where the packets do not say their bursts.
    public var firstBurst: UInt32 = 1
    /// Whether the entries that fired are traced: for a study of menus.
    public var tracesFired = false
    /// Whether primitives are watched: rates of bits, multiplicities, time differences.
    public var monitorsPrimitives = false
    /// How far the phases of downscalings reach, and what the last slot of the memory keeps.
    public var counters = CounterScope.run
    /// NA62's values.
    public init() {}
  }

  private var core: EmulatorCore

  /// Time without packets after which header times that begin again are a new burst at once, in seconds.
  public static let burstPause = HeaderFollower.burstPause

  /// What an emulator carries over the end of a burst.
  public struct Carry: Codable, Hashable, Sendable {
    /// Bursts so far, where the packets do not say them.
    public var burst: UInt32
    /// The burst that the packets have said they are of.
    public var identity: BurstIdentity?
    /// For each menu the phases of the downscalings: the masks, and in place 16 control.
    public var phases: [[UInt64]]
    /// The last slot of each memory that lines up primitives, which is not cleared between bursts, as in hardware.
    public var lastSlots: [[UInt64]]
  }

  /// An emulator for the given menus, at least one, in the order in which results are given: at the beginning of a
  /// stream, or where another one ended a segment.
  public init(menus: [L0Menu], options: Options = Options(), resuming carry: Carry? = nil) {
    core = EmulatorCore(menus: menus, options: options)
    if let carry { core.resume(carry) }
  }

  /// Takes the datagrams `range` of a batch of packets.
  public func add(_ packets: PacketBatch, _ range: Range<Int>) { core.add(packets, range) }

  /// Ends the stream: the last burst is finished.
  public func finish() { core.finish() }

  /// Ends the burst where its end is known from outside (`PacketBatch.beginsSegment`): a new emulator
  /// goes on with what is returned, once results were taken.
  public func endSegment() -> Carry { core.endSegment() }

  /// Takes what was sent and counted since the last call: a slice for each burst, in their order.
  public func take() -> [L0Slice] { core.take() }
}

/// What an emulator has and does: a struct, so that a call costs one check of exclusive access.
struct EmulatorCore: ~Copyable {
  // A pointer stands first: with another first property, Swift 6.3.1 crashes under the thread sanitizer where
  // memory behind a pointer property changes.
  private let units: UnsafeMutablePointer<AlignmentUnit>
  private let options: L0Emulator.Options
  private let menuCount: Int
  private let unitCount: Int
  private let unitOfMenu: [Int]
  /// The burst that each unit is in, counted from 0.
  private var bursts: [UInt32]
  /// Slices of bursts that some unit has ended.
  private var ended: [(burst: UInt32, slice: L0Slice)] = []
  /// Which burst the packets say they are of.
  private var identity: BurstIdentity?
  private var books = L0Books()
  private var rejects: [RejectedPrimitivePacket] = []
  /// Whether the stream has ended since results were taken last: then all is given out.
  private var isFinished = false
  /// Whether a segment has ended since results were taken last: of the burst that follows there is nothing yet.
  private var isBetweenSegments = false
  private var pendingBefore: Int64 = 0
  private var lossesBefore: [PrimitivePacketLoss: UInt64] = [:]

  init(menus: [L0Menu], options: L0Emulator.Options) {
    self.options = options
    menuCount = menus.count
    var groups: [(settings: AlignmentSettings, menus: [(index: Int, menu: L0Menu)])] = []
    var unitOfMenu: [Int] = []
    for (index, var menu) in menus.enumerated() {
      if options.counters == .burst { menu.resetsDownscaling = true }
      let settings = AlignmentSettings(menu)
      if let place = groups.firstIndex(where: { $0.settings == settings }) {
        groups[place].menus.append((index, menu))
        unitOfMenu.append(place)
      } else {
        unitOfMenu.append(groups.count)
        groups.append((settings, [(index, menu)]))
      }
    }
    self.unitOfMenu = unitOfMenu
    unitCount = groups.count
    units = .allocate(capacity: groups.count)
    for (i, group) in groups.enumerated() {
      (units + i).initialize(
        to: AlignmentUnit(
          group.settings, menus: group.menus, burst: options.firstBurst, traces: options.tracesFired,
          monitors: options.monitorsPrimitives && i == 0, clearsMemory: options.counters == .burst))
    }
    bursts = Array(repeating: 0, count: groups.count)
  }

  deinit {
    units.deinitialize(count: unitCount)
    units.deallocate()
  }

  mutating func add(_ packets: PacketBatch, _ range: Range<Int>) {
    if let burst = packets.burst, burst != identity { enter(burst) }
    let storage = packets.bytes
    let bytes = storage.span.bytes
    let datagrams = packets.datagrams
    for i in range {
      let datagram = datagrams[i]
      books.datagrams += 1
      guard datagram.destinationPort == options.port else {
        books.otherPort += 1
        continue
      }
      let begin = datagram.payloadOffset
      let payload = bytes.extracting(begin..<(begin + datagram.payloadLength))
      if let loss = add(payload, datagram) {
        books.lost[loss, default: 0] += 1
        rejects.append(RejectedPrimitivePacket(reason: loss, datagram: i))
      }
    }
  }

  private mutating func add(_ payload: RawSpan, _ datagram: Datagram) -> PrimitivePacketLoss? {
    guard let header = MTPHeader(payload) else { return .tooShort }
    guard let detector = L0Detector(source: header.source) else { return .unknownSource }
    guard payload.byteCount <= MTP.maximumByteCount else { return .tooLong }
    for i in 0..<unitCount {
      units[i].add(
        payload, header, detector: detector.rawValue, time: datagram.time, packet: datagram.packet)
      advance(i)
    }
    return nil
  }

  mutating func finish() {
    isFinished = true
    for i in 0..<unitCount {
      units[i].finish()
      advance(i)
    }
  }

  /// Begins a burst that the packets name: whatever the times in them say, the one before is over.
  private mutating func enter(_ burst: BurstIdentity) {
    endAll()
    identity = burst
    for i in 0..<unitCount { units[i].number(burst: burst.burst) }
  }

  /// Ends the burst of all units.
  private mutating func endAll() {
    finish()
    let next = bursts.max() ?? 0
    // A unit that found fewer bursts in the packets than another has nothing more for those it missed.
    for place in ended.indices where !ended[place].slice.endsBurst && ended[place].burst < next {
      Self.end(&ended[place].slice)
    }
    for i in 0..<unitCount { bursts[i] = next }
  }

  mutating func endSegment() -> L0Emulator.Carry {
    endAll()
    isBetweenSegments = true
    var carry = L0Emulator.Carry(
      burst: bursts.max() ?? 0, identity: identity, phases: Array(repeating: [], count: menuCount),
      lastSlots: Array(repeating: [], count: unitCount))
    for i in 0..<unitCount { units[i].carry(into: &carry, unit: i) }
    return carry
  }

  /// Goes on where another one ended a segment.
  mutating func resume(_ carry: L0Emulator.Carry) {
    identity = carry.identity
    for i in 0..<unitCount {
      bursts[i] = carry.burst
      units[i].number(burst: number(of: carry.burst))
      units[i].resume(carry, unit: i)
    }
  }

  /// The number of a burst that is counted from 0: that which the packets say, or one behind the other.
  private func number(of burst: UInt32) -> UInt32 { identity?.burst ?? options.firstBurst &+ burst }

  private mutating func advance(_ i: Int) {
    while let progress = units[i].advance() {
      switch progress {
      case .group: break
      case .burstEnd:
        collect(i, endsBurst: true)
        bursts[i] &+= 1
        units[i].number(burst: number(of: bursts[i]))
      }
    }
  }

  /// Puts what unit `i` has into the slice of its burst.
  private mutating func collect(_ i: Int, endsBurst: Bool) {
    let burst = bursts[i]
    let place =
      ended.firstIndex { $0.burst == burst }
      ?? {
        ended.append((burst, L0Slice(burst: number(of: burst), menuCount: menuCount)))
        return ended.count - 1
      }()
    // In place: a copy of the slice would be one of all its lists.
    let units = units
    let takesAll = endsBurst || isFinished
    let (counters, statistics) = units[i].take(all: takesAll) { menu, triggers, counters, fired in
      ended[place].slice.triggers[menu] += triggers
      ended[place].slice.fired[menu] += fired
      ended[place].slice.menuCounters[menu] += counters
    }
    for menu in 0..<menuCount where unitOfMenu[menu] == i {
      ended[place].slice.alignmentCounters[menu] += counters
    }
    if let statistics { ended[place].slice.add(statistics) }
    let isLast = !bursts.indices.contains { $0 != i && bursts[$0] <= burst }
    if endsBurst, isLast { Self.end(&ended[place].slice) }
    if i == 0 { books.grouped += counters.packets.reduce(0, +) }
  }

  private static func end(_ slice: inout L0Slice) {
    slice.endsBurst = true
    slice.horizon = .max
  }

  mutating func take() -> [L0Slice] {
    if !isBetweenSegments || ended.isEmpty { for i in 0..<unitCount { collect(i, endsBurst: false) } }
    defer {
      ended = []
      books = L0Books()
      rejects = []
      isFinished = false
      isBetweenSegments = false
    }
    // The packets as the first menu's unit has them.
    let losses = units[0].losses
    for (reason, count) in losses {
      let new = count - (lossesBefore[reason] ?? 0)
      if new > 0 { books.lost[reason, default: 0] += new }
    }
    lossesBefore = losses
    books.pending = Int64(units[0].pendingPackets) - pendingBefore
    pendingBefore = Int64(units[0].pendingPackets)
    let horizon = (0..<unitCount).map { units[$0].horizon }.min() ?? 0
    for place in ended.indices where !ended[place].slice.endsBurst && unitsAre(in: ended[place].burst) {
      ended[place].slice.horizon = horizon
    }
    if !ended.isEmpty {
      ended[ended.count - 1].slice.books = books
      ended[ended.count - 1].slice.rejects = rejects
    }
    return ended.sorted { $0.burst < $1.burst }.map(\.slice)
  }

  private func unitsAre(in burst: UInt32) -> Bool { bursts.allSatisfy { $0 == burst } }
}
