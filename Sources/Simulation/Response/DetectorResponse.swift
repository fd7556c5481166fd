public import Detectors

/// What the detectors make of the particles of an event: hits with times and channels.
///
/// A value belongs to one worker. What comes out depends on the seed and the event alone, so events can be
/// shared out in any way; see `HitStore.arrange` for what joins them.
public struct DetectorResponse: Sendable {
  /// The configuration.
  public let configuration: ResponseConfiguration
  private let ktag: KTAGResponse
  private let lav: LAVResponse
  private let straw: StrawResponse
  private let magnet: (z: Double, kick: Double)
  private let lkrHole: Double
  private let muonsAtMUV3: (minimum: Double, scattering: Double)
  private let strawLayer: ScatteringLayer
  private let chod: CHODResponse
  private var rich: RingResponse
  private let newCHOD: TileResponse
  private let muv3: TileResponse
  private let irc: SmallAngleResponse
  private let sac: SmallAngleResponse
  private var lkr: LKrResponse
  /// Before this z there is nothing but KTAG and the first stations of LAV, mm.
  private static let spectrometerZ = StrawResponse.chamberZ[0] - 200
  /// No detector behind the magnet is this far from the axis, muons' scattering before MUV3 included, mm.
  private static let outermost = 3000.0
  /// Readout channels of each detector, for its noise.
  private let noiseChannels: [[Int32]]

  /// The response of detectors with the given numbers and channel maps.
  public init(configuration: ResponseConfiguration, maps: L1DetectorMaps) {
    self.configuration = configuration
    ktag = KTAGResponse(configuration)
    lav = LAVResponse(configuration, maps)
    straw = StrawResponse(configuration, maps)
    magnet = (configuration.magnetZ, configuration.magnetKick)
    lkrHole = configuration.lkrHoleRadius
    muonsAtMUV3 = (configuration.muv3MinimumMomentum, configuration.muv3Scattering)
    strawLayer = ScatteringLayer(radiationLengths: configuration.strawRadiationLengths)
    chod = CHODResponse(configuration, maps)
    rich = RingResponse(configuration, maps)
    newCHOD = TileResponse(
      configuration[.newCHOD], map: maps.newCHOD, tiles: 439, tile: NewCHODGeometry.place)
    muv3 = TileResponse(configuration[.muv3], map: maps.muv3, tiles: 152, tile: MUV3Geometry.place)
    irc = SmallAngleResponse(.irc, configuration, maps)
    sac = SmallAngleResponse(.sac, configuration, maps)
    lkr = LKrResponse(configuration)
    func mapped(_ map: ContiguousArray<Int32>, _ isOf: (Int) -> Bool = { _ in true }) -> [Int32] {
      map.indices.filter { map[$0] >= 0 && isOf($0) }.map { Int32($0) }
    }
    noiseChannels = SimulatedDetector.allCases.map { detector in
      switch detector {
      case .ktag: (0..<384).map { Int32(8 * $0) }
      case .lav: mapped(maps.lav)
      case .straw: mapped(maps.straw)
      case .chod: mapped(maps.chod)
      case .rich: mapped(maps.rich)
      case .irc: mapped(maps.ircSac) { $0 >= 64 }
      case .sac: mapped(maps.ircSac) { $0 < 64 }
      case .newCHOD: mapped(maps.newCHOD)
      case .muv3: mapped(maps.muv3)
      case .lkr: []
      }
    }
  }

  /// Appends the hits of an event.
  ///
  /// - Parameters:
  ///   - event: the particles, and when they come.
  ///   - seed: of the random numbers; the event's number chooses the stream.
  ///   - hits: takes the hits, not in order.
  public mutating func respond(to event: SimulatedEvent, seed: UInt64, into hits: inout HitStore) {
    var draws = ResponseDraws(SimulationRandom(seed: seed, purpose: .response, index: event.number))
    for place in event.particles.indices {
      let particle = event.particles[place]
      // No neutrino, nothing that decays before it gets anywhere, nothing unknown.
      guard particle.species.charge != 0 || particle.species == .photon else { continue }
      var track = TrackState(particle, place: place)
      if particle.parent < 0 { ktag.respond(track, event: event, &draws, &hits[.ktag]) }
      follow(&track, event, &draws, &hits)
    }
    lkr.respond(event: event, &draws, &hits[.lkr])
  }

  /// Takes a particle through the detectors in the order in which they stand.
  private mutating func follow(
    _ track: inout TrackState, _ event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitStore
  ) {
    if lav.isInTheWayBeforeSpectrometer(of: track) {
      for station in 0..<8 { veto(station, &track, event, &draws, &hits) }
    }
    guard track.end > Self.spectrometerZ else { return }
    chamber(0, &track, event, &draws, &hits)
    veto(8, &track, event, &draws, &hits)
    chamber(1, &track, event, &draws, &hits)
    if track.charge != 0, track.move(to: magnet.z) { track.kick(magnet.kick) }
    if track.isLeaving, track.isOutside(radius: Self.outermost) { return }
    veto(9, &track, event, &draws, &hits)
    chamber(2, &track, event, &draws, &hits)
    veto(10, &track, event, &draws, &hits)
    chamber(3, &track, event, &draws, &hits)
    if track.charge != 0, track.move(to: RingResponse.radiator.front) {
      rich.respond(track, event: event, &draws, &hits[.rich])
    }
    if track.charge != 0, track.move(to: NewCHODGeometry.z),
      let tile = NewCHODGeometry.tile(x: track.position.x, y: track.position.y)
    {
      newCHOD.respond(
        tile: tile, time: event.time + track.time, event: event.number, particle: track.particle, &draws,
        &hits[.newCHOD])
    }
    veto(11, &track, event, &draws, &hits)
    if track.charge != 0 { chod.respond(&track, event: event, &draws, &hits[.chod]) }
    irc.respond(&track, event: event, &draws, &hits[.irc])
    // The beam and what goes along with it stays in the pipe.
    let isInHole = passesLKr(track)
    if !isInHole { lkr.note(&track, &draws) }
    if track.isMuon, track.size > muonsAtMUV3.minimum, track.move(to: MUV3Geometry.z) {
      let spread = muonsAtMUV3.scattering / track.size
      let x = track.position.x + draws.gauss(spread)
      let y = track.position.y + draws.gauss(spread)
      if let tile = MUV3Geometry.tile(x: x, y: y) {
        muv3.respond(
          tile: tile, time: event.time + track.time, event: event.number, particle: track.particle, &draws,
          &hits[.muv3])
      }
    }
    if track.charge == 0 { sac.respond(&track, event: event, &draws, &hits[.sac]) }
  }

  /// Whether a particle goes through the hole of LKr.
  private func passesLKr(_ track: TrackState) -> Bool {
    var here = track
    guard here.move(to: LKrGeometry.z) else { return false }
    return !here.isOutside(radius: lkrHole)
  }

  private func veto(
    _ station: Int, _ track: inout TrackState, _ event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitStore
  ) {
    guard lav.isInTheWay(of: track, station: station) else { return }
    lav.respond(&track, station: station, event: event, &draws, &hits[.lav])
  }

  private func chamber(
    _ number: Int, _ track: inout TrackState, _ event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitStore
  ) {
    // A particle that begins or ends inside the chamber leaves no hits in it.
    guard track.charge != 0, track.end > StrawResponse.chamberZ[number] + 200 else { return }
    var entrance = track
    guard entrance.move(to: StrawResponse.chamberZ[number] - 200) else { return }
    // There is no matter in the holes, and none outside.
    let isCrossed = straw.respond(entrance, chamber: number, event: event, &draws, &hits[.straw])
    if isCrossed, track.move(to: StrawResponse.chamberZ[number]) {
      track.scatter(strawLayer, &draws)
    }
  }

  /// Appends the noise of a stretch of a burst.
  ///
  /// - Parameters:
  ///   - stretch: its number, which chooses the stream of random numbers.
  ///   - start: when it begins, in ns since the start of burst.
  ///   - end: when it ends.
  ///   - seed: of the random numbers.
  ///   - hits: takes the hits, not in order.
  public func addNoise(
    stretch: UInt64, from start: Double, to end: Double, seed: UInt64, into hits: inout HitStore
  ) {
    var draws = ResponseDraws(SimulationRandom(seed: seed, purpose: .noise, index: stretch))
    for detector in SimulatedDetector.allCases {
      let settings = configuration[detector]
      let channels = noiseChannels[detector.rawValue]
      guard settings.noise > 0, !channels.isEmpty else { continue }
      let interval = 1e9 / (settings.noise * Double(channels.count))
      var time = start + draws.exponential(interval)
      while time < end {
        let width = detector == .straw ? 0 : max(settings.width + draws.gauss(settings.widthSpread), 1)
        hits[detector].append(
          channel: channels[draws.index(channels.count)], leading: time,
          trailing: width > 0 ? time + width : .nan, event: stretch, particle: -1)
        time += draws.exponential(interval)
      }
    }
  }
}
