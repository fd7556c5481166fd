public import NA62Formats

/// Which sources an event is made of and how many fragments each sends: the order of this list is the
/// dense order in which an event stores its fragments (`l1.md` 2.7).
public struct EventLayout: Hashable, Sendable {
  /// One source and its number of fragments in each event.
  public struct Source: Hashable, Sendable {
    /// The detector.
    public var id: SourceID
    /// Fragments in a complete event.
    public var fragments: Int

    /// A source with the given number of fragments.
    public init(id: SourceID, fragments: Int) {
      self.id = id
      self.fragments = fragments
    }
  }

  /// The sources read before L1, in dense order.
  public let sources: [Source]
  /// The sources read after L1 (CREAMs), in dense order.
  public let l1Sources: [Source]
  /// The source whose first fragment gives the event its timestamp.
  public let timestampSource: SourceID
  /// For each dense number, the index of its first fragment in an event; one more entry is the total.
  public let starts: [Int]
  /// For each source identifier its dense number, or 255.
  let dense: [UInt8]
  /// For each source identifier its place among the sources read after L1, or −1.
  private let l1Dense: [Int16]
  /// The sources read after L1.
  let l1Set: SourceSet

  /// A layout of the given sources.
  public init(sources: [Source], l1Sources: [Source] = [], timestampSource: SourceID = .l0tp) {
    self.sources = sources
    self.l1Sources = l1Sources
    self.timestampSource = timestampSource
    var starts = [0]
    var dense = [UInt8](repeating: 255, count: 256)
    for (i, source) in sources.enumerated() {
      starts.append((starts.last ?? 0) + source.fragments)
      dense[Int(source.id.rawValue)] = UInt8(truncatingIfNeeded: i)
    }
    var l1Dense = [Int16](repeating: -1, count: 256)
    for (i, source) in l1Sources.enumerated() {
      l1Dense[Int(source.id.rawValue)] = Int16(truncatingIfNeeded: i)
    }
    self.starts = starts
    self.dense = dense
    self.l1Dense = l1Dense
    l1Set = SourceSet(l1Sources.map(\.id))
  }

  /// Fragments in a complete event.
  public var fragmentCount: Int { starts.last ?? 0 }

  /// The dense number of a source read before L1, or `nil` if it is not configured.
  @inline(__always)
  public func index(of source: SourceID) -> Int? {
    let number = dense[Int(source.rawValue)]
    return number == 255 ? nil : Int(number)
  }

  /// The place of a source in `l1Sources`, or −1 if it is not read after L1.
  @inline(__always)
  func l1Index(of source: SourceID) -> Int16 { l1Dense[Int(source.rawValue)] }

  /// The indices, within an event, of a source's fragments; empty if it is not configured.
  @inline(__always)
  public func fragments(of source: SourceID) -> Range<Int> {
    guard let i = index(of: source) else { return 0..<0 }
    return starts[i]..<starts[i + 1]
  }
}

/// A set of sources as plain bits: to ask it counts no references, which tasks that share a list would do at each
/// other's cost.
struct SourceSet: Hashable, Sendable, BitwiseCopyable {
  private var bits = SIMD4<UInt64>(repeating: 0)

  init(_ sources: [SourceID]) {
    for source in sources { bits[Int(source.rawValue >> 6)] |= 1 << UInt64(source.rawValue & 63) }
  }

  @inline(__always)
  func contains(_ source: SourceID) -> Bool {
    bits[Int(source.rawValue >> 6)] >> UInt64(source.rawValue & 63) & 1 != 0
  }
}
