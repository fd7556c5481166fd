import Detectors
import EventBuilding
import NA62Formats
import PacketCapture
import Simulation
import SpillwayTestSupport

@testable import Reconstruction

/// Simulated particles put through detectors and readout, and reconstructed.
enum AssociationFixture {
  private static let loadedDetectors = Result {
    try DetectorConfiguration.load(path: RepositoryPaths.detectors)
  }
  private static let loadedResponse = Result {
    try ResponseConfiguration.load(path: RepositoryPaths.path("Configs/simulation/detectors-2018.yaml"))
  }
  private static let loadedConfiguration = Result {
    try ReconstructionConfiguration.load(path: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
  }

  static func detectors() throws -> DetectorConfiguration { try loadedDetectors.get() }
  static func response() throws -> ResponseConfiguration { try loadedResponse.get() }
  static func configuration() throws -> ReconstructionConfiguration { try loadedConfiguration.get() }

  /// The sources of the shipped detectors, and LKr behind L1.
  static func layout() throws -> EventLayout {
    EventLayout(
      sources: try detectors().sources.l0.map { .init(id: $0.id, fragments: $0.boards) },
      l1Sources: [.init(id: .lkr, fragments: 432)])
  }

  /// Events with their truth and the data of LKr.
  struct Sample {
    var truth: [SimulatedEvent]
    var batch: EventBatch
    var calorimeters: [CalorimeterData]
  }

  static func mass(_ species: Species) -> Double {
    switch species {
    case .kaonPlus, .kaonMinus: ParticleMass.kaon
    case .pionPlus, .pionMinus: ParticleMass.pion
    case .muonPlus, .muonMinus: ParticleMass.muon
    case .electron, .positron: ParticleMass.electron
    default: 0
    }
  }

  /// A particle that goes from a point with the given slopes.
  static func particle(
    _ species: Species, momentum: Double, from origin: Vector3, slopes: SIMD2<Double>
  ) -> SimulatedParticle {
    let z = momentum / (1 + (slopes * slopes).sum()).squareRoot()
    return SimulatedParticle(
      species: species, parent: 0,
      momentum: FourMomentum(
        mass: mass(species), momentum: Vector3(slopes.x * z, slopes.y * z, z)),
      origin: origin, time: 0)
  }

  /// Events with a kaon of the beam and one particle each, from 140 m on the beam into the acceptance of all
  /// detectors.
  static func guns(
    _ species: Species, momenta: ClosedRange<Double>, count: Int, seed: UInt64
  ) throws -> [SimulatedEvent] {
    let configuration = try configuration()
    var random = SimulationRandom(seed: seed, purpose: .decay, index: 1)
    var events: [SimulatedEvent] = []
    // Soft particles are bent out: not all momenta can be reached.
    for _ in 0..<(400 * count) where events.count < count {
      let p = random.uniform(momenta.lowerBound, momenta.upperBound)
      let slopes = SIMD2(random.uniform(-0.011, 0.011), random.uniform(-0.011, 0.011))
      let origin = Vector3(45, 0, 140_000)
      let kick = Double(species.charge) * configuration.magnet.kick / p
      func at(_ z: Double) -> SIMD2<Double> {
        SIMD2(origin.x, origin.y) + (z - origin.z) * slopes
          - SIMD2(z > configuration.magnet.z ? kick * (z - configuration.magnet.z) : 0, 0)
      }
      let places: [(Int, Double)] = [
        (0, 183_508), (3, 218_885), (4, 219_445), (4, 236_873), (5, 238_131), (6, 239_389), (7, 241_093),
        (8, 246_800),
      ]
      guard places.allSatisfy({ configuration.association.acceptance[$0.0].contains(at($0.1)) }) else {
        continue
      }
      let number = UInt64(events.count)
      var kaon = particle(
        .kaonPlus, momentum: 75, from: Vector3(0, 0, 102_400), slopes: SIMD2(0.0012, 0))
      kaon.parent = -1
      kaon.decayZ = origin.z
      events.append(
        SimulatedEvent(
          number: number, time: 1e6 + 5000.37 * Double(number), channel: "gun",
          particles: [kaon, particle(species, momentum: p, from: origin, slopes: slopes)]))
    }
    return events
  }

  /// Puts events through the readout, each with a trigger at its time.
  static func sample(_ truth: [SimulatedEvent], seed: UInt64 = 5) throws -> Sample {
    let (detectors, response) = (try detectors(), try response())
    var respond = DetectorResponse(configuration: response, maps: detectors.maps)
    var stores: [HitStore] = []
    for event in truth {
      var hits = HitStore()
      respond.respond(to: event, seed: seed, into: &hits)
      hits.arrange(response)
      stores.append(hits)
    }
    return try sample(truth, stores)
  }

  /// Puts hits through the readout.
  static func sample(_ truth: [SimulatedEvent], _ stores: [HitStore]) throws -> Sample {
    var maker = EventBatchMaker(configuration: try response(), detectors: try detectors())
    let batch = try maker.batch(times: truth.map(\.time)) { stores[$0] }
    var readout = LKrReadout()
    var calorimeters: [CalorimeterData] = []
    for (number, event) in batch.events.enumerated() {
      let trigger = L1DataRequest.Trigger(
        timestamp: event.timestamp, fineTime: event.l0.fineTime, isZeroSuppressed: true, word: 1,
        event: event.number)
      var data = CalorimeterData(fragments: [], bytes: [])
      try readout.forEachFragment(of: trigger, clusters: stores[number][.lkr], seed: 11) {
        append($0, to: &data)
      }
      calorimeters.append(data)
    }
    return Sample(truth: truth, batch: batch, calorimeters: calorimeters)
  }

  /// Adds a fragment of LKr.
  static func append(_ bytes: [UInt8], to data: inout CalorimeterData) {
    data.fragments.append(
      L1DataFragment(
        event: 0, run: 0, burst: 0, eventsBefore: 0, source: 0, offset: UInt32(data.bytes.count),
        length: UInt32(bytes.count)))
    data.bytes += bytes
  }

  /// Reconstructs all events of a sample.
  static func reconstruct(_ sample: Sample, calorimeter: Bool = true) throws -> ReconstructedBatch {
    let worker = Reconstructor(
      configuration: try configuration(), layout: try layout(), maps: try detectors().maps)
    var out = ReconstructedBatch()
    for (i, event) in sample.batch.events.enumerated() {
      worker.reconstruct(
        event, of: sample.batch, calorimeter: calorimeter ? sample.calorimeters[i] : nil, into: &out)
    }
    return out
  }

  /// The only track of an event, or the one nearest to a momentum.
  static func track(_ out: ReconstructedBatch, ofEvent event: Int, momentum: Double) -> Int? {
    out.tracks.range(ofEvent: event).min {
      abs(1 / abs(out.tracks.inverseMomentum[$0]) - momentum)
        < abs(1 / abs(out.tracks.inverseMomentum[$1]) - momentum)
    }
  }

  /// Mean and standard deviation.
  static func moments(_ values: [Double]) -> (mean: Double, spread: Double) {
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return (mean, square.squareRoot())
  }
}
