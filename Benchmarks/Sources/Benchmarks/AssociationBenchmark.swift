import Detectors
import EventBuilding
import Foundation
import NA62Formats
import Reconstruction
import Simulation

/// Measures what the detectors other than STRAW cost and give: time of an event with and without LKr, and the table of
/// RICH's identification of single particles.
struct AssociationBenchmark {
  let count: Int
  private let detectors: DetectorConfiguration
  private let response: ResponseConfiguration
  private let configuration: ReconstructionConfiguration
  private let layout: EventLayout

  init(count: Int) throws {
    self.count = count
    detectors = try DetectorConfiguration.load(path: "Configs/detectors/na62-2018.yaml")
    response = try ResponseConfiguration.load(path: "Configs/simulation/detectors-2018.yaml")
    configuration = try ReconstructionConfiguration.load(path: "Configs/reconstruction/na62-2018.yaml")
    layout = EventLayout(
      sources: detectors.sources.l0.map { .init(id: $0.id, fragments: $0.boards) },
      l1Sources: [.init(id: .lkr, fragments: 432)])
  }

  private struct Sample {
    var batch: EventBatch
    var truth: [SimulatedEvent]
    var calorimeters: [CalorimeterData]
  }

  func run() throws {
    for (name, channel, pileUp) in [
      ("3pi", KaonChannel.threePions, false), ("3pi with pile-up", .threePions, true),
      ("pi4e with pile-up", .pionElectrons, true),
    ] {
      try speed(name, kaons(channel, pileUp: pileUp))
    }
    try identification()
  }

  /// Events of a channel of a burst, with what comes within 300 ns.
  private func kaons(_ channel: KaonChannel, pileUp: Bool) throws -> Sample {
    var burst = try BurstConfiguration.load(path: "Configs/simulation/kaon-2018.yaml")
    let others: [(KaonChannel, Double)] =
      pileUp ? KaonChannel.allCases.map { ($0, $0.branchingFraction) } : []
    if let table = ChannelTable(others + [(channel, 0.05)]) { burst.kaonChannels = table }
    if !pileUp {
      burst.halo = nil
      burst.beam?.rate *= 0.02
    }
    burst.beam?.passing = []
    guard let generator = BurstGenerator(configuration: burst, seed: 3) else {
      throw CocoaError(.featureUnsupported)
    }
    var respond = DetectorResponse(configuration: response, maps: detectors.maps)
    var truth: [SimulatedEvent] = []
    var stores: [HitStore] = []
    var slice = generator.sliceCount / 3
    while truth.count < count, slice < generator.sliceCount {
      let events = generator.events(inSlice: slice)
      slice += 1
      for (i, event) in events.enumerated()
      where event.channel.hasPrefix("K+ -> " + channel.rawValue) && truth.count < count {
        var hits = HitStore()
        var k = i
        while k > 0, events[k - 1].time > event.time - 300 { k -= 1 }
        while k < events.count, events[k].time < event.time + 300 {
          respond.respond(to: events[k], seed: 3, into: &hits)
          k += 1
        }
        hits.arrange(response)
        truth.append(event)
        stores.append(hits)
      }
    }
    return try sample(truth, stores)
  }

  private func sample(_ truth: [SimulatedEvent], _ stores: [HitStore]) throws -> Sample {
    var maker = EventBatchMaker(configuration: response, detectors: detectors)
    let batch = try maker.batch(times: truth.map(\.time)) { stores[$0] }
    var readout = LKrReadout()
    var calorimeters: [CalorimeterData] = []
    for event in batch.events {
      var data = CalorimeterData(fragments: [], bytes: [])
      let trigger = L1DataRequest.Trigger(
        timestamp: event.timestamp, fineTime: event.l0.fineTime, isZeroSuppressed: true, word: 1,
        event: event.number)
      try readout.forEachFragment(of: trigger, clusters: stores[Int(event.number)][.lkr], seed: 11) { bytes in
        data.fragments.append(
          L1DataFragment(
            event: event.number, run: 0, burst: 0, eventsBefore: 0, source: 0,
            offset: UInt32(data.bytes.count),
            length: UInt32(bytes.count)))
        data.bytes += bytes
      }
      calorimeters.append(data)
    }
    return Sample(batch: batch, truth: truth, calorimeters: calorimeters)
  }

  private func speed(_ name: String, _ sample: Sample) {
    let worker = Reconstructor(configuration: configuration, layout: layout, maps: detectors.maps)
    var out = ReconstructedBatch()
    for event in sample.batch.events { worker.reconstruct(event, of: sample.batch, into: &out) }
    var associator = Associator(configuration: configuration, layout: layout, maps: detectors.maps)
    var columns = AssociationColumns()
    var clusters = 0
    for withLKr in [false, true] {
      var best = [Double](repeating: .infinity, count: sample.batch.events.count)
      var passes: [Double] = []
      for _ in 0..<11 {
        columns.removeAll()
        let begin = Benchmarks.threadSeconds()
        for (i, event) in sample.batch.events.enumerated() {
          associator.run(
            event, of: sample.batch, calorimeter: withLKr ? sample.calorimeters[i] : nil, tracks: out.tracks,
            range: out.tracks.range(ofEvent: i), into: &columns)
        }
        passes.append((Benchmarks.threadSeconds() - begin) / Double(best.count))
        clusters = columns.clusters.count
        columns.removeAll()
        for (i, event) in sample.batch.events.enumerated() {
          let begin = Benchmarks.threadSeconds()
          associator.run(
            event, of: sample.batch, calorimeter: withLKr ? sample.calorimeters[i] : nil, tracks: out.tracks,
            range: out.tracks.range(ofEvent: i), into: &columns)
          best[i] = min(best[i], Benchmarks.threadSeconds() - begin)
        }
      }
      best.sort()
      passes.sort()
      print(
        "\(name), \(withLKr ? "with" : "without") LKr: \(Benchmarks.ns(passes[5])) ns/event in the median of 11 passes, "
          + "\(Benchmarks.ns(passes[0])) at best; by event p50 \(Benchmarks.ns(best[best.count / 2])), p99 "
          + "\(Benchmarks.ns(best[best.count * 99 / 100])) ns; tracks per event "
          + "\(Benchmarks.ratio(Double(out.tracks.count), Double(best.count))), clusters "
          + "\(Benchmarks.ratio(Double(clusters), Double(best.count)))")
      print("  sums: \(Self.sums(columns))")
    }
  }

  /// Sums of what was found, so that two versions can be compared.
  private static func sums(_ found: AssociationColumns) -> String {
    var times = SIMD4<Double>.zero
    var likelihoods = SIMD4<Double>.zero
    var rings = SIMD2<Double>.zero
    var counts = SIMD4<Double>.zero
    func known(_ value: Float) -> Double { value.isNaN ? 0 : Double(value) }
    for i in found.rich.indices {
      times += SIMD4(
        known(found.chod[i].time), known(found.newCHOD[i].time), known(found.rich[i].time),
        known(found.muv3[i].time))
      for h in 0..<4 { likelihoods[h] += known(found.rich[i].logLikelihood[h]) }
      rings += SIMD2(Double(found.rich[i].hits), known(found.rich[i].radius))
    }
    for event in found.events {
      counts += SIMD4(
        known(event.ktagHits), known(event.lavHits) + known(event.ircHits) + known(event.sacHits),
        known(event.chodHits) + known(event.newCHODHits) + known(event.muv3Hits), known(event.ktagTime))
    }
    let energy = found.clusters.energy.reduce(0) { $0 + Double($1) }
    let time = found.clusters.time.reduce(0) { $0 + Double($1) }
    let numbers =
      (0..<4).map { times[$0] } + (0..<4).map { likelihoods[$0] } + [rings.x, rings.y]
      + (0..<4).map { counts[$0] } + [energy, time]
    return numbers.map { String(format: "%.2f", $0) }.joined(separator: " ")
  }

  /// What single particles are taken for, by momentum.
  private func identification() throws {
    let masses: [(Species, Double)] = [
      (.positron, ParticleMass.electron), (.muonPlus, ParticleMass.muon), (.pionPlus, ParticleMass.pion),
    ]
    for low in [15.0, 20, 25, 30] {
      for (species, mass) in masses {
        let sample = try guns(species, mass: mass, momenta: low...(low + 5))
        let worker = Reconstructor(configuration: configuration, layout: layout, maps: detectors.maps)
        var out = ReconstructedBatch()
        for (i, event) in sample.batch.events.enumerated() {
          worker.reconstruct(event, of: sample.batch, calorimeter: sample.calorimeters[i], into: &out)
        }
        var (total, rings) = (0.0, 0.0)
        var best = SIMD3<Double>.zero
        for event in sample.truth.indices {
          guard let i = out.tracks.range(ofEvent: event).first else { continue }
          total += 1
          let ring = out.associations.rich[i]
          guard ring.hits >= 4 else { continue }
          rings += 1
          let l = ring.logLikelihood
          best[l.x > max(l.y, l.z) ? 0 : l.y > l.z ? 1 : 2] += 1
        }
        print(
          "RICH, \(species) of \(Int(low)) to \(Int(low) + 5) GeV/c: ring in \(Benchmarks.ratio(100 * rings, total)) %, taken "
            + "for e, µ, π: \((0..<3).map { Benchmarks.ratio(100 * best[$0], rings) }) %")
      }
    }
  }

  /// Single particles from 140 m, all of them in the acceptance as far as they are found.
  private func guns(_ species: Species, mass: Double, momenta: ClosedRange<Double>) throws -> Sample {
    var random = SimulationRandom(seed: 9, purpose: .decay, index: 1)
    var respond = DetectorResponse(configuration: response, maps: detectors.maps)
    var truth: [SimulatedEvent] = []
    var stores: [HitStore] = []
    for number in 0..<count {
      let p = random.uniform(momenta.lowerBound, momenta.upperBound)
      // Towards the side to which the magnet does not bend.
      let (x, y) = (random.uniform(-0.002, 0.010), random.uniform(-0.008, 0.008))
      let z = p / (1 + x * x + y * y).squareRoot()
      let particle = SimulatedParticle(
        species: species, parent: 0, momentum: FourMomentum(mass: mass, momentum: Vector3(x * z, y * z, z)),
        origin: Vector3(45, 0, 140_000), time: 0)
      let event = SimulatedEvent(
        number: UInt64(number), time: 1e6 + 5000.37 * Double(number), channel: "gun", particles: [particle])
      var hits = HitStore()
      respond.respond(to: event, seed: 5, into: &hits)
      hits.arrange(response)
      truth.append(event)
      stores.append(hits)
    }
    return try sample(truth, stores)
  }
}
