/// The tracks of a batch of events, field by field, with the range of each event.
///
/// Memory is kept from batch to batch (``removeAll()``), and nothing is allocated for a hit or, once the
/// columns have grown, for a track. Tracks of an event are in order of quality: chi-squared and views.
public struct TrackColumns: Sendable {
  /// z of the plane of `upstream`, mm: before the first chamber, as NA62 has it (`detectors.md` 4.5, C).
  public static var upstreamZ: Double { 180_000 }
  /// z of the plane of `downstream`, mm: the centre of the last chamber.
  public static var downstreamZ: Double { 218_885 }

  /// The lines before the magnet.
  public private(set) var upstream: ContiguousArray<TrackLine> = []
  /// The lines behind the magnet.
  public private(set) var downstream: ContiguousArray<TrackLine> = []
  /// Charge over momentum, (GeV/c)⁻¹.
  public private(set) var inverseMomentum: ContiguousArray<Double> = []
  /// The same before the fit.
  public private(set) var inverseMomentumBeforeFit: ContiguousArray<Double> = []
  /// Covariances of `upstream` and `inverseMomentum`.
  public private(set) var covariance: ContiguousArray<TrackCovariance> = []
  /// Covariances of `downstream`.
  public private(set) var downstreamCovariance: ContiguousArray<LineCovariance> = []
  /// Times from the trigger's, ns.
  public private(set) var time: ContiguousArray<Float> = []
  /// Standard deviations of the times, ns.
  public private(set) var timeError: ContiguousArray<Float> = []
  /// Chi-squared.
  public private(set) var chi2: ContiguousArray<Float> = []
  /// Degrees of freedom.
  public private(set) var degreesOfFreedom: ContiguousArray<Int16> = []
  /// Straws.
  public private(set) var hitCount: ContiguousArray<UInt8> = []
  /// Straws that better tracks have too.
  public private(set) var sharedHits: ContiguousArray<UInt8> = []
  /// Views with straws.
  public private(set) var views: ContiguousArray<UInt16> = []
  /// Where the tracks of each event begin; one more is the number of tracks.
  public private(set) var starts: ContiguousArray<Int> = [0]

  /// No events.
  public init() {}

  /// Number of tracks.
  public var count: Int { upstream.count }
  /// Number of events.
  public var eventCount: Int { starts.count - 1 }

  /// The tracks of an event, by its place in the batch.
  public func range(ofEvent event: Int) -> Range<Int> { starts[event]..<starts[event + 1] }

  /// The fields of a track together.
  public subscript(i: Int) -> Track {
    var track = Track()
    track.upstream = upstream[i]
    track.downstream = downstream[i]
    track.inverseMomentum = inverseMomentum[i]
    track.inverseMomentumBeforeFit = inverseMomentumBeforeFit[i]
    track.covariance = covariance[i]
    track.downstreamCovariance = downstreamCovariance[i]
    track.time = time[i]
    track.timeError = timeError[i]
    track.chi2 = chi2[i]
    track.degreesOfFreedom = degreesOfFreedom[i]
    track.hitCount = hitCount[i]
    track.sharedHits = sharedHits[i]
    track.views = views[i]
    return track
  }

  /// Appends a track to the event that is open.
  mutating func append(_ track: Track) {
    upstream.append(track.upstream)
    downstream.append(track.downstream)
    inverseMomentum.append(track.inverseMomentum)
    inverseMomentumBeforeFit.append(track.inverseMomentumBeforeFit)
    covariance.append(track.covariance)
    downstreamCovariance.append(track.downstreamCovariance)
    time.append(track.time)
    timeError.append(track.timeError)
    chi2.append(track.chi2)
    degreesOfFreedom.append(track.degreesOfFreedom)
    hitCount.append(track.hitCount)
    sharedHits.append(track.sharedHits)
    views.append(track.views)
  }

  /// Ends the event that is open.
  mutating func endEvent() { starts.append(count) }

  /// Forgets the events and keeps the memory.
  public mutating func removeAll() {
    upstream.removeAll(keepingCapacity: true)
    downstream.removeAll(keepingCapacity: true)
    inverseMomentum.removeAll(keepingCapacity: true)
    inverseMomentumBeforeFit.removeAll(keepingCapacity: true)
    covariance.removeAll(keepingCapacity: true)
    downstreamCovariance.removeAll(keepingCapacity: true)
    time.removeAll(keepingCapacity: true)
    timeError.removeAll(keepingCapacity: true)
    chi2.removeAll(keepingCapacity: true)
    degreesOfFreedom.removeAll(keepingCapacity: true)
    hitCount.removeAll(keepingCapacity: true)
    sharedHits.removeAll(keepingCapacity: true)
    views.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
  }
}
