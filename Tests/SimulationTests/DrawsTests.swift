import Foundation
import Testing

@testable import Simulation

@Suite struct DrawsTests {
  /// The integral of the normal distribution up to `x`.
  private func normalIntegral(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }

  private func stream(_ index: UInt64) -> SimulationRandom {
    SimulationRandom(seed: 11, purpose: .response, index: index)
  }

  @Test func layersOfTheNormalDistributionHaveEqualAreas() throws {
    let layers = NormalDistribution.standard.layers
    #expect(layers.count == 256)
    let tail = NormalDistribution.tail
    let area = tail * exp(-tail * tail / 2) + (Double.pi / 2).squareRoot() * erfc(tail * 0.5.squareRoot())
    for (i, layer) in layers.enumerated().dropFirst() {
      #expect(abs(layer.width * layer.step / area - 1) < 1e-9, "layer \(i)")
      #expect(abs(layer.density - exp(-layer.width * layer.width / 2)) < 1e-15)
    }
    #expect(abs(layers[0].width * exp(-tail * tail / 2) / area - 1) < 1e-12)
    let top = try #require(layers.last)
    #expect(top.inside == 0 && abs(top.density + top.step - 1) < 1e-12)
  }

  @Test func normalNumbersFollowTheErrorFunction() {
    var random = stream(0)
    let sample = (0..<200_000).map { _ in random.standardNormal() }
    #expect(GeneratorSupport.kolmogorov(sample, cumulative: normalIntegral) > 0.001)
  }

  @Test func tailsOfNormalNumbersReachAsFarAsTheyShould() {
    var random = stream(1)
    let count = 400_000
    for edge in [2.5, 3, 3.5, NormalDistribution.tail] {
      var beyond = (low: 0.0, high: 0.0)
      for _ in 0..<(count / 4) {
        let x = random.standardNormal()
        if x > edge { beyond.high += 1 }
        if x < -edge { beyond.low += 1 }
      }
      let expected = Double(count / 4) * normalIntegral(-edge)
      #expect(abs(beyond.low - expected) < 4 * expected.squareRoot(), "below -\(edge)")
      #expect(abs(beyond.high - expected) < 4 * expected.squareRoot(), "above \(edge)")
    }
    // The tail alone, of which 0.2 % are beyond 5.
    let normal = NormalDistribution.standard
    let tail = (0..<20_000).map { _ in normal.drawTail(&random) }
    let whole = normalIntegral(-NormalDistribution.tail)
    #expect(GeneratorSupport.kolmogorov(tail) { 1 - normalIntegral(-$0) / whole } > 0.001)
    let far = Double(tail.filter { $0 > 5 }.count)
    let expected = 20_000 * normalIntegral(-5) / whole
    #expect(abs(far - expected) < 4 * expected.squareRoot())
  }

  @Test func tabulatedNumbersFollowTheirDensity() {
    // Bins of 1 from 0 to 4 with 1, 0, 5 and 2 eighths.
    let contents = [1.0, 0, 5, 2]
    let table = TabulatedDistribution(low: 0, high: 4, bins: 4) { contents[Int($0)] }
    var random = stream(2)
    let sample = (0..<100_000).map { _ in table.draw(&random) }
    let integral = { (x: Double) -> Double in
      let bin = min(Int(x), 3)
      return (contents[..<bin].reduce(0, +) + contents[bin] * (x - Double(bin))) / 8
    }
    #expect(GeneratorSupport.kolmogorov(sample, cumulative: integral) > 0.001)
    #expect(!sample.contains { $0 >= 1 && $0 < 2 })
    let even = TabulatedDistribution(low: -1, high: 1, bins: 7) { _ in 0 }
    let rest = (0..<10_000).map { _ in even.draw(&random) }
    #expect(GeneratorSupport.kolmogorov(rest) { ($0 + 1) / 2 } > 0.001)
  }

  @Test func photonTimesFollowTheMeasuredShape() {
    var draws = ResponseDraws(stream(3))
    let sample = (0..<100_000).map { _ in draws.photonTime() }
    let step = 5.0 / 1024
    var sums = [0.0]
    for bin in 0..<1024 {
      sums.append(sums[bin] + PhotonTimes.density(-3 + (Double(bin) + 0.5) * step))
    }
    let integral = { (t: Double) -> Double in
      let place = min(max((t + 3) / step, 0), 1023.999)
      let part = place - place.rounded(.down)
      return (sums[Int(place)] * (1 - part) + sums[Int(place) + 1] * part) / sums[1024]
    }
    #expect(GeneratorSupport.kolmogorov(sample, cumulative: integral) > 0.001)
  }

  @Test(arguments: [0, 0.6, 13.2, 18])
  func poissonNumbersHaveTheirMeanAndVariance(_ mean: Double) {
    var draws = ResponseDraws(stream(4))
    let count = 50_000
    let sample = (0..<count).map { _ in Double(draws.poisson(mean)) }
    let found = sample.reduce(0, +) / Double(count)
    let variance = sample.reduce(0) { $0 + ($1 - found) * ($1 - found) } / Double(count)
    #expect(abs(found - mean) <= 4 * (mean / Double(count)).squareRoot())
    // Fourth moment of a Poisson distribution: mean + 3 mean².
    #expect(abs(variance - mean) <= 4 * ((mean + 2 * mean * mean) / Double(count)).squareRoot())
    let none = Double(sample.filter { $0 == 0 }.count) / Double(count)
    #expect(abs(none - exp(-mean)) <= 4 * (exp(-mean) * (1 - exp(-mean)) / Double(count)).squareRoot() + 1e-4)
  }

  @Test func anglesAndDirectionsAreEven() {
    var random = stream(5)
    let angles = (0..<50_000).map { _ -> Double in
      let (c, s) = random.circle()
      #expect(abs(c * c + s * s - 1) < 1e-12)
      return atan2(s, c)
    }
    #expect(GeneratorSupport.kolmogorov(angles) { ($0 + .pi) / (2 * .pi) } > 0.001)
    let directions = (0..<50_000).map { _ in random.direction() }
    #expect(directions.allSatisfy { abs($0.length - 1) < 1e-12 })
    #expect(GeneratorSupport.kolmogorov(directions.map(\.z)) { ($0 + 1) / 2 } > 0.001)
    #expect(
      GeneratorSupport.kolmogorov(directions.map { atan2($0.y, $0.x) }) { ($0 + .pi) / (2 * .pi) } > 0.001)
  }
}
