import L0Trigger
import NA62Formats
public import PacketCapture

/// The hits of the events that begin in a slice, not in order; some lie in the slices beside it.
public struct RawSlice: Sendable {
  /// Number of the slice.
  public let slice: Int
  /// The hits.
  public let hits: HitStore
  /// The events, by time; empty unless the truth is kept.
  public let events: [SimulatedEvent]
  /// The hits that each of the events made.
  public let hitCounts: [TruthHitCounts]
  /// Number of events by what they are.
  public let channels: [String: UInt64]
}

/// What a slice gives to the trigger and to the readout.
public struct SliceProduct: Sendable {
  /// Number of the slice.
  public let slice: Int
  /// The hits that begin in the slice, arranged.
  public let hits: HitStore
  /// The packets of primitives of its frames, in order of time.
  public let packets: PacketBatch
  /// The events that begin in the slice; empty unless the truth is kept.
  public let events: [SimulatedEvent]
  /// The hits that each of the events made.
  public let hitCounts: [TruthHitCounts]
  /// Number of events by what they are.
  public let channels: [String: UInt64]
  /// Primitives by input.
  public let primitives: [UInt64]
  /// Primitives that found no room in their packet.
  public let lostPrimitives: UInt64
}

/// Makes slices of a burst, in two steps: hits of the events, then, with the hits of the slices beside it, what
/// leaves the detectors.
///
/// A slice depends on the seed and its number alone, so slices can be made in any order, by any number of
/// workers, and in shards. A value belongs to one worker.
public struct SliceMaker: Sendable {
  /// What is arranged with a slice to both sides of it, ns: longer than any dead time of a channel.
  private static let margin = 100.0

  private let setup: SimulationSetup
  private let burst: UInt32
  private let seed: UInt64
  private let generator: BurstGenerator?
  private let signal: BurstGenerator?
  private var response: DetectorResponse
  private var maker: PrimitiveMaker
  private var primitives = FramePrimitives()

  /// A maker of the slices of a burst.
  public init(_ setup: SimulationSetup, burst: UInt32) {
    self.setup = setup
    self.burst = burst
    seed = setup.seed(ofBurst: burst)
    generator = BurstGenerator(configuration: setup.burst, seed: seed)
    signal = setup.signal.flatMap { [seed] in BurstGenerator(configuration: $0, seed: ~seed) }
    response = DetectorResponse(configuration: setup.response, maps: setup.detectors.maps)
    maker = PrimitiveMaker(
      configuration: setup.response, maps: setup.detectors.maps, bits: setup.l0.bits)
  }

  /// The first step: events and their hits.
  public mutating func raw(_ slice: Int) -> RawSlice {
    var events = generator?.events(inSlice: slice) ?? []
    if let signal {
      // Where a burst has a dump, its events have these numbers.
      for var event in signal.events(inSlice: slice) {
        event.number |= 2 << 20
        events.append(event)
      }
      events.sort { ($0.time, $0.number) < ($1.time, $1.number) }
    }
    var hits = HitStore()
    var channels: [String: UInt64] = [:]
    var hitCounts: [TruthHitCounts] = []
    var total = TruthHitCounts()
    for event in events {
      channels[event.channel, default: 0] += 1
      response.respond(to: event, seed: seed, into: &hits)
      guard setup.keepsTruth else { continue }
      let now = TruthHitCounts(of: hits)
      hitCounts.append(now.since(total))
      total = now
    }
    let start = Double(slice) * setup.sliceDuration
    response.addNoise(
      stretch: UInt64(slice), from: start, to: start + setup.sliceDuration, seed: seed, into: &hits)
    return RawSlice(
      slice: slice, hits: hits, events: setup.keepsTruth ? events : [], hitCounts: hitCounts,
      channels: channels)
  }

  /// The second step.
  ///
  /// - Parameters:
  ///   - raw: the slice.
  ///   - neighbours: the slices before and behind it, where there are any.
  public mutating func product(_ raw: RawSlice, neighbours: [RawSlice]) -> SliceProduct {
    let start = Double(raw.slice) * setup.sliceDuration
    let end = start + setup.sliceDuration
    var all = HitStore()
    for part in [raw] + neighbours {
      for detector in SimulatedDetector.allCases {
        Self.copy(
          part.hits[detector], 0..<part.hits[detector].count, from: start - Self.margin,
          to: end + Self.margin, into: &all[detector])
      }
    }
    all.arrange(setup.response)
    var hits = HitStore()
    for detector in SimulatedDetector.allCases {
      Self.copy(
        all[detector], all[detector].range(from: start, to: end), from: start, to: end,
        into: &hits[detector])
    }
    return makePackets(raw, hits)
  }

  /// Copies the hits of `range` that begin from `start` to before `end`.
  static func copy(
    _ hits: HitList, _ range: Range<Int>, from start: Double, to end: Double, into out: inout HitList
  ) {
    for i in range where hits.leading[i] >= start && hits.leading[i] < end {
      out.append(
        channel: hits.channel[i], leading: hits.leading[i], trailing: hits.trailing[i],
        amplitude: hits.amplitude[i], event: hits.event[i], particle: hits.particle[i])
    }
  }

  private mutating func makePackets(_ raw: RawSlice, _ hits: HitStore) -> SliceProduct {
    let framesPerSlice = setup.burst.framesPerSlice
    let sob = setup.start(ofBurst: burst)
    var block = FrameBlock()
    var counts = [UInt64](repeating: 0, count: L0Detector.count)
    var lost: UInt64 = 0
    for k in 0..<framesPerSlice {
      let frame = UInt32(truncatingIfNeeded: raw.slice * framesPerSlice + k)
      maker.makePrimitives(frame: frame, hits: hits, into: &primitives)
      let sent = (Double(frame + ReadoutTiming.framesAhead) * ReadoutClock.frame).rounded(.down)
      for detector in L0Detector.allCases {
        let input = detector.rawValue
        let packet = primitives.packet(of: detector, frame: frame, ahead: ReadoutTiming.framesAhead)
        counts[input] += UInt64(primitives[detector].count - packet.lost)
        lost += UInt64(packet.lost)
        block.append(
          OutgoingDatagram(
            time: sob.nanoseconds + Int64(sent) + Int64(input) * ReadoutTiming.inputStep,
            sourceAddress: ReadoutAddress.sender(input),
            destinationAddress: ReadoutAddress.inputs[input],
            sourcePort: ReadoutAddress.primitivePort, destinationPort: MTP.port, payload: packet.bytes))
      }
    }
    return SliceProduct(
      slice: raw.slice, hits: hits, packets: block.batch(), events: raw.events,
      hitCounts: raw.hitCounts, channels: raw.channels,
      primitives: counts, lostPrimitives: lost)
  }
}
