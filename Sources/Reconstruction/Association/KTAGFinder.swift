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

  /// The hits, by sector.
  var hits = DetectorHits(limit: KTAGFinder.limit)
  /// Times in order, with their sectors.
  private var sorted: ContiguousArray<DetectorHit> = []
  private let settings: AssociationConfiguration.KTAG

  init(settings: AssociationConfiguration.KTAG) {
    self.settings = settings
    sorted.reserveCapacity(Self.limit)
  }

  /// The candidate with enough sectors that is nearest to a time.
  mutating func nearest(to time: Float) -> Candidate? {
    sorted.removeAll(keepingCapacity: true)
    let reach = settings.search + 2 * settings.cluster
    for i in 0..<hits.count where abs(hits[i].time - time) <= reach { sorted.append(hits[i]) }
    sorted.sort { $0.time != $1.time ? $0.time < $1.time : $0.place < $1.place }
    var best: Candidate?
    for _ in 0..<Self.candidates {
      guard let found = takeLargest() else { break }
      guard found.sectors >= settings.sectors, abs(found.time - time) <= settings.search else { continue }
      if let best, abs(best.time - time) <= abs(found.time - time) { continue }
      best = found
    }
    return best
  }

  /// The stretch of twice the window with the most hits, moved to its mean; its hits are taken away.
  private mutating func takeLargest() -> Candidate? {
    var (first, count) = (0, 0)
    var i = 0
    for j in sorted.indices {
      while sorted[j].time - sorted[i].time > 2 * settings.cluster { i += 1 }
      if j - i + 1 > count { (first, count) = (i, j - i + 1) }
    }
    guard count >= settings.sectors else { return nil }
    let middle = mean(first..<(first + count))
    // About the mean, so that what began the stretch by chance does no harm.
    let low = sorted.firstIndex { $0.time >= middle - settings.cluster } ?? first
    let high = sorted.lastIndex { $0.time <= middle + settings.cluster } ?? first
    guard low <= high else { return nil }
    var sectors = 0
    for k in low...high { sectors |= 1 << (Int(sorted[k].place) & 7) }
    let candidate = Candidate(
      time: mean(low..<(high + 1)), sectors: sectors.nonzeroBitCount, hits: high - low + 1)
    sorted.removeSubrange(min(low, first)...max(high, first + count - 1))
    return candidate
  }

  private func mean(_ range: Range<Int>) -> Float {
    var sum: Float = 0
    for k in range { sum += sorted[k].time }
    return sum / Float(range.count)
  }
}
