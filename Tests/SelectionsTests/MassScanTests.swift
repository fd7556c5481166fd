import SpillwayTestSupport
import Testing

@testable import Selections

@Suite struct MassScanTests {
  private func axis(_ masses: [Double], _ width: Double) -> MassScan.Axis {
    MassScan.Axis(variable: "m", masses: masses, halfWidths: masses.map { _ in width })
  }

  @Test func windowsHoldBothTheirBorders() {
    var scan = MassScan(name: "s", axes: [axis([10, 15, 20], 2.5)], region: nil, ratio: nil)
    for value in [7.5, (7.5).nextDown, 12.5, (12.5).nextUp, 22.5, (22.5).nextUp, .nan] { scan.add(value) }
    #expect(scan.counts == [2, 2, 1])
    #expect(scan.unavailable == 1)
  }

  @Test func planeLeavesOutWhatKinematicsForbids() {
    let scan = MassScan(
      name: "s", axes: [axis([10, 20, 30], 1), axis([5, 10, 15], 1)], region: nil, ratio: 0.5)
    #expect(
      scan.points.indices.map { scan.masses($0) } == [
        [10, 5], [20, 5], [20, 10], [30, 5], [30, 10], [30, 15],
      ])
  }

  @Test func countsAreThoseOfBruteForce() {
    var random = SplitMix64(seed: 5)
    let first = axis((1...30).map { Double($0) * 10 }, 17)
    let second = axis((1...20).map { Double($0) * 7 }, 9)
    var scan = MassScan(name: "s", axes: [first, second], region: nil, ratio: 0.5)
    let events = (0..<500).map { _ in
      SIMD2(Double.random(in: 0...330, using: &random), Double.random(in: 0...160, using: &random))
    }
    for event in events { scan.add(event.x, event.y) }
    for point in scan.points.indices {
      let masses = scan.masses(point)
      let expected = events.count { abs($0.x - masses[0]) <= 17 && abs($0.y - masses[1]) <= 9 }
      #expect(scan.counts[point] == UInt64(expected))
    }
  }

  @Test func windowsFollowTheResolutionTable() throws {
    let selection = try physics([
      "topology: vertex", "roles: [{ name: a, charge: 1, mass: e }, { name: b, charge: -1, mass: e }]",
      "variables: { m: { invariant_mass: [a, b] } }", "cuts:", cut("any", "variable: m, min: 0 MeV/c2"),
      "scans:",
      "  - name: s", "    axes:", "      - variable: m",
      "        masses: { from: 50 MeV/c2, to: 250 MeV/c2, step: 50 MeV/c2 }",
      "        window: { sigmas: 2, sigma: [[100 MeV/c2, 1 MeV/c2], [200 MeV/c2, 3 MeV/c2]] }",
      "    trust: chosen", "    source: test",
    ])
    #expect(selection.scans[0].empty.axes[0].halfWidths == [2, 2, 4, 6, 6])
    #expect(selection.scans[0].empty.axes[0].masses == [50, 100, 150, 200, 250])
  }
}
