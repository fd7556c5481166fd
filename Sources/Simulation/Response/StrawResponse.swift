import Detectors
import L1Trigger

/// Straws: which ones a track crosses, at which distance, and their edges (`detectors.md` 4.1, 4.2).
struct StrawResponse {
  /// z of the chambers.
  static var chamberZ: [Double] { StrawGeometry.chamberZ }
  /// Inner radius and distance of the straws of a layer, mm.
  private static var radius: Double { StrawGeometry.strawRadius }
  private static var pitch: Double { StrawGeometry.pitch }
  private static var inversePitch: Double { 1 / pitch }
  /// Numbers of straws of a layer, and places of a row of them with one before and one behind.
  private static let straws = 122
  private static let row = 124
  /// Half of the length of a straw, and between which coordinates there are straws.
  private static let halfLength = 1050.0
  private static let outer = -1054.5...1037.5
  /// No straw is this far from the axis: the corner of the two lengths, rounded up.
  private static let outermost = 1500.0

  /// One of the 64 layers.
  private struct Layer {
    let z: Double
    /// Position of the first wire.
    let offset: Double
    /// Between which coordinates there are no straws.
    let holeLow: Double
    let holeHigh: Double
  }

  private let settings: ResponseConfiguration.Channels
  /// At 4 × (4 chamber + view) + layer.
  private let layers: [Layer]
  /// Readout channel of a straw that there is, at (4 × (4 chamber + view) + layer) × `row` + 1 + straw, or -1.
  private var channels: [Int16]
  /// Drift time in ns by distance, in steps of `step` from 0.
  private var driftTimes: [Double]
  private static let step = 0.01
  private static let stepsPerMillimetre = 100.0

  init(_ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    settings = configuration[.straw]
    layers = (0..<64).map { number in
      let (chamber, view, layer) = (number / 16, number / 4 % 4, number % 4)
      let hole = StrawGeometry.hole(chamber: chamber)
      return Layer(
        z: Self.chamberZ[chamber] + StrawGeometry.viewZ[view] + StrawGeometry.layerZ[layer],
        offset: StrawGeometry.planeOffsets[view][layer] + StrawGeometry.viewOffsets[chamber][view],
        holeLow: hole.low[view], holeHigh: hole.high[view])
    }
    channels = Array(repeating: -1, count: 64 * Self.row)
    for (channel, straw) in maps.straw.enumerated() where straw >= 0 && Int(straw) < 64 * Self.straws {
      let (place, number) = Int(straw).quotientAndRemainder(dividingBy: Self.straws)
      let wire = layers[place].offset + Self.pitch * Double(number)
      let isInHole = wire > layers[place].holeLow && wire < layers[place].holeHigh
      guard !isInHole, Self.outer.contains(wire) else { continue }
      channels[Self.row * place + 1 + number] = Int16(truncatingIfNeeded: channel)
    }
    driftTimes = (0...495).map { StrawGeometry.driftTime(Double($0) * Self.step) }
  }

  /// Drift time in ns for a distance in mm, up to 4.9: the inverse of L1's law.
  func driftTime(_ radius: Double) -> Double {
    let place = min(max(radius, 0), 4.94) * Self.stepsPerMillimetre
    let i = min(Int(place), driftTimes.count - 2)
    let part = place - Double(i)
    return driftTimes[i] * (1 - part) + driftTimes[i + 1] * part
  }

  /// Chance that a crossing at a distance makes a hit.
  func efficiency(_ r: Double) -> Double {
    // Away from the wall the exponential is below 1e-10.
    if r < 4.4 { return settings.efficiency }
    return settings.efficiency * max(0, 1 - CMath.exp(51.59 * (r - 4.874)))
  }

  /// The straw of a layer that a line crosses, with the distance from its wire; `across` is the coordinate that
  /// the view measures, `along` the one along the wires.
  func crossing(chamber: Int, view: Int, layer: Int, across: Double, along: Double) -> (Int, Double)? {
    let found = nearest(16 * chamber + 4 * view + layer, across: across)
    guard abs(along) < Self.halfLength, found.channel >= 0, found.distance < Self.radius else { return nil }
    return (Int(found.channel), found.distance)
  }

  /// The channel of a straw that is nearest to a line in a layer, or -1, and the distance from its wire, which may
  /// be beyond the straw.
  @inline(__always)
  private func nearest(_ place: Int, across: Double) -> (channel: Int16, distance: Double) {
    let offset = layers[place].offset
    // Half a pitch on, so that cutting rounds, and a place on, for a row that begins and ends with none;
    // in this order of the arguments 0 for what is no number.
    let number = Int(min(max(0, (across - offset) * Self.inversePitch + 1.5), Double(Self.row - 1)))
    return (
      channels[Self.row * place + number], abs(across - offset - Self.pitch * Double(number - 1))
    )
  }

  /// The hits of a charged track in a chamber, and whether it goes through the straws of any view. It has to stand
  /// before the chamber, and to get through it.
  @discardableResult
  func respond(
    _ track: TrackState, chamber: Int, event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) -> Bool {
    if track.isLeaving, track.isOutside(radius: Self.outermost) { return false }
    let diagonal = 0.5.squareRoot()
    let (x, y) = (track.position.x, track.position.y)
    let (slopeX, slopeY) = (track.slopeX, track.slopeY)
    let (u, v) = (diagonal * (x - y), diagonal * (x + y))
    let (slopeU, slopeV) = (diagonal * (slopeX - slopeY), diagonal * (slopeX + slopeY))
    let views: InlineArray<4, Line> = [
      Line(across: u, along: v, slope: slopeU, slopeAlong: slopeV),
      Line(across: v, along: u, slope: slopeV, slopeAlong: slopeU),
      Line(across: x, along: y, slope: slopeX, slopeAlong: slopeY),
      Line(across: y, along: x, slope: slopeY, slopeAlong: slopeX),
    ]
    var isCrossed = false
    for view in 0..<4 {
      let first = 16 * chamber + 4 * view
      guard !misses(views[view], first, from: track.position.z) else { continue }
      isCrossed = true
      respond(track, first, views[view], event, &draws, &hits)
    }
    return isCrossed
  }

  /// A track in the coordinates of a view, across and along its wires, and its slopes.
  private struct Line {
    let across: Double
    let along: Double
    let slope: Double
    let slopeAlong: Double
  }

  /// The hits of a track in a view, whose first layer is at place `first`.
  private func respond(
    _ track: TrackState, _ first: Int, _ line: Line, _ event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) {
    let cosine = 1 / (1 + line.slope * line.slope).squareRoot()
    let start = event.time + track.time
    // First which straws are crossed, without a branch: no processor could foresee it.
    var crossed = InlineArray<4, (channel: Int16, r: Double, dz: Double)>(repeating: (-1, 0, 0))
    var count = 0
    for layer in 0..<4 {
      let dz = layers[first + layer].z - track.position.z
      let found = nearest(first + layer, across: line.across + dz * line.slope)
      let isWithin = abs(line.along + dz * line.slopeAlong) < Self.halfLength
      crossed[count] = (found.channel, found.distance * cosine, dz)
      count += (isWithin ? 1 : 0) & (found.channel >= 0 ? 1 : 0) & (found.distance < Self.radius ? 1 : 0)
    }
    for i in 0..<count {
      let (channel, r, dz) = crossed[i]
      guard draws.chance(efficiency(r)) else { continue }
      // A distance cannot be negative nor beyond the straw.
      let measured = min(abs(r + draws.gauss(StrawGeometry.resolution(r))), 4.87)
      let drift = driftTime(measured)
      let end = settings.width + draws.gauss(settings.widthSpread)
      let time = start + dz * track.delay
      hits.append(
        channel: Int32(channel), leading: time + drift, trailing: end > drift + 5 ? time + end : .nan,
        event: event.number, particle: track.particle)
    }
  }

  /// Whether a line goes through the hole of a view, or past it, in all its layers; `first` is the first of them.
  private func misses(_ line: Line, _ first: Int, from z: Double) -> Bool {
    let (front, back) = (layers[first].z - z, layers[first + 3].z - z)
    let along = (line.along + front * line.slopeAlong, line.along + back * line.slopeAlong)
    if min(along.0, along.1) >= Self.halfLength || max(along.0, along.1) <= -Self.halfLength { return true }
    let across = (line.across + front * line.slope, line.across + back * line.slope)
    let (low, high) = (min(across.0, across.1), max(across.0, across.1))
    // The wires of a hole are within it: what is farther from its edges than a straw's radius meets none.
    let here = layers[first]
    if low > here.holeLow + Self.radius, high < here.holeHigh - Self.radius { return true }
    return low > Self.outer.upperBound + Self.radius || high < Self.outer.lowerBound - Self.radius
  }
}
