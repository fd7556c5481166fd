import Detectors
import NA62Formats

/// Tiles that two photomultipliers see, and which of them are a track's: NewCHOD and MUV3.
struct TileFinder: ~Copyable {
  /// Hits of an event that are looked at; more is an overflow.
  private static let limit = 192
  /// Values of the channel maps are below this.
  private static let values = 512

  /// A tile with a time. Not private, see `CHODFinder.Near`.
  struct Tile: BitwiseCopyable {
    var number: Int16
    var isTight: Bool
    var time: Float
  }

  /// The hits of the photomultipliers.
  var hits = DetectorHits(limit: TileFinder.limit)
  private var tiles = ScratchList<Tile>(capacity: TileFinder.limit)
  private let settings: AssociationConfiguration.Tiles
  private let boxes: ContiguousArray<DetectorBox>
  /// 2 × tile + photomultiplier by a channel map's value; −1 for no tile.
  private let places: ContiguousArray<Int32>
  /// Whether a tile's time is that of the later photomultiplier, else their mean.
  private let isLater: Bool

  init(
    settings: AssociationConfiguration.Tiles, boxes: [DetectorBox?], isLater: Bool,
    place: (Int) -> (tile: Int, photomultiplier: Int)
  ) {
    self.settings = settings
    self.boxes = ContiguousArray(boxes.map { $0 ?? DetectorBox(low: .zero, high: .zero) })
    self.isLater = isLater
    places = ContiguousArray(
      (0..<Self.values).map {
        let (tile, photomultiplier) = place($0)
        guard boxes.indices.contains(tile), boxes[tile] != nil else { return -1 }
        return Int32(2 * tile + photomultiplier)
      })
  }

  /// Pairs the hits to tiles; a hit without a partner is a tile of its own.
  mutating func makeTiles() {
    tiles.removeAll()
    // Each hit takes the nearest free partner; `used` marks those that are taken.
    var used = SIMD4<UInt64>.zero
    let count = hits.count
    for i in 0..<count {
      guard used[i / 64] >> UInt64(i % 64) & 1 == 0 else { continue }
      let hit = hits[i]
      guard places.indices.contains(Int(hit.place)) else { continue }
      let first = places[Int(hit.place)]
      guard first >= 0 else { continue }
      var partner = -1
      var least = settings.pair
      for j in (i + 1)..<max(count, i + 1) {
        let other = hits[j]
        let gap = abs(other.time - hit.time)
        guard gap <= least, used[j / 64] >> UInt64(j % 64) & 1 == 0,
          places.indices.contains(Int(other.place)), places[Int(other.place)] == first ^ 1
        else { continue }
        least = gap
        partner = j
      }
      var tile = Tile(
        number: Int16(truncatingIfNeeded: first / 2), isTight: partner >= 0, time: hit.time)
      if partner >= 0 {
        used[partner / 64] |= 1 << UInt64(partner % 64)
        let other = hits[partner].time
        tile.time = isLater ? max(tile.time, other) : (tile.time + other) / 2
      }
      tiles.append(tile)
    }
  }

  /// How many tiles are in time with the event.
  func count(at time: Float) -> Int {
    tiles.withElements { tiles in
      tiles.reduce(0) { $0 + (abs($1.time - time) <= settings.window ? 1 : 0) }
    }
  }

  /// The tile of a track that passes a point: the best in place and time, tight ones first.
  func match(_ point: SIMD2<Double>, time: Float, momentum: Double) -> TileMatch {
    var match = TileMatch()
    let reach = settings.tolerance + settings.spreads * settings.scattering / max(momentum, 0.1)
    var best = Double.infinity
    for i in 0..<tiles.count {
      let tile = tiles[i]
      let gap = tile.time - time
      guard abs(gap) <= settings.search else { continue }
      let square = boxes[Int(tile.number)].distanceSquared(point)
      guard square <= reach * reach else { continue }
      let ratio = Double(gap / settings.search)
      let score = square / (reach * reach + 1e-9) + ratio * ratio + (tile.isTight ? 0 : 1)
      guard score < best else { continue }
      best = score
      match.time = tile.time
      match.distance = Float(square.squareRoot())
      match.tile = tile.number
      match.isTight = tile.isTight
    }
    return match
  }
}
