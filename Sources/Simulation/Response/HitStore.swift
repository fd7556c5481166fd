/// An edge pair that a TDC channel sees, or a cluster, with the particle that made it.
public struct DetectorHit: Sendable, Hashable {
  /// Leading edge in ns since the start of burst.
  public var leading: Double
  /// Trailing edge in ns since the start of burst; NaN for none.
  public var trailing: Double
  /// Number of the event that made the hit.
  public var event: UInt64
  /// Channel, in the numbering of `SimulatedDetector`.
  public var channel: Int32
  /// Place of the particle in its event; -1 for noise.
  public var particle: Int32
  /// Energy in GeV, or height in mV, where the detector has one; else 0.
  public var amplitude: Float

  /// A hit with the given fields.
  @inlinable
  public init(
    channel: Int32, leading: Double, trailing: Double, amplitude: Float = 0, event: UInt64, particle: Int32
  ) {
    self.leading = leading
    self.trailing = trailing
    self.event = event
    self.channel = channel
    self.particle = particle
    self.amplitude = amplitude
  }

  /// Order of time, and then of channel, event and particle: it does not depend on that of appending.
  @inline(__always)
  static func precedes(_ a: DetectorHit, _ b: DetectorHit) -> Bool {
    if a.leading != b.leading { return a.leading < b.leading }
    if a.channel != b.channel { return a.channel < b.channel }
    if a.event != b.event { return a.event < b.event }
    return a.particle < b.particle
  }
}

/// The hits of one detector, with times since the start of burst.
public struct HitList: Sendable, Equatable {
  private var hits: [DetectorHit] = []

  /// An empty list.
  public init() {}

  /// Number of hits.
  public var count: Int { hits.count }

  /// A hit.
  public subscript(place: Int) -> DetectorHit {
    @inline(__always) _read { yield hits[place] }
  }

  /// The channels of the hits.
  public var channel: HitColumn<HitFields.Channel> { HitColumn(hits) }
  /// The leading edges.
  public var leading: HitColumn<HitFields.Leading> { HitColumn(hits) }
  /// The trailing edges.
  public var trailing: HitColumn<HitFields.Trailing> { HitColumn(hits) }
  /// The amplitudes.
  public var amplitude: HitColumn<HitFields.Amplitude> { HitColumn(hits) }
  /// The numbers of the events.
  public var event: HitColumn<HitFields.Event> { HitColumn(hits) }
  /// The places of the particles.
  public var particle: HitColumn<HitFields.Particle> { HitColumn(hits) }

  /// Appends a hit.
  public mutating func append(
    channel: Int32, leading: Double, trailing: Double, amplitude: Float = 0, event: UInt64, particle: Int32
  ) {
    hits.append(
      DetectorHit(
        channel: channel, leading: leading, trailing: trailing, amplitude: amplitude, event: event,
        particle: particle))
  }

  /// Appends the hits of another list.
  public mutating func append(_ other: HitList) { hits += other.hits }

  /// Forgets the hits and keeps the memory.
  public mutating func removeAll() { hits.removeAll(keepingCapacity: true) }

  /// Forgets the hits before a time; the hits have to be in order.
  public mutating func remove(before time: Double) { hits.removeSubrange(..<firstIndex(from: time)) }

  /// Puts the hits in order (`DetectorHit.precedes`); hits of a channel that begin within `merge` ns of the one
  /// before become one, which ends with the last of them.
  mutating func arrange(merging merge: Double, channels: Int, _ sorter: inout HitSorter) {
    sorter.sort(&hits)
    if merge > 0, channels > 0 { sorter.merge(&hits, within: merge, channels: channels) }
  }

  /// The first hit that does not begin before a time; the hits have to be in order.
  public func firstIndex(from time: Double) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if hits[middle].leading < time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The hits that begin from `start` to before `end`, in ns; the hits have to be in order.
  public func range(from start: Double, to end: Double) -> Range<Int> {
    let first = firstIndex(from: start)
    return first..<max(first, firstIndex(from: end))
  }
}

/// The hits of all detectors in a stretch of a burst.
public struct HitStore: Sendable, Equatable {
  private var lists: [HitList] = Array(repeating: HitList(), count: SimulatedDetector.allCases.count)
  /// Memory for the order, not part of the value.
  private var sorter = HitSorter()

  /// An empty store.
  public init() {}

  /// Whether two stores hold the same hits in the same order.
  public static func == (a: HitStore, b: HitStore) -> Bool { a.lists == b.lists }

  /// The hits of a detector.
  public subscript(detector: SimulatedDetector) -> HitList {
    @inline(__always) _read { yield lists[detector.rawValue] }
    @inline(__always) _modify { yield &lists[detector.rawValue] }
  }

  /// Forgets the hits and keeps the memory.
  public mutating func removeAll() {
    for i in lists.indices { lists[i].removeAll() }
  }

  /// Forgets hits before a time in ns since the start of burst; the hits have to be in order.
  public mutating func remove(before time: Double) {
    for i in lists.indices { lists[i].remove(before: time) }
  }

  /// Appends the hits of another store.
  public mutating func append(_ other: HitStore) {
    for i in lists.indices { lists[i].append(other.lists[i]) }
  }

  /// Puts the hits in order of time and merges those of a channel that are too near to be told apart: to be
  /// called when a stretch of time has all its events, before primitives and fragments are made of it.
  public mutating func arrange(_ configuration: ResponseConfiguration) {
    for i in lists.indices {
      guard let detector = SimulatedDetector(rawValue: i) else { continue }
      lists[i].arrange(
        merging: configuration[detector].merge, channels: detector.channelCount, &sorter)
    }
  }
}
