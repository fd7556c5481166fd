import NA62Formats

/// Candidates of KTAG: hits of several sectors that are near in time (`detectors.md` section 1).
struct KTAGFinder: ~Copyable {
  /// Hits of an event that are looked at; more is an overflow.
  private static let limit = 512
  /// Candidates that are made; the largest come first.
  private static let candidates = 12

  /// A candidate.
  struct Candidate {
    var time: Float
    var sectors: Int
    var hits: Int
  }

  /// Times in order, with their sectors.
  private let sorted: UnsafeMutablePointer<DetectorHit>
  private var count = 0
  /// The hits, by sector.
  var hits: DetectorHits
  private let settings: AssociationConfiguration.KTAG

  /// - Parameter latest: how far from the trigger the time may be that a candidate is looked for at, ns.
  init(settings: AssociationConfiguration.KTAG, latest: Float = EdgeOrigin.reach) {
    self.settings = settings
    sorted = .allocate(capacity: Self.limit)
    hits = DetectorHits(limit: Self.limit, reach: latest + settings.search + 2 * settings.cluster)
  }

  deinit { sorted.deallocate() }

  /// The candidate with enough sectors that is nearest to a time.
  mutating func nearest(to time: Float) -> Candidate? {
    let reach = settings.search + 2 * settings.cluster
    count = 0
    for i in 0..<hits.count {
      let hit = hits[i]
      guard abs(hit.time - time) <= reach else { continue }
      // Into its place: hits come board by board, each in order of time, and few are near the time.
      var k = count
      while k > 0, Self.isBefore(hit, sorted[k - 1]) {
        sorted[k] = sorted[k - 1]
        k -= 1
      }
      sorted[k] = hit
      count += 1
    }
    var best: Candidate?
    for _ in 0..<Self.candidates {
      guard let found = takeLargest() else { break }
      guard found.sectors >= settings.sectors, abs(found.time - time) <= settings.search else { continue }
      if let best, abs(best.time - time) <= abs(found.time - time) { continue }
      best = found
    }
    return best
  }

  @inline(__always)
  private static func isBefore(_ a: DetectorHit, _ b: DetectorHit) -> Bool {
    a.time != b.time ? a.time < b.time : a.place < b.place
  }

  /// The stretch of twice the window with the most hits, moved to its mean; its hits are taken away.
  private mutating func takeLargest() -> Candidate? {
    var (first, most) = (0, 0)
    var i = 0
    for j in 0..<count {
      while sorted[j].time - sorted[i].time > 2 * settings.cluster { i += 1 }
      if j - i + 1 > most { (first, most) = (i, j - i + 1) }
    }
    guard most >= settings.sectors else { return nil }
    let middle = mean(first..<(first + most))
    // About the mean, so that what began the stretch by chance does no harm.
    var (low, high) = (0, count - 1)
    while low < count, sorted[low].time < middle - settings.cluster { low += 1 }
    while high >= 0, sorted[high].time > middle + settings.cluster { high -= 1 }
    guard low <= high else { return nil }
    var sectors = 0
    for k in low...high { sectors |= 1 << (Int(sorted[k].place) & 7) }
    let candidate = Candidate(
      time: mean(low..<(high + 1)), sectors: sectors.nonzeroBitCount, hits: high - low + 1)
    let (begin, end) = (min(low, first), max(high + 1, first + most))
    for k in end..<max(count, end) { sorted[begin + k - end] = sorted[k] }
    count -= end - begin
    return candidate
  }

  private func mean(_ range: Range<Int>) -> Float {
    var sum: Float = 0
    for k in range { sum += sorted[k].time }
    return sum / Float(range.count)
  }
}
