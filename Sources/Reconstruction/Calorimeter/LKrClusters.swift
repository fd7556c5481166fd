import Detectors
import EventBuilding
import NA62Formats

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

  /// A cluster that is being found, lengths in cells. Not private, see `CHODFinder.Near`.
  struct Seed: BitwiseCopyable {
    var index: Int32
    /// Cells around it that are in `near`, in each direction, and where they are.
    var reach = 0
    var first = 0
    var end = 0
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

  /// A cell near a seed. Not private, see `CHODFinder.Near`.
  struct Near: BitwiseCopyable {
    /// From the seed.
    var offset: SIMD2<Float>
    var energy: Float
    var time: Float
    /// The larger of the distances in columns and rows.
    var ring: Int16
    var isSaturated: Bool
  }

  /// Where seeds are looked for, in columns and rows. Not private, see `CHODFinder.Near`.
  struct Area: BitwiseCopyable {
    var centre: SIMD2<Float>
    var radius: Float
  }

  // A pointer stands first, see StrawAlgorithm.
  private let seeds: UnsafeMutablePointer<Seed>
  private var seedCount = 0
  private var near = ScratchList<Near>(capacity: 1024)
  private var areas = ScratchList<Area>(capacity: 64)
  var cells: LKrCells
  private let shape = ShowerShape()
  private let settings: AssociationConfiguration.LKr
  /// Whether something was left out of the present event.
  private(set) var isOverflow = false

  init(settings: AssociationConfiguration.LKr, layout: EventLayout) {
    self.settings = settings
    cells = LKrCells(settings: settings, layout: layout)
    seeds = .allocate(capacity: Self.limit)
  }

  deinit { seeds.deallocate() }

  /// Decodes an event and appends its clusters to the event that is open.
  mutating func run(_ data: CalorimeterData, reference: Float, into columns: inout ClusterColumns) {
    cells.begin(data)
    cells.decodeAll(data)
    cells.fit(reference)
    isOverflow = cells.isOverflow
    seedCount = 0
    for i in 0..<cells.count { addSeed(i) }
    finish(&columns)
  }

  /// Decodes an event so far as the clusters need that may be near some places, and appends these, and those that they
  /// share cells with, to the event that is open: what they are is the same as with the whole event, unless that is an
  /// overflow.
  ///
  /// - Parameters:
  ///   - places: in columns and rows.
  ///   - distance: how near a cluster has to be, in cells.
  mutating func run(
    _ data: CalorimeterData, reference: Float, near places: ContiguousArray<SIMD2<Float>>,
    within distance: Float, into columns: inout ClusterColumns
  ) {
    cells.begin(data)
    isOverflow = false
    seedCount = 0
    areas.removeAll()
    // A shower is up to half a cell, in both coordinates, from the middle of its cell.
    for place in places { areas.append(Area(centre: place, radius: distance + 0.75)) }
    var first = 0
    while first < areas.count {
      let end = areas.count
      // To the cells around those of the area.
      for i in first..<end { cells.decode(data, near: areas[i].centre, within: areas[i].radius + 1.5) }
      cells.fit(reference)
      for i in 0..<cells.count where isSearched(i, first..<end) {
        // Who may have cells of it is looked for around it.
        if addSeed(i) { areas.append(Area(centre: seedCell(i), radius: Self.sharing)) }
      }
      first = end
    }
    if cells.isOverflow { isOverflow = true }
    finish(&columns)
  }

  /// Whether a cell is in one of the areas, and large enough for a seed that is not there yet.
  private func isSearched(_ i: Int, _ range: Range<Int>) -> Bool {
    let cell = cells.list[i + 1]
    guard cell.energy > settings.seedEnergy else { return false }
    for k in 0..<seedCount where seeds[k].index == cell.index { return false }
    let place = seedCell(i)
    for k in range {
      let d = place - areas[k].centre
      if (d * d).sum() < areas[k].radius * areas[k].radius { return true }
    }
    return false
  }

  private func seedCell(_ i: Int) -> SIMD2<Float> {
    let cell = LKrCells.cell(Int(cells.list[i + 1].index))
    return SIMD2(Float(cell.column), Float(cell.row))
  }

  /// Finds the clusters of the seeds.
  private mutating func finish(_ columns: inout ClusterColumns) {
    near.removeAll()
    markNeighbours()
    for _ in 0..<Self.steps {
      for k in 0..<seedCount { measure(k) }
    }
    for k in 0..<seedCount where seeds[k].energy > 0 {
      let seed = seeds[k]
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

  /// Adds a cell as a seed if it is above the threshold, larger than each of the eight around it, and stands out of
  /// their mean.
  ///
  /// - Returns: whether it is one.
  @discardableResult
  private mutating func addSeed(_ i: Int) -> Bool {
    let e = cells.list[i + 1].energy
    guard e > settings.seedEnergy else { return false }
    let index = Int(cells.list[i + 1].index)
    var sum: Float = 0
    var isLargest = true
    for dx in -1...1 {
      for dy in -1...1 where dx != 0 || dy != 0 {
        let other = cells[index + dx * LKrCells.stride + dy].energy
        sum += other
        // Of two that are equal, as at the end of the range, the first of the grid.
        if other > e || other == e && (dx < 0 || dx == 0 && dy < 0) { isLargest = false }
      }
    }
    guard isLargest, e > sum / 8 * settings.seedRatio + settings.seedOffset else { return false }
    guard seedCount < Self.limit else {
      isOverflow = true
      return false
    }
    var seed = Seed(index: Int32(truncatingIfNeeded: index), cell: seedCell(i), energy: e + sum)
    seed.density = seed.energy / shape.sum(0, 0)
    // Into its place in the order of the grid, whatever the order of the boards.
    var k = seedCount
    while k > 0, seeds[k - 1].index > seed.index {
      seeds[k] = seeds[k - 1]
      k -= 1
    }
    (seeds + k).initialize(to: seed)
    seedCount += 1
    return true
  }

  /// Distance, in cells, within which seeds may have cells of each other.
  private static let sharing = Float(2 * LKrShower.radius / LKrGeometry.cell)

  private func markNeighbours() {
    let limit = Self.sharing
    for i in 0..<seedCount {
      for j in 0..<i {
        let d = seeds[i].cell - seeds[j].cell
        guard (d * d).sum() < limit * limit else { continue }
        seeds[i].neighbours |= 1 << UInt64(j)
        seeds[j].neighbours |= 1 << UInt64(i)
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
    // With one to spare for the next step.
    if reach > seed.reach { collect(&seed, reach: min(reach + 1, Self.reach)) }
    for i in seed.first..<seed.end {
      let cell = near[i]
      guard cell.ring <= reach else { continue }
      let d = cell.offset - seed.place
      let share = shape.share(d.x, d.y)
      let own = seed.density * share
      guard own > settings.cellEnergy || cell.ring == 0 else { continue }
      guard !cell.isSaturated else {
        seed.isSaturated = true
        continue
      }
      let mine = cell.energy * part(k, seed.cell + cell.offset, own)
      read += mine
      expected += share
      weights += mine * mine
      times += mine * mine * cell.time
      seed.cells += 1
    }
    if expected > 0, weights > 0 {
      seed.density = read / expected
      seed.energy = seed.density * shape.sum(seed.place.x, seed.place.y)
      seed.time = times / weights
    }
    seeds[k] = seed
  }

  /// Collects the cells around a seed.
  private mutating func collect(_ seed: inout Seed, reach: Int) {
    seed.reach = reach
    seed.first = near.count
    for dx in -reach...reach {
      let column = Int(seed.index) + dx * LKrCells.stride
      for dy in -reach...reach {
        let slot = Int(cells.slots[column + dy])
        guard slot != 0, cells.list[slot].energy > 0 else { continue }
        let cell = cells.list[slot]
        near.append(
          Near(
            offset: SIMD2(Float(dx), Float(dy)), energy: cell.energy, time: cell.time,
            ring: Int16(max(abs(dx), abs(dy))), isSaturated: cell.isSaturated))
      }
    }
    seed.end = near.count
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
        let cell = cells[here]
        let e =
          cell.energy > 0 && !cell.isSaturated ? cell.energy * part(k, seed.cell + offset, own) : own
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
