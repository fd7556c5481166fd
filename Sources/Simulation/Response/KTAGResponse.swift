/// KTAG: photomultipliers in eight sectors, lit by kaons of the beam (`detectors.md` section 1).
struct KTAGResponse {
  static let sectors = 8
  static let photomultipliersPerSector = 48

  /// Mean numbers of hits of a kaon and of a pion.
  private let means: (kaon: Double, pion: Double)
  private let settings: ResponseConfiguration.Channels

  init(_ configuration: ResponseConfiguration) {
    means = (configuration.ktagHitsPerKaon, configuration.ktagHitsPerPion)
    settings = configuration[.ktag]
  }

  /// Readout channel of photomultiplier 0 to 47 of sector 0 to 7: three FPGAs to a sector, one TDC channel in
  /// eight.
  static func channel(sector: Int, photomultiplier: Int) -> Int { 384 * sector + 8 * photomultiplier }

  /// The hits of a particle that came with the beam, in random photomultipliers.
  func respond(
    _ track: TrackState, event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    let mean: Double
    switch track.species {
    case .kaonPlus: mean = means.kaon
    case .pionPlus: mean = means.pion
    default: return
    }
    let start = event.time + track.time
    // Of a Poisson distribution a part is one too.
    for _ in 0..<draws.poisson(mean * settings.efficiency) {
      let place = draws.index(Self.sectors * Self.photomultipliersPerSector)
      let (sector, number) = place.quotientAndRemainder(dividingBy: Self.photomultipliersPerSector)
      var time = start + draws.photonTime()
      if settings.resolution > 0 { time += draws.gauss(settings.resolution) }
      let width = max(settings.width + draws.gauss(settings.widthSpread), 1)
      hits.append(
        channel: Int32(Self.channel(sector: sector, photomultiplier: number)), leading: time,
        trailing: time + width, event: event.number, particle: track.particle)
    }
  }
}
