import Detectors
import Reconstruction
import Selections

/// Fills what the selections look at from what the reconstruction gives: from mm, GeV and columns of a batch to
/// mm, MeV and tables of an event. No storage is allocated once the tables have grown.
///
/// χ² of a track is given for each degree of freedom, that of a vertex as a whole, as NA62's cuts have them.
struct SelectionEventFiller {
  private let configuration: ReconstructionConfiguration

  init(configuration: ReconstructionConfiguration) { self.configuration = configuration }

  /// Fills `output`, which was reset for the event, with the tracks and vertices of the event at `place` of a batch.
  func fill(_ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ place: Int) {
    let range = batch.tracks.range(ofEvent: place)
    output[.tracks] = Double(range.count)
    output[.strawOverflow] = batch.states[place].contains(.overflow) ? 1 : 0
    for i in range { fillTrack(&output, batch, i) }
    fillNearest(&output, batch, range)
    for vertex in batch.vertices.range(ofEvent: place) {
      fillVertex(&output, batch, vertex, firstTrack: range.lowerBound)
    }
  }

  /// Fills the quantities of parts that were added to the event at `place`.
  func add(
    _ parts: DetectorParts, to output: inout SelectionEvent, _ batch: ReconstructedBatch, _ place: Int
  ) {
    let event = batch.associations.events[place]
    let range = batch.tracks.range(ofEvent: place)
    if parts.contains(.hodoscopes) {
      for (row, i) in range.enumerated() { fillHodoscopes(&output, row, batch.associations, i) }
    }
    if parts.contains(.times) { fillTimes(&output, batch, place) }
    if parts.contains(.ktag) {
      output[.ktagSectors] = Double(event.ktagSectors)
      output[.ktagTime] = Double(event.ktagTime)
    }
    if parts.contains(.lav) { output[.lavHits] = Double(event.lavHits) }
    if parts.contains(.showers) { fillShowers(&output, batch, place) }
    if parts.contains(.calorimeter) {
      output[.lkrClusters] = Double(event.lkrClusters)
      output[.lkrEnergy] = 1000 * Double(event.lkrEnergy)
      output[.lkrExtraClusters] = Double(event.extraClusters)
      output[.lkrExtraEnergy] = 1000 * Double(event.extraEnergy)
    }
    // It is of all parts, and asked for only when all are there.
    output[.overflow] =
      batch.states[place].contains(.overflow) || event.state.contains(.overflow) ? 1 : 0
  }

  private func fillTimes(_ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ place: Int) {
    let event = batch.associations.events[place]
    output[.downstreamTime] = Double(event.downstreamTime)
    output[.ircHits] = Double(event.ircHits)
    output[.sacHits] = Double(event.sacHits)
    output[.chodHits] = Double(event.chodHits)
    output[.newCHODHits] = Double(event.newCHODHits)
    output[.muv3Hits] = Double(event.muv3Hits)
    for (row, i) in batch.tracks.range(ofEvent: place).enumerated() {
      fillRing(&output, row, batch.associations.rich[i])
      let muon = batch.associations.muv3[i]
      output.tracks[.muv3Time, row] = Double(muon.time)
      output.tracks[.muv3, row] = muon.isFound ? 1 : event.hasMUV3 ? 0 : .nan
    }
    for (row, vertex) in batch.vertices.range(ofEvent: place).enumerated() {
      fillTime(&output, row, batch, vertex)
    }
  }

  private func fillShowers(_ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ place: Int) {
    for (row, i) in batch.tracks.range(ofEvent: place).enumerated() {
      let lkr = batch.associations.lkr[i]
      output.tracks[.lkrTime, row] = Double(lkr.time)
      output.tracks[.eop, row] = Double(lkr.ratio)
      output.tracks[.lkrEnergy, row] = 1000 * Double(lkr.energy)
      output.tracks[.lkrDistance, row] = Double(lkr.distance)
    }
  }

  private func fillTrack(_ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ i: Int) {
    let tracks = batch.tracks
    let row = output.tracks.append()
    let inverse = tracks.inverseMomentum[i]
    let up = tracks.upstream[i]
    let down = tracks.downstream[i]
    output.tracks[.momentum, row] = 1000 / abs(inverse)
    output.tracks[.charge, row] = inverse < 0 ? -1 : 1
    output.tracks[.patternMomentum, row] = 1000 / abs(tracks.inverseMomentumBeforeFit[i])
    output.tracks[.chi2, row] = Double(tracks.chi2[i]) / Double(max(1, tracks.degreesOfFreedom[i]))
    output.tracks[.chambers, row] = Double(Track.chamberCount(ofViews: tracks.views[i]))
    output.tracks[.x, row] = up.position.x
    output.tracks[.y, row] = up.position.y
    output.tracks[.z, row] = TrackColumns.upstreamZ
    output.tracks[.slopeX, row] = up.slope.x
    output.tracks[.slopeY, row] = up.slope.y
    output.tracks[.slopeXDown, row] = down.slope.x
    output.tracks[.slopeYDown, row] = down.slope.y
    output.tracks[.strawTime, row] = Double(tracks.time[i])
    let beam = configuration.approachToBeam(point(up), along: SIMD3(up.slope, 1))
    output.tracks[.beamZ, row] = beam.z
    output.tracks[.beamCDA, row] = beam.distance
  }

  private func fillHodoscopes(
    _ output: inout SelectionEvent, _ row: Int, _ matches: AssociationColumns, _ i: Int
  ) {
    output.tracks[.chodTime, row] = Double(matches.chod[i].time)
    output.tracks[.newCHODTime, row] = Double(matches.newCHOD[i].time)
    let accepted = matches.acceptance[i]
    func set(_ quantity: TrackQuantity, _ detector: TrackAcceptance) {
      output.tracks[quantity, row] = accepted.contains(detector) ? 1 : 0
    }
    set(.inStraw1, .straw1)
    set(.inStraw2, .straw2)
    set(.inStraw3, .straw3)
    set(.inStraw4, .straw4)
    set(.inNewCHOD, .newCHOD)
    set(.inCHOD, .chod)
    set(.inRICH, .rich)
    set(.inLKr, .lkr)
    set(.inMUV3, .muv3)
  }

  private func fillRing(_ output: inout SelectionEvent, _ row: Int, _ ring: RingMatch) {
    output.tracks[.richTime, row] = Double(ring.time)
    output.tracks[.richElectron, row] = Double(ring.logLikelihood[0])
    output.tracks[.richMuon, row] = Double(ring.logLikelihood[1])
    output.tracks[.richPion, row] = Double(ring.logLikelihood[2])
    output.tracks[.richKaon, row] = Double(ring.logLikelihood[3])
    // The likelihoods are given over that of background alone.
    output.tracks[.richBackground, row] = ring.logLikelihood[0].isNaN ? .nan : 0
    output.tracks[.richRadius, row] = Double(ring.radius)
    output.tracks[.richHits, row] = ring.logLikelihood[0].isNaN ? .nan : Double(ring.hits)
    output.tracks[.richMassSquared, row] = Double(ring.massSquared)
  }

  /// The smallest closest approach of each track to another one, as they were fitted.
  private func fillNearest(_ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ range: Range<Int>) {
    for i in range {
      for j in range.lowerBound..<i {
        let (a, b) = (batch.tracks.upstream[i], batch.tracks.upstream[j])
        let approach = ClosestApproach(
          point(a), along: SIMD3(a.slope, 1), point(b), along: SIMD3(b.slope, 1))
        for row in [i - range.lowerBound, j - range.lowerBound]
        where !(output.tracks[.nearestCDA, row] <= approach.distance) {
          output.tracks[.nearestCDA, row] = approach.distance
          output.tracks[.nearestZ, row] = approach.middle.z
        }
      }
    }
  }

  private func fillVertex(
    _ output: inout SelectionEvent, _ batch: ReconstructedBatch, _ vertex: Int, firstTrack: Int
  ) {
    let vertices = batch.vertices
    let row = output.appendVertex()
    for place in vertices.tracks(of: vertex) {
      output.addMember(
        track: Int(vertices.track[place]) - firstTrack, momentum: 1000 * vertices.trackMomentum[place])
    }
    let position = vertices.position[vertex]
    let momentum = vertices.momentum[vertex]
    output.vertices[.x, row] = position.x
    output.vertices[.y, row] = position.y
    output.vertices[.z, row] = position.z
    output.vertices[.chi2, row] = vertices.chi2[vertex]
    output.vertices[.charge, row] = Double(vertices.charge[vertex])
    output.vertices[.cda, row] = vertices.distance[vertex]
    output.vertices[.beamCDA, row] = vertices.beamDistance[vertex]
    output.vertices[.momentum, row] = 1000 * (momentum * momentum).sum().squareRoot()
    let dump = vertices.approachToDump(of: vertex, configuration)
    output.vertices[.zTAX, row] = dump.z
    output.vertices[.cdaTAX, row] = dump.distance
  }

  /// The mean of the best times of a vertex's tracks, and how far they are spread.
  private func fillTime(
    _ output: inout SelectionEvent, _ row: Int, _ batch: ReconstructedBatch, _ vertex: Int
  ) {
    var (sum, early, late, count) = (0.0, Double.infinity, -Double.infinity, 0)
    for place in batch.vertices.tracks(of: vertex) {
      let track = Int(batch.vertices.track[place])
      let best = batch.associations.time[track]
      let time = Double(best.isNaN ? batch.tracks.time[track] : best)
      sum += time
      early = min(early, time)
      late = max(late, time)
      count += 1
    }
    guard count > 0 else { return }
    output.vertices[.time, row] = sum / Double(count)
    output.vertices[.timeSpread, row] = late - early
  }

  private func point(_ line: TrackLine) -> SIMD3<Double> { SIMD3(line.position, TrackColumns.upstreamZ) }
}

extension EventAssociation {
  fileprivate var hasMUV3: Bool { !state.contains(.noMUV3) }
}
