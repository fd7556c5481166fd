/// What a decay adds to an event: momenta first in the frame of the parent, then in that of the laboratory.
///
/// It writes into the event's own array, so that a decay needs no memory of its own.
struct DecayProducts {
  /// Particles of the event, parents before children.
  var particles: [SimulatedParticle]

  /// Adds a particle with its momentum in the parent's frame; `complete` gives it its place.
  mutating func add(_ species: Species, _ momentum: FourMomentum) {
    particles.append(
      SimulatedParticle(species: species, parent: -1, momentum: momentum, origin: Vector3(0, 0, 0), time: 0))
  }

  /// Adds two particles that fly apart along `direction` and its opposite.
  mutating func addPair(
    _ first: Species, _ firstMass: Double, _ second: Species, _ secondMass: Double, of mass: Double,
    along direction: Vector3
  ) {
    let momentum = Kinematics.breakupMomentum(mass, firstMass, secondMass)
    add(first, FourMomentum(mass: firstMass, momentum: momentum, along: direction))
    add(second, FourMomentum(mass: secondMass, momentum: -momentum, along: direction))
  }

  /// Gives the particles from place `start` on the parent at place `parent`, which decays at `end` with the
  /// momentum it has there.
  mutating func complete(from start: Int, parent: Int, mass: Double, end: ParticleState) {
    for place in start..<particles.count {
      particles[place].momentum = particles[place].momentum.boosted(from: end.momentum, mass: mass)
      particles[place].parent = Int32(truncatingIfNeeded: parent)
      particles[place].origin = end.position
      particles[place].time = end.time
    }
    particles[parent].decayZ = end.position.z
  }
}
