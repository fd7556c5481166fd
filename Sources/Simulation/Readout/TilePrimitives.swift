import Detectors
import NA62Formats

/// Clusters of tiles that are seen by two photomultipliers each: NewCHOD and MUV3.
struct TileClusters: Sendable {
  /// A hit of one photomultiplier.
  struct Hit {
    var tile: Int
    var photomultiplier: Int
    var time: Int64
    var isUsed = false
  }

  /// A tile, by one photomultiplier or by both.
  struct Tile {
    var number: Int
    var time: Int64
    var isTight: Bool
  }

  /// What a cluster of tiles has, counted.
  struct Counts: Equatable {
    var all = 0
    var tight = 0
    var outer = 0
    var tightOuter = 0
    /// Bits of the quadrants 0 to 3.
    var quadrants: UInt8 = 0
  }

  /// Most hits of a stretch of 100 ns (four clock periods), and tiles of a cluster, that the firmware takes.
  static let hitLimit = 32
  static let tileLimit = 15

  var hits: [Hit] = []
  var tiles: [Tile] = []

  /// Puts the hits of a stretch together: both photomultipliers of a tile within `pairing` units are one tight
  /// tile, at the mean or the later time.
  mutating func pair(within pairing: Int64, later: Bool) {
    tiles.removeAll(keepingCapacity: true)
    for i in hits.indices where !hits[i].isUsed {
      hits[i].isUsed = true
      let partner = hits.indices.first { k in
        !hits[k].isUsed && hits[k].tile == hits[i].tile
          && hits[k].photomultiplier != hits[i].photomultiplier && hits[k].time - hits[i].time <= pairing
      }
      guard let partner else {
        tiles.append(Tile(number: hits[i].tile, time: hits[i].time, isTight: false))
        continue
      }
      hits[partner].isUsed = true
      let (a, b) = (hits[i].time, hits[partner].time)
      tiles.append(Tile(number: hits[i].tile, time: later ? max(a, b) : (a + b) >> 1, isTight: true))
    }
    hits.removeAll(keepingCapacity: true)
    tiles.sort { ($0.time, $0.number) < ($1.time, $1.number) }
  }

  /// Clusters the tiles and calls `body` with the mean time and the counts of each cluster.
  func forEachCluster(
    window: Int64, quadrant: (Int) -> Int, isOuter: (Int) -> Bool, _ body: (Int64, Counts) -> Void
  ) {
    var i = 0
    while i < tiles.count {
      let first = tiles[i].time
      var counts = Counts()
      var sum: Int64 = 0
      var taken: Int64 = 0
      while i < tiles.count, tiles[i].time - first <= window {
        if counts.all < Self.tileLimit {
          let outer = isOuter(tiles[i].number)
          counts.all += 1
          counts.tight += tiles[i].isTight ? 1 : 0
          counts.outer += outer ? 1 : 0
          counts.tightOuter += outer && tiles[i].isTight ? 1 : 0
          let place = quadrant(tiles[i].number)
          if place >= 0 { counts.quadrants |= 1 << UInt8(place & 3) }
          sum += tiles[i].time
          taken += 1
        }
        i += 1
      }
      body(sum / taken, counts)
    }
  }
}

extension PrimitiveMaker {
  /// Photomultipliers of a tile of NewCHOD are one within 10 ns, of MUV3 within 5 ns (`detectors.md` 6, 7).
  private static let newCHODPairing = Int64(10 / ReadoutClock.unit)
  private static let muv3Pairing = Int64(5 / ReadoutClock.unit)

  /// NewCHOD (`l0tp.md` 2.1); quadrants 0 to 3 are 1 to 4 of the tiles' numbers.
  mutating func makeNewCHOD(_ hits: HitList, _ frame: UInt32, _ primitives: inout [Primitive]) {
    let map = newCHODTiles
    let outer = newCHODOuter
    let window = Int64(configuration[.newCHOD].clusterWindow)
    makeTiles(hits, frame, map, NewCHODGeometry.place, Self.newCHODPairing, later: false) { tiles in
      tiles.forEachCluster(
        window: window, quadrant: { $0 / 100 - 1 }, isOuter: { !outer.indices.contains($0) || outer[$0] }
      ) { time, counts in
        Self.append(time, Self.newCHODIdentifier(counts), frame: frame, &primitives)
      }
    }
  }

  /// MUV3 (`l0tp.md` 2.1); quadrants as those of NewCHOD, of outer tiles only.
  mutating func makeMUV3(_ hits: HitList, _ frame: UInt32, _ primitives: inout [Primitive]) {
    let map = muv3Tiles
    let window = Int64(configuration[.muv3].clusterWindow)
    makeTiles(hits, frame, map, MUV3Geometry.place, Self.muv3Pairing, later: true) { tiles in
      tiles.forEachCluster(
        window: window, quadrant: Self.muv3Quadrant, isOuter: { $0 < 144 }
      ) { time, counts in
        Self.append(time, Self.muv3Identifier(counts), frame: frame, &primitives)
      }
    }
  }

  /// Quadrant of an outer tile of MUV3, -1 of an inner one.
  static func muv3Quadrant(_ tile: Int) -> Int {
    guard tile < 144 else { return -1 }
    let isRight = tile % 12 >= 6
    let isUp = tile / 12 >= 6
    return isRight ? (isUp ? 0 : 1) : (isUp ? 3 : 2)
  }

  /// Collects the hits of each stretch of four clock periods and has them clustered.
  private mutating func makeTiles(
    _ hits: HitList, _ frame: UInt32, _ map: [Int16], _ place: (Int) -> (tile: Int, photomultiplier: Int),
    _ pairing: Int64, later: Bool, _ cluster: (TileClusters) -> Void
  ) {
    var stretch: Int64 = -1
    for i in Self.range(hits, frame) {
      guard let units = Self.units(hits, i, frame) else { continue }
      let channel = Int(hits[i].channel)
      guard channel >= 0, channel < map.count, map[channel] >= 0 else { continue }
      if units >> 10 != stretch {
        tiles.pair(within: pairing, later: later)
        cluster(tiles)
        stretch = units >> 10
      }
      guard tiles.hits.count < TileClusters.hitLimit else { continue }
      let found = place(Int(map[channel]))
      tiles.hits.append(
        TileClusters.Hit(tile: found.tile, photomultiplier: found.photomultiplier, time: units))
    }
    tiles.pair(within: pairing, later: later)
    cluster(tiles)
  }

  /// Whether two opposite quadrants are among those of a mask.
  private static func hasOpposite(_ quadrants: UInt8) -> Bool {
    quadrants & 5 == 5 || quadrants & 10 == 10
  }

  /// Bits of a NewCHOD primitive from run 7614: QE1 to QE4, HO1, HTO1, H1, HT1, H2, HT2, Q2, QX, UTMC, UTMCO,
  /// NewCHOD.
  static func newCHODIdentifier(_ counts: TileClusters.Counts) -> UInt16 {
    // QE2 is quadrant index 3, QE1, QE3 and QE4 are taken to follow in that order (`detectors.md` 13).
    var bits: UInt16 =
      switch counts.quadrants {
      case 1: 1
      case 8: 2
      case 4: 4
      case 2: 8
      default: 0
      }
    if counts.outer > 0 { bits |= 1 << 4 }
    if counts.tightOuter > 0 { bits |= 1 << 5 }
    if counts.all > 0 { bits |= 1 << 6 }
    if counts.tight > 0 { bits |= 1 << 7 }
    if counts.all > 1 { bits |= 1 << 8 }
    if counts.tight > 1 { bits |= 1 << 9 }
    if counts.quadrants.nonzeroBitCount >= 2 { bits |= 1 << 10 }
    if hasOpposite(counts.quadrants) { bits |= 1 << 11 }
    if counts.all < 5 { bits |= 1 << 12 }
    if counts.outer < 5 { bits |= 1 << 13 }
    return bits | 1 << 14
  }

  /// Bits of a MUV3 primitive from run 7962: MQE1 to MQE4, MTO1, MT1, MTO2, MT2, MOQ2, MOQX, MO1, M1, MO2, M2,
  /// MUV.
  static func muv3Identifier(_ counts: TileClusters.Counts) -> UInt16 {
    var bits: UInt16 = counts.quadrants.nonzeroBitCount == 1 ? UInt16(counts.quadrants) : 0
    if counts.tightOuter > 0 { bits |= 1 << 4 }
    if counts.tight > 0 { bits |= 1 << 5 }
    if counts.tightOuter > 1 { bits |= 1 << 6 }
    if counts.tight > 1 { bits |= 1 << 7 }
    if counts.quadrants.nonzeroBitCount >= 2 { bits |= 1 << 8 }
    if hasOpposite(counts.quadrants) { bits |= 1 << 9 }
    if counts.outer > 0 { bits |= 1 << 10 }
    if counts.all > 0 { bits |= 1 << 11 }
    if counts.outer > 1 { bits |= 1 << 12 }
    if counts.all > 1 { bits |= 1 << 13 }
    return bits | 1 << 14
  }
}
