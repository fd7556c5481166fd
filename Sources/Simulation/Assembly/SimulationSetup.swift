public import Configuration
public import Detectors
import EventBuilding
public import L0Trigger
public import L1Trigger
public import NA62Formats

/// Everything that a simulated run is made of.
public struct SimulationSetup: Sendable {
  /// What happens in a burst.
  public let burst: BurstConfiguration
  /// Decays that are added to those of the burst, as signal; nil for none.
  public let signal: BurstConfiguration?
  /// What the detectors make of it.
  public let response: ResponseConfiguration
  /// Sources, boards and channel maps.
  public let detectors: DetectorConfiguration
  /// The settings of L0.
  public let l0: L0Menu
  /// The chains of L1; nil: the farm keeps every event.
  public let l1: L1Configuration?
  /// Seed of all random numbers.
  public let seed: UInt64
  /// The slices of a burst that are made.
  public let slices: Range<Int>
  /// Slices of a whole burst.
  public let sliceCount: Int
  /// Length of a slice in ns.
  public let sliceDuration: Double
  /// Start of burst 1.
  public var epoch = ReadoutTiming.epoch
  /// Whether what happened is given with the packets.
  public var keepsTruth = false

  /// A run.
  ///
  /// - Parameters:
  ///   - burst: what happens in a burst.
  ///   - signal: what is added to it, from a beam of its own; its events take the place of the dump's.
  ///   - response: what the detectors make of it.
  ///   - detectors: sources, boards and channel maps.
  ///   - l0: the settings of L0.
  ///   - l1: the chains of L1; nil: the farm keeps every event.
  ///   - seed: of all random numbers.
  ///   - stretch: the stretch of the burst that is made, in ns; slices that it touches are made whole.
  /// - Throws: `ConfigurationError` if the parts do not go together.
  public init(
    burst: BurstConfiguration, signal: BurstConfiguration? = nil, response: ResponseConfiguration,
    detectors: DetectorConfiguration, l0: L0Menu, l1: L1Configuration?, seed: UInt64,
    stretch: ClosedRange<Double>? = nil
  ) throws(ConfigurationError) {
    func failure(_ problem: String, _ advice: String) -> ConfigurationError {
      ConfigurationError(file: "simulation", problem: problem, advice: advice)
    }
    guard let generator = BurstGenerator(configuration: burst, seed: seed),
      signal.map({ BurstGenerator(configuration: $0, seed: seed) != nil }) ?? true
    else {
      throw failure(
        "a slice would hold more than \(Int(BurstGenerator.largestMean)) events of a source",
        "lower framesPerSlice or the rates")
    }
    if signal != nil, burst.dump != nil {
      throw failure("signal cannot be added to a burst with a dump", "set the rate of the dump instead")
    }
    for entry in detectors.sources.physicalL0
    where entry.id != .l0tp && FragmentMaker.detectors(of: entry.id) == nil {
      throw failure(
        "the source \(entry.id.hex) of the detectors is not simulated", "leave it out of 'sources.l0'")
    }
    let lkr = detectors.sources.l1.first
    guard
      detectors.sources.l1.isEmpty
        || detectors.sources.l1.count == 1 && lkr?.id == .lkr && lkr?.boards == LKrGeometry.blocks.count
    else {
      throw failure(
        "of the sources read after L1 only LKr (0x24) with \(LKrGeometry.blocks.count) boards is simulated",
        "change 'sources.l1' of the detectors")
    }
    for input in L0Detector.allCases where l0.formats[input.rawValue] != .words32 {
      throw failure(
        "the menu asks for the 64-bit format of \(input.name)", "the simulation writes the 32-bit format only"
      )
    }
    self.burst = burst
    self.signal = signal
    self.response = response
    self.detectors = detectors
    self.l0 = l0
    self.l1 = l1
    self.seed = seed
    sliceCount = generator.sliceCount
    sliceDuration = generator.sliceDuration
    let stretch = stretch ?? 0...burst.spill.duration
    let first = max(0, min(Double(sliceCount), (stretch.lowerBound / sliceDuration).rounded(.down)))
    let end = max(0, min(Double(sliceCount), (stretch.upperBound / sliceDuration).rounded(.up)))
    guard first < end else {
      throw failure(
        "the stretch begins at or behind the end of the burst, \(burst.spill.duration / 1e9) s",
        "give an earlier one")
    }
    slices = Int(first)..<Int(end)
  }

  /// The slices whose hits can reach into those that are made.
  public var rawSlices: Range<Int> { max(0, slices.lowerBound - 1)..<min(sliceCount, slices.upperBound + 1) }

  /// Seed of a burst: bursts can be made apart.
  public func seed(ofBurst burst: UInt32) -> UInt64 {
    var random = SimulationRandom(seed: seed, purpose: .burst, index: UInt64(burst))
    return random.next()
  }

  /// When a burst begins.
  public func start(ofBurst burst: UInt32) -> DataTime {
    DataTime(
      nanoseconds: epoch.nanoseconds &+ (Int64(burst) - 1) &* ReadoutTiming.burstSpacing)
  }

  /// The start of what is made of a burst, in clock periods since its start.
  var startOfBurst: UInt32 {
    UInt32(clamping: Int64((Double(slices.lowerBound) * sliceDuration / ReadoutClock.period).rounded()))
  }

  /// The end of what is made of a burst, in clock periods since its start.
  var endOfBurst: UInt32 {
    UInt32(clamping: Int64((Double(slices.upperBound) * sliceDuration / ReadoutClock.period).rounded()))
  }
}
