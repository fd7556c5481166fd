import Detectors
import L1Trigger

/// Straws: which ones a track crosses, at which distance, and their edges (`detectors.md` 4.1, 4.2).
struct StrawResponse {
  /// z of the chambers.
  static let chamberZ = [183_508.0, 194_066, 204_459, 218_885]
  /// z of the views in a chamber, and of the layers in a view; the number of a layer is 2 × half + plane.
  static let viewZ = [-173.5, -116.5, 116.5, 173.5]
  static let layerZ = [-18.5, -7.5, 7.5, 18.5]
  /// Inner radius and distance of the straws of a layer, mm.
  static let radius = 4.875
  static let pitch = 17.6
  /// Half of the length of a straw, and between which coordinates there are straws.
  private static let halfLength = 1050.0
  private static let outer = -1054.5...1037.5

  private let settings: ResponseConfiguration.Channels
  /// Readout channel of a straw, at (4 × (4 chamber + view) + layer) × 122 + straw, or -1.
  private var channels: [Int16]
  /// Drift time in ns by distance, in steps of `step` from 0.
  private var driftTimes: [Double]
  private static let step = 0.01

  init(_ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    settings = configuration[.straw]
    channels = Array(repeating: -1, count: 64 * 122)
    for (channel, straw) in maps.straw.enumerated() where straw >= 0 && Int(straw) < channels.count {
      channels[Int(straw)] = Int16(truncatingIfNeeded: channel)
    }
    driftTimes = (0...495).map { Self.invert(Double($0) * Self.step) }
  }

  /// The drift time in ns at which L1 finds a distance: between 10 and 200 ns L1's law rises.
  private static func invert(_ radius: Double) -> Double {
    var low = 0.0170
    var high = 0.2
    for _ in 0..<50 {
      let middle = (low + high) / 2
      if StrawGeometry.drift(middle) < radius { low = middle } else { high = middle }
    }
    return 1000 * (low + high) / 2
  }

  /// Drift time in ns for a distance in mm, up to 4.9: the inverse of L1's law.
  func driftTime(_ radius: Double) -> Double {
    let place = min(max(radius, 0), 4.94) / Self.step
    let i = min(Int(place), driftTimes.count - 2)
    let part = place - Double(i)
    return driftTimes[i] * (1 - part) + driftTimes[i + 1] * part
  }

  /// Resolution of a distance in mm (`detectors.md` 4.3).
  static func resolution(_ r: Double) -> Double {
    if r < 1 { return 0.7 - 0.363 * r }
    if r < 4 { return 0.476 - 0.147 * r + 0.0092 * r * r + 0.00135 * r * r * r }
    return 0.1218
  }

  /// Chance that a crossing at a distance makes a hit.
  func efficiency(_ r: Double) -> Double {
    settings.efficiency * max(0, 1 - exponentialFunction(51.59 * (r - 4.874)))
  }

  /// The straw of a layer that a line crosses, with the distance from its wire; `across` is the coordinate that
  /// the view measures, `along` the one along the wires.
  func crossing(chamber: Int, view: Int, layer: Int, across: Double, along: Double) -> (Int, Double)? {
    guard abs(along) < Self.halfLength else { return nil }
    let offset = StrawGeometry.planeOffsets[view][layer] + StrawGeometry.viewOffsets[chamber][view]
    let number = ((across - offset) / Self.pitch).rounded()
    guard number >= 0, number < 122 else { return nil }
    let straw = Int(number)
    let wire = offset + Self.pitch * number
    let hole = StrawGeometry.hole(chamber: chamber)
    guard wire <= hole.low[view] || wire >= hole.high[view], Self.outer.contains(wire) else { return nil }
    let r = abs(across - wire)
    guard r < Self.radius else { return nil }
    let channel = channels[(16 * chamber + 4 * view + layer) * 122 + straw]
    return channel >= 0 ? (Int(channel), r) : nil
  }

  /// The hits of a charged track in a chamber. It has to stand at or before it.
  func respond(
    _ track: TrackState, chamber: Int, event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) {
    let diagonal = 0.5.squareRoot()
    for view in 0..<4 {
      for layer in 0..<4 {
        let z = Self.chamberZ[chamber] + Self.viewZ[view] + Self.layerZ[layer]
        var here = track
        guard here.move(to: z) else { continue }
        let (x, y) = (here.position.x, here.position.y)
        let (across, along, slope): (Double, Double, Double) =
          switch view {
          case 0: (diagonal * (x - y), diagonal * (x + y), diagonal * (here.slopeX - here.slopeY))
          case 1: (diagonal * (x + y), diagonal * (x - y), diagonal * (here.slopeX + here.slopeY))
          case 2: (x, y, here.slopeX)
          default: (y, x, here.slopeY)
          }
        guard
          let (channel, distance) = crossing(
            chamber: chamber, view: view, layer: layer, across: across, along: along)
        else { continue }
        let r = distance / (1 + slope * slope).squareRoot()
        guard draws.chance(efficiency(r)) else { continue }
        // A distance cannot be negative nor beyond the straw.
        let measured = min(abs(r + draws.gauss(Self.resolution(r))), 4.87)
        let drift = driftTime(measured)
        let end = settings.width + draws.gauss(settings.widthSpread)
        let time = event.time + here.time
        hits.append(
          channel: Int32(channel), leading: time + drift, trailing: end > drift + 5 ? time + end : .nan,
          event: event.number, particle: track.particle)
      }
    }
  }
}
