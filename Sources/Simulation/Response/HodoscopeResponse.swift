import Detectors

/// CHOD: two planes of slabs (`detectors.md` section 5).
struct CHODResponse {
  private let light: (delay: Double, offset: Double)
  private let widthSlope: Double
  private let settings: ResponseConfiguration.Channels
  /// Readout channel by slab.
  private var channels: [Int32]

  init(_ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    light = (configuration.chodLightDelay, configuration.chodLightOffset)
    widthSlope = configuration.chodWidthSlope
    settings = configuration[.chod]
    channels = Array(repeating: -1, count: 128)
    for (channel, slab) in maps.chod.enumerated() where (0..<128).contains(slab) {
      channels[Int(slab)] = Int32(channel)
    }
  }

  /// The hits of a charged track.
  func respond(
    _ track: inout TrackState, event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    for plane in 0..<2 {
      guard track.move(to: plane == 0 ? CHODGeometry.z.vertical : CHODGeometry.z.horizontal),
        let (slab, distance) = CHODGeometry.slab(
          horizontal: plane == 1, x: track.position.x, y: track.position.y),
        channels[slab] >= 0, draws.chance(settings.efficiency)
      else { continue }
      let time =
        event.time + track.time + light.delay * distance - light.offset + draws.gauss(settings.resolution)
      let width =
        settings.width - widthSlope * distance + draws.gauss(settings.widthSpread)
      hits.append(
        channel: channels[slab], leading: time, trailing: width > 5 ? time + width : .nan,
        event: event.number, particle: track.particle)
    }
  }
}

/// A hodoscope whose tiles are seen by two photomultipliers: NewCHOD and MUV3 (`detectors.md` sections 6, 7).
struct TileResponse {
  private let settings: ResponseConfiguration.Channels
  /// Readout channels of the first and the second photomultiplier by tile.
  private var channels: [SIMD2<Int32>]

  /// A hodoscope with the given channel map: `tile` says of a map's value which tile and photomultiplier (0, 1)
  /// it is.
  init(
    _ settings: ResponseConfiguration.Channels, map: ContiguousArray<Int32>, tiles: Int,
    tile: (Int) -> (tile: Int, photomultiplier: Int)
  ) {
    self.settings = settings
    channels = Array(repeating: SIMD2(-1, -1), count: tiles)
    for (channel, value) in map.enumerated() where value >= 0 {
      let found = tile(Int(value))
      guard (0..<tiles).contains(found.tile) else { continue }
      channels[found.tile][found.photomultiplier] = Int32(channel)
    }
  }

  /// The hits of a tile that is crossed at a time since the start of burst.
  func respond(
    tile: Int, time: Double, event: UInt64, particle: Int32, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) {
    guard draws.chance(settings.efficiency) else { return }
    for photomultiplier in 0..<2 {
      let channel = channels[tile][photomultiplier]
      guard channel >= 0 else { continue }
      let leading = time + draws.gauss(settings.resolution)
      hits.append(
        channel: channel, leading: leading,
        trailing: leading + max(settings.width + draws.gauss(settings.widthSpread), 1), event: event,
        particle: particle)
    }
  }
}
