import Detectors

/// IRC and SAC: four counters each around the beam (`detectors.md` section 9).
struct SmallAngleResponse {
  /// Which of the two.
  enum Kind { case irc, sac }

  private let kind: Kind
  private let pulse: ThresholdPulse
  private var low: [Int32] = Array(repeating: -1, count: 4)
  private var high: [Int32] = Array(repeating: -1, count: 4)

  /// z of its front, mm.
  var z: Double { kind == .irc ? 239_611.5 : 260_956 }

  init(_ kind: Kind, _ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    self.kind = kind
    pulse = ThresholdPulse(
      pulse: kind == .irc ? configuration.irc : configuration.sac,
      settings: configuration[kind == .irc ? .irc : .sac])
    // SAC is read by the first 64 channels, IRC by the next.
    for (channel, value) in maps.ircSac.enumerated()
    where value >= 0 && (channel < 64) == (kind == .sac) {
      let counter = Int(value) % 1000
      guard counter < 4 else { continue }
      if value < 1000 { low[counter] = Int32(channel) } else { high[counter] = Int32(channel) }
    }
  }

  /// The counters of IRC that a point lies on, or `nil`; the calorimeter is a ring about x = 12 mm.
  static func ircCounter(x: Double, y: Double) -> Int? {
    // Outer circle about the axis, inner one displaced by 12 mm.
    guard (x - 12) * (x - 12) + y * y > 60 * 60, x * x + y * y < 145 * 145 else { return nil }
    let place = (Double.pi - CMath.atan2(y, x + 2)) / (Double.pi / 2)
    return min(max(Int(place), 0), 3)
  }

  /// The hits of a particle; a particle that showers ends there.
  func respond(
    _ track: inout TrackState, event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    guard track.move(to: z) else { return }
    let energy = track.showers ? track.energy : pulse.pulse.muonEnergy
    switch kind {
    case .irc:
      guard let counter = Self.ircCounter(x: track.position.x, y: track.position.y) else { return }
      add(track, counter, pulse.height(energy, &draws), event, &draws, &hits)
    case .sac:
      // Charged particles are bent away by the magnet behind MUV3.
      guard track.charge == 0, abs(track.position.x) < 102.5, abs(track.position.y) < 102.5 else { return }
      for counter in 0..<4 {
        let share = max(0, 0.25 + draws.gauss(0.04))
        add(track, counter, pulse.height(energy * share, &draws), event, &draws, &hits)
      }
    }
    if track.showers || track.isHadron { track.end = track.position.z }
  }

  private func add(
    _ track: TrackState, _ counter: Int, _ height: Double, _ event: SimulatedEvent,
    _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    pulse.respond(
      height: height, low: low[counter], high: high[counter], time: event.time + track.time,
      event: event.number, particle: track.particle, &draws, &hits)
  }
}

/// LKr: clusters with their energies and times (`detectors.md` section 12, `physics.md` 2.2).
struct LKrResponse {
  private struct Cluster {
    var x: Double
    var y: Double
    var energy: Double
    var time: Double
    var particle: Int32
  }

  private let hole: Double
  private let apothem: Double
  private let terms: SIMD3<Double>
  private let threshold: Double
  private let muon: Double
  private let muonLikePions: Double
  private let mergeDistance: Double
  private let settings: ResponseConfiguration.Channels
  private var clusters: [Cluster] = []

  init(_ configuration: ResponseConfiguration) {
    hole = configuration.lkrHoleRadius
    apothem = configuration.lkrApothem
    terms = configuration.lkrResolution
    threshold = configuration.lkrThreshold
    muon = configuration.lkrMuonEnergy
    muonLikePions = configuration.lkrMuonLikePions
    mergeDistance = configuration.lkrMergeDistance
    settings = configuration[.lkr]
  }

  /// Whether a point lies on the calorimeter: in the octagon, outside the hole.
  func accepts(x: Double, y: Double) -> Bool {
    x * x + y * y > hole * hole && abs(x) < apothem && abs(y) < apothem
      && abs(x) + abs(y) < apothem * 2.0.squareRoot()
  }

  /// Spread of an energy in GeV.
  func resolution(_ energy: Double) -> Double {
    (terms.x * terms.x * energy + terms.y * terms.y + terms.z * terms.z * energy * energy).squareRoot()
  }

  /// Spread of the time of a cluster in ns, for an energy in GeV (`physics.md` 2.2).
  static func timeResolution(_ energy: Double) -> Double {
    max(0.56 + 1.53 / energy - 0.233 / energy.squareRoot(), 0.1)
  }

  /// Notes what a particle leaves; a particle that showers or is a hadron ends there.
  mutating func note(_ track: inout TrackState, _ draws: inout ResponseDraws) {
    guard track.move(to: LKrGeometry.z) else { return }
    defer { if !track.isMuon { track.end = track.position.z } }
    guard accepts(x: track.position.x, y: track.position.y), draws.chance(settings.efficiency) else { return }
    let deposit: Double
    if track.showers {
      deposit = track.energy
    } else if track.isMuon || draws.chance(muonLikePions) {
      deposit = muon
    } else {
      deposit = track.energy * draws.uniform()
    }
    for i in clusters.indices {
      let dx = clusters[i].x - track.position.x
      let dy = clusters[i].y - track.position.y
      if dx * dx + dy * dy < mergeDistance * mergeDistance {
        clusters[i].energy += deposit
        return
      }
    }
    clusters.append(
      Cluster(
        x: track.position.x, y: track.position.y, energy: deposit, time: track.time, particle: track.particle)
    )
  }

  /// The clusters of an event whose particles have all been noted.
  mutating func respond(event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList) {
    for cluster in clusters {
      let energy = cluster.energy + draws.gauss(resolution(cluster.energy))
      guard energy > threshold else { continue }
      let time = event.time + cluster.time + draws.gauss(Self.timeResolution(energy))
      let column = Int(LKrGeometry.place(cluster.x).rounded())
      let row = Int(LKrGeometry.place(cluster.y).rounded())
      hits.append(
        channel: Int32(1000 * column + row), leading: time, trailing: .nan, amplitude: Float(energy),
        event: event.number, particle: cluster.particle)
    }
    clusters.removeAll(keepingCapacity: true)
  }
}
