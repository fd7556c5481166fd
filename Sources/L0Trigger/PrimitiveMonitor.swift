import NA62Formats

/// What is watched of the primitives of each detector: rates of the bits, multiplicity, time differences.
public struct PrimitiveStatistics: Sendable, Hashable, Codable {
  /// What is watched of one detector.
  public struct Detector: Sendable, Hashable, Codable {
    /// Packets.
    public var packets: UInt64 = 0
    /// Groups in which the detector had no packet.
    public var missing: UInt64 = 0
    /// Primitives, calibrations among them.
    public var primitives: UInt64 = 0
    /// Calibration primitives.
    public var calibrations: UInt64 = 0
    /// Packets whose number of primitives is not that of the header, modulo 256.
    public var countMismatches: UInt64 = 0
    /// Packets whose length is not that of the header.
    public var lengthMismatches: UInt64 = 0
    /// Bytes at the end of packets that do not fill a word.
    public var trailingBytes: UInt64 = 0
    /// Primitives that replaced an earlier one in their slot.
    public var overwritten: UInt64 = 0
    /// Primitives that are earlier than the one before them in the packet by a clock period or more.
    public var unsorted: UInt64 = 0
    /// Primitives with each of the bits 0 to 14.
    public var bits = [UInt64](repeating: 0, count: 15)
    /// Packets by their number of primitives, 0 to 255 and more.
    public var multiplicity = [UInt64](repeating: 0, count: 256)
    /// Times against the reference, in 1/256 of a clock period from -512 to 511; what is outside lies in
    /// the first and last. Of every `PrimitiveMonitor.sampling`-th group.
    public var timeDifferences = [UInt64](repeating: 0, count: 1024)

    /// Nothing seen.
    public init() {}
  }

  /// The detectors, in the order of the inputs.
  public var detectors = [Detector](repeating: Detector(), count: L0Detector.count)
  /// Groups of packets: frames of 256 clock periods.
  public var groups: UInt64 = 0

  /// Nothing seen.
  public init() {}

  /// Adds what was seen elsewhere.
  public static func += (a: inout Self, b: Self) {
    a.groups += b.groups
    for i in a.detectors.indices {
      let other = b.detectors[i]
      a.detectors[i].packets += other.packets
      a.detectors[i].missing += other.missing
      a.detectors[i].primitives += other.primitives
      a.detectors[i].calibrations += other.calibrations
      a.detectors[i].countMismatches += other.countMismatches
      a.detectors[i].lengthMismatches += other.lengthMismatches
      a.detectors[i].trailingBytes += other.trailingBytes
      a.detectors[i].overwritten += other.overwritten
      a.detectors[i].unsorted += other.unsorted
      for j in other.bits.indices { a.detectors[i].bits[j] += other.bits[j] }
      for j in other.multiplicity.indices { a.detectors[i].multiplicity[j] += other.multiplicity[j] }
      for j in other.timeDifferences.indices { a.detectors[i].timeDifferences[j] += other.timeDifferences[j] }
    }
  }
}

/// Fills `PrimitiveStatistics` while primitives are written to the memory.
///
/// Identifiers are counted by their two bytes, from which the rates of the bits follow; so a primitive costs
/// two additions.
struct PrimitiveMonitor: ~Copyable {
  /// Of so many groups, one is looked at for time differences.
  static let sampling: Int64 = 8
  /// Groups after which what was seen is worth taking: to take it and to add it up costs as much as some hundred
  /// groups do, and a batch of packets often has but a few.
  static let worthTaking: UInt64 = 1024
  private static let bins = 1024

  private let bytes: UnsafeMutablePointer<UInt32>
  private let differences: UnsafeMutablePointer<UInt32>
  private var statistics = PrimitiveStatistics()

  init() {
    bytes = .allocate(capacity: L0Detector.count * 512)
    bytes.initialize(repeating: 0, count: L0Detector.count * 512)
    differences = .allocate(capacity: 8 * Self.bins)
    differences.initialize(repeating: 0, count: 8 * Self.bins)
  }

  deinit {
    bytes.deallocate()
    differences.deallocate()
  }

  /// Counts a packet and the bits of its primitives.
  mutating func packet(
    _ payload: RawSpan, _ header: MTPHeader, _ detector: Int, format: MTP.Format,
    _ stored: AlignmentRAM.Stored
  ) {
    var unsorted: UInt64 = 0
    var last: UInt32 = 0
    let low = bytes + detector * 512
    let high = low + 256
    MTP.forEachPrimitive(of: payload, header: header, format: format) { primitive in
      low[Int(primitive.identifier & 0xFF)] &+= 1
      high[Int(primitive.identifier >> 8)] &+= 1
      unsorted &+= primitive.timestamp < last ? 1 : 0
      last = primitive.timestamp
    }
    statistics.detectors[detector].packets += 1
    statistics.detectors[detector].primitives += UInt64(stored.primitives)
    statistics.detectors[detector].calibrations += UInt64(stored.calibrations)
    if stored.primitives & 0xFF != Int(header.primitiveCount) {
      statistics.detectors[detector].countMismatches += 1
    }
    if Int(header.totalLength) != payload.byteCount { statistics.detectors[detector].lengthMismatches += 1 }
    statistics.detectors[detector].trailingBytes += UInt64(stored.trailing)
    statistics.detectors[detector].overwritten += UInt64(stored.overwritten)
    statistics.detectors[detector].unsorted += unsorted
    statistics.detectors[detector].multiplicity[min(stored.primitives, 255)] += 1
  }

  /// Counts groups, `missing` of them without the detectors whose bits are set.
  mutating func groups(_ count: UInt64, missing: UInt8) {
    statistics.groups += count
    for detector in 0..<L0Detector.count where missing & 1 << UInt8(detector) != 0 {
      statistics.detectors[detector].missing += 1
    }
  }

  /// Counts groups in which no detector had a packet.
  mutating func emptyGroups(_ count: UInt64) {
    statistics.groups += count
    for detector in 0..<L0Detector.count { statistics.detectors[detector].missing += count }
  }

  /// Counts the time differences around an entry.
  @inline(never)
  func differences(in coincidence: Coincidence, reference: UInt16) {
    let slots = (
      (coincidence.identifiers.0, coincidence.times.0), (coincidence.identifiers.1, coincidence.times.1),
      (coincidence.identifiers.2, coincidence.times.2)
    )
    count(slots.0, reference)
    count(slots.1, reference)
    count(slots.2, reference)
  }

  private func count(_ slot: (L0Words, L0Words), _ reference: UInt16) {
    for lane in 0..<L0Detector.count where slot.0[lane] != 0 {
      let difference = Int(Int16(truncatingIfNeeded: Int(slot.1[lane]) - Int(reference)))
      let bin = min(max(difference + Self.bins / 2, 0), Self.bins - 1)
      differences[lane * Self.bins + bin] &+= 1
    }
  }

  /// Takes what was seen since it was taken last, if it is worth it or all is asked for; else nothing, and it goes
  /// on.
  mutating func take(all: Bool) -> PrimitiveStatistics? {
    guard all || statistics.groups >= Self.worthTaking else { return nil }
    var taken = statistics
    statistics = PrimitiveStatistics()
    for detector in 0..<L0Detector.count {
      for value in 0..<256 {
        let low = bytes + detector * 512 + value
        let high = low + 256
        for bit in 0..<8 where value & 1 << bit != 0 {
          taken.detectors[detector].bits[bit] += UInt64(low.pointee)
          if bit < 7 { taken.detectors[detector].bits[bit + 8] += UInt64(high.pointee) }
        }
        low.pointee = 0
        high.pointee = 0
      }
      for bin in 0..<Self.bins {
        let place = differences + detector * Self.bins + bin
        taken.detectors[detector].timeDifferences[bin] = UInt64(place.pointee)
        place.pointee = 0
      }
    }
    return taken
  }
}
