/// In which detectors' acceptances a track is (`physics.md` 2.1).
public struct TrackAcceptance: OptionSet, Sendable, Hashable, BitwiseCopyable {
  /// The bits.
  public let rawValue: UInt16
  /// A set from its bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// The chambers of STRAW.
  public static let straw1 = TrackAcceptance(rawValue: 1)
  /// The second chamber.
  public static let straw2 = TrackAcceptance(rawValue: 2)
  /// The third chamber.
  public static let straw3 = TrackAcceptance(rawValue: 4)
  /// The fourth chamber.
  public static let straw4 = TrackAcceptance(rawValue: 8)
  /// RICH, at its front and at its mirrors.
  public static let rich = TrackAcceptance(rawValue: 16)
  /// NewCHOD.
  public static let newCHOD = TrackAcceptance(rawValue: 32)
  /// Both planes of CHOD.
  public static let chod = TrackAcceptance(rawValue: 64)
  /// LKr.
  public static let lkr = TrackAcceptance(rawValue: 128)
  /// MUV3.
  public static let muv3 = TrackAcceptance(rawValue: 256)

  /// Keys in the configuration, in the order of the bits.
  static let names = ["straw1", "straw2", "straw3", "straw4", "rich", "newCHOD", "chod", "lkr", "muv3"]
}

/// What was met in the association of an event.
public struct AssociationState: OptionSet, Sendable, Hashable, BitwiseCopyable {
  /// The bits.
  public let rawValue: UInt16
  /// A set from its bits.
  @inlinable
  public init(rawValue: UInt16) { self.rawValue = rawValue }
  /// A board of KTAG is missing or not good: its quantities are not available. So for the others.
  public static let noKTAG = AssociationState(rawValue: 1)
  /// Of LAV.
  public static let noLAV = AssociationState(rawValue: 2)
  /// Of CHOD.
  public static let noCHOD = AssociationState(rawValue: 4)
  /// Of RICH.
  public static let noRICH = AssociationState(rawValue: 8)
  /// Of IRC, SAC and NewCHOD, which share one.
  public static let noIRCSACNewCHOD = AssociationState(rawValue: 16)
  /// Of MUV3.
  public static let noMUV3 = AssociationState(rawValue: 32)
  /// The event has no data of LKr.
  public static let noLKr = AssociationState(rawValue: 64)
  /// A fragment of LKr was not sound, and was left out.
  public static let badLKr = AssociationState(rawValue: 128)
  /// A list was full, and something was left out.
  public static let overflow = AssociationState(rawValue: 256)
}

/// What a track has in CHOD.
public struct CHODMatch: Sendable, Hashable, BitwiseCopyable {
  /// Time from the trigger's, ns, of both slabs or of the one there is; NaN for none.
  public var time = Float.nan
  /// Planes with a slab, 0 to 2.
  public var planes: UInt8 = 0
  /// The slabs, or −1: the one that measures x, and the one that measures y.
  public var slabs = SIMD2<Int16>(-1, -1)
  /// Nothing.
  @inlinable
  public init() {}
}

/// What a track has in a hodoscope of tiles.
public struct TileMatch: Sendable, Hashable, BitwiseCopyable {
  /// Time from the trigger's, ns; NaN for none.
  public var time = Float.nan
  /// Distance of the track from the tile, mm; 0 inside, NaN for none.
  public var distance = Float.nan
  /// The tile, or −1.
  public var tile: Int16 = -1
  /// Whether both photomultipliers saw it.
  public var isTight = false
  /// Nothing.
  @inlinable
  public init() {}
  /// Whether there is one.
  @inlinable public var isFound: Bool { tile >= 0 }
}

/// What a track has in RICH.
public struct RingMatch: Sendable, Hashable, BitwiseCopyable {
  /// Logarithms of the likelihoods as e, µ, π and K over that of background alone, whose own is 0; NaN where RICH is
  /// not available.
  public var logLikelihood = SIMD4<Float>(repeating: .nan)
  /// Mean time of the ring's hits from the trigger's, ns; NaN for no ring.
  public var time = Float.nan
  /// Radius of the ring, mm, found without a hypothesis; NaN for none.
  public var radius = Float.nan
  /// Mass squared by the radius and the momentum, GeV²/c⁴; NaN for no ring.
  public var massSquared = Float.nan
  /// Hits of the ring.
  public var hits: UInt16 = 0
  /// Nothing.
  @inlinable
  public init() {}
}

/// What a track has in LKr.
public struct ClusterMatch: Sendable, Hashable, BitwiseCopyable {
  /// Energy of the cluster, GeV: 0 for a track in the acceptance without one; NaN where LKr is not available or the
  /// track not in its acceptance.
  public var energy = Float.nan
  /// Energy over momentum, as `energy`.
  public var ratio = Float.nan
  /// Time of the cluster from the trigger's, ns; NaN for none.
  public var time = Float.nan
  /// Distance of the cluster, mm; NaN for none.
  public var distance = Float.nan
  /// Place of the cluster in ``AssociationColumns/clusters``, or −1.
  public var cluster: Int32 = -1
  /// Nothing.
  @inlinable
  public init() {}
}

/// What there is of an event besides its tracks. Numbers are NaN where the detector is not available.
public struct EventAssociation: Sendable, Hashable, BitwiseCopyable {
  /// What was met.
  public var state: AssociationState = []
  /// Mean time of the tracks near the trigger, by RICH, CHOD or NewCHOD, from the trigger's, ns; NaN without any.
  public var downstreamTime = Float.nan
  /// Time of the candidate of KTAG that is nearest to the event's time, from the trigger's, ns; NaN for none.
  public var ktagTime = Float.nan
  /// Its sectors; 0 for no candidate.
  public var ktagSectors = Float.nan
  /// Its hits.
  public var ktagHits = Float.nan
  /// Blocks of LAV in time with the event.
  public var lavHits = Float.nan
  /// Counters of IRC in time.
  public var ircHits = Float.nan
  /// Counters of SAC in time.
  public var sacHits = Float.nan
  /// Slabs of CHOD in time.
  public var chodHits = Float.nan
  /// Tiles of NewCHOD in time.
  public var newCHODHits = Float.nan
  /// Tiles of MUV3 in time.
  public var muv3Hits = Float.nan
  /// Clusters of LKr in time.
  public var lkrClusters = Float.nan
  /// Their energy, GeV.
  public var lkrEnergy = Float.nan
  /// Clusters away from all tracks, in time by the windows of the extra clusters.
  public var extraClusters = Float.nan
  /// Their energy, GeV.
  public var extraEnergy = Float.nan
  /// Nothing.
  @inlinable
  public init() {}
  /// Time that vetoes are compared with: the downstream time, or the trigger's, which is 0.
  @inlinable public var time: Float { downstreamTime.isNaN ? 0 : downstreamTime }
}

/// All of a track's matches.
struct TrackAssociation {
  var acceptance: TrackAcceptance = []
  var time = Float.nan
  var chod = CHODMatch()
  var newCHOD = TileMatch()
  var rich = RingMatch()
  var muv3 = TileMatch()
  var lkr = ClusterMatch()
}

/// What the detectors say of the tracks and events of a batch, detector by detector, in the order of the tracks in
/// ``TrackColumns`` and of the events. Memory is kept from batch to batch.
public struct AssociationColumns: Sendable {
  /// Acceptances of the tracks.
  public private(set) var acceptance: ContiguousArray<TrackAcceptance> = []
  /// Best times of the tracks from the trigger's, ns: of RICH, or else of CHOD, or else of NewCHOD; NaN for none.
  public private(set) var time: ContiguousArray<Float> = []
  /// CHOD.
  public private(set) var chod: ContiguousArray<CHODMatch> = []
  /// NewCHOD.
  public private(set) var newCHOD: ContiguousArray<TileMatch> = []
  /// RICH.
  public private(set) var rich: ContiguousArray<RingMatch> = []
  /// MUV3.
  public private(set) var muv3: ContiguousArray<TileMatch> = []
  /// LKr.
  public private(set) var lkr: ContiguousArray<ClusterMatch> = []
  /// The events.
  public private(set) var events: ContiguousArray<EventAssociation> = []
  /// The clusters of LKr, with their range of each event.
  public internal(set) var clusters = ClusterColumns()

  /// No events.
  public init() {}

  mutating func append(_ track: TrackAssociation) {
    acceptance.append(track.acceptance)
    time.append(track.time)
    chod.append(track.chod)
    newCHOD.append(track.newCHOD)
    rich.append(track.rich)
    muv3.append(track.muv3)
    lkr.append(track.lkr)
  }

  mutating func append(_ event: EventAssociation) { events.append(event) }

  /// Puts the last event and its tracks in the place of what was appended.
  mutating func replaceLast(_ event: EventAssociation, _ tracks: ContiguousArray<TrackAssociation>) {
    events[events.count - 1] = event
    let first = lkr.count - tracks.count
    for k in tracks.indices {
      let track = tracks[k]
      acceptance[first + k] = track.acceptance
      time[first + k] = track.time
      chod[first + k] = track.chod
      newCHOD[first + k] = track.newCHOD
      rich[first + k] = track.rich
      muv3[first + k] = track.muv3
      lkr[first + k] = track.lkr
    }
  }

  /// Forgets the events and keeps the memory.
  public mutating func removeAll() {
    acceptance.removeAll(keepingCapacity: true)
    time.removeAll(keepingCapacity: true)
    chod.removeAll(keepingCapacity: true)
    newCHOD.removeAll(keepingCapacity: true)
    rich.removeAll(keepingCapacity: true)
    muv3.removeAll(keepingCapacity: true)
    lkr.removeAll(keepingCapacity: true)
    events.removeAll(keepingCapacity: true)
    clusters.removeAll()
  }
}
