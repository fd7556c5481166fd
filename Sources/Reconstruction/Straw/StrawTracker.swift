import Detectors
import EventBuilding
import L1Trigger
import NA62Formats

/// What the reconstruction of an event met.
public struct ReconstructionState: OptionSet, Sendable, Hashable, BitwiseCopyable {
  /// The bits.
  public let rawValue: UInt8
  /// A state with the given bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// A list was full, so that tracks or vertices may be missing.
  public static let overflow = ReconstructionState(rawValue: 1)
  /// A fragment of STRAW was bad, or missing, and is left out.
  public static let badData = ReconstructionState(rawValue: 2)
}

/// Straw fragments to tracks: hits, clusters by view, points by chamber, segments before and behind the magnet,
/// candidates, fits, and a choice among those that share hits.
///
/// A value belongs to one worker. All memory is allocated once; each list has a limit, and an event that
/// reaches one goes on without what is beyond and is flagged.
struct StrawTracker: ~Copyable {
  /// Candidates of an event; more is an overflow.
  static let candidateLimit = 512
  /// Fits of an event; more is an overflow.
  static let fitLimit = 48
  /// Views of a segment that makes a track with a point alone: with four any two points make one.
  private static var leastViews: Int16 { 5 }
  /// A track with a time beyond this is fitted once more with its own time, ns. 3 ns widen nothing, and the time
  /// of a track in time can be wrong where a hit is.
  private static var largestTime: Float { 4 }
  /// Tracks of an event; more is an overflow.
  static let trackLimit = 32

  /// Segments that may be one track, or a segment and a point where a chamber has none.
  struct Candidate: BitwiseCopyable {
    /// Place of the segments, or −1.
    var before: Int16
    var behind: Int16
    /// The chamber and the number of the point beside a single segment, or −1.
    var chamber: Int16
    var point: Int16
    /// The smaller, the better.
    var score: Float
  }

  /// The straws of the event.
  private(set) var hits: StrawHits
  private let table = DriftTable()
  private var clusters = ViewClusters()
  private var points: ChamberPoints
  private var before: Segments
  private var behind: Segments
  private var fit: TrackFit
  private let settings: ReconstructionConfiguration.Straw
  private let magnet: ReconstructionConfiguration.Magnet
  /// Limits of 1 GeV/c over the momentum, and steepest slopes in x before and behind the magnet.
  private let inverseLimits: (least: Double, most: Double)
  private let steepest: (before: Double, behind: Double)
  private let candidates: UnsafeMutablePointer<Candidate>
  private var candidateCount = 0
  private let order: UnsafeMutablePointer<UInt16>
  /// For each hit the tracks that have it, a bit for each.
  private let owners: UnsafeMutablePointer<UInt32>
  private let tracks: UnsafeMutablePointer<Track>
  private var trackCount = 0
  private let counters: UnsafeMutablePointer<SIMD2<UInt16>>
  private var fits = 0
  private var isOverflow = false

  init(configuration: ReconstructionConfiguration, maps: L1DetectorMaps) {
    settings = configuration.straw
    magnet = configuration.magnet
    inverseLimits = (1 / settings.momentum.upperBound, 1 / settings.momentum.lowerBound)
    steepest = (
      configuration.steepest(behindMagnet: false).x, configuration.steepest(behindMagnet: true).x
    )
    hits = StrawHits(maps: maps, settings: configuration.straw)
    points = ChamberPoints(configuration: configuration)
    before = Segments(chamber: 0, configuration: configuration)
    behind = Segments(chamber: 2, configuration: configuration)
    fit = TrackFit(configuration: configuration)
    candidates = .allocate(capacity: Self.candidateLimit)
    order = .allocate(capacity: Self.candidateLimit)
    owners = .allocate(capacity: StrawPlanes.viewCount * StrawHits.viewLimit)
    tracks = .allocate(capacity: Self.trackLimit)
    counters = .allocate(capacity: Self.trackLimit)
  }

  deinit {
    candidates.deallocate()
    order.deallocate()
    owners.deallocate()
    tracks.deallocate()
    counters.deallocate()
  }

  /// Reconstructs the tracks of an event.
  mutating func run(
    bytes: RawSpan, fragments: Span<EventFragment>, timestamp: UInt32, fineTime: UInt8,
    into columns: inout TrackColumns
  ) -> ReconstructionState {
    var state: ReconstructionState = []
    let bad = hits.decode(bytes: bytes, fragments: fragments, timestamp: timestamp, fineTime: fineTime)
    if bad > 0 { state.insert(.badData) }
    clusters.make(hits, table)
    points.make(clusters)
    before.make(points)
    behind.make(points)
    isOverflow =
      hits.isOverflow || clusters.isOverflow || points.isOverflow || before.isOverflow || behind.isOverflow
    trackCount = 0
    fits = 0
    owners.update(repeating: 0, count: hits.starts[StrawPlanes.viewCount])
    candidateCount = 0
    joinSegments()
    fitCandidates()
    candidateCount = 0
    addPoints()
    fitCandidates()
    for i in 0..<trackCount { columns.append(tracks[i]) }
    columns.endEvent()
    if isOverflow { state.insert(.overflow) }
    return state
  }

  // MARK: Candidates

  private mutating func append(_ candidate: Candidate) {
    guard candidateCount < Self.candidateLimit else {
      isOverflow = true
      return
    }
    candidates[candidateCount] = candidate
    candidateCount += 1
  }

  /// 1 GeV/c over the momentum of a bend.
  @inline(__always)
  private func inverse(_ bend: Double) -> Double { abs(bend) / magnet.kick }

  /// Segments that meet in the magnet with the same slope in y.
  private mutating func joinSegments() {
    let (least, most) = inverseLimits
    for i in 0..<before.count {
      let a = before.segments[i]
      for k in 0..<behind.count {
        let b = behind.segments[k]
        let inverse = inverse(a.slope.x - b.slope.x)
        guard inverse > least, inverse < most else { continue }
        // Widths: 0.4 mm and 0.04 mrad of the measurement; scattering by 0.75 mrad GeV/c in each chamber.
        let place = 0.4 + 7 * inverse
        let turn = 0.04e-3 + 1.2e-3 * inverse
        let miss = a.atMagnet - b.atMagnet
        let kink = a.slope.y - b.slope.y
        guard abs(miss.y) < 5 * place, abs(miss.x) < 5 * place, abs(kink) < 5 * turn else { continue }
        let (px, py, pk) = (miss.x / place, miss.y / place, kink / turn)
        let join = Float(px * px + py * py + pk * pk)
        guard join < 36 else { continue }
        append(
          Candidate(
            before: Int16(truncatingIfNeeded: i), behind: Int16(truncatingIfNeeded: k), chamber: -1,
            point: -1,
            score: a.chi2 + b.chi2 + join - 6 * Float(a.views + b.views)))
      }
    }
  }

  /// By how many mm GeV/c a track is scattered between the segment on the other side of the magnet and a chamber.
  private static var scattered: SIMD4<Double> { SIMD4(18, 8, 8, 22) }

  /// Views of a chamber that see a place for sure and have no hit near it.
  private func missedViews(_ chamber: Int, _ place: SIMD2<Double>, margin: Float) -> Int {
    var n = 0
    let reach = Float(StrawGeometry.strawRadius) + margin
    for view in 0..<4 where points.sees(chamber, view, place.x, place.y) {
      let d = StrawPlanes.direction(view)
      let across = Float(d.x * place.x + d.y * place.y)
      var isHit = false
      // The ranks are 4.4 mm apart, and near ones are counted to the next.
      for i in hits.near(across, reach: reach + 3, view: 4 * chamber + view)
      where abs(hits.hits[i].wire - across) < reach { isHit = true }
      if !isHit { n += 1 }
    }
    return n
  }

  /// Segments that are in no track yet, with points on the other side: the fourth chamber does not see the
  /// track, or not all of its views do; what it has is found in the fit.
  private mutating func addPoints() {
    for i in 0..<before.count {
      let a = before.segments[i]
      guard a.views >= Self.leastViews, !isTaken(a, chamber: 0) else { continue }
      for chamber in 2..<4 { addPoints(a, Int16(truncatingIfNeeded: i), -1, chamber) }
    }
    for i in 0..<behind.count {
      let a = behind.segments[i]
      guard a.views >= Self.leastViews, !isTaken(a, chamber: 2) else { continue }
      for chamber in 0..<2 { addPoints(a, -1, Int16(truncatingIfNeeded: i), chamber) }
    }
  }

  private mutating func addPoints(_ a: Segment, _ before: Int16, _ behind: Int16, _ chamber: Int) {
    let (least, most) = inverseLimits
    let lever = StrawGeometry.chamberZ[chamber] - magnet.z
    let steepest = chamber < 2 ? steepest.before : steepest.behind
    let other = chamber ^ 1
    let otherLever = StrawGeometry.chamberZ[other] - magnet.z
    let y = a.atMagnet.y + lever * a.slope.y
    // Scattering at the least momentum, and what slopes move a point by.
    let reach = 5 * (0.6 + Self.scattered[chamber] * most) + 10
    for k in 0..<points.counts[chamber] {
      let point = points.points + chamber * ChamberPoints.limit + k
      // They are in order of y.
      let miss = point.pointee.base.y - y
      if miss < -reach { continue }
      if miss > reach + 0.1 { break }
      guard Int(a.views) + point.pointee.views >= 8 else { continue }
      // The slope in x is that from the magnet to the point.
      let rough = point.pointee.position(a.slope)
      let slope = SIMD2((rough.x - a.atMagnet.x) / lever, a.slope.y)
      guard abs(slope.x) < steepest else { continue }
      let place = point.pointee.position(slope)
      let inverse = inverse((place.x - a.atMagnet.x) / lever - a.slope.x)
      guard inverse > least, inverse < most else { continue }
      let width = 0.6 + Self.scattered[chamber] * inverse
      guard abs(place.y - y) < 5 * width else { continue }
      let missing = a.atMagnet + otherLever * slope
      guard missedViews(other, missing, margin: Float(3 + 3 * Self.scattered[other] * inverse)) < 3 else {
        continue
      }
      let pull = Float((place.y - y) / width)
      append(
        Candidate(
          before: before, behind: behind, chamber: Int16(truncatingIfNeeded: chamber),
          point: Int16(truncatingIfNeeded: k),
          score: a.chi2 + pull * pull - 6 * Float(Int(a.views) + point.pointee.views)))
    }
  }

  /// Adds the owners of the clusters of a point to the counters of the tracks.
  @inline(__always)
  private mutating func countOwners(_ chamber: Int, _ point: Int) -> Int {
    let chosen = points.points[chamber * ChamberPoints.limit + point].clusters
    var n = 0
    for view in 0..<4 where chosen[view] >= 0 {
      let cluster = clusters.clusters[(4 * chamber + view) * ViewClusters.viewLimit + Int(chosen[view])]
      n += 1
      var left = owners[Int(cluster.firstHit)]
      if cluster.hitCount > 1 { left |= owners[Int(cluster.firstHit + cluster.hitCount - 1)] }
      while left != 0 {
        let track = left.trailingZeroBitCount
        left &= left &- 1
        if chamber < 2 { counters[track].x &+= 1 } else { counters[track].y &+= 1 }
      }
    }
    return n
  }

  private mutating func resetCounters() {
    for i in 0..<trackCount { counters[i] = .zero }
  }

  /// Whether one track has more than half of the clusters of a segment.
  private mutating func isTaken(_ segment: Segment, chamber: Int) -> Bool {
    guard trackCount > 0 else { return false }
    resetCounters()
    _ = countOwners(chamber, Int(segment.first))
    _ = countOwners(chamber + 1, Int(segment.second))
    for i in 0..<trackCount where 2 * Int(counters[i].x + counters[i].y) > Int(segment.views) { return true }
    return false
  }

  // MARK: Fits

  private mutating func fitCandidates() {
    let (candidates, order) = (candidates, order)
    for i in 0..<candidateCount { order[i] = UInt16(truncatingIfNeeded: i) }
    var list = UnsafeMutableBufferPointer(start: order, count: candidateCount)
    list.sort { a, b in
      let (sa, sb) = (candidates[Int(a)].score, candidates[Int(b)].score)
      return sa != sb ? sa < sb : a < b
    }
    for i in 0..<candidateCount {
      let candidate = candidates[Int(order[i])]
      if isTaken(candidate) { continue }
      guard fits < Self.fitLimit else {
        isOverflow = true
        return
      }
      fits += 1
      fitOne(candidate)
    }
  }

  /// Whether one track has more than half of the clusters behind the magnet, and of those in all.
  private mutating func isTaken(_ candidate: Candidate) -> Bool {
    guard trackCount > 0 else { return false }
    resetCounters()
    var (front, back) = (0, 0)
    if candidate.before >= 0 {
      let a = before.segments[Int(candidate.before)]
      front += countOwners(0, Int(a.first)) + countOwners(1, Int(a.second))
    }
    if candidate.behind >= 0 {
      let a = behind.segments[Int(candidate.behind)]
      back += countOwners(2, Int(a.first)) + countOwners(3, Int(a.second))
    }
    if candidate.chamber >= 0 {
      let n = countOwners(Int(candidate.chamber), Int(candidate.point))
      if candidate.chamber < 2 { front += n } else { back += n }
    }
    for i in 0..<trackCount {
      let (x, y) = (Int(counters[i].x), Int(counters[i].y))
      if 2 * y > back, 2 * (x + y) > front + back { return true }
    }
    return false
  }

  private func start(_ candidate: Candidate) -> Trajectory {
    let z = StrawGeometry.chamberZ
    let magnet = magnet.z
    var t = Trajectory(x: .zero, y: .zero, before: .zero, after: .zero, bend: 0)
    if candidate.before >= 0 {
      let a = before.segments[Int(candidate.before)]
      t.before = a.slope
      for c in 0..<2 {
        t.x[c] = a.atMagnet.x + (z[c] - magnet) * a.slope.x
        t.y[c] = a.atMagnet.y + (z[c] - magnet) * a.slope.y
      }
    }
    if candidate.behind >= 0 {
      let a = behind.segments[Int(candidate.behind)]
      t.after = a.slope
      for c in 2..<4 {
        t.x[c] = a.atMagnet.x + (z[c] - magnet) * a.slope.x
        t.y[c] = a.atMagnet.y + (z[c] - magnet) * a.slope.y
      }
    }
    if candidate.chamber >= 0 {
      let chamber = Int(candidate.chamber)
      let point = points.points[chamber * ChamberPoints.limit + Int(candidate.point)]
      let a =
        candidate.before >= 0
        ? before.segments[Int(candidate.before)] : behind.segments[Int(candidate.behind)]
      let lever = z[chamber] - magnet
      var slope = a.slope
      slope.x = (point.position(slope).x - a.atMagnet.x) / lever
      slope.x = (point.position(slope).x - a.atMagnet.x) / lever
      if chamber < 2 { t.before = slope } else { t.after = slope }
      for c in (chamber & 2)..<(chamber & 2) + 2 {
        t.x[c] = a.atMagnet.x + (z[c] - magnet) * slope.x
        t.y[c] = a.atMagnet.y + (z[c] - magnet) * slope.y
      }
    }
    t.bend = t.before.x - t.after.x
    return t
  }

  /// Views that see the track for sure and have no hit of it.
  private func missedViews() -> Int {
    let t = fit.trajectory
    var n = 0
    for number in 0..<StrawPlanes.viewCount where fit.viewBits & (1 << UInt16(number)) == 0 {
      if points.sees(number >> 2, number & 3, t.x[number >> 2], t.y[number >> 2]) { n += 1 }
    }
    return n
  }

  private mutating func fitOne(_ candidate: Candidate) {
    let start = start(candidate)
    fit.begin(start)
    // The first pass takes hits of others too, as it has a wider gate; what is far off even so is no track.
    guard fit.pass(hits, table, sigmas: 4.5, slack: 0.8), fit.chosenCount > 9,
      fit.chi2 < 4 * settings.trackChi2 * Double(fit.chosenCount - 5),
      fit.pass(hits, table, sigmas: 4.5, slack: 0.1)
    else { return }
    // Distances of a track of another time are wrong by 0.03 to 0.1 mm/ns.
    var time = fit.time(hits, table)
    if abs(time.time) > Self.largestTime {
      let (chi2, count) = (fit.chi2, fit.chosenCount)
      fit.keep()
      if fit.pass(hits, table, sigmas: 4.5, slack: 0.1, delay: time.time), fit.chosenCount >= count,
        fit.chi2 < chi2
      {
        time = fit.time(hits, table)
      } else {
        // Not the time is wrong but a hit.
        fit.restore()
      }
    }
    let count = fit.chosenCount
    guard count > 9, fit.chi2 < settings.trackChi2 * Double(count - 5) else { return }
    let inverse = abs(fit.inverseMomentum)
    guard inverse > 1 / settings.momentum.upperBound, inverse < 1 / settings.momentum.lowerBound else {
      return
    }
    var track = Track()
    track.views = fit.viewBits
    guard track.chamberCount >= 3, missedViews() <= settings.missedViews else { return }
    // What better tracks have too.
    resetCounters()
    var behind = 0
    var shared = 0
    for k in 0..<count {
      let i = Int(fit.chosen[k])
      let isBehind = hits.hits[i].view >= 8
      if isBehind { behind += 1 }
      var left = owners[i]
      if left != 0 { shared += 1 }
      while left != 0 {
        let other = left.trailingZeroBitCount
        left &= left &- 1
        if isBehind { counters[other].y &+= 1 } else { counters[other].x &+= 1 }
      }
    }
    for i in 0..<trackCount {
      let (x, y) = (Double(counters[i].x), Double(counters[i].y))
      if y > settings.sharedBehind * Double(behind) || x + y > settings.sharedInAll * Double(count) { return }
    }
    guard trackCount < Self.trackLimit else {
      isOverflow = true
      return
    }
    fit.finish(&track)
    (track.time, track.timeError) = time
    track.inverseMomentumBeforeFit = fit.inverseMomentum(start.before, start.after)
    track.sharedHits = UInt8(truncatingIfNeeded: shared)
    for k in 0..<count { owners[Int(fit.chosen[k])] |= 1 << UInt32(trackCount) }
    tracks[trackCount] = track
    trackCount += 1
  }
}
