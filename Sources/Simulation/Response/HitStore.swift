/// The hits of one detector, with times since the start of burst, field by field.
public struct HitList: Sendable, Equatable {
  /// Channel, in the numbering of `SimulatedDetector`.
  public private(set) var channel: [Int32] = []
  /// Leading edge in ns since the start of burst.
  public private(set) var leading: [Double] = []
  /// Trailing edge in ns since the start of burst; NaN for none.
  public private(set) var trailing: [Double] = []
  /// Energy in GeV, or height in mV, where the detector has one; else 0.
  public private(set) var amplitude: [Float] = []
  /// Number of the event that made the hit.
  public private(set) var event: [UInt64] = []
  /// Place of the particle in its event; -1 for noise.
  public private(set) var particle: [Int32] = []

  /// An empty list.
  public init() {}

  /// Number of hits.
  public var count: Int { channel.count }

  /// Appends a hit.
  @inlinable
  public mutating func append(
    channel: Int32, leading: Double, trailing: Double, amplitude: Float = 0, event: UInt64, particle: Int32
  ) {
    append(channel, leading, trailing, amplitude, event, particle)
  }

  @usableFromInline
  mutating func append(
    _ channel: Int32, _ leading: Double, _ trailing: Double, _ amplitude: Float, _ event: UInt64,
    _ particle: Int32
  ) {
    self.channel.append(channel)
    self.leading.append(leading)
    self.trailing.append(trailing)
    self.amplitude.append(amplitude)
    self.event.append(event)
    self.particle.append(particle)
  }

  /// Appends the hits of another list.
  public mutating func append(_ other: HitList) {
    channel += other.channel
    leading += other.leading
    trailing += other.trailing
    amplitude += other.amplitude
    event += other.event
    particle += other.particle
  }

  /// Forgets the hits and keeps the memory.
  public mutating func removeAll() {
    channel.removeAll(keepingCapacity: true)
    leading.removeAll(keepingCapacity: true)
    trailing.removeAll(keepingCapacity: true)
    amplitude.removeAll(keepingCapacity: true)
    event.removeAll(keepingCapacity: true)
    particle.removeAll(keepingCapacity: true)
  }

  /// Forgets the hits before a time; the hits have to be in order.
  public mutating func remove(before time: Double) { keep(firstIndex(from: time)..<count) }

  /// Puts the hits in order of time, and then of channel, event and particle, so that the order does not depend
  /// on that of appending; hits of a channel that begin within `merge` ns of the one before become one, which
  /// ends with the last of them.
  mutating func arrange(merging merge: Double, channels: Int) {
    var order = Array(0..<Int32(count))
    order.sort { a, b in
      let (a, b) = (Int(a), Int(b))
      if leading[a] != leading[b] { return leading[a] < leading[b] }
      if channel[a] != channel[b] { return channel[a] < channel[b] }
      if event[a] != event[b] { return event[a] < event[b] }
      return particle[a] < particle[b]
    }
    var kept: [Int32] = []
    kept.reserveCapacity(order.count)
    var last = [Int32](repeating: -1, count: channels)
    for index in order {
      let i = Int(index)
      let number = Int(channel[i])
      if merge > 0, number >= 0, number < channels {
        let before = Int(last[number])
        if before >= 0, leading[i] - leading[before] < merge {
          // NaN stands for no trailing edge, and gives way.
          if !(trailing[before] >= trailing[i]) { trailing[before] = trailing[i] }
          continue
        }
        last[number] = index
      }
      kept.append(index)
    }
    keep(kept)
  }

  private mutating func keep<Index: BinaryInteger>(_ indices: some Collection<Index>) {
    channel = indices.map { channel[Int($0)] }
    leading = indices.map { leading[Int($0)] }
    trailing = indices.map { trailing[Int($0)] }
    amplitude = indices.map { amplitude[Int($0)] }
    event = indices.map { event[Int($0)] }
    particle = indices.map { particle[Int($0)] }
  }

  /// The first hit that does not begin before a time; the hits have to be in order.
  public func firstIndex(from time: Double) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if leading[middle] < time { low = middle + 1 } else { high = middle }
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

  /// An empty store.
  public init() {}

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
    for detector in SimulatedDetector.allCases {
      lists[detector.rawValue].arrange(
        merging: configuration[detector].merge, channels: detector.channelCount)
    }
  }
}
