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

  /// A track with what is expected of it.
  private struct Expected: BitwiseCopyable {
    /// Centre of the ring.
    var centre = SIMD2<Float>.zero
    var momentum = 0.0
    /// Radius by hypothesis; 0 for no light.
    var radius = SIMD4<Float>.zero
    /// Hits by hypothesis.
    var hits = SIMD4<Float>.zero
    /// Spread of a hit about the ring.
    var resolution: Float = 0
    /// Time of the ring, and how far from it a hit may be.
    var time: Float = 0
    /// Best hypothesis so far, or −1 for no ring.
    var best = -1
  }

  /// The hits, by 1000 × disk + photomultiplier.
  var hits = DetectorHits(limit: RingFinder.hitLimit)
  /// By photomultiplier and disk: x and y with the disk's shift taken away.
  private let positions: ContiguousArray<SIMD2<Float>>
  private var points = ContiguousArray<SIMD2<Float>>(repeating: .zero, count: RingFinder.hitLimit)
  /// By track and hit: distance from the centre, infinite for a hit out of time or beyond all rings; and hits for each
  /// mm² that the track's best hypothesis lets expect.
  private var distances: ContiguousArray<Float>
  private var densities: ContiguousArray<Float>
  /// Sum of `densities` over the tracks.
  private var total = ContiguousArray<Float>(repeating: 0, count: RingFinder.hitLimit)
  private var tracks: ContiguousArray<Expected> = []
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
    normal = ContiguousArray(
      (0...Int(Self.reach * Self.steps)).map {
        let z = Double($0) / Double(Self.steps)
        return Float(exp(-z * z / 2) / (2 * Double.pi).squareRoot())
      })
    distances = ContiguousArray(repeating: 0, count: Self.hitLimit * Self.trackLimit)
    densities = distances
    tracks.reserveCapacity(Self.trackLimit)
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
    tracks.removeAll(keepingCapacity: true)
    for i in 0..<hits.count {
      let place = Int(hits[i].place)
      points[i] = positions.indices.contains(place) ? positions[place] : SIMD2(repeating: 1e6)
    }
  }

  /// Adds a track.
  ///
  /// - Parameters:
  ///   - slope: behind the magnet.
  ///   - mirror: x at the mirrors, whose side says on which disk its light is.
  ///   - momentum: in GeV/c.
  ///   - time: where its ring is looked for, within `search`.
  mutating func add(slope: SIMD2<Double>, mirror: Double, momentum: Double, time: Float, search: Float) {
    guard tracks.count < Self.trackLimit else { return }
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
    }
    tracks.append(track)
    measure(tracks.count - 1, search)
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

  /// Distances of the hits from a track's centre, and the time of its ring: the mean of the hits that may be of it.
  private mutating func measure(_ k: Int, _ search: Float) {
    var track = tracks[k]
    let row = k * Self.hitLimit
    let largest = track.radius.x + Self.reach * track.resolution
    let count = hits.count
    for i in 0..<count {
      let d = points[i] - track.centre
      let distance = (d * d).sum().squareRoot()
      distances[row + i] = distance < largest ? distance : .infinity
    }
    var window = search
    for _ in 0..<3 {
      var (sum, n) = (Float(0), Float(0))
      for i in 0..<count where distances[row + i] < largest && abs(hits[i].time - track.time) <= window {
        sum += hits[i].time
        n += 1
      }
      guard n > 0 else { break }
      track.time = sum / n
      window = max(settings.window, window / 2)
    }
    for i in 0..<count where abs(hits[i].time - track.time) > settings.window {
      distances[row + i] = .infinity
    }
    tracks[k] = track
  }

  /// Hits for each mm² at a distance from the centre that a hypothesis of a track lets expect.
  @inline(__always)
  private func density(_ track: Expected, _ h: Int, _ distance: Float) -> Float {
    let radius = track.radius[h]
    guard radius > 0 else { return 0 }
    let z = abs(distance - radius) / track.resolution * Self.steps
    guard z < Self.reach * Self.steps else { return 0 }
    return normal[Int(z)] * track.hits[h] / (2 * Float.pi * max(radius, track.resolution) * track.resolution)
  }

  /// Finds the likelihoods of all tracks.
  ///
  /// - Parameter give: takes a track's match, in the order in which they were added.
  mutating func run(_ give: (Int, RingMatch) -> Void) {
    let count = hits.count
    for i in 0..<count { total[i] = 0 }
    for k in tracks.indices {
      for i in 0..<count { densities[k * Self.hitLimit + i] = 0 }
    }
    // First with background alone, then with the rings of the others.
    for pass in 0..<2 {
      for k in tracks.indices {
        let likelihoods = likelihoods(k, alone: pass == 0)
        if pass == 1 {
          var match = RingMatch()
          match.logLikelihood = likelihoods
          fit(k, &match)
          give(k, match)
        } else {
          note(k, likelihoods)
        }
      }
      guard pass == 0 else { break }
      for k in tracks.indices {
        for i in 0..<count { total[i] += densities[k * Self.hitLimit + i] }
      }
    }
  }

  /// Notes the densities of a track's best hypothesis.
  private mutating func note(_ k: Int, _ likelihoods: SIMD4<Float>) {
    var best = -1
    var value: Float = 0
    for h in 0..<4 where likelihoods[h] > value {
      best = h
      value = likelihoods[h]
    }
    tracks[k].best = best
    guard best >= 0 else { return }
    let row = k * Self.hitLimit
    for i in 0..<hits.count where distances[row + i] < .infinity {
      densities[row + i] = density(tracks[k], best, distances[row + i])
    }
  }

  /// The likelihoods of a track's hypotheses over that of no ring.
  private func likelihoods(_ k: Int, alone: Bool) -> SIMD4<Float> {
    let track = tracks[k]
    let row = k * Self.hitLimit
    var products = SIMD4<Double>(repeating: 1)
    var logs = SIMD4<Double>.zero
    var factors = 0
    for i in 0..<hits.count {
      let distance = distances[row + i]
      guard distance < .infinity else { continue }
      var background = Float(settings.background)
      if !alone { background += max(total[i] - densities[row + i], 0) }
      for h in 0..<4 { products[h] *= 1 + Double(density(track, h, distance) / background) }
      factors += 1
      // A factor is below 10⁴ or so: 48 of them are far from the end of the range.
      if factors == 48 {
        for h in 0..<4 { logs[h] += log(products[h]) }
        products = SIMD4(repeating: 1)
        factors = 0
      }
    }
    for h in 0..<4 { logs[h] += log(products[h]) - Double(track.hits[h]) }
    return SIMD4<Float>(logs)
  }

  /// The ring of a track by the most hits at one distance, with its time and mass; hits that are rather another
  /// track's do not count.
  private mutating func fit(_ k: Int, _ match: inout RingMatch) {
    let track = tracks[k]
    let row = k * Self.hitLimit
    let limit = Float(settings.background) * 16
    @inline(__always)
    func isOwn(_ i: Int) -> Bool {
      let own = densities[row + i]
      let others = total[i] - own
      return distances[row + i] < .infinity && (others < limit || others < own)
    }
    for b in counts.indices { counts[b] = 0 }
    for i in 0..<hits.count where isOwn(i) {
      counts[min(Int(distances[row + i] / Self.bin), counts.count - 1)] += 1
    }
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
    var timeSum: Float = 0
    for _ in 0..<3 {
      var distanceSum: Float = 0
      hitCount = 0
      timeSum = 0
      for i in 0..<hits.count where isOwn(i) && abs(distances[row + i] - radius) < 2.7 * track.resolution {
        distanceSum += distances[row + i]
        timeSum += hits[i].time
        hitCount += 1
      }
      guard hitCount >= settings.ringHits else { return }
      radius = distanceSum / Float(hitCount)
    }
    match.radius = radius
    match.hits = UInt16(hitCount)
    match.time = timeSum / Float(hitCount)
    let cosine = index * cos(Double(radius) / settings.focalLength)
    match.massSquared = Float(track.momentum * track.momentum * (cosine * cosine - 1))
  }
}
