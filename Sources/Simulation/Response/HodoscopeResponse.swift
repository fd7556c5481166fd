import Detectors

/// CHOD: two planes of slabs (`detectors.md` section 5).
struct CHODResponse {
  /// z of the plane that measures x, and of the one that measures y.
  static let z = (vertical: 239_009.0, horizontal: 239_389.0)
  /// The 16 slabs of a quadrant: eleven are 65.03 mm wide, five 99.03 mm.
  private static let narrow = (count: 11, width: 65.03)
  private static let wide = (count: 5, width: 99.03, begin: 715.315)
  /// Outer ends of the slabs: those of the first eight are the same.
  private static let length = 1210.0
  private static let shorter: SIMD8<Double> = [1191, 1126, 1061, 996, 897, 798, 699, 600]
  private static let holeRadius = 128.0

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

  /// The slab of a plane at a point, and the distance of the point from its photomultiplier; `nil` outside.
  static func slab(horizontal: Bool, x: Double, y: Double) -> (slab: Int, distance: Double)? {
    guard x * x + y * y > holeRadius * holeRadius else { return nil }
    let across = abs(horizontal ? y : x)
    let along = abs(horizontal ? x : y)
    guard across < wide.begin + Double(wide.count) * wide.width else { return nil }
    let place =
      across < wide.begin
      ? min(Int((across + 0.015) / narrow.width), narrow.count - 1)
      : min(narrow.count + Int((across - wide.begin) / wide.width), narrow.count + wide.count - 1)
    let length = place < 8 ? length : shorter[place - 8]
    guard along < length else { return nil }
    // Quadrants in the order of the slabs: x < 0 and y > 0, then against the clock; slabs go outwards in the
    // first and third of the plane that measures x, and in the second and fourth of the other.
    let quadrant = x < 0 ? (y > 0 ? 0 : 1) : (y > 0 ? 3 : 2)
    let outwards = (quadrant % 2 == 0) != horizontal
    let number = outwards ? place : 15 - place
    return ((horizontal ? 64 : 0) + 16 * quadrant + number, length - along)
  }

  /// The hits of a charged track.
  func respond(
    _ track: inout TrackState, event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    for plane in 0..<2 {
      guard track.move(to: plane == 0 ? Self.z.vertical : Self.z.horizontal),
        let (slab, distance) = Self.slab(horizontal: plane == 1, x: track.position.x, y: track.position.y),
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

/// Where the tiles of NewCHOD are.
struct NewCHODGeometry {
  static let z = 238_131.5
  private static let brick = (x: 134.0, y: 107.0)
  private static let ring = 140.0...1070.0
  let bricks: [[Int]]

  /// 100 × quadrant + tile at a point, or `nil`: quadrants 1 to 4 from x, y > 0 with the clock.
  func tile(x: Double, y: Double) -> Int? {
    let square = x * x + y * y
    guard square >= Self.ring.lowerBound * Self.ring.lowerBound,
      square <= Self.ring.upperBound * Self.ring.upperBound
    else { return nil }
    let row = Int(abs(y) / Self.brick.y)
    let column = Int(abs(x) / Self.brick.x)
    guard row < bricks.count, column < bricks[row].count else { return nil }
    let quadrant = x > 0 ? (y > 0 ? 1 : 2) : (y > 0 ? 4 : 3)
    return 100 * quadrant + bricks[row][column]
  }

  /// Tile and photomultiplier of a channel map's value.
  static func place(_ value: Int) -> (tile: Int, photomultiplier: Int) {
    value % 100 > 50 ? (value - 50, 1) : (value, 0)
  }
}

/// Where the tiles of MUV3 are.
enum MUV3Geometry {
  static let z = 246_800.0
  private static let pitch = 220.0
  private static let innerPitch = 440.0 / 3

  /// Tile at a point, or `nil`: 0 to 143 in rows of twelve, 144 to 151 around the hole.
  static func tile(x: Double, y: Double) -> Int? {
    guard abs(x) < 1320, abs(y) < 1320, x * x + y * y > 103 * 103 else { return nil }
    if abs(x) < pitch, abs(y) < pitch {
      let column = Int(((x + pitch) / innerPitch).rounded(.down))
      let row = Int(((y + pitch) / innerPitch).rounded(.down))
      let number = 3 * row + column
      guard number != 4 else { return nil }
      return 144 + (number < 4 ? number : number - 1)
    }
    return 12 * Int((y + 1320) / pitch) + Int((x + 1320) / pitch)
  }

  /// Tile and photomultiplier of a channel map's value.
  static func place(_ value: Int) -> (tile: Int, photomultiplier: Int) {
    value >= 200 ? (value - 200, 1) : (value, 0)
  }
}
