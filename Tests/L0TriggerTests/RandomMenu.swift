import L0Trigger
import NA62Formats
import SpillwayTestSupport

/// Menus and conditions drawn at random.
enum RandomMenu {
  /// A condition that words can say.
  static func condition(_ random: inout SplitMix64) -> L0Condition {
    var condition = L0Condition()
    for _ in 0..<random.below(7) {
      let detector = L0Detector(rawValue: random.below(L0Detector.count)) ?? .rich
      condition[detector, random.below(15)] = random.oneIn(2) ? .required : .forbidden
    }
    return condition
  }

  /// A condition, now and then of registers that words cannot say.
  static func registers(_ random: inout SplitMix64) -> L0Condition {
    guard random.oneIn(4) else { return condition(&random) }
    return L0Condition(
      mask: (0..<7).map { _ in UInt16(random.below(0x10000)) },
      dontcare: (0..<7).map { _ in UInt16(random.below(0x10000)) })
  }

  static func downscaling(_ random: inout SplitMix64) -> L0Downscaling {
    let denominator = random.oneIn(2) ? 1 : UInt32(1 + random.below(50))
    let numerator = denominator + UInt32(random.below(1000))
    guard random.oneIn(3) else { return L0Downscaling(numerator: numerator, denominator: denominator) }
    return L0Downscaling(
      numerator: numerator, denominator: denominator, mode: .hash, seed: random.oneIn(2) ? random.next() : 7)
  }

  static func pulser(_ random: inout SplitMix64) -> L0Menu.Periodic {
    let start = UInt32(random.below(1 << 20))
    return L0Menu.Periodic(
      period: UInt32(truncatingIfNeeded: random.next()) | 1, word: UInt8(random.below(64)), start: start,
      end: start + UInt32(random.below(1 << 28)))
  }

  /// A menu in which every key differs from its default now and then.
  static func menu(_ random: inout SplitMix64) -> L0Menu {
    var menu = L0Menu()
    menu.name = random.oneIn(3) ? "a: \"b\" # c" : "random"
    menu.description = random.oneIn(2) ? "" : "two\nlines"
    menu.bits = PrimitiveBits(run: [5000, 6492, 7100, 7900, 8774, 9000][random.below(6)])
    menu.referenceDetector = L0Detector(rawValue: random.below(7)) ?? .rich
    menu.controlDetector = L0Detector(rawValue: random.below(7)) ?? .rich
    menu.fineTimeBits = random.below(4)
    if random.oneIn(2) {
      menu.timeCuts = (0..<7).map { _ in Int16(random.below(0x8000)) }
      menu.offsets = (0..<7).map { _ in random.below(0x100_0000) }
      menu.formats = (0..<7).map { _ in random.oneIn(2) ? .words32 : .words64 }
    }
    menu.deltaPacket = random.below(7)
    menu.primitiveDT = UInt32(truncatingIfNeeded: random.next())
    menu.fixedLatency = UInt32(truncatingIfNeeded: random.next())
    menu.endOfBurst = random.oneIn(2) ? nil : UInt32(truncatingIfNeeded: random.next())
    menu.grouping = random.oneIn(2) ? .header : .count
    menu.counting = random.oneIn(2) ? .words : .header
    menu.usesStaleCount = random.oneIn(2)
    menu.resetsDownscaling = random.oneIn(2)
    menu.corrections = L0Menu.Corrections(rawValue: UInt8(random.below(16)))
    for number in 0..<16 where random.oneIn(3) {
      menu.masks.append(
        L0Menu.Mask(
          number: number, name: random.oneIn(4) ? "" : "line \(number)", isEnabled: !random.oneIn(4),
          condition: registers(&random), downscaling: downscaling(&random)))
    }
    menu.control = L0Menu.Control(
      isEnabled: random.oneIn(2), condition: registers(&random), downscaling: downscaling(&random))
    menu.calibrationWord = random.oneIn(2) ? nil : UInt8(random.below(64))
    menu.periodics = (0..<random.below(3)).map { _ in pulser(&random) }
    menu.random = random.oneIn(2) ? nil : L0Menu.Random(pulser: pulser(&random), seed: random.next())
    menu.deadWindows = (0..<random.below(3)).map { _ in
      let begin = UInt32(random.below(1 << 30))
      return L0Menu.DeadWindow(begin: begin, end: begin + UInt32(random.below(1 << 20)))
    }
    return menu
  }
}
