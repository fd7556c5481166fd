import PacketCapture

/// Cuts what a source gives between two bursts, so that no batch has packets of two segments; and where a run goes on
/// from a carry, drops the packets that came before it.
///
/// A batch that is cut gives its books, and its packets for the quarantine, to the part behind the cut. So the books
/// up to a segment's end are those of the batches that ended before it, and a run that goes on brings the rest.
struct SegmentedSource {
  private let source: () throws -> PacketBatch?
  private var cutter: SegmentCutter
  /// The rest of a batch that was cut.
  private var rest: (batch: PacketBatch, begin: Int)?
  /// Datagrams still to be dropped; nil once the place to go on at was found.
  private var skipping: UInt64?
  private let skipped: UInt64

  /// A source that is cut.
  ///
  /// - Parameters:
  ///   - source: gives the next packets.
  ///   - cutter: finds the cuts.
  ///   - skipping: datagrams to be dropped at first.
  init(_ source: @escaping () throws -> PacketBatch?, cutter: SegmentCutter, skipping: UInt64) {
    self.source = source
    self.cutter = cutter
    self.skipping = skipping == 0 ? nil : skipping
    skipped = skipping
  }

  /// A source that is cut, as the pipelines take it.
  static func wrap(
    _ source: @Sendable @escaping () throws -> (() throws -> PacketBatch?),
    skipping: UInt64, cutter: @Sendable @escaping () -> SegmentCutter
  ) -> @Sendable () throws -> (() throws -> PacketBatch?) {
    {
      var segmented = SegmentedSource(try source(), cutter: cutter(), skipping: skipping)
      return { try segmented.next() }
    }
  }

  /// The next packets, nil at the end of the source.
  ///
  /// - Throws: what the source throws; `CarryError` where it ends ahead of the place to go on at.
  mutating func next() throws -> PacketBatch? {
    if let (batch, begin) = rest { return cut(batch, begin, isMarked: true) }
    guard let batch = try nextWanted() else { return nil }
    if batch.datagrams.isEmpty {
      return cutter.endsInPause(at: batch.watermark) ? batch.segment(0..<0) : batch
    }
    return cut(batch, 0, isMarked: false)
  }

  /// The next part, from `begin` to the next cut.
  private mutating func cut(_ batch: PacketBatch, _ begin: Int, isMarked: Bool) -> PacketBatch {
    var isMarked = isMarked
    var place = cutter.nextCut(in: batch, from: isMarked ? begin + 1 : begin)
    if place == begin {
      isMarked = true
      place = cutter.nextCut(in: batch, from: begin + 1)
    }
    rest = place.map { (batch, $0) }
    let range = begin..<(place ?? batch.datagrams.count)
    return isMarked ? batch.segment(range) : batch.part(range)
  }

  /// The next batch behind the packets that are dropped.
  private mutating func nextWanted() throws -> PacketBatch? {
    while var left = skipping {
      guard let batch = try source() else {
        guard left == 0 else { throw CarryError.inputTooShort(datagrams: skipped &- left, wanted: skipped) }
        skipping = nil
        return nil
      }
      let count = UInt64(batch.datagrams.count)
      // Batches without datagrams count to what was before.
      guard count > left else {
        left -= count
        skipping = left
        continue
      }
      skipping = nil
      return batch.part(Int(left)..<batch.datagrams.count)
    }
    return try source()
  }
}
