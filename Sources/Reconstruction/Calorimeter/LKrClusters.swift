import Detectors
import EventBuilding

/// Clusters of LKr: seeds, the cells around them, energy, position and time (`detectors.md` 12.4).
///
/// The energy is that which the cells well above the threshold of the zero suppression stand for by the profile of a
/// shower, so that nothing is lost with the cells that were not sent; cells of several clusters are shared out by
/// what each lets expect there.
struct LKrClusters: ~Copyable {
  /// Clusters of an event; more is an overflow.
  static let limit = 64
  /// Steps in which position, energy and shares are found.
  private static let steps = 3
  /// Cells around the seed, in each direction.
  private static let reach = 5

  /// A cluster that is being found, lengths in cells.
  private struct Seed: BitwiseCopyable {
    var index: Int32
    /// Place of the shower from the middle of its cell.
    var place: SIMD2<Float> = .zero
    /// Column and row of its cell.
    var cell: SIMD2<Float>
    var energy: Float
    /// Energy over the sum of the shares.
    var density: Float = 0
    var time: Float = 0
    var cells: UInt16 = 0
    var isSaturated = false
    /// The clusters that may have cells of this one, one bit each.
    var neighbours: UInt64 = 0
  }

  var cells: LKrCells
  private var seeds = ContiguousArray<Seed>()
  private let shape = ShowerShape()
  private let settings: AssociationConfiguration.LKr
  /// Whether something was left out of the present event.
  private(set) var isOverflow = false

  init(settings: AssociationConfiguration.LKr, layout: EventLayout) {
    self.settings = settings
    cells = LKrCells(settings: settings, layout: layout)
    seeds.reserveCapacity(Self.limit)
  }

  /// Decodes an event and appends its clusters to the event that is open.
  mutating func run(_ data: CalorimeterData, reference: Float, into columns: inout ClusterColumns) {
    cells.decode(data, reference: reference)
    isOverflow = cells.isOverflow
    findSeeds()
    markNeighbours()
    for _ in 0..<Self.steps {
      for k in seeds.indices { measure(k) }
    }
    for seed in seeds where seed.energy > 0 {
      var cluster = Cluster()
      let place = seed.cell + seed.place
      cluster.position = SIMD2(
        Float(LKrGeometry.coordinate(Double(place.x))), Float(LKrGeometry.coordinate(Double(place.y))))
      cluster.energy = seed.energy * settings.scale
      cluster.time = seed.time
      cluster.cells = seed.cells
      cluster.isSaturated = seed.isSaturated
      columns.append(cluster)
    }
  }

  /// Cells above the threshold that are larger than each of the eight around them, and stand out of their mean.
  private mutating func findSeeds() {
    seeds.removeAll(keepingCapacity: true)
    let energy = cells.energy
    for i in 0..<cells.count {
      let index = Int(cells.list[i])
      let e = energy[index]
      guard e > settings.seedEnergy else { continue }
      var sum: Float = 0
      var isLargest = true
      for dx in -1...1 {
        for dy in -1...1 where dx != 0 || dy != 0 {
          let other = energy[index + dx * LKrCells.stride + dy]
          sum += other
          // Of two that are equal, as at the end of the range, the first of the grid.
          if other > e || other == e && (dx < 0 || dx == 0 && dy < 0) { isLargest = false }
        }
      }
      guard isLargest, e > sum / 8 * settings.seedRatio + settings.seedOffset else { continue }
      guard seeds.count < Self.limit else {
        isOverflow = true
        return
      }
      let cell = LKrCells.cell(index)
      seeds.append(
        Seed(
          index: Int32(truncatingIfNeeded: index), cell: SIMD2(Float(cell.column), Float(cell.row)),
          energy: e + sum))
    }
    // In order of the grid, whatever the order of the boards.
    seeds.sort { $0.index < $1.index }
    for k in seeds.indices { seeds[k].density = seeds[k].energy / shape.sum(0, 0) }
  }

  private mutating func markNeighbours() {
    let limit = Float(2 * LKrShower.radius / LKrGeometry.cell)
    for i in seeds.indices {
      for j in seeds.indices where j != i {
        let d = seeds[i].cell - seeds[j].cell
        if (d * d).sum() < limit * limit { seeds[i].neighbours |= 1 << UInt64(j) }
      }
    }
  }

  /// The part of a cell's energy that is a cluster's.
  @inline(__always)
  private func part(_ k: Int, _ cell: SIMD2<Float>, _ own: Float) -> Float {
    var left = seeds[k].neighbours
    guard left != 0 else { return 1 }
    var all = own
    while left != 0 {
      let j = left.trailingZeroBitCount
      left &= left &- 1
      let d = cell - (seeds[j].cell + seeds[j].place)
      all += seeds[j].density * shape.share(d.x, d.y)
    }
    return all > 0 ? own / all : 0
  }

  /// One step: position, energy and time of a cluster from those of the step before.
  private mutating func measure(_ k: Int) {
    var seed = seeds[k]
    let index = Int(seed.index)
    locate(k, &seed, index)
    var (read, expected) = (Float(0), Float(0))
    var (weights, times) = (Float(0), Float(0))
    seed.cells = 0
    seed.isSaturated = false
    // So far as a cell may count.
    var reach = 1
    while reach < Self.reach, seed.density * shape.share(Float(reach) + 0.5, 0) > settings.cellEnergy {
      reach += 1
    }
    for dx in -reach...reach {
      for dy in -reach...reach {
        let here = index + dx * LKrCells.stride + dy
        let e = cells.energy[here]
        guard e > 0 else { continue }
        let offset = SIMD2(Float(dx), Float(dy))
        let d = offset - seed.place
        let share = shape.share(d.x, d.y)
        let own = seed.density * share
        guard own > settings.cellEnergy || dx == 0 && dy == 0 else { continue }
        guard cells.isSaturated[here] == 0 else {
          seed.isSaturated = true
          continue
        }
        let mine = e * part(k, seed.cell + offset, own)
        read += mine
        expected += share
        weights += mine * mine
        times += mine * mine * cells.time[here]
        seed.cells += 1
      }
    }
    if expected > 0, weights > 0 {
      seed.density = read / expected
      seed.energy = seed.density * shape.sum(seed.place.x, seed.place.y)
      seed.time = times / weights
    }
    seeds[k] = seed
  }

  /// The place of a shower from the barycentre of 3 × 3 cells; those that are not there, or beyond their range, count
  /// with what is expected.
  private func locate(_ k: Int, _ seed: inout Seed, _ index: Int) {
    var sum: Float = 0
    var moment = SIMD2<Float>.zero
    for dx in -1...1 {
      for dy in -1...1 {
        let here = index + dx * LKrCells.stride + dy
        let offset = SIMD2(Float(dx), Float(dy))
        let d = offset - seed.place
        let own = seed.density * shape.share(d.x, d.y)
        var e = cells.energy[here]
        e = e > 0 && cells.isSaturated[here] == 0 ? e * part(k, seed.cell + offset, own) : own
        sum += e
        moment += e * offset
      }
    }
    guard sum > 0 else { return }
    let barycentre = moment / sum
    seed.place = SIMD2(
      shape.place(barycentre: barycentre.x, other: seed.place.y),
      shape.place(barycentre: barycentre.y, other: seed.place.x))
  }
}
