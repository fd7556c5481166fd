public import NA62Formats

/// What the emulator gave for a span of one burst.
public struct L0Slice: Sendable {
  /// The burst, from 0.
  public var burst: UInt32
  /// Whether the burst ended with this slice.
  public var endsBurst: Bool
  /// For each menu the triggers, in the order they were sent.
  public var triggers: [ContiguousArray<L0TriggerRecord>]
  /// For each menu what it counted in this slice.
  public var menuCounters: [L0MenuCounters]
  /// For each menu what was counted of primitives and entries in this slice.
  public var alignmentCounters: [L0AlignmentCounters]
}

/// The L0 trigger processor for any number of menus in one pass (`l0tp.md` sections 3, 4 and 6).
///
/// It streams: triggers leave as soon as they can no longer change, and memory does not grow with the
/// stream. Menus that line up primitives in the same way share the work up to their conditions.
public final class L0Emulator {
  private let menuCount: Int
  private let units: UnsafeMutablePointer<AlignmentUnit>
  private let unitCount: Int
  private let unitOfMenu: [Int]
  private var slices: [L0Slice] = []
  private var burst: UInt32

  /// Frames whose source is no input, or which are no packets of primitives.
  public private(set) var losses: [PrimitivePacketLoss: UInt64] = [:]

  /// An emulator for the given menus.
  ///
  /// - Parameters:
  ///   - menus: the menus, in the order in which results are given.
  ///   - firstBurst: the number of the first burst.
  public init(menus: [L0Menu], firstBurst: UInt32 = 0) {
    menuCount = menus.count
    burst = firstBurst
    var groups: [(settings: AlignmentSettings, menus: [(index: Int, menu: L0Menu)])] = []
    var unitOfMenu: [Int] = []
    for (index, menu) in menus.enumerated() {
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
        to: AlignmentUnit(group.settings, menus: group.menus, burst: firstBurst))
    }
  }

  deinit {
    units.deinitialize(count: unitCount)
    units.deallocate()
  }

  /// Takes the payload of one UDP datagram.
  public func add(_ payload: RawSpan, time: DataTime) {
    guard let header = MTPHeader(payload) else {
      losses[.tooShort, default: 0] += 1
      return
    }
    guard let detector = L0Detector(source: header.source) else {
      losses[.unknownSource, default: 0] += 1
      return
    }
    guard payload.byteCount <= MTP.maximumByteCount else {
      losses[.tooLong, default: 0] += 1
      return
    }
    for i in 0..<unitCount {
      units[i].add(payload, header, detector: detector.rawValue, time: time) { _ in }
    }
  }

  /// Ends the stream: the last burst is finished.
  public func finish() {
    for i in 0..<unitCount { units[i].finish { _ in } }
  }

  /// Takes what was sent and counted since the last call.
  public func take() -> L0Slice {
    var slice = L0Slice(
      burst: burst, endsBurst: false, triggers: Array(repeating: [], count: menuCount),
      menuCounters: Array(repeating: L0MenuCounters(), count: menuCount),
      alignmentCounters: Array(repeating: L0AlignmentCounters(), count: menuCount))
    for i in 0..<unitCount {
      let counters = units[i].take { menu, triggers, counters in
        slice.triggers[menu] = triggers
        slice.menuCounters[menu] = counters
      }
      for menu in 0..<menuCount where unitOfMenu[menu] == i { slice.alignmentCounters[menu] = counters }
    }
    return slice
  }
}
