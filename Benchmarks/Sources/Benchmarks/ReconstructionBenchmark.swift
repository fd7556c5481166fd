import Detectors
import EventBuilding
import Foundation
import L1Trigger
import Reconstruction
import Simulation

/// Measures the reconstruction on simulated events: resolutions and efficiencies against the truth and against
/// L1's STRAW algorithm, and the time that an event takes.
struct ReconstructionBenchmark {
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
    layout = EventBatchMaker(configuration: response, detectors: detectors).layout
  }

  /// Events with the truth of each trigger.
  private struct Sample {
    var batch: EventBatch
    var truth: [SimulatedEvent]
    /// Views with hits of each particle, 4 chamber + view.
    var views: [[UInt16]]
    /// Particles of all events around each trigger.
    var around: [[SimulatedParticle]] = []
  }

  /// Events one at a time, without pile-up.
  private func sample(_ events: [SimulatedEvent]) throws -> Sample {
    var respond = DetectorResponse(configuration: response, maps: detectors.maps)
    var maker = EventBatchMaker(configuration: response, detectors: detectors)
    var truth: [SimulatedEvent] = []
    var views: [[UInt16]] = []
    var stores: [HitStore] = []
    for (i, event) in events.enumerated() {
      var event = event
      event.number = UInt64(i)
      event.time = 1e6 + 5000.37 * Double(i)
      var hits = HitStore()
      respond.respond(to: event, seed: 7, into: &hits)
      hits.arrange(response)
      views.append(viewsHit(hits, event))
      truth.append(event)
      stores.append(hits)
    }
    let batch = try maker.batch(times: truth.map(\.time)) { stores[$0] }
    return Sample(batch: batch, truth: truth, views: views)
  }

  private func viewsHit(_ hits: HitStore, _ event: SimulatedEvent) -> [UInt16] {
    var views = [UInt16](repeating: 0, count: event.particles.count)
    let list = hits[.straw]
    for i in 0..<list.count where list.event[i] == event.number && list.particle[i] >= 0 {
      let straw = detectors.maps.straw[Int(list.channel[i])]
      if straw >= 0 { views[Int(list.particle[i])] |= 1 << UInt16(straw / 488) }
    }
    return views
  }

  /// Triggers on the events of a channel in slices of a burst, with all that comes with them.
  private func burst(
    _ path: String, count: Int, title: (String) -> Bool, change: (inout BurstConfiguration) -> Void
  ) throws -> Sample {
    var burst = try BurstConfiguration.load(path: path)
    change(&burst)
    guard let generator = BurstGenerator(configuration: burst, seed: 3) else {
      throw CocoaError(.featureUnsupported)
    }
    var respond = DetectorResponse(configuration: response, maps: detectors.maps)
    var maker = EventBatchMaker(configuration: response, detectors: detectors)
    var truth: [SimulatedEvent] = []
    var views: [[UInt16]] = []
    var stores: [HitStore] = []
    var around: [[SimulatedParticle]] = []
    var slice = generator.sliceCount / 3
    while truth.count < count, slice < generator.sliceCount {
      let events = generator.events(inSlice: slice)
      slice += 1
      for (i, event) in events.enumerated() where title(event.channel) && truth.count < count {
        var hits = HitStore()
        var near: [SimulatedParticle] = []
        var k = i
        while k > 0, events[k - 1].time > event.time - 300 { k -= 1 }
        while k < events.count, events[k].time < event.time + 300 {
          respond.respond(to: events[k], seed: 3, into: &hits)
          near += events[k].particles
          k += 1
        }
        hits.arrange(response)
        views.append(viewsHit(hits, event))
        truth.append(event)
        around.append(near)
        stores.append(hits)
      }
    }
    let batch = try maker.batch(times: truth.map(\.time)) { stores[$0] }
    return Sample(batch: batch, truth: truth, views: views, around: around)
  }

  private func reconstruct(_ sample: Sample) -> ReconstructedBatch {
    let worker = Reconstructor(configuration: configuration, layout: layout, maps: detectors.maps)
    var out = ReconstructedBatch()
    for event in sample.batch.events { worker.reconstruct(event, of: sample.batch, into: &out) }
    return out
  }

  // MARK: Truth

  /// Whether a particle is a charged one that goes through the whole spectrometer.
  private static func crosses(_ particle: SimulatedParticle) -> Bool {
    particle.species.charge != 0 && particle.decayZ > 219_500 && particle.origin.z < 183_000
      && particle.momentum.momentum.z > 0
  }

  /// The truth before the magnet at ``TrackColumns/upstreamZ``: x, y, slopes.
  private static func line(_ particle: SimulatedParticle) -> TrackLine {
    let p = particle.momentum.momentum
    let slope = SIMD2(p.x / p.z, p.y / p.z)
    let dz = TrackColumns.upstreamZ - particle.origin.z
    return TrackLine(
      position: SIMD2(particle.origin.x + dz * slope.x, particle.origin.y + dz * slope.y), slope: slope)
  }

  /// The track of an event that is a particle's: the nearest within 6 mm and 0.8 mrad that bends alike.
  private static func match(
    _ particle: SimulatedParticle, _ tracks: TrackColumns, _ range: Range<Int>
  ) -> Int? {
    let line = line(particle)
    var best: (track: Int, distance: Double)?
    for i in range {
      let dp = tracks.upstream[i].position - line.position
      let ds = tracks.upstream[i].slope - line.slope
      let q = tracks.inverseMomentum[i] - Double(particle.species.charge) / particle.momentum.momentum.length
      guard (dp * dp).sum() < 36, (ds * ds).sum() < 0.64e-6, abs(q) < 0.03 else { continue }
      let distance = (dp * dp).sum() / 36 + (ds * ds).sum() / 0.64e-6 + q * q / 0.0009
      if distance < best?.distance ?? .infinity { best = (i, distance) }
    }
    return best?.track
  }

  private static func viewsPerChamber(_ views: UInt16, _ least: Int) -> Bool {
    (0..<4).allSatisfy { ((views >> UInt16(4 * $0)) & 15).nonzeroBitCount >= least }
  }

  // MARK: Numbers

  /// Centre and half of the width that holds 68.3 %.
  private static func width(_ values: [Double]) -> (centre: Double, width: Double) {
    guard values.count > 2 else { return (.nan, .nan) }
    let sorted = values.sorted()
    func at(_ part: Double) -> Double { sorted[min(Int(part * Double(sorted.count)), sorted.count - 1)] }
    return (at(0.5), (at(0.8413) - at(0.1587)) / 2)
  }

  private static func text(_ value: Double, _ digits: Int = 3) -> String {
    String(format: "%.\(digits)f", value)
  }

  func run(_ parts: [Substring] = ["singles", "3pi", "pi4e", "2pi", "dump", "speed", "replay"]) throws {
    if parts.contains("singles") { try singles() }
    if parts.contains("3pi") { try threePions() }
    if parts.contains("pi4e") { try fiveTracks() }
    if parts.contains("2pi") { try missingMass() }
    if parts.contains("dump") { try dumpMuons() }
    if parts.contains("speed") { try speed() }
    if parts.contains("replay") { try replaySpeed() }
  }

  private func gun(_ i: Int, _ species: Species, _ momentum: Double) -> SimulatedEvent {
    var random = SystemLikeRandom(UInt64(i) &* 77 &+ 5)
    let z = random.uniform(105_000, 175_000)
    let (r, angle) = (random.uniform(0.1, 1), random.uniform(0, 2 * .pi))
    // Towards a ring in the first chamber.
    let place = (x: 101 + 650 * r * cos(angle), y: 650 * r * sin(angle))
    let origin = Vector3(0.0012 * (z - 102_400), 0, z)
    let slope = (x: (place.x - origin.x) / (183_508 - z), y: (place.y - origin.y) / (183_508 - z))
    let pz = momentum / (1 + slope.x * slope.x + slope.y * slope.y).squareRoot()
    let mass = 0.13957039
    let particle = SimulatedParticle(
      species: species, parent: 0,
      momentum: FourMomentum(mass: mass, momentum: Vector3(slope.x * pz, slope.y * pz, pz)), origin: origin,
      time: 0)
    return SimulatedEvent(number: UInt64(i), time: 0, channel: "gun", particles: [particle])
  }

  private func singles() throws {
    print("single pions, \(count) a momentum; acceptance: three views hit in each chamber")
    print(
      "p GeV/c | sigma_p/p % | of the fit % | 0.30 (+) 0.005p % | ratio | bias % | pull | wrong charge | "
        + "efficiency, L1's | of those L1 finds | any two views | L1's | sigma x mm | tx mrad | pulls | chi2/ndf | time ns, pull | before fit %"
    )
    var wrong = 0
    var all = 0
    for momentum in [4.0, 5, 7.5, 10, 15, 20, 30, 40, 50, 60, 75] {
      let events = (0..<count).map {
        gun($0 + Int(momentum * 1e6), $0 % 2 == 0 ? .pionPlus : .pionMinus, momentum)
      }
      let sample = try sample(events)
      let out = reconstruct(sample)
      let l1 = L1Worker(configuration: L1Configuration(), layout: layout, maps: detectors.maps)
      var (d, pull, sigma, dx, dt, px, pt, chi2, time, timePull, rough) = (
        [Double](), [Double](), [Double](), [Double](), [Double](), [Double](), [Double](), [Double](),
        [Double](), [Double](), [Double]()
      )
      var (accepted, found, l1Found, both, any, anyFound, anyL1) = (0, 0, 0, 0, 0, 0, 0)
      for (i, event) in sample.batch.events.enumerated() {
        let particle = sample.truth[Int(event.number)].particles[0]
        let views = sample.views[Int(event.number)][0]
        let range = out.tracks.range(ofEvent: i)
        let match = Self.match(particle, out.tracks, range)
        let hasL1 = l1.evaluateAlone(event, of: sample.batch).info.straw.tracks > 0
        if Self.viewsPerChamber(views, 2) {
          any += 1
          if match != nil { anyFound += 1 }
          if hasL1 { anyL1 += 1 }
        }
        if Self.viewsPerChamber(views, 3) {
          accepted += 1
          if match != nil { found += 1 }
          if hasL1 { l1Found += 1 }
          if match != nil, hasL1 { both += 1 }
        }
        for k in range {
          all += 1
          if out.tracks[k].charge != particle.species.charge { wrong += 1 }
        }
        guard let k = match else { continue }
        let track = out.tracks[k]
        let q = Double(particle.species.charge) / momentum
        d.append(100 * (track.momentum / momentum - 1))
        pull.append((track.inverseMomentum - q) / track.covariance.qq.squareRoot())
        sigma.append(100 * track.momentumError / track.momentum)
        let line = Self.line(particle)
        dx.append(track.upstream.position.x - line.position.x)
        dt.append(1000 * (track.upstream.slope.x - line.slope.x))
        px.append((track.upstream.position.x - line.position.x) / track.covariance.xx.squareRoot())
        pt.append((track.upstream.slope.x - line.slope.x) / track.covariance.txTx.squareRoot())
        chi2.append(Double(track.chi2) / Double(track.degreesOfFreedom))
        time.append(Double(track.time))
        timePull.append(Double(track.time / track.timeError))
        rough.append(100 * (track.momentumBeforeFit / momentum - 1))
      }
      let expected = (0.09 + 0.000025 * momentum * momentum).squareRoot()
      let w = Self.width(d)
      func part(_ a: Int, _ b: Int) -> String { b == 0 ? "-" : Self.text(Double(a) / Double(b), 4) }
      print(
        "\(momentum) | \(Self.text(w.width)) | \(Self.text(Self.width(sigma).centre)) | \(Self.text(expected)) | "
          + "\(Self.text(w.width / expected)) | \(Self.text(w.centre)) | \(Self.text(Self.width(pull).width, 2)) | "
          + "\(wrong)/\(all) | \(part(found, accepted)), \(part(l1Found, accepted)) of \(accepted) | "
          + "\(part(both, l1Found)) | \(part(anyFound, any)) | \(part(anyL1, any)) of \(any) | "
          + "\(Self.text(Self.width(dx).width)) | \(Self.text(Self.width(dt).width, 4)) | "
          + "\(Self.text(Self.width(px).width, 2)), \(Self.text(Self.width(pt).width, 2)) | "
          + "\(Self.text(Self.width(chi2).centre, 2)) | \(Self.text(Self.width(time).centre, 2)) ± "
          + "\(Self.text(Self.width(time).width, 2)), \(Self.text(Self.width(timePull).width, 2)) | "
          + "\(Self.text(Self.width(rough).width))")
    }
  }

  private func kaons(
    _ channel: KaonChannel, count: Int, pionZero: PionZeroChannel? = nil, pileUp: Bool = false
  )
    throws -> Sample
  {
    // Pile-up is of all decays, the trigger's of the channel.
    let title = "K+ -> " + channel.rawValue
    let sample = try burst(
      "Configs/simulation/kaon-2018.yaml", count: count,
      title: { $0.hasPrefix(title) },
      change: { burst in
        let others: [(KaonChannel, Double)] =
          pileUp ? KaonChannel.allCases.map { ($0, $0.branchingFraction) } : []
        if let table = ChannelTable(others + [(channel, 0.05)]) { burst.kaonChannels = table }
        if let pionZero, let table = ChannelTable([(pionZero, 1.0)]) { burst.pionZeroChannels = table }
        if !pileUp {
          burst.halo = nil
          burst.beam?.rate *= 0.02
        }
        burst.beam?.passing = []
      })
    return sample
  }

  private func threePions() throws {
    for pileUp in [false, true] {
      let sample = try kaons(.threePions, count: count, pileUp: pileUp)
      let out = reconstruct(sample)
      let l1 = L1Worker(configuration: L1Configuration(), layout: layout, maps: detectors.maps)
      var (z, x, mass, momentum, pullZ, distance) = (
        [Double](), [Double](), [Double](), [Double](), [Double](), [Double]()
      )
      var (accepted, found, l1Found, both, tracks, trackFound) = (0, 0, 0, 0, 0, 0)
      var (ghosts, all) = (0, 0)
      var overflows = 0
      for (i, event) in sample.batch.events.enumerated() {
        let truth = sample.truth[Int(event.number)]
        let views = sample.views[Int(event.number)]
        let range = out.tracks.range(ofEvent: i)
        if out.states[i].contains(.overflow) { overflows += 1 }
        all += range.count
        for k in range {
          let isTrue = sample.around[Int(event.number)].contains {
            $0.species.charge != 0 && Self.match($0, out.tracks, k..<(k + 1)) != nil
          }
          if !isTrue { ghosts += 1 }
        }
        let products = truth.particles.indices.filter {
          Self.crosses(truth.particles[$0]) && truth.particles[$0].parent == 0
        }
        var matched: Set<Int> = []
        for place in products where Self.viewsPerChamber(views[place], 3) {
          tracks += 1
          if let k = Self.match(truth.particles[place], out.tracks, range) {
            trackFound += 1
            matched.insert(k)
          }
        }
        guard truth.particles[0].decayZ > 105_000, truth.particles[0].decayZ < 180_000, products.count == 3,
          products.allSatisfy({ Self.viewsPerChamber(views[$0], 3) })
        else { continue }
        accepted += 1
        let hasL1 = l1.evaluateAlone(event, of: sample.batch).info.straw.tracks >= 3
        if hasL1 { l1Found += 1 }
        if range.count >= 3 {
          found += 1
          if hasL1 { both += 1 }
        }
        let vertices = out.vertices.range(ofEvent: i).filter { out.vertices.tracks(of: $0).count == 3 }
        guard let v = vertices.first else { continue }
        let at = out.vertices.position[v]
        z.append((at.z - truth.particles[0].decayZ) / 1000)
        x.append(at.x - truth.particles[products[0]].origin.x)
        pullZ.append((at.z - truth.particles[0].decayZ) / out.vertices.covariance[v][2].squareRoot())
        let total = out.vertices.total(of: v, mass: ParticleMass.pion)
        mass.append(1000 * total.mass)
        momentum.append(
          (total.momentum * total.momentum).sum().squareRoot() - truth.particles[0].momentum.momentum.length)
        distance.append(out.vertices.chi2[v])
      }
      print(
        "3pi\(pileUp ? " with pile-up" : ""): tracks \(trackFound)/\(tracks); three tracks in acceptance \(accepted): found "
          + "\(found), L1 \(l1Found), both \(both); tracks of no particle \(ghosts) of \(all), overflows \(overflows); vertices \(z.count)"
      )
      for (name, values, digits) in [
        ("z m", z, 3), ("z pull", pullZ, 2), ("x mm", x, 3), ("m MeV", mass, 3), ("p GeV", momentum, 3),
        ("chi2", distance, 2),
      ] {
        let w = Self.width(values)
        print("  \(name): \(Self.text(w.centre, digits)) ± \(Self.text(w.width, digits))")
      }
    }
  }

  private func fiveTracks() throws {
    let sample = try kaons(.pionElectrons, count: count)
    let out = reconstruct(sample)
    var (accepted, found, mass, z, miss) = (0, 0, [Double](), [Double](), [Double]())
    var counts = [0, 0, 0, 0, 0, 0]
    for (i, event) in sample.batch.events.enumerated() {
      let truth = sample.truth[Int(event.number)]
      let views = sample.views[Int(event.number)]
      let products = truth.particles.indices.filter {
        Self.crosses(truth.particles[$0]) && truth.particles[$0].parent == 0
      }
      guard truth.particles[0].decayZ > 105_000, truth.particles[0].decayZ < 180_000, products.count == 5,
        products.allSatisfy({ Self.viewsPerChamber(views[$0], 2) })
      else { continue }
      accepted += 1
      let range = out.tracks.range(ofEvent: i)
      counts[min(products.filter { Self.match(truth.particles[$0], out.tracks, range) != nil }.count, 5)] += 1
      guard
        let v = out.vertices.range(ofEvent: i).first(where: { out.vertices.tracks(of: $0).count == 5 })
      else { continue }
      found += 1
      z.append((out.vertices.position[v].z - truth.particles[0].decayZ) / 1000)
      // The pion by truth.
      guard let pion = products.first(where: { truth.particles[$0].species == .pionPlus }),
        let k = Self.match(truth.particles[pion], out.tracks, range)
      else { continue }
      var sum = EnergyMomentum(momentum: .zero, energy: 0)
      for j in out.vertices.tracks(of: v) {
        let isPion = Int(out.vertices.track[j]) == k
        let p = EnergyMomentum(
          momentum: out.vertices.trackMomentum[j], mass: isPion ? ParticleMass.pion : ParticleMass.electron)
        sum = sum + p
        if isPion {
          miss.append(
            configuration.missingMassSquared(p) - Self.missing(truth.particles[0], truth.particles[pion]))
        }
      }
      mass.append(1000 * sum.mass)
    }
    print(
      "pi4e: five tracks with two views in each chamber \(accepted), found 0 to 5: \(counts), five-track vertices \(found)"
    )
    let (m, w, q) = (Self.width(mass), Self.width(z), Self.width(miss))
    print(
      "  m \(Self.text(m.centre)) ± \(Self.text(m.width)) MeV, z ± \(Self.text(w.width)) m, missing mass squared ± \(Self.text(q.width, 5)) GeV2"
    )
  }

  private static func missing(_ kaon: SimulatedParticle, _ pion: SimulatedParticle) -> Double {
    let e = kaon.momentum.energy - pion.momentum.energy
    let p = kaon.momentum.momentum - pion.momentum.momentum
    return e * e - p.dot(p)
  }

  private func missingMass() throws {
    let sample = try kaons(.twoPions, count: count)
    let out = reconstruct(sample)
    var (bias, spectrum) = ([Double](), [Double]())
    for (i, event) in sample.batch.events.enumerated() {
      let truth = sample.truth[Int(event.number)]
      guard
        let place = truth.particles.indices.first(where: {
          truth.particles[$0].species == .pionPlus && truth.particles[$0].parent == 0
        }),
        Self.crosses(truth.particles[place]),
        (15...35).contains(truth.particles[place].momentum.momentum.length),
        (105_000...180_000).contains(truth.particles[0].decayZ),
        let k = Self.match(truth.particles[place], out.tracks, out.tracks.range(ofEvent: i))
      else { continue }
      let pion = EnergyMomentum(momentum: out.tracks[k].momentumVector, mass: ParticleMass.pion)
      spectrum.append(configuration.missingMassSquared(pion))
      // With the true kaon, as GTK would have it without an error.
      let p = truth.particles[0].momentum
      let kaon = EnergyMomentum(momentum: SIMD3(p.momentum.x, p.momentum.y, p.momentum.z), energy: p.energy)
      bias.append((kaon - pion).massSquared)
    }
    let (a, b) = (Self.width(spectrum), Self.width(bias))
    print(
      "2pi, 15 to 35 GeV/c, \(spectrum.count) tracks: missing mass squared \(Self.text(a.centre, 5)) ± \(Self.text(a.width, 5)) "
        + "with the central beam, \(Self.text(b.centre, 5)) ± \(Self.text(b.width, 5)) GeV2 with the true kaon (m(pi0)2 0.01822)"
    )
  }

  private func dumpMuons() throws {
    let sample = try burst(
      "Configs/simulation/dump-2021.yaml", count: count, title: { $0.hasPrefix("A' -> ") },
      change: { burst in
        burst.halo = nil
        burst.promptPairs = nil
        burst.dump?.rate = 1e4
        if let table = ChannelTable([(DumpProduction.Channel.muons, 1.0)]) { burst.dump?.channels = table }
      })
    let out = reconstruct(sample)
    var (accepted, found) = (0, 0)
    var (mass, z, zTAX, cda) = ([Double](), [Double](), [Double](), [Double]())
    for (i, event) in sample.batch.events.enumerated() {
      let truth = sample.truth[Int(event.number)]
      let views = sample.views[Int(event.number)]
      let products = truth.particles.indices.filter { Self.crosses(truth.particles[$0]) }
      guard products.count == 2,
        products.allSatisfy({
          Self.viewsPerChamber(views[$0], 2) && truth.particles[$0].momentum.momentum.length < 150
        })
      else { continue }
      accepted += 1
      let range = out.tracks.range(ofEvent: i)
      if products.allSatisfy({ Self.match(truth.particles[$0], out.tracks, range) != nil }) { found += 1 }
      guard let v = out.vertices.range(ofEvent: i).first else { continue }
      mass.append(1000 * out.vertices.total(of: v, mass: ParticleMass.muon).mass)
      z.append((out.vertices.position[v].z - truth.particles[products[0]].origin.z) / 1000)
      let dump = out.vertices.approachToDump(of: v, configuration)
      zTAX.append(dump.z / 1000)
      cda.append(dump.distance)
    }
    let (m, w, t, d) = (Self.width(mass), Self.width(z), Self.width(zTAX), cda.sorted())
    print(
      "A' -> mumu (300 MeV): below 150 GeV/c with two views in each chamber \(accepted), both tracks \(found), vertices \(mass.count); m \(Self.text(m.centre)) ± \(Self.text(m.width)) MeV, "
        + "z ± \(Self.text(w.width)) m, z_TAX \(Self.text(t.centre)) ± \(Self.text(t.width)) m, CDA_TAX median "
        + "\(Self.text(d.isEmpty ? .nan : d[d.count / 2], 2)) mm, 90 % \(Self.text(d.isEmpty ? .nan : d[d.count * 9 / 10], 2)) mm"
    )
  }

  private func speed() throws {
    yardstick()
    for (name, sample) in [
      ("3pi", try kaons(.threePions, count: count)),
      ("3pi with pile-up", try kaons(.threePions, count: count, pileUp: true)),
      ("pi4e with pile-up", try kaons(.pionElectrons, count: count, pileUp: true)),
    ] {
      // What L1 would keep for the multi-track lines: a negative track.
      let judge = L1Worker(configuration: L1Configuration(), layout: layout, maps: detectors.maps)
      let events = sample.batch.events.filter {
        judge.evaluateAlone($0, of: sample.batch).info.straw.flags & 2 != 0
      }
      speed(name, [(sample.batch, events)], layout)
    }
  }

  /// The events of the shipped streams that L1 accepts.
  private func replaySpeed() throws {
    yardstick()
    let menu = try L1Menu.load(path: "Configs/menus/kaon-2018.yaml")
    for name in ["kaon-2018", "pi4e-2018"] {
      let plain = try Benchmarks.unpacked("Replay/\(name).pcap.gz")
      defer { try? FileManager.default.removeItem(atPath: plain) }
      let processor = L1Processor(
        configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps)
      let accepted = try Benchmarks.built(plain, menu).map { batch in
        let decisions = processor.process(batch)
        let events = zip(batch.events, decisions).filter { $0.1.decision.word.contains(.accepted) }
        return (batch, events.map(\.0))
      }
      speed(name + ", accepted by L1", accepted, menu.layout)
    }
  }

  private func yardstick() {
    let yardstick =
      (0..<5).map { _ in
        let begin = Benchmarks.threadSeconds()
        Benchmarks.fixedTask()
        return Benchmarks.threadSeconds() - begin
      }.min() ?? 0
    print("yardstick: plain loop of 10^8 xorshift steps \(Benchmarks.ms(yardstick)) ms")
  }

  /// Measures the events of batches: passes over all, and each event alone, at best of the passes.
  private func speed(
    _ name: String, _ batches: [(batch: EventBatch, events: [BuiltEvent])], _ layout: EventLayout
  ) {
    let total = batches.reduce(0) { $0 + $1.events.count }
    guard total > 0 else { return print("\(name): no events") }
    let worker = Reconstructor(configuration: configuration, layout: layout, maps: detectors.maps)
    let l1 = L1Worker(configuration: L1Configuration(), layout: layout, maps: detectors.maps)
    var out = ReconstructedBatch()
    var best = [Double](repeating: .infinity, count: total)
    var passes: [Double] = []
    for _ in 0..<11 {
      out.removeAll()
      let begin = Benchmarks.threadSeconds()
      for (batch, events) in batches {
        for event in events { worker.reconstruct(event, of: batch, into: &out) }
      }
      passes.append((Benchmarks.threadSeconds() - begin) / Double(total))
      out.removeAll()
      var i = 0
      for (batch, events) in batches {
        for event in events {
          let begin = Benchmarks.threadSeconds()
          worker.reconstruct(event, of: batch, into: &out)
          best[i] = min(best[i], Benchmarks.threadSeconds() - begin)
          i += 1
        }
      }
    }
    var l1Times: [Double] = []
    for _ in 0..<5 {
      let begin = Benchmarks.threadSeconds()
      for (batch, events) in batches { for event in events { _ = l1.evaluateAlone(event, of: batch) } }
      l1Times.append((Benchmarks.threadSeconds() - begin) / Double(total))
    }
    best.sort()
    passes.sort()
    print(
      "\(name), \(total) events: \(Benchmarks.ns(passes[5])) ns/event in the median of 11 passes, \(Benchmarks.ns(passes[0])) at best; "
        + "by event p50 \(Benchmarks.ns(best[total / 2])), p90 \(Benchmarks.ns(best[total * 9 / 10])), p99 \(Benchmarks.ns(best[total * 99 / 100])) ns; "
        + "tracks per event \(Self.text(Double(out.tracks.count) / Double(total), 3)), vertices \(Self.text(Double(out.vertices.count) / Double(total), 3)), "
        + "sums of their chi2 \(Self.text(out.tracks.chi2.reduce(0) { $0 + Double($1) }, 2)), \(Self.text(out.vertices.chi2.reduce(0, +), 2)), "
        + "overflows \(out.states.count { $0.contains(.overflow) }); "
        + "all of L1's algorithms \(Benchmarks.ns(l1Times.min() ?? 0)) ns/event")
  }
}

/// A small generator of random numbers for the guns: SplitMix64.
struct SystemLikeRandom {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return low + (high - low) * Double(z >> 11) * 0x1p-53
  }
}
