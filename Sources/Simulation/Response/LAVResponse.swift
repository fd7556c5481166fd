import Detectors

/// The twelve stations of the large-angle veto: rings of lead-glass blocks (`detectors.md` section 8).
struct LAVResponse {
  /// A station: where its rings stand and how they are divided.
  struct Station {
    /// z of the first ring's middle; the others follow in steps of 120 mm.
    let z: Double
    let layers: Int
    let bananas: Int
    /// Inner radius.
    let inner: Double
    /// Angle in degrees by which a ring is turned against the one before.
    let turn: Double

    /// Whether the line of a track can meet the rings, or leaves the vessel in them.
    ///
    /// The square of the distance from the axis is a parabola that opens upwards: where both ends are inside,
    /// so is what lies between.
    @inline(__always)
    func isInTheWay(of track: TrackState) -> Bool {
      let first = track.crossing(atZ: z)
      let last = track.crossing(atZ: z + Double(layers - 1) * LAVResponse.ringStep)
      let squares = (first.x * first.x + first.y * first.y, last.x * last.x + last.y * last.y)
      if max(squares.0, squares.1) < inner * inner { return false }
      // A muon outside at both ends, which gets away from the axis, or nearer to it, all the way.
      let outer = inner + LAVResponse.depth
      guard track.isMuon, min(squares.0, squares.1) > outer * outer else { return true }
      let moves = (
        first.x * track.slopeX + first.y * track.slopeY, last.x * track.slopeX + last.y * track.slopeY
      )
      return moves.0 * moves.1 < 0
    }
  }

  /// Length of a block along the radius, mm.
  static let depth = 370.0
  /// Distance of the rings, mm.
  static let ringStep = 120.0

  /// The stations.
  static let stations: [Station] = {
    let fronts = [
      120_595.0, 128_205, 135_815, 143_425, 151_035, 164_545, 172_055, 179_565, 191_941, 202_334, 216_760,
      238_200,
    ]
    return fronts.enumerated().map { i, front in
      let z = front + (i == 11 ? 230 : 768) + 55
      return switch i {
      case 0..<5: Station(z: z, layers: 5, bananas: 8, inner: 532, turn: -2.25)
      case 5..<8: Station(z: z, layers: 5, bananas: 12, inner: 772, turn: -1.5)
      case 8..<11: Station(z: z, layers: 4, bananas: 15, inner: 972, turn: -1.5)
      default: Station(z: z, layers: 4, bananas: 16, inner: 1072, turn: -1.40625)
      }
    }
  }()

  /// Shares of a shower in the block that it meets, its neighbour, and the rings behind (M: several blocks
  /// fire for a photon of some GeV).
  private static let shares = (first: 0.6, neighbour: 0.1, second: 0.25, third: 0.05)

  private let stations = Self.stations
  private let pulse: ThresholdPulse
  /// Readout channel of the low threshold by (station × 5 + layer) × 64 + 4 × banana + block; the high one next
  /// to it is in `high`.
  private var low: [Int32]
  private var high: [Int32]

  init(_ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    pulse = ThresholdPulse(pulse: configuration.lav, settings: configuration[.lav])
    low = Array(repeating: -1, count: 12 * 5 * 64)
    high = low
    for (channel, position) in maps.lav.enumerated() where position >= 0 {
      let block = Int(position) % 1_000_000
      let station = block / 10000 - 1
      let layer = block / 1000 % 10
      let number = 4 * (block / 10 % 100) + block % 10
      guard (0..<12).contains(station), layer < 5, number < 64 else { continue }
      let place = (station * 5 + layer) * 64 + number
      if position < 1_000_000 { low[place] = Int32(channel) } else { high[place] = Int32(channel) }
    }
  }

  /// The block of a ring at a point, 4 × banana + block.
  static func block(station: Station, layer: Int, x: Double, y: Double) -> Int {
    let span = 360 / Double(station.bananas)
    let first = 99 + Double(layer) * station.turn - span / 2
    let angle = (CMath.atan2(y, x) * 180 / .pi - first) / 360
    let turned = angle - angle.rounded(.down)
    let count = 4 * station.bananas
    return min(Int(turned * Double(count)), count - 1)
  }

  /// Whether a track can meet a station.
  @inline(__always)
  func isInTheWay(of track: TrackState, station: Int) -> Bool { stations[station].isInTheWay(of: track) }

  /// Whether a track that has not reached the spectrometer can meet any of the first eight stations.
  @inline(__always)
  func isInTheWayBeforeSpectrometer(of track: TrackState) -> Bool {
    let (x, y) = (track.position.x, track.position.y)
    let end = track.crossing(atZ: stations[7].z + 5 * Self.ringStep)
    let here = x * x + y * y
    if max(here, end.x * end.x + end.y * end.y) < stations[0].inner * stations[0].inner { return false }
    // A muon outside of all of them that gets away from the axis.
    let outer = stations[7].inner + Self.depth
    return !(track.isMuon && here > outer * outer && track.isLeaving)
  }

  /// The hits of a particle in a station; a particle that showers or is a hadron ends there.
  func respond(
    _ track: inout TrackState, station number: Int, event: SimulatedEvent, _ draws: inout ResponseDraws,
    _ hits: inout HitList
  ) {
    let station = stations[number]
    var isHit = false
    for layer in 0..<station.layers {
      guard track.move(to: station.z + Double(layer) * Self.ringStep) else { continue }
      guard track.isOutside(radius: station.inner) else { continue }
      guard !track.isOutside(radius: station.inner + Self.depth) else {
        // It left the vessel before: only a muon can be outside.
        if !track.isMuon { track.end = track.position.z }
        continue
      }
      let block = Self.block(station: station, layer: layer, x: track.position.x, y: track.position.y)
      if track.showers {
        let count = 4 * station.bananas
        let side = draws.chance(0.5) ? 1 : count - 1
        let shares = Self.shares
        add(track, number, layer, block, track.energy * shares.first, event, &draws, &hits)
        add(
          track, number, layer, (block + side) % count, track.energy * shares.neighbour, event, &draws, &hits)
        if layer + 1 < station.layers {
          add(track, number, layer + 1, block, track.energy * shares.second, event, &draws, &hits)
        }
        if layer + 2 < station.layers {
          add(track, number, layer + 2, block, track.energy * shares.third, event, &draws, &hits)
        }
        track.end = track.position.z
        return
      }
      add(track, number, layer, block, pulse.pulse.muonEnergy, event, &draws, &hits)
      isHit = true
    }
    if isHit, track.isHadron { track.end = track.position.z }
  }

  private func add(
    _ track: TrackState, _ station: Int, _ layer: Int, _ block: Int, _ energy: Double,
    _ event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    let place = (station * 5 + layer) * 64 + block
    let height = pulse.height(energy, &draws)
    pulse.respond(
      height: height, low: low[place], high: high[place], time: event.time + track.time, event: event.number,
      particle: track.particle, &draws, &hits)
  }
}
