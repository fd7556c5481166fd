import Detectors

/// The RICH: photons of a ring, on the photomultipliers of two disks, and the ORs of their supercells
/// (`detectors.md` section 10).
struct RingResponse {
  /// Between which z the radiator is; at the end stands the mirror.
  static let radiator = (front: 219_445.0, mirror: 236_873.0)
  /// Radius of the panel of mirrors, mm.
  private static let mirrorRadius = 1520.0
  private static let columns = 80
  private static let rows = 50

  /// Radius of a ring at the speed of light, and its mean number of photons.
  private let electron: (radius: Double, photons: Double)
  private let focalLength: Double
  /// Shifts of the ring on the two disks.
  private let shifts: SIMD2<Double>
  private let photonSpread: Double
  private let pipe: (radius: Double, x: Double, slope: Double)
  private let settings: ResponseConfiguration.Channels
  /// Number of a photomultiplier of a disk by its place on the grid of 9 mm by 9 sqrt(3) mm, or -1.
  private var grid: [Int16]
  /// Readout channels by 976 disk + number.
  private var channels: [Int32]
  /// Readout channels of the ORs by 122 disk + number / 8.
  private var orChannels: [Int32]
  /// Refractive index.
  private let index: Double
  /// Photons of the event so far by supercell: place in the list of hits, for the event that is noted.
  private var earliest: [Double]
  private var touched: [Int] = []

  init(_ configuration: ResponseConfiguration, _ maps: L1DetectorMaps) {
    electron = (configuration.richElectronRing, configuration.richPhotons)
    focalLength = configuration.richFocalLength
    shifts = configuration.richShifts
    photonSpread = configuration.richPhotonSpread
    pipe = (configuration.richPipeRadius, configuration.richPipeX, configuration.richPipeSlope)
    settings = configuration[.rich]
    grid = Array(repeating: -1, count: Self.columns * Self.rows)
    for (number, place) in maps.richPosition.enumerated() {
      let column = Int((Double(place.x) / 9).rounded()) + Self.columns / 2
      let row = Int((Double(place.y) / (9 * 3.0.squareRoot())).rounded()) + Self.rows / 2
      guard (0..<Self.columns).contains(column), (0..<Self.rows).contains(row) else { continue }
      grid[row * Self.columns + column] = Int16(truncatingIfNeeded: number)
    }
    channels = Array(repeating: -1, count: 1952)
    orChannels = Array(repeating: -1, count: 244)
    for (channel, position) in maps.rich.enumerated() where position >= 0 {
      let p = Int(position)
      let cell = 122 * (p / 100_000) + 61 * (p / 10000 % 10) + p / 100 % 100
      guard cell < 244 else { continue }
      if p / 10 % 10 > 0 {
        orChannels[cell] = Int32(channel)
      } else {
        channels[8 * cell + p % 10] = Int32(channel)
      }
    }
    let tangent = configuration.richElectronRing / configuration.richFocalLength
    index = (1 + tangent * tangent).squareRoot()
    earliest = Array(repeating: .infinity, count: 244)
  }

  /// Radius of the ring in mm at a speed, or `nil` below threshold.
  func radius(beta: Double) -> Double? {
    let cosine = 1 / (index * beta)
    return cosine < 1 ? focalLength * CMath.acos(cosine) : nil
  }

  /// The photomultiplier of a disk that a point lies on, or `nil`: the nearest one, within 9 mm or a little
  /// more at the corners of its hexagon.
  func photomultiplier(x: Double, y: Double) -> Int? {
    let line = 9 * 3.0.squareRoot()
    let (rowPlace, columnPlace) = (y / line + Double(Self.rows / 2), x / 9 + Double(Self.columns / 2))
    guard rowPlace > 1.5, rowPlace < Double(Self.rows) - 1.5, columnPlace > 2.5,
      columnPlace < Double(Self.columns) - 2.5
    else { return nil }
    // Rounded: both are above 0.
    let row = Int(rowPlace + 0.5) - Self.rows / 2
    let column = Int(columnPlace + 0.5) - Self.columns / 2
    var best: Int?
    var least = 10.4 * 10.4
    var r = row - 1
    while r <= row + 1 {
      var c = column - 1
      while c <= column + 1 {
        let number = grid[(r + Self.rows / 2) * Self.columns + c + Self.columns / 2]
        let dx = x - 9 * Double(c)
        let dy = y - line * Double(r)
        let square = dx * dx + dy * dy
        if number >= 0, square < least {
          least = square
          best = Int(number)
        }
        c += 1
      }
      r += 1
    }
    return best
  }

  /// The part of the radiator in which a track that stands at its front is outside the beam pipe, which follows
  /// the beam: in thirds.
  func visiblePart(_ track: TrackState) -> Double {
    let length = Self.radiator.mirror - Self.radiator.front
    var outside = 0
    for third in 0..<3 {
      let dz = (Double(third) + 0.5) / 3 * length
      let beam = pipe.x + pipe.slope * (track.position.z + dz)
      let x = track.position.x + dz * track.slopeX - beam
      let y = track.position.y + dz * track.slopeY
      if x * x + y * y > pipe.radius * pipe.radius { outside += 1 }
    }
    return Double(outside) / 3
  }

  /// The hits of a charged track that stands at the front of the radiator.
  mutating func respond(
    _ track: TrackState, event: SimulatedEvent, _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    var end = track
    guard end.move(to: Self.radiator.mirror) else { return }
    // Beyond the mirrors by more than the largest ring.
    guard !end.isOutside(radius: Self.mirrorRadius + electron.radius) else { return }
    let visible = visiblePart(track)
    guard visible > 0, let radius = radius(beta: track.beta) else { return }
    let share = radius / electron.radius
    let start = event.time + end.time
    let photons = electron.photons * share * share * visible
    // Of a Poisson distribution a part is one too.
    for _ in 0..<draws.poisson(photons * settings.efficiency) {
      let (c, s) = draws.circle()
      // The photon goes to the disk of the side of the mirror that it meets.
      let way = draws.uniform() * radius
      let onMirror = (x: end.position.x + way * c, y: end.position.y + way * s)
      guard onMirror.x * onMirror.x + onMirror.y * onMirror.y < Self.mirrorRadius * Self.mirrorRadius else {
        continue
      }
      let disk = onMirror.x > 0 ? 0 : 1
      let x = focalLength * track.slopeX + shifts[disk] + radius * c
      let y = focalLength * track.slopeY + radius * s
      guard let number = photomultiplier(x: x + draws.gauss(photonSpread), y: y + draws.gauss(photonSpread))
      else {
        continue
      }
      let time = start + draws.photonTime()
      let width = max(settings.width + draws.gauss(settings.widthSpread), 1)
      let place = 976 * disk + number
      let cell = place / 8
      hits.append(
        channel: channels[place], leading: time, trailing: time + width, event: event.number,
        particle: track.particle)
      if earliest[cell] == .infinity { touched.append(cell) }
      earliest[cell] = min(earliest[cell], time)
    }
    // One hit of the OR of each supercell, with the time of its first photomultiplier.
    for cell in touched {
      if orChannels[cell] >= 0 {
        hits.append(
          channel: orChannels[cell], leading: earliest[cell], trailing: earliest[cell] + settings.width,
          event: event.number, particle: track.particle)
      }
      earliest[cell] = .infinity
    }
    touched.removeAll(keepingCapacity: true)
  }
}
