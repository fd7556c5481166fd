import Detectors
import L1Trigger

/// Straws: which ones a track crosses, at which distance, and their edges (`detectors.md` 4.1, 4.2).
struct StrawResponse {
  /// z of the chambers.
  static var chamberZ: [Double] { StrawGeometry.chamberZ }
  /// Half of the length of a straw, and between which coordinates there are straws.
  private static let halfLength = 1050.0
  private static let outer = -1054.5...1037.5

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
  /// Readout channel of a straw, at (4 × (4 chamber + view) + layer) × 122 + straw, or -1.
  private var channels: [Int16]
  /// Drift time in ns by distance, in steps of `step` from 0.
  private var driftTimes: [Double]
  private static let step = 0.01

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
    channels = Array(repeating: -1, count: 64 * 122)
    for (channel, straw) in maps.straw.enumerated() where straw >= 0 && Int(straw) < channels.count {
      channels[Int(straw)] = Int16(truncatingIfNeeded: channel)
    }
    driftTimes = (0...495).map { StrawGeometry.driftTime(Double($0) * Self.step) }
  }

  /// Drift time in ns for a distance in mm, up to 4.9: the inverse of L1's law.
  func driftTime(_ radius: Double) -> Double {
    let place = min(max(radius, 0), 4.94) / Self.step
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
    guard abs(along) < Self.halfLength else { return nil }
    let place = 16 * chamber + 4 * view + layer
    let here = layers[place]
    let number = ((across - here.offset) / StrawGeometry.pitch).rounded()
    guard number >= 0, number < 122 else { return nil }
    let wire = here.offset + StrawGeometry.pitch * number
    guard wire <= here.holeLow || wire >= here.holeHigh, Self.outer.contains(wire) else { return nil }
    let r = abs(across - wire)
    guard r < StrawGeometry.strawRadius else { return nil }
    let channel = channels[122 * place + Int(number)]
    return channel >= 0 ? (Int(channel), r) : nil
  }

  /// The hits of a charged track in a chamber. It has to stand before it, and to get through it.
  func respond(
    _ track: TrackState, chamber: Int, event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) {
    let diagonal = 0.5.squareRoot()
    let (slopeX, slopeY) = (track.slopeX, track.slopeY)
    for view in 0..<4 {
      // Coordinates across and along the wires at z of the track, and their slopes.
      let (x, y) = (track.position.x, track.position.y)
      let (across, along, slope, slopeAlong): (Double, Double, Double, Double) =
        switch view {
        case 0:
          (diagonal * (x - y), diagonal * (x + y), diagonal * (slopeX - slopeY), diagonal * (slopeX + slopeY))
        case 1:
          (diagonal * (x + y), diagonal * (x - y), diagonal * (slopeX + slopeY), diagonal * (slopeX - slopeY))
        case 2: (x, y, slopeX, slopeY)
        default: (y, x, slopeY, slopeX)
        }
      let cosine = 1 / (1 + slope * slope).squareRoot()
      for layer in 0..<4 {
        let dz = layers[16 * chamber + 4 * view + layer].z - track.position.z
        guard
          let (channel, distance) = crossing(
            chamber: chamber, view: view, layer: layer, across: across + dz * slope,
            along: along + dz * slopeAlong)
        else { continue }
        let r = distance * cosine
        guard draws.chance(efficiency(r)) else { continue }
        // A distance cannot be negative nor beyond the straw.
        let measured = min(abs(r + draws.gauss(StrawGeometry.resolution(r))), 4.87)
        let drift = driftTime(measured)
        let end = settings.width + draws.gauss(settings.widthSpread)
        let time = event.time + track.time + dz * track.delay
        hits.append(
          channel: Int32(channel), leading: time + drift, trailing: end > drift + 5 ? time + end : .nan,
          event: event.number, particle: track.particle)
      }
    }
  }
}
