/// Makes the events of a burst, slice by slice.
///
/// A slice is a fixed number of frames of 6.4 µs. Its events depend on the seed, the configuration and its
/// number alone, so slices may be made in any order and by any number of workers. Sources (beam, halo, dump,
/// prompt pairs) do not share random numbers: to change one leaves the events of the others as they were.
///
/// For example:
///
///     let configuration = try BurstConfiguration.load(path: "Configs/simulation/kaon-2018.yaml")
///     guard let generator = BurstGenerator(configuration: configuration, seed: 1) else { return }
///     for batch in generator.slices(0..<10) { print(batch.count) }
public struct BurstGenerator: Sendable {
  /// The most events that a source may have in a slice on the average; its events are numbered with 20 bits.
  public static let largestMean = 500_000.0
  /// Length of a frame, 256 clock periods of 24.951059536 ns.
  public static let frameDuration = 256 * 24.951059536

  private enum Source: UInt64 {
    case beam, halo, dump, prompt
  }

  /// A kind of beam particle with the rate at which it is drawn.
  private struct Arrival {
    let species: Species
    let rate: Double
    /// The probability to decay by which the rate is reduced; nil if those that pass are wanted too.
    let largestProbability: Double?
  }

  /// What the burst is made of.
  public let configuration: BurstConfiguration
  /// The seed of all its random numbers.
  public let seed: UInt64
  /// How many slices the burst has.
  public let sliceCount: Int
  private let chain: DecayChain
  private let arrivals: [Arrival]

  /// A burst; nil if a source has more than ``largestMean`` events in a slice, or the slices are not
  /// possible.
  public init?(configuration: BurstConfiguration, seed: UInt64) {
    guard let chain = DecayChain(configuration), (1...1_000_000).contains(configuration.framesPerSlice),
      configuration.spill.duration > 0, configuration.spill.duration <= 1e12
    else { return nil }
    self.configuration = configuration
    self.seed = seed
    self.chain = chain
    let slice = Double(configuration.framesPerSlice) * Self.frameDuration
    sliceCount = Int((configuration.spill.duration / slice).rounded(.up))
    arrivals = configuration.beam.map(Self.arrivals) ?? []
    let rates: [Double] = [
      arrivals.reduce(0) { $0 + $1.rate }, configuration.halo?.rate ?? 0, configuration.dump?.rate ?? 0,
      configuration.promptPairs?.rate ?? 0,
    ]
    let peak = (1 + configuration.spill.rippleAmplitude) * slice * 1e-9
    guard rates.allSatisfy({ $0 >= 0 && $0 * peak <= Self.largestMean }) else { return nil }
  }

  /// Length of a slice in ns.
  public var sliceDuration: Double { Double(configuration.framesPerSlice) * Self.frameDuration }

  /// The events of a slice in the order of time; none outside the burst.
  public func events(inSlice slice: Int) -> [SimulatedEvent] {
    var events: [SimulatedEvent] = []
    appendEvents(ofSlice: slice, to: &events)
    return events
  }

  /// The slices of a range, one after the other, each made when it is asked for.
  public func slices(_ range: Range<Int>) -> some Sequence<[SimulatedEvent]> {
    range.lazy.map { events(inSlice: $0) }
  }

  /// Adds the events of a slice, in the order of time.
  public func appendEvents(ofSlice slice: Int, to events: inout [SimulatedEvent]) {
    guard (0..<sliceCount).contains(slice) else { return }
    // Each source has its events in the order of time. At equal times the source with the smaller numbers
    // comes first, so that the order is one.
    let start = events.count
    var next: [SimulatedEvent] = []
    appendBeam(slice, &events)
    appendHalo(slice, &next)
    Self.merge(&next, into: &events, from: start)
    appendDump(slice, &next)
    Self.merge(&next, into: &events, from: start)
    appendPromptPairs(slice, &next)
    Self.merge(&next, into: &events, from: start)
  }

  /// Puts the events of a source, in the order of time, among those from place `start` on, behind those of the
  /// same time.
  private static func merge(
    _ next: inout [SimulatedEvent], into events: inout [SimulatedEvent], from start: Int
  ) {
    // From behind, so that each event moves once.
    var low = events.count
    var place = low + next.count
    guard let filler = next.first else { return }
    events += repeatElement(filler, count: next.count)
    while let event = next.last {
      place -= 1
      if low > start, events[low - 1].time > event.time {
        low -= 1
        events.swapAt(place, low)
      } else {
        events[place] = event
        next.removeLast()
      }
    }
  }

  private static func arrivals(of beam: Beam) -> [Arrival] {
    Beam.Component.allCases.compactMap { component in
      let fraction: Double
      switch component {
      case .kaon: fraction = beam.kaonFraction
      case .pion: fraction = beam.pionFraction
      case .proton: fraction = max(0, 1 - beam.kaonFraction - beam.pionFraction)
      }
      let species = component.species
      let isPassing = beam.passing.contains(component)
      let probability = isPassing ? 1 : beam.largestDecayProbability(species)
      let rate = beam.rate * fraction * probability
      guard rate > 0 else { return nil }
      return Arrival(species: species, rate: rate, largestProbability: isPassing ? nil : probability)
    }
  }

  /// Calls `body` with each time in the slice, of a Poisson process with `rate` at the flat top of the spill;
  /// the intensity is that of the middle of the frame.
  private func forEachTime(
    _ slice: Int, rate: Double, _ random: inout SimulationRandom,
    _ body: (Double, inout SimulationRandom) -> Void
  ) {
    let start = Double(slice) * sliceDuration
    for frame in 0..<configuration.framesPerSlice {
      let begin = start + Double(frame) * Self.frameDuration
      let end = min(begin + Self.frameDuration, configuration.spill.duration)
      guard end > begin else { return }
      let perNanosecond = rate * 1e-9 * configuration.spill.intensity(at: (begin + end) / 2)
      guard perNanosecond > 0 else { continue }
      var time = begin
      while true {
        time += random.standardExponential() / perNanosecond
        guard time < end else { break }
        body(time, &random)
      }
    }
  }

  private func number(_ slice: Int, _ source: Source, _ ordinal: UInt64) -> UInt64 {
    UInt64(slice) << 22 | source.rawValue << 20 | (ordinal & 0xF_FFFF)
  }

  private func appendBeam(_ slice: Int, _ events: inout [SimulatedEvent]) {
    guard let beam = configuration.beam else { return }
    var random = SimulationRandom(seed: seed, purpose: .beam, index: UInt64(slice))
    let rate = arrivals.reduce(0) { $0 + $1.rate }
    var ordinal: UInt64 = 0
    forEachTime(slice, rate: rate, &random) { time, random in
      var value = random.uniform() * rate
      var place = 0
      while place + 1 < arrivals.count && value >= arrivals[place].rate {
        value -= arrivals[place].rate
        place += 1
      }
      let arrival = arrivals[place]
      let particle = beam.draw(arrival.species, &random)
      let momentumZ = particle.momentum.momentum.z
      let probability = beam.decayProbability(arrival.species, momentumZ: momentumZ)
      let isDecaying = random.uniform() * (arrival.largestProbability ?? 1) < probability
      guard isDecaying || arrival.largestProbability == nil else { return }
      let number = self.number(slice, .beam, ordinal)
      ordinal += 1
      events.append(event(number, time, beam: beam, particle, isDecaying: isDecaying))
    }
  }

  private func event(
    _ number: UInt64, _ time: Double, beam: Beam, _ particle: SimulatedParticle, isDecaying: Bool
  ) -> SimulatedEvent {
    guard isDecaying,
      let length = Beam.decayLength(particle.species, momentumZ: particle.momentum.momentum.z)
    else {
      return SimulatedEvent(
        number: number, time: time, channel: Self.passingTitle(particle.species), particles: [particle])
    }
    var random = SimulationRandom(seed: seed, purpose: .decay, index: number)
    var products = DecayProducts(particles: [])
    products.particles.reserveCapacity(10)
    products.particles.append(particle)
    let range = beam.decayRange
    let z =
      range.lowerBound
      + random.truncatedExponential(mean: length, end: range.upperBound - range.lowerBound)
    let title: String
    if particle.species == .kaonPlus {
      title = chain.decayKaon(0, atZ: z, &random, &products).title
    } else {
      chain.decayPion(0, atZ: z, &random, &products)
      title = "pi+ decay"
    }
    chain.decayAll(from: 1, &random, &products)
    return SimulatedEvent(number: number, time: time, channel: title, particles: products.particles)
  }

  private static func passingTitle(_ species: Species) -> String {
    switch species {
    case .kaonPlus: "beam K+"
    case .pionPlus: "beam pi+"
    default: "beam p"
    }
  }

  private func haloMuon(_ halo: Halo, rate: Double, _ random: inout SimulationRandom) -> SimulatedParticle? {
    var value = random.uniform() * rate
    // Rounding may leave a last place.
    guard let last = halo.components.indices.last else { return nil }
    var place = 0
    while place < last, value >= halo.components[place].rate {
      value -= halo.components[place].rate
      place += 1
    }
    return halo.components[place].draw(atZ: halo.z, &random)
  }

  private func appendHalo(_ slice: Int, _ events: inout [SimulatedEvent]) {
    guard let halo = configuration.halo else { return }
    var random = SimulationRandom(seed: seed, purpose: .halo, index: UInt64(slice))
    let rate = halo.rate
    var ordinal: UInt64 = 0
    forEachTime(slice, rate: rate, &random) { time, random in
      guard let muon = haloMuon(halo, rate: rate, &random) else { return }
      let number = self.number(slice, .halo, ordinal)
      ordinal += 1
      var decays = SimulationRandom(seed: seed, purpose: .decay, index: number)
      var products = DecayProducts(particles: [muon])
      chain.decayAll(from: 0, &decays, &products)
      events.append(
        SimulatedEvent(
          number: number, time: time, channel: muon.species == .muonPlus ? "halo mu+" : "halo mu-",
          particles: products.particles))
    }
  }

  private func appendDump(_ slice: Int, _ events: inout [SimulatedEvent]) {
    guard let dump = configuration.dump else { return }
    var random = SimulationRandom(seed: seed, purpose: .dump, index: UInt64(slice))
    var ordinal: UInt64 = 0
    forEachTime(slice, rate: dump.rate, &random) { time, _ in
      let number = self.number(slice, .dump, ordinal)
      ordinal += 1
      var decays = SimulationRandom(seed: seed, purpose: .decay, index: number)
      var products = DecayProducts(particles: [])
      let channel = dump.channels.draw(&decays)
      dump.production.draw(channel, &decays, &products)
      chain.decayAll(from: 1, &decays, &products)
      events.append(
        SimulatedEvent(number: number, time: time, channel: channel.title, particles: products.particles))
    }
  }

  private func appendPromptPairs(_ slice: Int, _ events: inout [SimulatedEvent]) {
    guard let pairs = configuration.promptPairs, let halo = configuration.halo else { return }
    var random = SimulationRandom(seed: seed, purpose: .prompt, index: UInt64(slice))
    let rate = halo.rate
    var ordinal: UInt64 = 0
    forEachTime(slice, rate: pairs.rate, &random) { time, random in
      guard let muon = haloMuon(halo, rate: rate, &random) else { return }
      var products = DecayProducts(particles: [])
      pairs.draw(by: muon, &random, &products)
      guard let first = products.particles.first else { return }
      let number = self.number(slice, .prompt, ordinal)
      ordinal += 1
      var decays = SimulationRandom(seed: seed, purpose: .decay, index: number)
      chain.decayAll(from: 0, &decays, &products)
      events.append(
        SimulatedEvent(
          number: number, time: time, channel: first.species == .positron ? "prompt e+ e-" : "prompt mu+ mu-",
          particles: products.particles))
    }
  }
}
