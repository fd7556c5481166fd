public import Detectors

/// One reconstructed event, as the selections look at it.
///
/// The reconstruction fills one value per worker again for each event: ``reset(_:)``, then the event's
/// quantities, the tracks, the vertices. What is not filled is NaN: not available. No storage is allocated
/// once the tables have grown to the largest event. For example:
///
///     event.reset(SelectionInput(event: built, evaluation: evaluation, decision: decision))
///     let track = event.tracks.append()
///     event.tracks[.momentum, track] = 20_000
///     event.tracks[.charge, track] = 1
///     event.appendVertex()
///     event.addMember(track: track, momentum: SIMD3(12, -30, 19_999))
///     event.vertices[.chi2, 0] = 1.3
public struct SelectionEvent: Sendable {
  /// A track in a vertex.
  struct Member: Sendable, BitwiseCopyable {
    /// Index of the track.
    var track: Int
    /// Momentum at the vertex in MeV/c; NaN where it was not fitted again.
    var momentum: SIMD3<Double>
  }

  /// The event with what L0 and L1 say of it.
  public var input: SelectionInput
  /// Parts whose quantities are still to be filled: a selection that comes to one says so and counts nothing.
  public var awaited: DetectorParts = []
  /// The tracks.
  public var tracks = QuantityTable<TrackQuantity>()
  /// The vertices; their tracks are added by ``addMember(track:momentum:)``.
  public var vertices = QuantityTable<VertexQuantity>()

  private var row = QuantityTable<EventQuantity>()
  private var members: [Member] = []
  /// Where the members of each vertex begin.
  private var firsts: [Int] = []

  /// An event without tracks, in which nothing is available but what L0 and L1 say.
  public init(_ input: SelectionInput) {
    self.input = input
    row.append()
  }

  /// Makes it another event, without tracks, and keeps the storage.
  public mutating func reset(_ input: SelectionInput) {
    self.input = input
    awaited = []
    tracks.removeAll()
    vertices.removeAll()
    row.removeAll()
    row.append()
    members.removeAll(keepingCapacity: true)
    firsts.removeAll(keepingCapacity: true)
  }

  /// A quantity of the whole event.
  public subscript(quantity: EventQuantity) -> Double {
    get { row[quantity, 0] }
    set { row[quantity, 0] = newValue }
  }

  /// Adds a vertex without tracks, and gives its index.
  @discardableResult
  public mutating func appendVertex() -> Int {
    firsts.append(members.count)
    return vertices.append()
  }

  /// Adds a track to the last vertex; without a vertex, or without such a track, nothing happens.
  ///
  /// - Parameters:
  ///   - track: Index of the track.
  ///   - momentum: Its momentum at the vertex in MeV/c; left out, that of the track's upstream line counts.
  public mutating func addMember(track: Int, momentum: SIMD3<Double> = SIMD3(repeating: .nan)) {
    guard !firsts.isEmpty, track >= 0, track < tracks.count else { return }
    members.append(Member(track: track, momentum: momentum))
  }

  /// How many tracks a vertex has.
  public func memberCount(ofVertex vertex: Int) -> Int {
    (vertex + 1 < firsts.count ? firsts[vertex + 1] : members.count) - firsts[vertex]
  }

  /// The index of a track of a vertex.
  public func track(_ member: Int, ofVertex vertex: Int) -> Int { members[firsts[vertex] + member].track }

  /// The momentum of a track of a vertex: fitted at the vertex, or that of the track itself.
  func momentum(_ member: Int, ofVertex vertex: Int) -> SIMD3<Double> {
    let member = members[firsts[vertex] + member]
    return member.momentum.z.isNaN ? momentum(ofTrack: member.track) : member.momentum
  }

  /// The momentum of a track along its upstream line, in MeV/c.
  func momentum(ofTrack track: Int) -> SIMD3<Double> {
    let x = tracks[.slopeX, track]
    let y = tracks[.slopeY, track]
    let pz = tracks[.momentum, track] / (1 + x * x + y * y).squareRoot()
    return SIMD3(x * pz, y * pz, pz)
  }

  func value(at column: Int) -> Double { row[at: column, row: 0] }
}
