public import Detectors
public import EventBuilding
import NA62Formats

/// Joins what the detectors other than STRAW saw to the tracks and to the event: one worker, with scratch memory of
/// its own. Each board is decoded once, and only where its part is asked for. What comes out depends on the event and
/// its tracks alone.
///
/// For example, with the tracks of an event:
///
///     var associator = Associator(configuration: configuration, layout: batch.layout, maps: maps)
///     associator.run(event, of: batch, calorimeter: nil, tracks: tracks, range: range, into: &columns)
///     for i in range { print(columns.chod[i].time, columns.rich[i].logLikelihood) }
public struct Associator: ~Copyable {
  /// Where RICH begins and where its mirrors stand, mm (`detectors.md` section 10, C).
  private static let radiator = (front: 219_445.0, mirror: 236_873.0)
  /// z of the chambers, mm.
  private static let chambers = [183_508.0, 194_066, 204_459, 218_885]
  /// Readout channels of the board of IRC, SAC and NewCHOD: 64 each of SAC and IRC, NewCHOD from 192 on.
  private static let newCHODChannel = 192
  /// Added to the counters of SAC and of IRC to tell them from tiles.
  private static let sacPlace: Int32 = 1 << 16
  private static let ircPlace: Int32 = 2 << 16

  private var codes = ScratchList<TEL62.Code>(capacity: 1024)
  private var ktag: KTAGFinder
  private var chod: CHODFinder
  private var newCHOD: TileFinder
  private var muv3: TileFinder
  private var rich: RingFinder
  private var lav: LAVFinder
  private var small = DetectorHits(limit: 1024)
  private var irc = DetectorHits(limit: 64)
  private var sac = DetectorHits(limit: 64)
  private var lkr: LKrClusters
  /// The parts that are there of the event that was begun last.
  private var done: DetectorParts = []
  /// Its tracks.
  private var tracks: ContiguousArray<TrackAssociation> = []
  private var lines: ContiguousArray<Lines> = []
  /// Where they meet LKr, in columns and rows, and the clusters there.
  private var places: ContiguousArray<SIMD2<Float>> = []
  private var showers = ClusterColumns()
  private let ktagMap: ChannelMap
  private let lavMap: ChannelMap
  private let chodMap: ChannelMap
  private let muv3Map: ChannelMap
  private let smallMap: ChannelMap
  /// Numbers of the photomultipliers of RICH. The fifth board has the ORs of the supercells, which are no hits.
  private let richMap: ChannelMap
  private let configuration: ReconstructionConfiguration
  private let settings: AssociationConfiguration
  private let fragmentCount: Int
  /// The fragments of the sources within an event.
  private let ranges:
    (
      ktag: Range<Int>, lav: Range<Int>, chod: Range<Int>, rich: Range<Int>, small: Range<Int>,
      muv3: Range<Int>
    )

  /// A worker for the given configuration.
  public init(configuration: ReconstructionConfiguration, layout: EventLayout, maps: L1DetectorMaps) {
    self.configuration = configuration
    settings = configuration.association
    ranges = (
      layout.fragments(of: .ktag), layout.fragments(of: .lav), layout.fragments(of: .chod),
      layout.fragments(of: .rich), layout.fragments(of: .ircSacNewCHOD), layout.fragments(of: .muv3)
    )
    ktagMap = ChannelMap(boards: ranges.ktag.count) { Int32(($0 << 2 | $1 / 128) / 3) }
    lavMap = ChannelMap(boards: ranges.lav.count) { board, channel in
      let number = ChannelMap.channels * board + channel
      return Self.value(maps.lav, number) >= 0 ? Int32(truncatingIfNeeded: number) : -1
    }
    richMap = ChannelMap(boards: min(ranges.rich.count, 4)) {
      RingFinder.place(Self.value(maps.rich, ChannelMap.channels * $0 + $1))
    }
    chodMap = ChannelMap(boards: 1) { Self.value(maps.chod, $1) }
    muv3Map = ChannelMap(boards: 1) { Self.value(maps.muv3, $1) }
    smallMap = ChannelMap(boards: 1) { _, channel in
      if channel >= Self.newCHODChannel { return min(Self.value(maps.newCHOD, channel), Self.sacPlace - 1) }
      // Low thresholds only; SAC has the first 64 channels, IRC the next.
      let counter = Self.value(maps.ircSac, channel)
      guard (0..<4).contains(counter) else { return -1 }
      return counter + (channel < 64 ? Self.sacPlace : Self.ircPlace)
    }
    ktag = KTAGFinder(settings: settings.ktag, latest: settings.downstreamWindow)
    chod = CHODFinder(settings: settings.chod)
    newCHOD = TileFinder(
      settings: settings.newCHOD, boxes: NewCHODGeometry.boxes, isLater: false, place: NewCHODGeometry.place)
    muv3 = TileFinder(
      settings: settings.muv3, boxes: MUV3Geometry.boxes, isLater: true, place: MUV3Geometry.place)
    rich = RingFinder(
      settings: settings.rich, radiationLengths: configuration.straw.radiationLengths, maps: maps)
    lav = LAVFinder(settings: settings.lav, latest: settings.downstreamWindow)
    lkr = LKrClusters(settings: settings.lkr, layout: layout)
    fragmentCount = layout.fragmentCount
  }

  /// Joins an event of a batch, and appends it to `columns`.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - batch: its batch.
  ///   - calorimeter: what LKr sent of it after L1; `nil` if it is not there, and all quantities of LKr are NaN.
  ///   - all: tracks, among them the event's.
  ///   - range: the event's tracks. Those of `columns` have to be as many as come before it.
  ///   - columns: takes the event and its tracks.
  public mutating func run(
    _ event: BuiltEvent, of batch: EventBatch, calorimeter: CalorimeterData?, tracks all: TrackColumns,
    range: Range<Int>, into columns: inout AssociationColumns
  ) {
    begin(tracks: all, range: range, into: &columns)
    add(.all, of: event, of: batch, calorimeter: calorimeter, to: &columns)
  }

  /// Begins an event: appends it and its tracks to `columns`, with all quantities not available.
  mutating func begin(tracks all: TrackColumns, range: Range<Int>, into columns: inout AssociationColumns) {
    tracks.removeAll(keepingCapacity: true)
    lines.removeAll(keepingCapacity: true)
    for i in range {
      lines.append(Lines(all, i, magnet: configuration.magnet.z))
      tracks.append(TrackAssociation())
      columns.append(TrackAssociation())
    }
    var out = EventAssociation()
    out.state.insert(.noLKr)
    columns.clusters.endEvent()
    columns.append(out)
    done = []
  }

  /// Adds parts of the event that was begun last, and those that they need, to `columns`; those that are there already
  /// are left.
  ///
  /// - Returns: the parts that were added.
  @discardableResult
  mutating func add(
    _ parts: DetectorParts, of event: BuiltEvent, of batch: EventBatch, calorimeter: CalorimeterData?,
    to columns: inout AssociationColumns
  ) -> DetectorParts {
    guard var out = columns.events.last, columns.lkr.count >= tracks.count else { return [] }
    var wanted = parts.withTheirOwnNeeds.subtracting(done)
    if calorimeter == nil { wanted.subtract([.showers, .calorimeter]) }
    done.formUnion(wanted)
    if !wanted.isDisjoint(with: .readBeforeL1) {
      let storage = batch.bytes
      let fragments = batch.fragments
      let first = Int(event.firstFragment)
      let boards = fragments.span.extracting(first..<(first + fragmentCount))
      let bytes = storage.span.bytes
      let origin = EdgeOrigin(timestamp: event.timestamp, fineTime: event.l0.fineTime)
      if wanted.contains(.hodoscopes) { addHodoscopes(boards, bytes, origin, &out) }
      if wanted.contains(.times) { addTimes(boards, bytes, origin, &out) }
      if wanted.contains(.ktag) { addKTAG(boards, bytes, origin, &out) }
      if wanted.contains(.lav) { addLAV(boards, bytes, origin, &out) }
    }
    if let calorimeter {
      let reference = Float(event.l0.fineTime) * Float(ClockTicks.fineTimeUnit)
      if wanted.contains(.calorimeter) {
        addCalorimeter(calorimeter, reference, &out, &columns)
      } else if wanted.contains(.showers) {
        addShowers(calorimeter, reference)
      }
    }
    columns.replaceLast(out, tracks)
    return wanted
  }

  // MARK: Parts

  private mutating func addHodoscopes(
    _ fragments: Span<EventFragment>, _ bytes: RawSpan, _ origin: EdgeOrigin, _ out: inout EventAssociation
  ) {
    chod.hits.removeAll()
    if ranges.chod.isEmpty
      || !chod.hits.decode(
        fragments[ranges.chod.lowerBound], bytes, origin, board: 0, of: chodMap, codes: &codes)
    {
      out.state.insert(.noCHOD)
    }
    newCHOD.hits.removeAll()
    irc.removeAll()
    sac.removeAll()
    if ranges.small.isEmpty || !decodeSmall(fragments[ranges.small.lowerBound], bytes, origin) {
      out.state.insert(.noIRCSACNewCHOD)
    }
    newCHOD.makeTiles()
    if chod.hits.isOverflow || newCHOD.hits.isOverflow || irc.isOverflow || sac.isOverflow || small.isOverflow
    {
      out.state.insert(.overflow)
    }
    for k in tracks.indices { match(k, out.state) }
  }

  /// RICH at the tracks, the times of these and of the event, and what is compared with them.
  private mutating func addTimes(
    _ fragments: Span<EventFragment>, _ bytes: RawSpan, _ origin: EdgeOrigin, _ out: inout EventAssociation
  ) {
    rich.hits.removeAll()
    if ranges.rich.isEmpty { out.state.insert(.noRICH) }
    for (board, f) in ranges.rich.prefix(richMap.boards).enumerated()
    where !rich.hits.decode(fragments[f], bytes, origin, board: board, of: richMap, codes: &codes) {
      out.state.insert(.noRICH)
    }
    muv3.hits.removeAll()
    if ranges.muv3.isEmpty
      || !muv3.hits.decode(
        fragments[ranges.muv3.lowerBound], bytes, origin, board: 0, of: muv3Map, codes: &codes)
    {
      out.state.insert(.noMUV3)
    }
    muv3.makeTiles()
    rich.begin()
    if rich.hits.isOverflow || muv3.hits.isOverflow || tracks.count > RingFinder.trackLimit {
      out.state.insert(.overflow)
    }
    if !out.state.contains(.noRICH) { findRings() }
    out.downstreamTime = setTimes()
    findMuons(out.state)
    count(&out)
  }

  private mutating func addKTAG(
    _ fragments: Span<EventFragment>, _ bytes: RawSpan, _ origin: EdgeOrigin, _ out: inout EventAssociation
  ) {
    ktag.hits.removeAll()
    if ranges.ktag.isEmpty { out.state.insert(.noKTAG) }
    for (board, f) in ranges.ktag.enumerated()
    where !ktag.hits.decode(fragments[f], bytes, origin, board: board, of: ktagMap, codes: &codes) {
      out.state.insert(.noKTAG)
    }
    if ktag.hits.isOverflow { out.state.insert(.overflow) }
    guard !out.state.contains(.noKTAG) else { return }
    let candidate = ktag.nearest(to: out.time)
    out.ktagSectors = Float(candidate?.sectors ?? 0)
    out.ktagHits = Float(candidate?.hits ?? 0)
    if let candidate { out.ktagTime = candidate.time }
  }

  private mutating func addLAV(
    _ fragments: Span<EventFragment>, _ bytes: RawSpan, _ origin: EdgeOrigin, _ out: inout EventAssociation
  ) {
    lav.removeAll()
    if ranges.lav.isEmpty { out.state.insert(.noLAV) }
    for (board, f) in ranges.lav.enumerated()
    where !lav.decode(fragments[f], bytes, origin, board: board, of: lavMap, codes: &codes) {
      out.state.insert(.noLAV)
    }
    if lav.isOverflow { out.state.insert(.overflow) }
    guard !out.state.contains(.noLAV) else { return }
    out.lavHits = Float(lav.blocks.count(within: settings.lav.window, of: out.time))
  }

  private mutating func addCalorimeter(
    _ calorimeter: CalorimeterData, _ reference: Float, _ out: inout EventAssociation,
    _ columns: inout AssociationColumns
  ) {
    let first = columns.clusters.count
    columns.clusters.reopenEvent()
    lkr.run(calorimeter, reference: reference, into: &columns.clusters)
    columns.clusters.endEvent()
    let found = first..<columns.clusters.count
    for k in tracks.indices { matchClusters(k, columns.clusters, found) }
    countClusters(columns.clusters, found, &out)
    out.state.remove(.noLKr)
    if lkr.cells.badFragments > 0 { out.state.insert(.badLKr) }
    if lkr.isOverflow { out.state.insert(.overflow) }
  }

  /// The clusters at the tracks alone.
  private mutating func addShowers(_ calorimeter: CalorimeterData, _ reference: Float) {
    places.removeAll(keepingCapacity: true)
    for k in tracks.indices where tracks[k].acceptance.contains(.lkr) {
      let place = lines[k].point(LKrGeometry.z)
      places.append(SIMD2(Float(LKrGeometry.place(place.x)), Float(LKrGeometry.place(place.y))))
    }
    guard !places.isEmpty else { return }
    showers.removeAll()
    lkr.run(
      calorimeter, reference: reference, near: places,
      within: settings.lkr.trackDistance / Float(LKrGeometry.cell), into: &showers)
    for k in tracks.indices {
      matchClusters(k, showers, 0..<showers.count)
      // They are not in the batch.
      tracks[k].lkr.cluster = -1
    }
  }

  // MARK: Boards

  @inline(__always)
  private static func value(_ map: ContiguousArray<Int32>, _ channel: Int) -> Int32 {
    channel < map.count ? map[channel] : -1
  }

  /// The board that IRC, SAC and NewCHOD share.
  private mutating func decodeSmall(
    _ fragment: EventFragment, _ bytes: RawSpan, _ origin: EdgeOrigin
  ) -> Bool {
    small.removeAll()
    guard small.decode(fragment, bytes, origin, board: 0, of: smallMap, codes: &codes) else { return false }
    for i in 0..<small.count {
      let hit = small[i]
      if hit.place < Self.sacPlace {
        newCHOD.hits.append(hit)
      } else if hit.place < Self.ircPlace {
        sac.append(hit)
      } else {
        irc.append(hit)
      }
    }
    return true
  }

  // MARK: Tracks

  /// What is asked of a track: its lines before and behind the magnet, momentum and STRAW's time. Not private, see
  /// `CHODFinder.Near`.
  struct Lines: BitwiseCopyable {
    var before: (place: SIMD2<Double>, slope: SIMD2<Double>)
    var behind: (place: SIMD2<Double>, slope: SIMD2<Double>)
    var magnet: Double
    var inverseMomentum: Double
    var momentum: Double
    var time: Float

    init(_ all: TrackColumns, _ i: Int, magnet: Double) {
      before = (all.upstream[i].position, all.upstream[i].slope)
      behind = (all.downstream[i].position, all.downstream[i].slope)
      self.magnet = magnet
      inverseMomentum = abs(all.inverseMomentum[i])
      momentum = 1 / inverseMomentum
      time = all.time[i]
    }

    @inline(__always)
    func point(_ z: Double) -> SIMD2<Double> {
      z < magnet
        ? before.place + (z - TrackColumns.upstreamZ) * before.slope
        : behind.place + (z - TrackColumns.downstreamZ) * behind.slope
    }
  }

  private func acceptance(_ line: Lines) -> TrackAcceptance {
    var found: TrackAcceptance = []
    func isIn(_ place: Int, _ z: Double) -> Bool { settings.acceptance[place].contains(line.point(z)) }
    for chamber in 0..<4 where isIn(chamber, Self.chambers[chamber]) {
      found.insert(TrackAcceptance(rawValue: 1 << UInt16(chamber)))
    }
    if isIn(4, Self.radiator.front), isIn(4, Self.radiator.mirror) { found.insert(.rich) }
    if isIn(5, NewCHODGeometry.z) { found.insert(.newCHOD) }
    if isIn(6, CHODGeometry.z.vertical), isIn(6, CHODGeometry.z.horizontal) { found.insert(.chod) }
    if isIn(7, LKrGeometry.z) { found.insert(.lkr) }
    if isIn(8, MUV3Geometry.z) { found.insert(.muv3) }
    return found
  }

  /// The hodoscopes at a track, and its acceptances.
  private mutating func match(_ k: Int, _ state: AssociationState) {
    let line = lines[k]
    var track = TrackAssociation()
    track.acceptance = acceptance(line)
    if !state.contains(.noCHOD) {
      track.chod = chod.match(
        vertical: line.point(CHODGeometry.z.vertical), horizontal: line.point(CHODGeometry.z.horizontal),
        time: line.time)
    }
    if !state.contains(.noIRCSACNewCHOD) {
      track.newCHOD = newCHOD.match(
        line.point(NewCHODGeometry.z), time: track.chod.planes == 2 ? track.chod.time : line.time,
        momentum: line.momentum)
    }
    tracks[k] = track
  }

  private mutating func findRings() {
    for k in tracks.indices {
      let line = lines[k]
      let hodoscope = tracks[k].chod.planes > 0 ? tracks[k].chod.time : tracks[k].newCHOD.time
      rich.add(
        slope: line.behind.slope, mirror: line.point(Self.radiator.mirror).x, momentum: line.momentum,
        time: hodoscope.isNaN ? line.time : hodoscope,
        search: hodoscope.isNaN ? settings.rich.strawSearch : settings.rich.search)
    }
    var found = ContiguousArray<TrackAssociation>()
    swap(&found, &tracks)
    rich.run { k, match in found[k].rich = match }
    swap(&found, &tracks)
  }

  /// The best times of the tracks, and their mean near the trigger.
  private mutating func setTimes() -> Float {
    var (sum, count) = (Float(0), Float(0))
    for k in tracks.indices {
      let track = tracks[k]
      let time =
        !track.rich.time.isNaN
        ? track.rich.time : track.chod.planes > 0 ? track.chod.time : track.newCHOD.time
      tracks[k].time = time
      guard abs(time) <= settings.downstreamWindow else { continue }
      sum += time
      count += 1
    }
    return count > 0 ? sum / count : .nan
  }

  private mutating func findMuons(_ state: AssociationState) {
    guard !state.contains(.noMUV3) else { return }
    for k in tracks.indices {
      let (line, time) = (lines[k], tracks[k].time)
      tracks[k].muv3 = muv3.match(
        line.point(MUV3Geometry.z), time: time.isNaN ? line.time : time, momentum: line.momentum)
    }
  }

  // MARK: Event

  /// Counts the hits in time of what is decoded with the tracks.
  private mutating func count(_ out: inout EventAssociation) {
    let time = out.time
    if !out.state.contains(.noCHOD) {
      out.chodHits = Float(chod.hits.count(within: settings.chod.window, of: time))
    }
    if !out.state.contains(.noIRCSACNewCHOD) {
      out.ircHits = Float(irc.count(within: settings.ircWindow, of: time))
      out.sacHits = Float(sac.count(within: settings.sacWindow, of: time))
      out.newCHODHits = Float(newCHOD.count(at: time))
    }
    if !out.state.contains(.noMUV3) { out.muv3Hits = Float(muv3.count(at: time)) }
  }

  /// Spread of the time of a cluster, ns (`physics.md` 2.2, C).
  private static func spread(_ energy: Float) -> Float { 0.56 + 1.53 / energy - 0.233 / energy.squareRoot() }

  /// The cluster of a track.
  private mutating func matchClusters(_ k: Int, _ clusters: ClusterColumns, _ found: Range<Int>) {
    guard tracks[k].acceptance.contains(.lkr) else { return }
    let settings = settings.lkr
    let line = lines[k]
    let place = SIMD2<Float>(line.point(LKrGeometry.z))
    let time = tracks[k].time.isNaN ? line.time : tracks[k].time
    var match = ClusterMatch()
    match.energy = 0
    match.ratio = 0
    var least = settings.trackDistance
    for c in found where abs(clusters.time[c] - time) <= settings.trackTime {
      let d = clusters.position[c] - place
      let distance = (d * d).sum().squareRoot()
      guard distance <= least else { continue }
      least = distance
      match.distance = distance
      match.time = clusters.time[c]
      match.energy = clusters.energy[c]
      match.ratio = clusters.energy[c] * Float(line.inverseMomentum)
      match.cluster = Int32(truncatingIfNeeded: c)
    }
    tracks[k].lkr = match
  }

  /// The clusters in time with the event, and those away from all tracks.
  private func countClusters(
    _ clusters: ClusterColumns, _ found: Range<Int>, _ out: inout EventAssociation
  ) {
    let settings = settings.lkr
    var (count, energy, extra, extraEnergy) = (Float(0), Float(0), Float(0), Float(0))
    for c in found {
      let late = abs(clusters.time[c] - out.time)
      if late <= settings.window {
        count += 1
        energy += clusters.energy[c]
      }
      guard let window = settings.extraWindows.first(where: { clusters.energy[c] < $0.below }),
        late <= max(window.least, window.spreads * Self.spread(clusters.energy[c]))
      else { continue }
      let isAway = lines.allSatisfy { line in
        let d = clusters.position[c] - SIMD2<Float>(line.point(LKrGeometry.z))
        return (d * d).sum() > settings.extraDistance * settings.extraDistance
      }
      guard isAway else { continue }
      extra += 1
      extraEnergy += clusters.energy[c]
    }
    out.lkrClusters = count
    out.lkrEnergy = energy
    out.extraClusters = extra
    out.extraEnergy = extraEnergy
  }
}
