import Detectors
import L0Trigger
import Simulation

/// Measures the making of a burst: generator, hits, hits in order, primitives; one thread, in its own time.
///
///     swift run -c release --package-path Benchmarks Benchmarks simulate [CONFIGURATION]
///
/// A decay is an event of the generator in which a K+ or a pi+ of the beam decays in flight; what passes without
/// a decay and halo muons are events too, and counted apart.
struct SimulationBenchmark {
  /// Times of the steps in s, and what was made in them.
  private struct Figures {
    var generator = 0.0
    var hits = 0.0
    var arranging = 0.0
    var primitives = 0.0
    var events = 0
    var decays = 0
    var hitCount = 0
    var primitiveCount = 0

    var whole: Double { generator + hits + arranging + primitives }
  }

  private let burst: BurstConfiguration
  private let response: ResponseConfiguration
  private let maps: L1DetectorMaps

  init(burst path: String) throws {
    var burst = try BurstConfiguration.load(path: path)
    // The flat top alone: figures are for a spill whose intensity stays.
    burst.spill.rippleAmplitude = 0
    self.burst = burst
    response = try ResponseConfiguration.load(path: "Configs/simulation/detectors-2018.yaml")
    maps = try DetectorConfiguration.load(path: "Configs/detectors/na62-2018.yaml").maps
  }

  func run() async throws {
    let yardstick = Benchmarks.best(of: 5) { Benchmarks.fixedTask() }
    var wide: [Double] = []
    for _ in 0..<15 { wide.append(await Benchmarks.wideTasks(1)) }
    print("simulation of \(burst.name), one thread, time of the thread, each step at best of 7 turns")
    // Where another load shares the core, the second loop takes longer, and so do the figures.
    print(
      "yardsticks: plain loop of 10^8 xorshift steps \(Benchmarks.ms(yardstick)) ms; 2·10^7 steps of eight "
        + "chains \(Benchmarks.ms(wide.min() ?? 0)) ms at best, \(Benchmarks.ms(wide.max() ?? 0)) ms at worst"
    )
    decays("decays of K+", burst.with(pions: false))
    decays("decays of K+ and pi+", burst.with(pions: true))
    if let forced = ChannelTable([(KaonChannel.threePions, 1)]) {
      var configuration = burst.with(pions: false)
      configuration.kaonChannels = forced
      decays("decays of K+ to three charged pions", configuration)
    }
    others("halo muons", burst.with(beam: false))
    others("the beam, with K+ that pass", burst.with(beam: true))
    for (percent, slices) in [(1.0, 200), (10, 60), (100, 10)] {
      intensity(percent, burst.scaled(by: percent / 100), slices: slices)
    }
  }

  private func decays(_ title: String, _ configuration: BurstConfiguration) {
    guard let figures = measure(configuration, slices: 20), figures.decays > 0 else { return }
    let count = Double(figures.decays)
    func rate(_ seconds: Double) -> String { "\(Int((count / seconds / 1000).rounded()))" }
    print(
      "  \(title) alone (\(figures.decays)): generator \(rate(figures.generator)), to hits "
        + "\(rate(figures.generator + figures.hits)), to hits in order and primitives "
        + "\(rate(figures.whole)) thousand/s (limit 200)")
    print("    per decay: " + steps(figures, count))
  }

  /// What makes no decay.
  private func others(_ title: String, _ configuration: BurstConfiguration) {
    guard let figures = measure(configuration, slices: 5), figures.events > figures.decays else { return }
    print(
      "  \(title) alone (\(figures.events) events, \(figures.decays) of them decays) per event: "
        + steps(figures, Double(figures.events)))
  }

  private func intensity(_ percent: Double, _ configuration: BurstConfiguration, slices: Int) {
    guard let figures = measure(configuration, slices: slices), figures.events > 0,
      let generator = BurstGenerator(configuration: configuration, seed: 1)
    else { return }
    let spill = Double(slices) * generator.sliceDuration * 1e-9
    print(
      "  all at \(Int(percent)) %: \(Benchmarks.ratio(figures.whole, spill)) s of machine for 1 s of spill; "
        + "\(figures.events) events of which \(figures.decays) decays")
    print("    per event: " + steps(figures, Double(figures.events)))
  }

  private func steps(_ figures: Figures, _ count: Double) -> String {
    func ns(_ seconds: Double) -> String { Benchmarks.ns(seconds / count) }
    func mean(_ number: Int) -> String { Benchmarks.ratio(Double(number), count) }
    return
      "generator \(ns(figures.generator)), response \(ns(figures.hits)), order \(ns(figures.arranging)), "
      + "primitives \(ns(figures.primitives)) ns; \(mean(figures.hitCount)) hits, "
      + "\(mean(figures.primitiveCount)) primitives"
  }

  private func measure(_ configuration: BurstConfiguration, slices: Int) -> Figures? {
    guard let generator = BurstGenerator(configuration: configuration, seed: 1) else { return nil }
    var best = pass(generator, slices: slices)
    for _ in 1..<7 {
      let turn = pass(generator, slices: slices)
      best.generator = min(best.generator, turn.generator)
      best.hits = min(best.hits, turn.hits)
      best.arranging = min(best.arranging, turn.arranging)
      best.primitives = min(best.primitives, turn.primitives)
    }
    return best
  }

  /// Makes slices from the middle of the burst.
  private func pass(_ generator: BurstGenerator, slices: Int) -> Figures {
    var figures = Figures()
    var detectors = DetectorResponse(configuration: response, maps: maps)
    var maker = PrimitiveMaker(configuration: response, maps: maps)
    var events: [SimulatedEvent] = []
    var hits = HitStore()
    var primitives = FramePrimitives()
    let frames = generator.configuration.framesPerSlice
    let first = generator.sliceCount / 2
    for slice in first..<(first + slices) {
      let begin = Benchmarks.threadSeconds()
      events.removeAll(keepingCapacity: true)
      generator.appendEvents(ofSlice: slice, to: &events)
      let generated = Benchmarks.threadSeconds()
      let before = SimulatedDetector.allCases.reduce(0) { $0 + hits[$1].count }
      for event in events { detectors.respond(to: event, seed: 1, into: &hits) }
      let responded = Benchmarks.threadSeconds()
      let after = SimulatedDetector.allCases.reduce(0) { $0 + hits[$1].count }
      let ordering = Benchmarks.threadSeconds()
      hits.arrange(response)
      let arranged = Benchmarks.threadSeconds()
      for frame in 0..<frames {
        maker.makePrimitives(frame: UInt32(slice * frames + frame), hits: hits, into: &primitives)
        for detector in L0Detector.allCases { figures.primitiveCount += primitives[detector].count }
      }
      let made = Benchmarks.threadSeconds()
      // What the next slice needs of this one stays.
      hits.remove(before: Double(slice + 1) * generator.sliceDuration - 10_000)
      figures.generator += generated - begin
      figures.hits += responded - generated
      figures.arranging += arranged - ordering + Benchmarks.threadSeconds() - made
      figures.primitives += made - arranged
      figures.events += events.count
      figures.decays += events.count { $0.channel.hasPrefix("K+ ->") || $0.channel == "pi+ decay" }
      figures.hitCount += after - before
    }
    return figures
  }
}

extension BurstConfiguration {
  /// Decays of the beam alone, of K+ and, if wanted, of pi+.
  fileprivate func with(pions: Bool) -> BurstConfiguration {
    var copy = self
    copy.halo = nil
    copy.dump = nil
    copy.promptPairs = nil
    copy.beam?.passing = []
    if !pions { copy.beam?.pionFraction = 0 }
    return copy
  }

  /// The beam with what passes without a decay, or the halo, alone.
  fileprivate func with(beam: Bool) -> BurstConfiguration {
    var copy = self
    copy.dump = nil
    copy.promptPairs = nil
    if beam { copy.halo = nil } else { copy.beam = nil }
    return copy
  }

  /// All rates of the beam and the halo times a factor.
  fileprivate func scaled(by factor: Double) -> BurstConfiguration {
    var copy = self
    if let beam { copy.beam?.rate = beam.rate * factor }
    if let halo {
      for place in halo.components.indices { copy.halo?.components[place].rate *= factor }
    }
    return copy
  }
}
