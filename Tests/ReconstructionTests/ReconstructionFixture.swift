import Detectors
import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import Simulation
import SpillwayTestSupport

@testable import Reconstruction

/// Configurations, simulated events and their truth for the tests of the reconstruction.
enum ReconstructionFixture {
  private static let loadedDetectors = Result {
    try DetectorConfiguration.load(path: RepositoryPaths.detectors)
  }
  private static let loadedResponse = Result {
    try ResponseConfiguration.load(path: RepositoryPaths.path("Configs/simulation/detectors-2018.yaml"))
  }
  private static let loadedConfiguration = Result {
    try ReconstructionConfiguration.load(
      path: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
  }

  static func detectors() throws -> DetectorConfiguration { try loadedDetectors.get() }
  static func response() throws -> ResponseConfiguration { try loadedResponse.get() }
  static func configuration() throws -> ReconstructionConfiguration { try loadedConfiguration.get() }

  static func layout() throws -> EventLayout {
    try EventBatchMaker(configuration: response(), detectors: detectors()).layout
  }

  static func reconstructor() throws -> Reconstructor {
    try Reconstructor(configuration: configuration(), layout: layout(), maps: detectors().maps)
  }

  static func l1() throws -> L1Worker {
    try L1Worker(configuration: L1Configuration(), layout: layout(), maps: detectors().maps)
  }

  /// Simulated events, one for each trigger and without pile-up, with what is known of them.
  struct Sample {
    var batch: EventBatch
    var truth: [SimulatedEvent]
    /// Views with hits of each particle of each event: bit 4 chamber + view.
    var views: [[UInt16]]
  }

  static func sample(_ events: [SimulatedEvent], seed: UInt64 = 1) throws -> Sample {
    let (detectors, configuration) = (try detectors(), try response())
    var respond = DetectorResponse(configuration: configuration, maps: detectors.maps)
    var maker = EventBatchMaker(configuration: configuration, detectors: detectors)
    var sample = Sample(batch: try maker.batch(times: []) { _ in HitStore() }, truth: [], views: [])
    var stores: [HitStore] = []
    for (i, event) in events.enumerated() {
      var event = event
      event.number = UInt64(i)
      event.time = 1e6 + 5000.37 * Double(i)
      var hits = HitStore()
      respond.respond(to: event, seed: seed, into: &hits)
      hits.arrange(configuration)
      var views = [UInt16](repeating: 0, count: event.particles.count)
      let list = hits[.straw]
      for k in 0..<list.count where list.particle[k] >= 0 {
        views[Int(list.particle[k])] |= 1 << UInt16(detectors.maps.straw[Int(list.channel[k])] / 488)
      }
      sample.views.append(views)
      sample.truth.append(event)
      stores.append(hits)
    }
    sample.batch = try maker.batch(times: sample.truth.map(\.time)) { stores[$0] }
    return sample
  }

  static func reconstruct(_ sample: Sample) throws -> ReconstructedBatch {
    let worker = try reconstructor()
    var out = ReconstructedBatch()
    for event in sample.batch.events { worker.reconstruct(event, of: sample.batch, into: &out) }
    return out
  }

  static func hasViews(_ views: UInt16, _ least: Int) -> Bool {
    (0..<4).allSatisfy { ((views >> UInt16(4 * $0)) & 15).nonzeroBitCount >= least }
  }

  /// A pion of a momentum from the decay volume to a ring in the first chamber.
  static func gun(_ species: Species, _ momentum: Double, _ random: inout SplitMix64) -> SimulatedEvent {
    let z = random.uniform(105_000, 175_000)
    let (r, angle) = (random.uniform(150, 650), random.uniform(0, 2 * .pi))
    let origin = Vector3(0.0012 * (z - 102_400), 0, z)
    let slope = (
      x: (101 + r * cos(angle) - origin.x) / (183_508 - z), y: (r * sin(angle) - origin.y) / (183_508 - z)
    )
    let pz = momentum / (1 + slope.x * slope.x + slope.y * slope.y).squareRoot()
    let particle = SimulatedParticle(
      species: species, parent: 0,
      momentum: FourMomentum(mass: ParticleMass.pion, momentum: Vector3(slope.x * pz, slope.y * pz, pz)),
      origin: origin, time: 0)
    return SimulatedEvent(number: 0, time: 0, channel: "gun", particles: [particle])
  }

  /// Kaon decays to a channel, from 105 to 180 m.
  static func kaons(_ channel: KaonChannel, count: Int, seed: UInt64 = 3) throws -> [SimulatedEvent] {
    var burst = try BurstConfiguration.load(path: RepositoryPaths.path("Configs/simulation/kaon-2018.yaml"))
    burst.halo = nil
    burst.beam?.passing = []
    if let table = ChannelTable([(channel, 1.0)]) { burst.kaonChannels = table }
    return try events(of: burst, count: count, seed: seed) {
      $0.channel == "K+ -> " + channel.rawValue && (105_000...180_000).contains($0.particles[0].decayZ)
    }
  }

  static func events(
    of burst: BurstConfiguration, count: Int, seed: UInt64, where isWanted: (SimulatedEvent) -> Bool
  ) throws -> [SimulatedEvent] {
    guard let generator = BurstGenerator(configuration: burst, seed: seed) else {
      throw CocoaError(.featureUnsupported)
    }
    var events: [SimulatedEvent] = []
    var slice = generator.sliceCount / 3
    while events.count < count, slice < generator.sliceCount {
      events += generator.events(inSlice: slice).filter(isWanted)
      slice += 1
    }
    return Array(events.prefix(count))
  }

  /// The line of a particle before the magnet at `TrackColumns.upstreamZ`.
  static func line(_ particle: SimulatedParticle) -> TrackLine {
    let p = particle.momentum.momentum
    let slope = SIMD2(p.x / p.z, p.y / p.z)
    let dz = TrackColumns.upstreamZ - particle.origin.z
    return TrackLine(position: SIMD2(particle.origin.x, particle.origin.y) + dz * slope, slope: slope)
  }

  /// The track of a particle: the nearest of those within 6 mm, 0.8 mrad and 0.03 c/GeV.
  static func match(_ particle: SimulatedParticle, _ tracks: TrackColumns, _ range: Range<Int>) -> Int? {
    let line = line(particle)
    let q = Double(particle.species.charge) / particle.momentum.momentum.length
    var best: (track: Int, distance: Double)?
    for i in range {
      let p = (tracks.upstream[i].position - line.position) / 6
      let s = (tracks.upstream[i].slope - line.slope) / 0.8e-3
      let d = (tracks.inverseMomentum[i] - q) / 0.03
      guard (p * p).sum() < 1, (s * s).sum() < 1, abs(d) < 1 else { continue }
      let distance = (p * p).sum() + (s * s).sum() + d * d
      if distance < best?.distance ?? .infinity { best = (i, distance) }
    }
    return best?.track
  }

  /// Median, and half of the width that holds 68.3 %.
  static func width(_ values: [Double]) -> (centre: Double, width: Double) {
    let sorted = values.sorted()
    guard let last = sorted.last else { return (.nan, .nan) }
    func at(_ part: Double) -> Double {
      let i = Int(part * Double(sorted.count))
      return i < sorted.count ? sorted[i] : last
    }
    return (at(0.5), (at(0.8413) - at(0.1587)) / 2)
  }
}

extension SplitMix64 {
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * Double(next() >> 11) * 0x1p-53
  }
}
