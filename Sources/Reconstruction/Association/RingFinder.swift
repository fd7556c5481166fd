import Detectors
import Foundation
import NA62Formats

/// Rings of RICH for tracks whose place and momentum are known: likelihoods of the hypotheses, radius and time
/// (`detectors.md` section 10).
///
/// A hit is of the ring that a hypothesis lets expect, of another track's ring, or of background. Other tracks' rings
/// are those of their own best hypotheses, found first with background alone.
struct RingFinder: ~Copyable {
  /// Hits and tracks of an event that are looked at; more is an overflow.
  private static let hitLimit = 384
  static let trackLimit = 16
  /// e, µ, π, K.
  static let masses = SIMD4(ParticleMass.electron, ParticleMass.muon, ParticleMass.pion, ParticleMass.kaon)
  /// How far from a ring a hit may be, in resolutions.
  private static let reach: Float = 4
  /// Steps of the table of the normal distribution for one standard deviation.
  private static let steps: Float = 128
  /// Width of the bins in which a ring without a hypothesis is looked for, mm, and half of the bins of a ring.
  private static let bin: Float = 4
  private static let halfBins = 3

  /// A track with what is expected of it. Not private, see `CHODFinder.Near`.
  struct Expected: BitwiseCopyable {
    /// Centre of the ring.
    var centre = SIMD2<Float>.zero
    var momentum = 0.0
    /// Radius by hypothesis; 0 for no light.
    var radius = SIMD4<Float>.zero
    /// Hits by hypothesis.
    var hits = SIMD4<Float>.zero
    /// Hits for each mm² on the ring of a hypothesis, over the height of the normal distribution; 0 for no light.
    var heights = SIMD4<Float>.zero
    /// Spread of a hit about the ring.
    var resolution: Float = 0
    /// Time of the ring.
    var time: Float = 0
    /// Likelihoods with background alone.
    var likelihoods = SIMD4<Float>.zero
    /// Its hits, in `rings`.
    var first = 0
    var end = 0
  }

  /// A hit that may be of a track's ring. Not private, see `CHODFinder.Near`.
  struct Near: BitwiseCopyable {
    /// Place in the list of the hits.
    var hit: Int32
    var time: Float
    /// From the centre.
    var distance: Float
    /// Hits for each mm² that the track's best hypothesis lets expect.
    var density: Float
  }

  // A pointer stands first, see StrawAlgorithm.
  /// The hits of the tracks' rings, track by track.
  private let rings: UnsafeMutablePointer<Near>
  /// Sum of the densities over the tracks, by hit.
  private let total: UnsafeMutablePointer<Float>
  /// Distances and times of the hits of one ring.
  private let own: UnsafeMutablePointer<SIMD2<Float>>
  private let tracks: UnsafeMutablePointer<Expected>
  private var trackCount = 0
  /// The hits, by 1000 × disk + photomultiplier.
  var hits = DetectorHits(limit: RingFinder.hitLimit)
  /// By photomultiplier and disk: x and y with the disk's shift taken away.
  private let positions: ContiguousArray<SIMD2<Float>>
  private var counts = ContiguousArray<Int32>(repeating: 0, count: 96)
  private let normal: ContiguousArray<Float>
  private let settings: AssociationConfiguration.RICH
  private let index: Double
  /// Spread of the centre by the scattering in the last chamber, mm GeV/c.
  private let scattering: Double

  init(settings: AssociationConfiguration.RICH, radiationLengths: Double, maps: L1DetectorMaps) {
    self.settings = settings
    positions = ContiguousArray(
      (0..<2).flatMap { disk in maps.richPosition.map { $0 - SIMD2(settings.shifts[disk], 0) } })
    let tangent = settings.electronRing / settings.focalLength
    index = (1 + tangent * tangent).squareRoot()
    scattering = Scattering.planeAngle(radiationLengths: radiationLengths) * settings.focalLength
    // The last step is beyond the reach.
    normal = ContiguousArray(
      (0...Int(Self.reach * Self.steps)).map {
        let z = Double($0) / Double(Self.steps)
        return Float($0) < Self.reach * Self.steps ? Float(exp(-z * z / 2) / (2 * Double.pi).squareRoot()) : 0
      })
    rings = .allocate(capacity: Self.hitLimit * Self.trackLimit)
    total = .allocate(capacity: Self.hitLimit)
    own = .allocate(capacity: Self.hitLimit)
    tracks = .allocate(capacity: Self.trackLimit)
  }

  deinit {
    rings.deallocate()
    total.deallocate()
    own.deallocate()
    tracks.deallocate()
  }

  /// Number of a photomultiplier by the value of the channel map; −1 for an OR and for none.
  static func place(_ value: Int32) -> Int32 {
    let p = Int(value)
    guard p >= 0, p / 10 % 10 == 0 else { return -1 }
    let disk = p / 100_000
    let number = 8 * (p / 100 % 100) + p % 10 + 488 * (p / 10_000 % 10)
    return disk < 2 && number < 976 ? Int32(976 * disk + number) : -1
  }

  /// Begins an event, when its hits are there.
  mutating func begin() {
    trackCount = 0
    total.initialize(repeating: 0, count: hits.count)
  }

  /// Adds a track.
  ///
  /// - Parameters:
  ///   - slope: behind the magnet.
  ///   - mirror: x at the mirrors, whose side says on which disk its light is.
  ///   - momentum: in GeV/c.
  ///   - time: where its ring is looked for, within `search`.
  mutating func add(slope: SIMD2<Double>, mirror: Double, momentum: Double, time: Float, search: Float) {
    guard trackCount < Self.trackLimit else { return }
    var track = Expected()
    let centre = settings.focalLength * slope
    track.centre = SIMD2<Float>(centre)
    track.momentum = momentum
    track.time = time
    let spread = scattering / max(momentum, 0.5)
    track.resolution = Float((settings.resolution * settings.resolution + spread * spread).squareRoot())
    for h in 0..<4 {
      let mass = Self.masses[h] / momentum
      let cosine = (1 + mass * mass).squareRoot() / index
      guard cosine < 1 else { continue }
      let radius = settings.focalLength * acos(cosine)
      let share = radius / settings.electronRing
      track.radius[h] = Float(radius)
      track.hits[h] = Float(settings.hits * share * share * visible(centre, mirror, radius))
      track.heights[h] =
        track.hits[h] / (2 * Float.pi * max(track.radius[h], track.resolution) * track.resolution)
    }
    measure(&track, search)
    (tracks + trackCount).initialize(to: track)
    trackCount += 1
  }

  /// The part of a ring that lies on the disks, by the side of the mirrors that the light meets.
  private func visible(_ centre: SIMD2<Double>, _ mirror: Double, _ radius: Double) -> Double {
    let jura = min(max(0.5 + mirror / (2 * radius), 0), 1)
    func part(_ disk: Int) -> Double {
      let place = centre + SIMD2(Double(settings.shifts[disk]), 0)
      let distance = (place * place).sum().squareRoot()
      let edge = settings.diskRadius
      if distance + radius <= edge { return 1 }
      if distance >= edge + radius || radius >= edge + distance { return 0 }
      let cosine = (distance * distance + radius * radius - edge * edge) / (2 * distance * radius)
      return acos(min(max(cosine, -1), 1)) / Double.pi
    }
    return jura * part(0) + (1 - jura) * part(1)
  }

  /// The hits that may be of a track's ring, and its time: their mean.
  private func measure(_ track: inout Expected, _ search: Float) {
    let largest = track.radius.x + Self.reach * track.resolution
    track.first = trackCount == 0 ? 0 : tracks[trackCount - 1].end
    let near = rings + track.first
    var count = 0
    // The mean below moves by no more than its window each time.
    let most = search + max(settings.window, search / 2) + max(settings.window, search / 4) + settings.window
    for i in 0..<hits.count {
      let hit = hits[i]
      guard abs(hit.time - track.time) <= most, positions.indices.contains(Int(hit.place)) else { continue }
      let d = positions[Int(hit.place)] - track.centre
      let distance = (d * d).sum().squareRoot()
      (near + count).initialize(
        to: Near(hit: Int32(truncatingIfNeeded: i), time: hit.time, distance: distance, density: 0))
      count += distance < largest ? 1 : 0
    }
    var window = search
    for _ in 0..<3 {
      var (sum, n) = (Float(0), Float(0))
      for i in 0..<count where abs(near[i].time - track.time) <= window {
        sum += near[i].time
        n += 1
      }
      guard n > 0 else { break }
      track.time = sum / n
      window = max(settings.window, window / 2)
    }
    var kept = 0
    for i in 0..<count {
      near[kept] = near[i]
      kept += abs(near[i].time - track.time) <= settings.window ? 1 : 0
    }
    track.end = track.first + kept
  }

  /// Step in the table of the normal distribution at a distance from rings.
  @inline(__always)
  private func value(_ z: Float) -> Float { normal[Int(min(Self.reach * Self.steps, z))] }

  /// Hits for each mm² at a distance from the centre that the hypotheses of a track let expect.
  @inline(__always)
  private func densities(_ track: Expected, _ distance: Float, _ scale: Float) -> SIMD4<Float> {
    let d = (distance - track.radius) * scale
    let z = d.replacing(with: -d, where: d .< 0)
    return SIMD4(value(z.x), value(z.y), value(z.z), value(z.w)) * track.heights
  }

  /// Finds the likelihoods of all tracks.
  ///
  /// - Parameter give: takes a track's match, in the order in which they were added.
  mutating func run(_ give: (Int, RingMatch) -> Void) {
    // First with background alone, then with the rings of the others.
    for k in 0..<trackCount {
      tracks[k].likelihoods = likelihoods(tracks[k], alone: true)
      note(tracks[k])
    }
    for k in 0..<trackCount {
      var match = RingMatch()
      let isAlone = (tracks[k].first..<tracks[k].end).allSatisfy {
        total[Int(rings[$0].hit)] <= rings[$0].density
      }
      match.logLikelihood = isAlone ? tracks[k].likelihoods : likelihoods(tracks[k], alone: false)
      fit(tracks[k], &match)
      give(k, match)
    }
  }

  /// Notes the densities of a track's best hypothesis.
  private func note(_ track: Expected) {
    var best = -1
    var value: Float = 0
    for h in 0..<4 where track.likelihoods[h] > value {
      best = h
      value = track.likelihoods[h]
    }
    guard best >= 0 else { return }
    let scale = Self.steps / track.resolution
    for i in track.first..<track.end {
      let z = abs(rings[i].distance - track.radius[best]) * scale
      rings[i].density = self.value(z) * track.heights[best]
      total[Int(rings[i].hit)] += rings[i].density
    }
  }

  /// The likelihoods of a track's hypotheses over that of no ring.
  private func likelihoods(_ track: Expected, alone: Bool) -> SIMD4<Float> {
    var products = SIMD4<Double>(repeating: 1)
    var logs = SIMD4<Double>.zero
    var factors = 0
    let scale = Self.steps / track.resolution
    let plain = Float(settings.background)
    for i in track.first..<track.end {
      let hit = rings[i]
      let background = alone ? plain : plain + max(total[Int(hit.hit)] - hit.density, 0)
      products *= 1 + SIMD4<Double>(densities(track, hit.distance, scale) / background)
      factors += 1
      // A factor is below 10⁴ or so: 48 of them are far from the end of the range.
      if factors == 48 {
        for h in 0..<4 { logs[h] += log(products[h]) }
        products = SIMD4(repeating: 1)
        factors = 0
      }
    }
    for h in 0..<4 where products[h] != 1 { logs[h] += log(products[h]) }
    return SIMD4<Float>(logs - SIMD4<Double>(track.hits))
  }

  /// The ring of a track by the most hits at one distance, with its time and mass; hits that are rather another
  /// track's do not count.
  private mutating func fit(_ track: Expected, _ match: inout RingMatch) {
    let limit = Float(settings.background) * 16
    var count = 0
    for i in track.first..<track.end {
      let hit = rings[i]
      let others = total[Int(hit.hit)] - hit.density
      (own + count).initialize(to: SIMD2(hit.distance, hit.time))
      count += others < limit || others < hit.density ? 1 : 0
    }
    guard count >= settings.ringHits else { return }
    for b in counts.indices { counts[b] = 0 }
    for i in 0..<count { counts[min(Int(own[i].x / Self.bin), counts.count - 1)] += 1 }
    var (most, place) = (Int32(0), 0)
    var sum: Int32 = 0
    for b in counts.indices {
      sum += counts[b]
      if b > 2 * Self.halfBins { sum -= counts[b - 2 * Self.halfBins - 1] }
      if sum > most { (most, place) = (sum, b) }
    }
    guard most >= settings.ringHits else { return }
    var radius = (Float(place - Self.halfBins) + 0.5) * Self.bin
    var hitCount = 0
    var sums = SIMD2<Float>.zero
    for _ in 0..<3 {
      hitCount = 0
      sums = .zero
      for i in 0..<count where abs(own[i].x - radius) < 2.7 * track.resolution {
        sums += own[i]
        hitCount += 1
      }
      guard hitCount >= settings.ringHits else { return }
      radius = sums.x / Float(hitCount)
    }
    match.radius = radius
    match.hits = UInt16(hitCount)
    match.time = sums.y / Float(hitCount)
    let cosine = index * cos(Double(radius) / settings.focalLength)
    match.massSquared = Float(track.momentum * track.momentum * (cosine * cosine - 1))
  }
}
