import L0Trigger
import PacketCapture

/// What L0 has counted in a run up to a moment.
struct L0Partial: Codable, Hashable, Sendable {
  var menuHashes: [String]
  var menuCounters: [L0MenuCounters]
  var alignmentCounters: [L0AlignmentCounters]
  var statistics: PrimitiveStatistics
  var books: L0Books
  var capture: CaptureBooks
  var sentByLine: [[UInt64]]
  var bursts: UInt64

  /// Whether every list has its length, as it may not where it was read.
  var isWhole: Bool {
    let menus = menuHashes.count
    let inputs = L0Detector.count
    return menuCounters.count == menus && alignmentCounters.count == menus && sentByLine.count == menus
      && menuCounters.allSatisfy { $0.pre.count == 16 && $0.post.count == 16 }
      && alignmentCounters.allSatisfy {
        $0.packets.count == inputs && $0.primitives.count == inputs
          && $0.calibrationPrimitives.count == inputs
      }
      && sentByLine.allSatisfy { $0.count == 17 } && statistics.detectors.count == inputs
      && statistics.detectors.allSatisfy {
        $0.bits.count == 15 && $0.multiplicity.count == 256 && $0.timeDifferences.count == 1024
      }
  }

  mutating func merge(_ other: L0Partial) throws(PartialError) {
    guard menuHashes == other.menuHashes else {
      throw PartialError("the runs have different menus of L0; merge runs of the same menu")
    }
    for menu in menuHashes.indices {
      menuCounters[menu] += other.menuCounters[menu]
      alignmentCounters[menu] += other.alignmentCounters[menu]
      for line in sentByLine[menu].indices { sentByLine[menu][line] += other.sentByLine[menu][line] }
    }
    statistics += other.statistics
    books += other.books
    capture += other.capture
    bursts += other.bursts
  }
}
