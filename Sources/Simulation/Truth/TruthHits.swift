public import Detectors

/// Numbers of hits, detector by detector.
public struct TruthHitCounts: Sendable, Hashable {
  private var counts = SIMD16<UInt32>(repeating: 0)

  /// No hits.
  public init() {}

  /// The hits of a store.
  public init(of hits: HitStore) {
    for detector in SimulatedDetector.allCases { self[detector] = UInt32(clamping: hits[detector].count) }
  }

  /// The hits of a detector.
  public subscript(detector: SimulatedDetector) -> UInt32 {
    get { counts[detector.rawValue] }
    set { counts[detector.rawValue] = newValue }
  }

  /// All hits but those of KTAG, which sees the beam: whether anything came of it downstream.
  public var downstream: UInt64 {
    SimulatedDetector.allCases.reduce(0) { $1 == .ktag ? $0 : $0 + UInt64(self[$1]) }
  }

  /// The hits that came since a count of the same store: what one event made of it.
  public func since(_ earlier: TruthHitCounts) -> TruthHitCounts {
    var out = TruthHitCounts()
    out.counts = counts &- earlier.counts
    return out
  }
}

/// A hit in a trigger's readout window, with what made it.
public struct TruthHit: Sendable, Hashable {
  /// The detector.
  public var detector: SimulatedDetector
  /// Readout channel, in the numbering of the detector.
  public var channel: Int32
  /// Number of the decay; without meaning for noise.
  public var decay: UInt64
  /// Place of the particle in its decay; -1 for noise.
  public var particle: Int32

  /// A hit.
  public init(detector: SimulatedDetector, channel: Int32, decay: UInt64, particle: Int32) {
    self.detector = detector
    self.channel = channel
    self.decay = decay
    self.particle = particle
  }
}

/// Finds the hits in the readout windows of triggers, as `FragmentMaker` sends them: those whose leading edge is
/// in the window. A hit of which only the trailing edge is sent does not count.
public struct TruthHitFinder: Sendable {
  private let configuration: ResponseConfiguration
  private let strawOffsets: [Double]

  /// A finder for what a maker of fragments sends.
  public init(configuration: ResponseConfiguration, fragments: FragmentMaker, maps: L1DetectorMaps) {
    self.configuration = configuration
    strawOffsets = maps.straw.indices.map { fragments.strawOffset(channel: $0) }
  }

  /// Appends the hits of a trigger.
  ///
  /// - Parameters:
  ///   - timestamp: clock periods since the start of burst.
  ///   - hits: the hits, arranged (`HitStore.arrange`), of at least the windows.
  ///   - out: takes the hits.
  public func appendHits(ofTriggerAt timestamp: UInt32, in hits: HitStore, to out: inout [TruthHit]) {
    let period = ReadoutClock.period
    for detector in SimulatedDetector.allCases {
      let settings = configuration[detector]
      let last = Int64(timestamp) + Int64(settings.last)
      let window = (last - Int64(settings.slots) + 1)...last
      // Offsets of straws differ by less than this.
      let margin = detector == .straw ? 1000.0 : period
      let list = hits[detector]
      let origin = detector == .straw ? -(strawOffsets.first ?? 0) : 0
      let range = list.range(
        from: Double(window.lowerBound) * period + origin - margin,
        to: Double(window.upperBound + 1) * period + origin + margin)
      for i in range {
        var time = list.leading[i]
        if detector == .straw {
          guard strawOffsets.indices.contains(Int(list.channel[i])) else { continue }
          time += strawOffsets[Int(list.channel[i])]
        }
        guard let units = ReadoutClock.units(time), window.contains(units >> 8) else { continue }
        out.append(
          TruthHit(
            detector: detector, channel: list.channel[i], decay: list.event[i], particle: list.particle[i]))
      }
    }
  }
}
