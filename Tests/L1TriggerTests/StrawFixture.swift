import Detectors
import EventBuilding
import L1Trigger
import NA62Formats
import SpillwayTestSupport

/// Events with STRAW hits where a track crosses the chambers.
struct StrawFixture {
  /// A hit: a straw, and the leading times of its edges in the order of arrival, in ns.
  struct Hit {
    var channel: Int
    var times: [Double]
  }

  /// A track: x upstream and downstream of the magnet, and y; positions at the magnet in mm.
  struct Track {
    var q: Double
    var upstream: Double
    var downstream: Double
    var qy: Double
    var my: Double

    func x(_ z: Double) -> Double { q + (z < 0 ? upstream : downstream) * z }
    func y(_ z: Double) -> Double { qy + my * z }

    /// The coordinate in a view: v, u, x, y.
    func coordinate(_ view: Int, chamber: Int) -> Double {
      let z = StrawFixture.z[chamber]
      return switch view {
      case 0: (x(z) - y(z)) / 2.0.squareRoot()
      case 1: (x(z) + y(z)) / 2.0.squareRoot()
      case 2: x(z)
      default: y(z)
      }
    }
  }

  private static let z: [Double] = [-14137, -3579, 6814, 21240]
  /// Positions of the planes by view and 2 × half + plane (`l1.md` 5.9.1); the views are off by less than 0.4 mm.
  private static let planes: [[Double]] = [
    [-1058.2, -1067.0, -1071.4, -1062.6], [-1062.6, -1071.4, -1067.0, -1058.2],
    [-1058.2, -1067.0, -1071.4, -1062.6], [-1080.2, -1089.0, -1084.6, -1075.8],
  ]
  static let layout = EventLayout(
    sources: [
      .init(id: .straw, fragments: 32), .init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1),
    ])
  static let fineTime: UInt8 = 128

  let maps: L1DetectorMaps

  /// The two straws, one of each half, between which a coordinate lies: their channels and positions.
  func straws(_ w: Double, chamber: Int, view: Int) -> [(channel: Int, position: Double)] {
    var near: [(channel: Int, position: Double)] = []
    for plane in 0..<4 {
      for tube in 0..<122 {
        let position = 17.6 * Double(tube) + Self.planes[view][plane]
        guard abs(position - w) < 4.4 else { continue }
        let straw = Int32((16 * chamber + 4 * view + plane) * 122 + tube)
        if let channel = maps.straw.firstIndex(of: straw) { near.append((channel, position)) }
      }
    }
    return near.sorted { $0.position < $1.position }
  }

  /// The leading time in ns of a drift distance in mm.
  static func time(drift: Double) -> Double {
    var low = 0.0165
    var high = 0.174
    for _ in 0..<50 {
      let t = (low + high) / 2
      let d = t - 0.00807073
      let r = -2.29722 + (763.831 * d - 58.9754 * d * d).squareRoot() - 22.5652 * t
      if r < drift { low = t } else { high = t }
    }
    return 1000 * low
  }

  /// The two hits of a coordinate.
  func hits(_ w: Double, chamber: Int, view: Int) -> [Hit] {
    straws(w, chamber: chamber, view: view).map {
      Hit(channel: $0.channel, times: [Self.time(drift: abs(w - $0.position))])
    }
  }

  /// The hits of a track in some views of some chambers.
  func hits(_ track: Track, chambers: [Int], views: [Int] = [0, 1, 2, 3]) -> [Hit] {
    chambers.flatMap { chamber in
      views.flatMap { view in
        hits(track.coordinate(view, chamber: chamber), chamber: chamber, view: view)
      }
    }
  }

  /// An event of mask 0 with the hits.
  func batch(_ hits: [Hit]) throws -> EventBatch {
    let timestamp = L1Fixture.timestamp
    let period = ClockTicks.strawPeriod
    var edges = [[SRB.Edge]](repeating: [], count: 32)
    for hit in hits {
      for time in hit.times {
        let offset = maps.strawStationT0 + maps.strawMezzanineT0[hit.channel / 16] - maps.strawMagicT0
        edges[hit.channel / 256].append(
          SRB.Edge(
            time: time + Double(Self.fineTime) * period / 256 + 0.5 + offset, channel: UInt16(hit.channel),
            isLeading: true))
      }
    }
    var packets = [
      ScriptedPacket(
        .l0tp, first: 0, [L0TPRecord.physics(1, fineTime: Self.fineTime).bytes], timestamp: timestamp)
    ]
    for (board, edges) in edges.enumerated() {
      let first = edges.map { ($0.time / period).rounded(.down) }.min() ?? 0
      let encoder = try SRBEncoder(
        edges: edges, timestamp: timestamp, board: UInt8(board),
        firstSlotTime: UInt32(Int64(timestamp) + Int64(first)))
      packets.append(
        ScriptedPacket(.straw, board: UInt8(board), first: 0, [encoder.bytes], timestamp: timestamp))
    }
    return L1Fixture.batch(packets, layout: Self.layout)
  }
}
