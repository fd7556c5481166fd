import Detectors
import EventBuilding
import NA62Formats
import Simulation
import SpillwayTestSupport
import Testing

@testable import Reconstruction

/// Clusters of LKr from the samples of its cells.
@Suite struct CalorimeterTests {
  /// A shower to be read out.
  private struct Shower {
    var x: Double
    var y: Double
    var energy: Double
    var time = 0.0
  }

  /// The fragments of showers without noise, with the zero suppression of the boards.
  private func data(_ showers: [Shower], gain: Double = 0.003491) throws -> CalorimeterData {
    var signals: [Int: SIMD8<Double>] = [:]
    for shower in showers {
      let (u, v) = (LKrGeometry.place(shower.x), LKrGeometry.place(shower.y))
      var parts: [(Int, Double)] = []
      for column in (Int(u) - 7)...(Int(u) + 7) {
        for row in (Int(v) - 7)...(Int(v) + 7) {
          let (dx, dy) = (Double(column) - u, Double(row) - v)
          let share = LKrShower.share((dx * dx + dy * dy).squareRoot() * LKrGeometry.cell)
          if share > 0 { parts.append((column * LKrGeometry.side + row, share)) }
        }
      }
      let sum = parts.reduce(0) { $0 + $1.1 }
      for (cell, share) in parts {
        let counts = shower.energy / gain * share / sum
        for i in 0..<8 {
          signals[cell, default: .zero][i] +=
            counts * LKrShower.height(PulseFit.time(ofSample: i) - shower.time)
        }
      }
    }
    var out = CalorimeterData(fragments: [], bytes: [])
    for block in LKrGeometry.blocks {
      var channels: [CREAM.Channel] = []
      for channel in 0..<32 {
        let cell = block.cell(channel: channel)
        guard let signal = signals[cell.column * LKrGeometry.side + cell.row] else { continue }
        let samples = (0..<8).map { UInt16(min(max((400 + signal[$0]).rounded(), 0), 16_383)) }
        guard Int(samples.max() ?? 0) - Int(samples.min() ?? 0) >= 20 else { continue }
        channels.append(CREAM.Channel(number: channel, samples: samples))
      }
      guard !channels.isEmpty else { continue }
      let payload = try CREAM.encode(channels, sampleCount: 8, isZeroSuppressed: true)
      AssociationFixture.append(
        L1Packet.encode(
          event: 1, source: .lkr, timestamp: 0, subID: block.subID, l0Word: L0Word(rawValue: 1),
          payload: payload),
        to: &out)
    }
    return out
  }

  private func clusters(_ data: CalorimeterData) throws -> ClusterColumns {
    var finder = LKrClusters(
      settings: try AssociationFixture.configuration().association.lkr,
      layout: try AssociationFixture.layout())
    var columns = ClusterColumns()
    finder.run(data, reference: 0, into: &columns)
    columns.endEvent()
    return columns
  }

  @Test func aPulseWithoutNoiseGivesItsHeightAndTime() {
    let fit = PulseFit()
    for time in stride(from: -60.0, through: 30, by: 2.3) {
      for height in [200.0, 3000, 14_000] {
        var samples = SIMD8<UInt16>.zero
        for i in 0..<8 {
          samples[i] = UInt16((400 + height * LKrShower.height(PulseFit.time(ofSample: i) - time)).rounded())
        }
        let found = fit.fit(samples, reference: 10)
        #expect(abs(Double(found.height) - height) < 0.006 * height + 1, "height \(height) at \(time)")
        #expect(abs(Double(found.time) - time) < 0.3 + 40 / height, "height \(height) at \(time)")
      }
    }
    #expect(fit.fit(SIMD8(repeating: 400), reference: 0).height <= 0)
  }

  @Test func aShowerWithoutNoiseIsFoundWhereItIs() throws {
    for energy in [5.0, 20, 60] {
      for (u, v) in [(0.0, 0.0), (0.2, 0.1), (-0.4, 0.3), (0.45, -0.45), (0.1, 0.49)] {
        let shower = Shower(
          x: LKrGeometry.coordinate(30 + u), y: LKrGeometry.coordinate(70 + v), energy: energy, time: 4)
        // A shower at the corner of four cells stands out too little of them below some 6 GeV.
        if energy < 6, abs(u) + abs(v) > 0.6 { continue }
        let found = try clusters(data([shower]))
        try #require(found.count == 1, "\(energy) GeV at \(u), \(v)")
        #expect(
          abs(Double(found.energy[0]) / energy - 1) < 0.012, "\(energy) GeV at \(u), \(v): \(found.energy[0])"
        )
        #expect(abs(Double(found.position[0].x) - shower.x) < 1, "\(energy) GeV at \(u), \(v)")
        #expect(abs(Double(found.position[0].y) - shower.y) < 1, "\(energy) GeV at \(u), \(v)")
        #expect(abs(found.time[0] - 4) < 0.3)
        #expect(!found.isSaturated[0])
      }
    }
  }

  @Test func aLargeShowerIsMeasuredByTheCellsThatAreNotBeyondTheirRange() throws {
    let found = try clusters(
      data([Shower(x: LKrGeometry.coordinate(40), y: LKrGeometry.coordinate(40), energy: 150)]))
    try #require(found.count == 1)
    #expect(found.isSaturated[0])
    #expect(abs(found.energy[0] / 150 - 1) < 0.02)
  }

  @Test func neighboursShareTheirCells() throws {
    let first = Shower(x: LKrGeometry.coordinate(50.2), y: LKrGeometry.coordinate(50.1), energy: 20)
    let second = Shower(x: LKrGeometry.coordinate(54.0), y: LKrGeometry.coordinate(50.8), energy: 10, time: 3)
    let found = try clusters(data([first, second]))
    try #require(found.count == 2)
    for (k, shower) in [first, second].enumerated() {
      #expect(abs(Double(found.energy[k]) / shower.energy - 1) < 0.03, "\(found.energy[k])")
      #expect(abs(Double(found.position[k].x) - shower.x) < 2)
      #expect(abs(Double(found.position[k].y) - shower.y) < 2)
      #expect(abs(Double(found.time[k]) - shower.time) < 0.5)
    }
  }

  @Test func theOrderOfTheBoardsChangesNothing() throws {
    var data = try data([
      Shower(x: 300, y: 200, energy: 20), Shower(x: 380, y: 230, energy: 11),
      Shower(x: -500, y: 0, energy: 3),
    ])
    let found = try clusters(data)
    data.fragments.reverse()
    // A copy of a board changes nothing either.
    data.fragments.append(data.fragments[0])
    let other = try clusters(data)
    #expect(found.count == 3)
    #expect(found.energy == other.energy && found.position == other.position && found.time == other.time)
  }

  @Test func energiesAreAsGoodAsTheReadoutLets() throws {
    for momentum in [10.0, 25, 50] {
      let sample = try AssociationFixture.sample(
        AssociationFixture.guns(.positron, momenta: momentum...momentum, count: 400, seed: 8))
      let out = try AssociationFixture.reconstruct(sample)
      var energies: [Double] = []
      var times: [Double] = []
      for (event, truth) in sample.truth.enumerated() {
        let range = out.associations.clusters.range(ofEvent: event)
        guard
          let c = range.max(by: {
            out.associations.clusters.energy[$0] < out.associations.clusters.energy[$1]
          })
        else { continue }
        energies.append(Double(out.associations.clusters.energy[c]) / momentum)
        let units = truth.time / ClockTicks.fineTimeUnit
        times.append(
          Double(out.associations.clusters.time[c]) - (units - units.rounded(.down)) * ClockTicks.fineTimeUnit
        )
      }
      let (mean, spread) = AssociationFixture.moments(energies)
      let e = momentum
      let expected = (0.048 * 0.048 / e + 0.11 * 0.11 / (e * e) + 0.009 * 0.009).squareRoot()
      let time = AssociationFixture.moments(times)
      #expect(energies.count > 380)
      #expect(abs(mean - 1) < 0.01)
      #expect(spread < 1.25 * expected)
      #expect(abs(time.mean) < 0.3)
      #expect(time.spread < 1.2 * (0.56 + 1.53 / e - 0.233 / e.squareRoot()))
    }
  }

  @Test func anyBytesAreAnswered() throws {
    var random = SplitMix64(seed: 77)
    var finder = LKrClusters(
      settings: try AssociationFixture.configuration().association.lkr,
      layout: try AssociationFixture.layout())
    var columns = ClusterColumns()
    let good = try data([Shower(x: 300, y: 200, energy: 20), Shower(x: 380, y: 230, energy: 11)])
    for round in 0..<300 {
      var data = good
      if round % 3 == 0 {
        for i in data.bytes.indices { data.bytes[i] = UInt8(truncatingIfNeeded: random.next()) }
      } else {
        for _ in 0..<(round % 50 + 1) {
          data.bytes[Int(random.next() % UInt64(data.bytes.count))] = UInt8(truncatingIfNeeded: random.next())
        }
      }
      if round % 5 == 0 {
        for i in data.fragments.indices {
          data.fragments[i].offset = UInt32(truncatingIfNeeded: random.next() >> (random.next() % 60))
          data.fragments[i].length = UInt32(truncatingIfNeeded: random.next() >> (random.next() % 60))
        }
      }
      columns.removeAll()
      finder.run(data, reference: 12, into: &columns)
      columns.endEvent()
      #expect(columns.energy.allSatisfy { $0.isFinite } && columns.time.allSatisfy { $0.isFinite })
    }
    // Boards full of large random samples: more cells than the limit.
    var full = CalorimeterData(fragments: [], bytes: [])
    for block in LKrGeometry.blocks {
      let channels = (0..<32).map { number in
        CREAM.Channel(
          number: number, samples: (0..<8).map { _ in UInt16(truncatingIfNeeded: random.next() % 16_384) })
      }
      let payload = try CREAM.encode(channels, sampleCount: 8, isZeroSuppressed: true)
      AssociationFixture.append(
        L1Packet.encode(
          event: 1, source: .lkr, timestamp: 0, subID: block.subID, l0Word: L0Word(rawValue: 1),
          payload: payload),
        to: &full)
    }
    columns.removeAll()
    finder.run(full, reference: 0, into: &columns)
    #expect(finder.isOverflow && columns.count <= LKrClusters.limit)
    // What was there before is forgotten.
    columns.removeAll()
    finder.run(good, reference: 0, into: &columns)
    #expect(!finder.isOverflow && columns.count == 2)
  }
}
