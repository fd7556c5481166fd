/// The vertices of a batch of events, field by field, with the range of each event.
///
/// Within an event, vertices of five tracks come first, then those of three, then pairs; among those of the same
/// number the one of the least chi-squared does.
public struct VertexColumns: Sendable {
  /// The most tracks of a vertex.
  public static var largestCount: Int { 5 }

  /// x, y, z, mm.
  public private(set) var position: ContiguousArray<SIMD3<Double>> = []
  /// Covariance of the position, mm²: xx, yy, zz, xy, xz, yz.
  public private(set) var covariance: ContiguousArray<SIMD8<Double>> = []
  /// Chi-squared; 2 × tracks − 3 degrees of freedom.
  public private(set) var chi2: ContiguousArray<Double> = []
  /// Sum of the charges.
  public private(set) var charge: ContiguousArray<Int8> = []
  /// The largest distance of closest approach of two of its tracks as they were fitted, mm; of a pair the
  /// distance of the two.
  public private(set) var distance: ContiguousArray<Double> = []
  /// Sum of the momenta at the vertex, GeV/c.
  public private(set) var momentum: ContiguousArray<SIMD3<Double>> = []
  /// Distance of closest approach of the line of `momentum` to the central beam, mm.
  public private(set) var beamDistance: ContiguousArray<Double> = []
  /// z on the central beam where that is, mm.
  public private(set) var beamZ: ContiguousArray<Double> = []
  /// Where the tracks of each vertex begin in `track` and `trackMomentum`; one more is their number.
  public private(set) var trackStarts: ContiguousArray<Int> = [0]
  /// Places of the tracks in ``TrackColumns``, in rising order.
  public private(set) var track: ContiguousArray<Int32> = []
  /// Their momenta with the vertex as a constraint, GeV/c.
  public private(set) var trackMomentum: ContiguousArray<SIMD3<Double>> = []
  /// Where the vertices of each event begin; one more is the number of vertices.
  public private(set) var starts: ContiguousArray<Int> = [0]

  /// No events.
  public init() {}

  /// Number of vertices.
  public var count: Int { position.count }
  /// Number of events.
  public var eventCount: Int { starts.count - 1 }
  /// The vertices of an event, by its place in the batch.
  public func range(ofEvent event: Int) -> Range<Int> { starts[event]..<starts[event + 1] }
  /// The places of a vertex's tracks in `track` and `trackMomentum`.
  public func tracks(of vertex: Int) -> Range<Int> { trackStarts[vertex]..<trackStarts[vertex + 1] }

  mutating func append(_ vertex: FittedVertex, beamDistance: Double, beamZ: Double, first: Int) {
    position.append(vertex.position)
    covariance.append(vertex.covariance)
    chi2.append(vertex.chi2)
    charge.append(Int8(truncatingIfNeeded: vertex.charge))
    distance.append(vertex.distance)
    momentum.append(vertex.momentum)
    self.beamDistance.append(beamDistance)
    self.beamZ.append(beamZ)
    for i in 0..<vertex.count {
      track.append(Int32(truncatingIfNeeded: first + Int(vertex.members[i])))
      trackMomentum.append(vertex.trackMomentum(i))
    }
    trackStarts.append(track.count)
  }

  mutating func endEvent() { starts.append(count) }

  /// Forgets the events and keeps the memory.
  public mutating func removeAll() {
    position.removeAll(keepingCapacity: true)
    covariance.removeAll(keepingCapacity: true)
    chi2.removeAll(keepingCapacity: true)
    charge.removeAll(keepingCapacity: true)
    distance.removeAll(keepingCapacity: true)
    momentum.removeAll(keepingCapacity: true)
    beamDistance.removeAll(keepingCapacity: true)
    beamZ.removeAll(keepingCapacity: true)
    trackStarts.removeAll(keepingCapacity: true)
    trackStarts.append(0)
    track.removeAll(keepingCapacity: true)
    trackMomentum.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
  }
}
