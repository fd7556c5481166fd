public import Detectors
public import EventBuilding
import NA62Formats

/// Joins what the detectors other than STRAW saw to the tracks and to the event: one worker, with scratch memory of
/// its own. Each board is decoded once. What comes out depends on the event and its tracks alone.
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

  private var codes = ScratchList<TEL62.Code>(capacity: 1024)
  private var ktag: KTAGFinder
  private var chod: CHODFinder
  private var newCHOD: TileFinder
  private var muv3: TileFinder
  private var rich: RingFinder
  private var lav: LAVFinder
  private var irc = DetectorHits(limit: 64)
  private var sac = DetectorHits(limit: 64)
  private var lkr: LKrClusters
  private var tracks: ContiguousArray<TrackAssociation> = []
  private let maps: L1DetectorMaps
  /// Number of a photomultiplier of RICH by readout channel.
  private let richPlaces: ContiguousArray<Int32>
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
    self.maps = maps
    settings = configuration.association
    ktag = KTAGFinder(settings: settings.ktag)
    chod = CHODFinder(settings: settings.chod)
    newCHOD = TileFinder(
      settings: settings.newCHOD, boxes: NewCHODGeometry.boxes, isLater: false, place: NewCHODGeometry.place)
    muv3 = TileFinder(
      settings: settings.muv3, boxes: MUV3Geometry.boxes, isLater: true, place: MUV3Geometry.place)
    rich = RingFinder(
      settings: settings.rich, radiationLengths: configuration.straw.radiationLengths, maps: maps)
    richPlaces = ContiguousArray(maps.rich.map(RingFinder.place))
    lav = LAVFinder(settings: settings.lav)
    lkr = LKrClusters(settings: settings.lkr, layout: layout)
    fragmentCount = layout.fragmentCount
    ranges = (
      layout.fragments(of: .ktag), layout.fragments(of: .lav), layout.fragments(of: .chod),
      layout.fragments(of: .rich), layout.fragments(of: .ircSacNewCHOD), layout.fragments(of: .muv3)
    )
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
    var out = EventAssociation()
    out.state = decode(event, batch)
    tracks.removeAll(keepingCapacity: true)
    for i in range { tracks.append(match(all, i, out.state)) }
    if !out.state.contains(.noRICH) { findRings(all, range) }
    if range.count > RingFinder.trackLimit { out.state.insert(.overflow) }
    out.downstreamTime = setTimes()
    findMuons(all, range, out.state)
    count(&out)
    let first = columns.clusters.count
    if let calorimeter {
      let reference = Float(event.l0.fineTime) * Float(ClockTicks.fineTimeUnit)
      lkr.run(calorimeter, reference: reference, into: &columns.clusters)
      matchClusters(all, range, columns.clusters, first, &out)
      if lkr.cells.badFragments > 0 { out.state.insert(.badLKr) }
      if lkr.isOverflow { out.state.insert(.overflow) }
    } else {
      out.state.insert(.noLKr)
    }
    columns.clusters.endEvent()
    for track in tracks { columns.append(track) }
    columns.append(out)
  }

  // MARK: Boards

  private mutating func decode(_ event: BuiltEvent, _ batch: EventBatch) -> AssociationState {
    var state: AssociationState = []
    let storage = batch.bytes
    let bytes = storage.span.bytes
    let all = batch.fragments
    let first = Int(event.firstFragment)
    let fragments = all.span.extracting(first..<(first + fragmentCount))
    let timestamp = event.timestamp
    let origin = Int64(timestamp) << 8 + Int64(event.l0.fineTime)
    // In variables of their own, as the closures below may not look into `self`.
    let (chodMap, muv3Map, lavMap, richPlaces) = (maps.chod, maps.muv3, maps.lav, richPlaces)
    ktag.hits.removeAll()
    chod.hits.removeAll()
    rich.hits.removeAll()
    newCHOD.hits.removeAll()
    muv3.hits.removeAll()
    irc.removeAll()
    sac.removeAll()
    lav.removeAll()
    if ranges.ktag.isEmpty { state.insert(.noKTAG) }
    for (board, f) in ranges.ktag.enumerated() {
      let isGood = ktag.hits.decode(
        fragments[f], bytes, timestamp: timestamp, origin: origin, codes: &codes
      ) { Int32((board << 2 | $0 / 128) / 3) }
      if !isGood { state.insert(.noKTAG) }
    }
    if ranges.lav.isEmpty { state.insert(.noLAV) }
    for (board, f) in ranges.lav.enumerated() {
      let isGood = lav.decode(
        fragments[f], bytes, board: board, map: lavMap, timestamp: timestamp, origin: origin, codes: &codes)
      if !isGood { state.insert(.noLAV) }
    }
    if ranges.rich.isEmpty { state.insert(.noRICH) }
    // The fifth board has the ORs of the supercells, which are no hits.
    for (board, f) in ranges.rich.enumerated() where board < 4 {
      let isGood = rich.hits.decode(
        fragments[f], bytes, timestamp: timestamp, origin: origin, codes: &codes
      ) { Self.value(richPlaces, 512 * board + $0) }
      if !isGood { state.insert(.noRICH) }
    }
    if ranges.chod.isEmpty
      || !chod.hits.decode(
        fragments[ranges.chod.lowerBound], bytes, timestamp: timestamp, origin: origin, codes: &codes,
        place: { Self.value(chodMap, $0) })
    {
      state.insert(.noCHOD)
    }
    if ranges.muv3.isEmpty
      || !muv3.hits.decode(
        fragments[ranges.muv3.lowerBound], bytes, timestamp: timestamp, origin: origin, codes: &codes,
        place: { Self.value(muv3Map, $0) })
    {
      state.insert(.noMUV3)
    }
    if ranges.small.isEmpty || !decodeSmall(fragments[ranges.small.lowerBound], bytes, timestamp, origin) {
      state.insert(.noIRCSACNewCHOD)
    }
    newCHOD.makeTiles()
    muv3.makeTiles()
    rich.begin()
    if ktag.hits.isOverflow || chod.hits.isOverflow || rich.hits.isOverflow || newCHOD.hits.isOverflow
      || muv3.hits.isOverflow || lav.isOverflow || irc.isOverflow || sac.isOverflow
    {
      state.insert(.overflow)
    }
    return state
  }

  @inline(__always)
  private static func value(_ map: ContiguousArray<Int32>, _ channel: Int) -> Int32 {
    channel < map.count ? map[channel] : -1
  }

  /// The board that IRC, SAC and NewCHOD share.
  private mutating func decodeSmall(
    _ fragment: EventFragment, _ bytes: RawSpan, _ timestamp: UInt32, _ origin: Int64
  ) -> Bool {
    codes.removeAll()
    guard fragment.unpackTEL62(bytes, timestamp: timestamp, into: &codes).status == .good else {
      return false
    }
    for i in 0..<codes.count where codes[i].isLeading && codes[i].channel < 512 {
      let channel = codes[i].channel
      let time = Float(codes[i].time &- origin) * Float(ClockTicks.fineTimeUnit)
      guard abs(time) < 100 else { continue }
      if channel >= Self.newCHODChannel {
        let tile = Self.value(maps.newCHOD, channel)
        if tile >= 0 { newCHOD.hits.append(DetectorHit(place: tile, time: time)) }
      } else {
        // Low thresholds only; SAC has the first 64 channels, IRC the next.
        let counter = Self.value(maps.ircSac, channel)
        guard (0..<4).contains(counter) else { continue }
        let hit = DetectorHit(place: counter, time: time)
        if channel < 64 { sac.append(hit) } else { irc.append(hit) }
      }
    }
    return true
  }

  // MARK: Tracks

  private func point(_ all: TrackColumns, _ i: Int, _ z: Double) -> SIMD2<Double> {
    z < configuration.magnet.z
      ? all.upstream[i].position + (z - TrackColumns.upstreamZ) * all.upstream[i].slope
      : all.downstream[i].position + (z - TrackColumns.downstreamZ) * all.downstream[i].slope
  }

  private func acceptance(_ all: TrackColumns, _ i: Int) -> TrackAcceptance {
    var found: TrackAcceptance = []
    let places = settings.acceptance
    func check(_ place: Int, _ flag: TrackAcceptance, _ z: Double) -> Bool {
      guard places[place].contains(point(all, i, z)) else { return false }
      found.insert(flag)
      return true
    }
    for chamber in 0..<4 {
      _ = check(chamber, TrackAcceptance(rawValue: 1 << UInt16(chamber)), Self.chambers[chamber])
    }
    if check(4, .rich, Self.radiator.front), !check(4, .rich, Self.radiator.mirror) { found.remove(.rich) }
    _ = check(5, .newCHOD, NewCHODGeometry.z)
    if check(6, .chod, CHODGeometry.z.vertical), !check(6, .chod, CHODGeometry.z.horizontal) {
      found.remove(.chod)
    }
    _ = check(7, .lkr, LKrGeometry.z)
    _ = check(8, .muv3, MUV3Geometry.z)
    return found
  }

  private mutating func match(_ all: TrackColumns, _ i: Int, _ state: AssociationState) -> TrackAssociation {
    var track = TrackAssociation()
    track.acceptance = acceptance(all, i)
    let time = all.time[i]
    if !state.contains(.noCHOD) {
      track.chod = chod.match(
        vertical: point(all, i, CHODGeometry.z.vertical),
        horizontal: point(all, i, CHODGeometry.z.horizontal),
        time: time)
    }
    if !state.contains(.noIRCSACNewCHOD) {
      track.newCHOD = newCHOD.match(
        point(all, i, NewCHODGeometry.z), time: track.chod.planes == 2 ? track.chod.time : time,
        momentum: 1 / abs(all.inverseMomentum[i]))
    }
    return track
  }

  private mutating func findRings(_ all: TrackColumns, _ range: Range<Int>) {
    for (k, i) in range.enumerated() {
      let hodoscope = tracks[k].chod.planes > 0 ? tracks[k].chod.time : tracks[k].newCHOD.time
      rich.add(
        slope: all.downstream[i].slope, mirror: point(all, i, Self.radiator.mirror).x,
        momentum: 1 / abs(all.inverseMomentum[i]), time: hodoscope.isNaN ? all.time[i] : hodoscope,
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

  private mutating func findMuons(_ all: TrackColumns, _ range: Range<Int>, _ state: AssociationState) {
    guard !state.contains(.noMUV3) else { return }
    for (k, i) in range.enumerated() {
      let time = tracks[k].time
      tracks[k].muv3 = muv3.match(
        point(all, i, MUV3Geometry.z), time: time.isNaN ? all.time[i] : time,
        momentum: 1 / abs(all.inverseMomentum[i]))
    }
  }

  // MARK: Event

  private mutating func count(_ out: inout EventAssociation) {
    let time = out.time
    if !out.state.contains(.noKTAG) {
      let candidate = ktag.nearest(to: time)
      out.ktagSectors = Float(candidate?.sectors ?? 0)
      out.ktagHits = Float(candidate?.hits ?? 0)
      if let candidate { out.ktagTime = candidate.time }
    }
    if !out.state.contains(.noLAV) {
      out.lavHits = Float(lav.blocks.count(within: settings.lav.window, of: time))
    }
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

  private mutating func matchClusters(
    _ all: TrackColumns, _ range: Range<Int>, _ clusters: ClusterColumns, _ first: Int,
    _ out: inout EventAssociation
  ) {
    let settings = settings.lkr
    let found = first..<clusters.count
    for (k, i) in range.enumerated() {
      guard tracks[k].acceptance.contains(.lkr) else { continue }
      let place = SIMD2<Float>(point(all, i, LKrGeometry.z))
      let time = tracks[k].time.isNaN ? all.time[i] : tracks[k].time
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
        match.ratio = clusters.energy[c] * Float(abs(all.inverseMomentum[i]))
        match.cluster = Int32(truncatingIfNeeded: c)
      }
      tracks[k].lkr = match
    }
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
      let isAway = range.allSatisfy { i in
        let d = clusters.position[c] - SIMD2<Float>(point(all, i, LKrGeometry.z))
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
