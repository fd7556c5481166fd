import Detectors
import Foundation
import NA62Formats
import SpillwayTestSupport

@testable import Simulation

/// Configurations and particles for the tests of the simulation.
enum SimulationFixture {
  private static let loadedDetectors = Result {
    try DetectorConfiguration.load(path: RepositoryPaths.detectors)
  }
  private static let loadedResponse = Result {
    try ResponseConfiguration.load(path: RepositoryPaths.path("Configs/simulation/detectors-2018.yaml"))
  }

  /// The shipped detectors, read once.
  static func detectors() throws -> DetectorConfiguration { try loadedDetectors.get() }

  /// The shipped response, read once.
  static func response() throws -> ResponseConfiguration { try loadedResponse.get() }

  /// The shipped response.
  static func detectorResponse() throws -> DetectorResponse {
    try DetectorResponse(configuration: response(), maps: detectors().maps)
  }

  static func mass(_ species: Species) -> Double {
    switch species {
    case .kaonPlus, .kaonMinus: 0.493677
    case .pionPlus, .pionMinus: 0.13957039
    case .muonPlus, .muonMinus: 0.1056583755
    case .electron, .positron: 0.00051099895
    case .pionZero: 0.1349768
    default: 0
    }
  }

  /// A particle that goes from a point with the given slopes.
  static func particle(
    _ species: Species, momentum: Double, from origin: Vector3, slopes: (x: Double, y: Double) = (0, 0),
    parent: Int32 = 0, time: Double = 0, decayZ: Double = .infinity
  ) -> SimulatedParticle {
    let z = momentum / (1 + slopes.x * slopes.x + slopes.y * slopes.y).squareRoot()
    return SimulatedParticle(
      species: species, parent: parent,
      momentum: FourMomentum(mass: mass(species), momentum: Vector3(slopes.x * z, slopes.y * z, z)),
      origin: origin, time: time, decayZ: decayZ)
  }

  /// An event of the given particles.
  static func event(_ particles: [SimulatedParticle], number: UInt64 = 0, time: Double = 1e6)
    -> SimulatedEvent
  {
    SimulatedEvent(number: number, time: time, channel: "test", particles: particles)
  }

  /// A random direction.
  private static func direction(_ random: inout SimulationRandom) -> Vector3 {
    let c = random.uniform(-1, 1)
    let s = (1 - c * c).squareRoot()
    let angle = random.uniform(0, 2 * .pi)
    return Vector3(s * cos(angle), s * sin(angle), c)
  }

  /// A four-momentum from the rest frame of a system into the frame in which that has the given momentum.
  private static func boost(_ p: FourMomentum, to frame: FourMomentum) -> FourMomentum {
    let m = frame.massSquared.squareRoot()
    let along = frame.momentum.dot(p.momentum)
    let energy = (frame.energy * p.energy + along) / m
    let factor = (energy + p.energy) / (frame.energy + m)
    return FourMomentum(energy: energy, momentum: p.momentum + factor * frame.momentum)
  }

  /// Momentum of the two products of a decay at rest.
  private static func breakup(_ m: Double, _ a: Double, _ b: Double) -> Double {
    let square = (m * m - (a + b) * (a + b)) * (m * m - (a - b) * (a - b))
    return max(square, 0).squareRoot() / (2 * m)
  }

  /// A K+ of the beam that decays to three charged pions between 105 and 165 m, by pairs: pi+ pi- and pi+.
  static func threePions(number: UInt64, time: Double) -> SimulatedEvent {
    var random = SimulationRandom(seed: 1, purpose: .decay, index: number)
    let z = random.uniform(105_000, 165_000)
    let start = Vector3(0, 0, 102_400)
    var kaon = particle(.kaonPlus, momentum: 75, from: start, slopes: (0.0012, 0), parent: -1)
    kaon.decayZ = z
    let vertex = Vector3(0.0012 * (z - start.z), 0, z)
    let (k, pi) = (mass(.kaonPlus), mass(.pionPlus))
    let pair = random.uniform(2 * pi, k - pi)
    let q = breakup(k, pair, pi)
    let axis = direction(&random)
    let odd = boost(FourMomentum(mass: pi, momentum: q * axis), to: kaon.momentum)
    let system = boost(FourMomentum(mass: pair, momentum: -q * axis), to: kaon.momentum)
    let q2 = breakup(pair, pi, pi)
    let axis2 = direction(&random)
    let products: [(Species, FourMomentum)] = [
      (.pionPlus, odd),
      (.pionPlus, boost(FourMomentum(mass: pi, momentum: q2 * axis2), to: system)),
      (.pionMinus, boost(FourMomentum(mass: pi, momentum: -q2 * axis2), to: system)),
    ]
    return event(
      [kaon]
        + products.map {
          SimulatedParticle(species: $0.0, parent: 0, momentum: $0.1, origin: vertex, time: 0)
        },
      number: number, time: time)
  }
}
