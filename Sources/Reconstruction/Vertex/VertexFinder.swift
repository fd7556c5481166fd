/// Tries the combinations of an event's tracks as vertices.
struct VertexFinder: ~Copyable {
  /// Vertices of an event; more is an overflow.
  static let limit = 128

  private let tracks: UnsafeMutablePointer<VertexTrack>
  /// For each track the tracks that come near it in space and time, a bit for each.
  private let near: UnsafeMutablePointer<UInt32>
  /// Distance of two tracks, at 16 × first + second.
  private let distances: UnsafeMutablePointer<Double>
  private let found: UnsafeMutablePointer<FittedVertex>
  private var foundCount = 0
  private var isComplete = true
  private let settings: ReconstructionConfiguration.Vertex
  private let beam: ReconstructionConfiguration.Line
  /// Wanted charges as bits, charge + 5, by number of tracks.
  private let wanted: SIMD8<UInt16>

  init(configuration: ReconstructionConfiguration) {
    settings = configuration.vertex
    beam = configuration.beam
    tracks = .allocate(capacity: 16)
    near = .allocate(capacity: 16)
    distances = .allocate(capacity: 256)
    found = .allocate(capacity: Self.limit)
    func bits(_ charges: [Int]) -> UInt16 { charges.reduce(0) { $0 | 1 << UInt16($1 + 5) } }
    var wanted = SIMD8<UInt16>.zero
    wanted[2] = bits(settings.pairCharges)
    wanted[3] = bits(settings.tripleCharges)
    wanted[5] = bits(settings.quintupleCharges)
    self.wanted = wanted
  }

  deinit {
    tracks.deallocate()
    near.deallocate()
    distances.deallocate()
    found.deallocate()
  }

  /// Finds the vertices of an event's tracks; `false` if there were too many tracks or vertices.
  mutating func run(_ columns: TrackColumns, _ range: Range<Int>, into vertices: inout VertexColumns) -> Bool
  {
    isComplete = range.count <= settings.tracks
    let n = min(range.count, settings.tracks)
    for i in 0..<n {
      let k = range.lowerBound + i
      tracks[i] = VertexTrack(
        line: columns.upstream[k], inverseMomentum: columns.inverseMomentum[k],
        covariance: columns.covariance[k], time: columns.time[k],
        charge: columns.inverseMomentum[k] < 0 ? -1 : 1)
    }
    findNear(n)
    for size in [5, 3, 2] where size <= n && wanted[size] != 0 {
      foundCount = 0
      combine(size, n)
      order()
      for i in 0..<foundCount { append(found[i], range.lowerBound, &vertices) }
    }
    vertices.endEvent()
    return isComplete
  }

  /// Which tracks come near one another before the spectrometer.
  private mutating func findNear(_ n: Int) {
    for i in 0..<n { near[i] = 0 }
    for i in 0..<n {
      let a = tracks[i]
      for k in (i + 1)..<max(n, i + 1) {
        let b = tracks[k]
        guard abs(Double(a.time) - Double(b.time)) < settings.timeWindow else { continue }
        let approach = ClosestApproach(
          SIMD3(a.line.position, 0), along: SIMD3(a.line.slope, 1), SIMD3(b.line.position, 0),
          along: SIMD3(b.line.slope, 1))
        distances[16 * i + k] = approach.distance
        guard approach.distance < settings.largestDistance else { continue }
        near[i] |= 1 << UInt32(k)
        near[k] |= 1 << UInt32(i)
      }
    }
  }

  /// Fits the combinations of `size` tracks that are all near one another.
  private mutating func combine(_ size: Int, _ n: Int) {
    // Bits of the tracks that may come next, by the number of those chosen.
    var open = SIMD8<UInt32>.zero
    var members = SIMD8<UInt8>.zero
    open[0] = (1 << UInt32(n)) - 1
    var depth = 0
    var charge = 0
    while depth >= 0 {
      if open[depth] == 0 {
        depth -= 1
        if depth >= 0 { charge -= tracks[Int(members[depth])].charge }
        continue
      }
      let next = open[depth].trailingZeroBitCount
      open[depth] &= open[depth] &- 1
      members[depth] = UInt8(truncatingIfNeeded: next)
      if depth + 1 == size {
        let total = charge + tracks[next].charge
        if wanted[size] & (1 << UInt16(total + 5)) != 0 { tryVertex(members, size) }
        continue
      }
      charge += tracks[next].charge
      open[depth + 1] = open[depth] & near[next]
      depth += 1
    }
  }

  private mutating func tryVertex(_ members: SIMD8<UInt8>, _ size: Int) {
    guard var vertex = VertexFit.fit(tracks, members, size), vertex.chi2 < settings.chi2,
      settings.z.contains(vertex.position.z)
    else { return }
    guard foundCount < Self.limit else {
      isComplete = false
      return
    }
    for i in 0..<size {
      for k in (i + 1)..<max(size, i + 1) {
        vertex.distance = max(vertex.distance, distances[16 * Int(members[i]) + Int(members[k])])
      }
    }
    found[foundCount] = vertex
    foundCount += 1
  }

  /// Orders what was found by chi-squared, by insertion: lists are short.
  private mutating func order() {
    for i in 1..<max(foundCount, 1) {
      let vertex = found[i]
      var k = i
      while k > 0, found[k - 1].chi2 > vertex.chi2 {
        found[k] = found[k - 1]
        k -= 1
      }
      found[k] = vertex
    }
  }

  private func append(_ vertex: FittedVertex, _ first: Int, _ vertices: inout VertexColumns) {
    let approach = ClosestApproach(
      vertex.position, along: vertex.momentum, beam.point, along: SIMD3(beam.slope, 1))
    vertices.append(vertex, beamDistance: approach.distance, beamZ: approach.second.z, first: first)
  }
}
