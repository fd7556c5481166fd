import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport

/// A stream of primitives, as packets of each detector by group.
struct RandomPrimitives {
  /// The packets: for each detector by group.
  var packets = [[Int: [UInt8]]](repeating: [:], count: L0Detector.count)
  var groups: Int
  /// Header time of group 0.
  var start: UInt32

  /// An empty stream.
  init(groups: Int, start: UInt32 = 0) {
    self.groups = groups
    self.start = start
  }

  /// A random one.
  ///
  /// - Parameters:
  ///   - perFrame: primitives of a detector in a frame, on average.
  ///   - faults: whether packets are missing, empty, late in time, unsorted, and some are calibrations.
  init(seed: UInt64, groups: Int, perFrame: Int = 12, start: UInt32 = 3, faults: Bool = true) {
    self.init(groups: groups, start: start)
    var random = SplitMix64(seed: seed)
    for group in 0..<groups {
      // Times that several detectors share, so that there are coincidences.
      let shared = (0..<perFrame).map { _ in Int.random(in: 0..<65536, using: &random) }
      for detector in L0Detector.allCases {
        if faults, group > 0, Int.random(in: 0..<40, using: &random) == 0 { continue }
        var times: [Int] = []
        for time in shared where Int.random(in: 0..<3, using: &random) > 0 {
          times.append(time + Int.random(in: -90...90, using: &random))
        }
        for _ in 0..<(perFrame / 3) { times.append(Int.random(in: 0..<65536, using: &random)) }
        if faults, Int.random(in: 0..<30, using: &random) == 0 { times = [] }
        times = times.map { min(max($0, 0), 65535) }.sorted { $0 >> 8 < $1 >> 8 }
        // The headers run two frames ahead of the primitives.
        let frame = UInt64(start) + UInt64(group) - min(2, UInt64(start))
        var packet = MTPEncoder(timestamp: start + UInt32(group), source: detector.sources[0])
        for time in times {
          let late: UInt64 =
            faults && frame > 2 && Int.random(in: 0..<50, using: &random) == 0 ? 1 : 0
          let full = ((frame - late) << 16) + UInt64(time)
          var identifier = UInt16.random(in: 0x0100...0x7FFF, using: &random) & 0x6FFF | 0x4000
          if faults, Int.random(in: 0..<60, using: &random) == 0 { identifier |= 0x8000 }
          _ = packet.append(
            Primitive(
              timestamp: UInt32(full >> 8), fineTime: UInt8(truncatingIfNeeded: full),
              identifier: identifier))
        }
        packets[detector.rawValue][group] = packet.bytes
      }
    }
  }

  /// The packets in the order of their groups; `order` is that of the detectors within a group.
  func datagrams(order: [Int] = Array(0..<7), burst: Int = 0) -> [ScriptedPacket] {
    var list: [ScriptedPacket] = []
    for group in 0..<groups {
      for detector in order {
        if let bytes = packets[detector][group] {
          let time = Int64(burst) * 10_000_000_000 + Int64(group) * 6387
          list.append(ScriptedPacket(mtp: bytes, at: time))
        }
      }
    }
    return list
  }
}

extension ScriptedPacket {
  /// A datagram to the port of primitives.
  init(mtp bytes: [UInt8], at nanoseconds: Int64 = 0, port: UInt16 = MTP.port) {
    self.init(bytes, at: nanoseconds, port: port)
  }
}

/// What an emulator gave for a whole stream.
struct EmulatorResult: Equatable {
  var triggers: [[L0TriggerRecord]]
  var bursts: [UInt32]
  var counters: [L0MenuCounters]
  var shared: [L0AlignmentCounters]
  var books = L0Books()
  var statistics = PrimitiveStatistics()
  var fired: [[FiredEntry]]

  /// Runs the emulator on datagrams in batches of the given size, or all at once.
  init(
    _ menus: [L0Menu], _ list: [ScriptedPacket], batch: Int = .max,
    options: L0Emulator.Options = L0Emulator.Options()
  ) {
    triggers = menus.map { _ in [] }
    counters = menus.map { _ in L0MenuCounters() }
    shared = menus.map { _ in L0AlignmentCounters() }
    bursts = []
    fired = menus.map { _ in [] }
    let emulator = L0Emulator(menus: menus, options: options)
    var begin = 0
    while begin < list.count {
      let end = batch == .max ? list.count : min(begin + batch, list.count)
      let packets = PacketBatch(Array(list[begin..<end]), first: UInt32(begin + 1))
      emulator.add(packets, 0..<packets.datagrams.count)
      add(emulator.take())
      begin = end
    }
    emulator.finish()
    add(emulator.take())
  }

  private mutating func add(_ slices: [L0Slice]) {
    for slice in slices {
      for menu in triggers.indices {
        triggers[menu] += slice.triggers[menu]
        counters[menu] += slice.menuCounters[menu]
        shared[menu] += slice.alignmentCounters[menu]
      }
      books += slice.books
      if let seen = slice.statistics { statistics += seen }
      if slice.endsBurst { bursts.append(slice.burst) }
      for menu in triggers.indices { fired[menu] += slice.fired[menu] }
    }
  }
}

extension L0Menu {
  /// A menu with the given conditions, one mask each, downscaled by 1, 2, 3, …
  static func test(_ conditions: [L0Condition], change: (inout L0Menu) -> Void = { _ in }) -> L0Menu {
    var menu = L0Menu()
    for (number, condition) in conditions.enumerated() {
      menu.masks.append(
        Mask(
          number: number, name: "line \(number)", condition: condition,
          downscaling: L0Downscaling(UInt32(number + 1))))
    }
    change(&menu)
    return menu
  }

  /// A random menu.
  static func random(seed: UInt64) -> L0Menu {
    var random = SplitMix64(seed: seed)
    var conditions: [L0Condition] = []
    for _ in 0..<Int.random(in: 1...16, using: &random) {
      var condition = L0Condition()
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let detector = L0Detector.allCases.randomElement(using: &random) ?? .rich
        condition[detector, Int.random(in: 0...14, using: &random)] =
          Int.random(in: 0..<3, using: &random) == 0 ? .forbidden : .required
      }
      conditions.append(condition)
    }
    return test(conditions) { menu in
      menu.referenceDetector = L0Detector.allCases.randomElement(using: &random) ?? .rich
      menu.controlDetector = L0Detector.allCases.randomElement(using: &random) ?? .chod
      menu.fineTimeBits = Int.random(in: 0...3, using: &random)
      menu.deltaPacket = Int.random(in: 0...6, using: &random)
      menu.primitiveDT = UInt32.random(in: 0...4, using: &random)
      menu.timeCuts = (0..<7).map { _ in Int16.random(in: 0...200, using: &random) }
      menu.control.isEnabled = Bool.random(using: &random)
      menu.control.condition[menu.controlDetector, 14] = .required
      menu.control.downscaling = L0Downscaling(UInt32.random(in: 1...9, using: &random))
      if Bool.random(using: &random) { menu.endOfBurst = UInt32.random(in: 3000...12000, using: &random) }
    }
  }
}
