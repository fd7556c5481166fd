import Detectors
import NA62Formats

/// The slabs of CHOD that are a track's, with the time that the light takes to their ends.
struct CHODFinder: ~Copyable {
  /// Slabs of an event that are looked at; more is an overflow.
  private static let limit = 128

  /// A slab near a track. Not private, as Swift 6.3.1 cannot compile a list of a private type in a structure that is
  /// not copied.
  struct Near: BitwiseCopyable {
    var slab: Int16
    /// Time at the track, ns.
    var time: Float
    /// Distance over the tolerance, squared.
    var miss: Float
  }

  /// The hits, by slab.
  var hits = DetectorHits(limit: CHODFinder.limit)
  private var vertical = ScratchList<Near>(capacity: CHODFinder.limit)
  private var horizontal = ScratchList<Near>(capacity: CHODFinder.limit)
  private let settings: AssociationConfiguration.CHOD
  private let slabs = ContiguousArray(CHODGeometry.slabs)

  init(settings: AssociationConfiguration.CHOD) { self.settings = settings }

  /// The slabs of a track.
  ///
  /// - Parameters:
  ///   - vertical: the point in the plane that measures x, which vertical slabs make.
  ///   - horizontal: the point in the other.
  ///   - time: the track's time.
  mutating func match(
    vertical first: SIMD2<Double>, horizontal second: SIMD2<Double>, time: Float
  ) -> CHODMatch {
    vertical.removeAll()
    horizontal.removeAll()
    let limit = settings.tolerance * settings.tolerance
    for i in 0..<hits.count {
      let number = Int(hits[i].place)
      guard slabs.indices.contains(number) else { continue }
      let slab = slabs[number]
      let point = slab.isHorizontal ? second : first
      let square = slab.box.distanceSquared(point)
      guard square <= limit else { continue }
      let along = abs(slab.isHorizontal ? point.x : point.y)
      let light = settings.lightDelay * (slab.length - along) - settings.lightOffset
      let at = hits[i].time - Float(light)
      guard abs(at - time) <= settings.search else { continue }
      let near = Near(
        slab: Int16(truncatingIfNeeded: number), time: at, miss: limit > 0 ? Float(square / limit) : 0)
      if slab.isHorizontal { horizontal.append(near) } else { vertical.append(near) }
    }
    return best(time)
  }

  /// The best pair, or the best slab where there is no pair.
  private func best(_ time: Float) -> CHODMatch {
    var match = CHODMatch()
    var best = Float.infinity
    let scale = 1 / (2 * settings.resolution * settings.resolution)
    for i in 0..<vertical.count {
      for j in 0..<horizontal.count {
        let (a, b) = (vertical[i], horizontal[j])
        let gap = a.time - b.time
        guard abs(gap) <= settings.pair else { continue }
        let mean = (a.time + b.time) / 2
        let late = (mean - time) / settings.search
        let score = gap * gap * scale + a.miss + b.miss + 9 * late * late
        guard score < best else { continue }
        best = score
        match.time = mean
        match.planes = 2
        match.slabs = SIMD2(a.slab, b.slab)
      }
    }
    guard match.planes == 0 else { return match }
    func take(_ near: Near, _ place: Int) {
      let late = (near.time - time) / settings.search
      let score = near.miss + 9 * late * late
      guard score < best else { return }
      best = score
      match.time = near.time
      match.planes = 1
      match.slabs = SIMD2(-1, -1)
      match.slabs[place] = near.slab
    }
    for i in 0..<vertical.count { take(vertical[i], 0) }
    for j in 0..<horizontal.count { take(horizontal[j], 1) }
    return match
  }
}
