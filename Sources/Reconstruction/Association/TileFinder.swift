import Detectors
import NA62Formats

/// Tiles that two photomultipliers see, and which of them are a track's: NewCHOD and MUV3.
struct TileFinder: ~Copyable {
  /// Hits of an event that are looked at; more is an overflow.
  private static let limit = 192

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
  private let boxes: [DetectorBox?]
  /// Tile and photomultiplier of a channel map's value.
  private let place: @Sendable (Int) -> (tile: Int, photomultiplier: Int)
  /// Whether a tile's time is that of the later photomultiplier, else their mean.
  private let isLater: Bool

  init(
    settings: AssociationConfiguration.Tiles, boxes: [DetectorBox?], isLater: Bool,
    place: @escaping @Sendable (Int) -> (tile: Int, photomultiplier: Int)
  ) {
    self.settings = settings
    self.boxes = boxes
    self.isLater = isLater
    self.place = place
  }

  /// Pairs the hits to tiles; a hit without a partner is a tile of its own.
  mutating func makeTiles() {
    tiles.removeAll()
    // Each hit takes the nearest free partner; `used` marks those that are taken.
    var used = SIMD4<UInt64>.zero
    for i in 0..<hits.count {
      guard used[i / 64] >> UInt64(i % 64) & 1 == 0 else { continue }
      let first = place(Int(hits[i].place))
      guard boxes.indices.contains(first.tile), boxes[first.tile] != nil else { continue }
      var partner = -1
      var least = settings.pair
      for j in (i + 1)..<max(hits.count, i + 1) {
        guard used[j / 64] >> UInt64(j % 64) & 1 == 0 else { continue }
        let gap = abs(hits[j].time - hits[i].time)
        guard gap <= least else { continue }
        let second = place(Int(hits[j].place))
        guard second.tile == first.tile, second.photomultiplier != first.photomultiplier else { continue }
        least = gap
        partner = j
      }
      var tile = Tile(
        number: Int16(truncatingIfNeeded: first.tile), isTight: partner >= 0, time: hits[i].time)
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
      guard abs(gap) <= settings.search, let box = boxes[Int(tile.number)] else { continue }
      let square = box.distanceSquared(point)
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
