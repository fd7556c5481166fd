import Configuration
import Foundation
import SpillwayTestSupport

@testable import Simulation

/// Bursts, samples and statistics for the tests of the generators.
enum GeneratorSupport {
  static func configuration(_ name: String) throws -> BurstConfiguration {
    try BurstConfiguration.load(
      path: RepositoryPaths.root.appendingPathComponent("Configs/simulation/\(name).yaml").path)
  }

  /// Events of kaon mode without halo and magnet, with the given decays.
  static func kaons(
    _ channels: [(KaonChannel, Double)]? = nil, pionZero: PionZeroChannel? = nil, count: Int, seed: UInt64 = 1
  ) throws -> [SimulatedEvent] {
    var configuration = try configuration("kaon-2018")
    configuration.halo = nil
    configuration.magnet.kick = 0
    configuration.spill.rise = 0
    configuration.beam?.kaonFraction = 1
    configuration.beam?.pionFraction = 0
    configuration.beam?.rate = 50e6
    configuration.beam?.passing = []
    if let channels, let table = ChannelTable(channels) { configuration.kaonChannels = table }
    if let pionZero, let table = ChannelTable([(pionZero, 1)]) { configuration.pionZeroChannels = table }
    guard let generator = BurstGenerator(configuration: configuration, seed: seed) else { return [] }
    var events: [SimulatedEvent] = []
    for slice in 0..<generator.sliceCount where events.count < count {
      generator.appendEvents(ofSlice: slice, to: &events)
    }
    return Array(events.prefix(count))
  }

  /// Products of a decay at rest.
  static func decays(
    count: Int, seed: UInt64 = 1, _ decay: (inout SimulationRandom, inout DecayProducts) -> Void
  ) -> [[SimulatedParticle]] {
    var random = SimulationRandom(seed: seed, purpose: .decay, index: 0)
    return (0..<count).map { _ in
      var products = DecayProducts(particles: [])
      decay(&random, &products)
      return products.particles
    }
  }

  /// Probability of a distance as large as that between the sample and the distribution (Kolmogorov and
  /// Smirnov).
  static func kolmogorov(_ sample: [Double], cumulative: (Double) -> Double) -> Double {
    let sorted = sample.sorted()
    let n = Double(sorted.count)
    guard n > 0 else { return 0 }
    var distance = 0.0
    for (number, value) in sorted.enumerated() {
      let f = cumulative(value)
      distance = max(distance, f - Double(number) / n, Double(number + 1) / n - f)
    }
    let lambda = distance * (n.squareRoot() + 0.12 + 0.11 / n.squareRoot())
    guard lambda > 0.2 else { return 1 }
    var sum = 0.0
    for k in 1...50 {
      sum += (k % 2 == 1 ? 2 : -2) * exp(-2 * Double(k * k) * lambda * lambda)
    }
    return min(1, max(0, sum))
  }

  /// The cumulative distribution of a density on a range, by the trapezium rule.
  static func cumulative(
    _ range: ClosedRange<Double>, steps: Int = 2000, density: (Double) -> Double
  ) -> (Double) -> Double {
    let width = (range.upperBound - range.lowerBound) / Double(steps)
    var sums = [0.0]
    var previous = density(range.lowerBound)
    for step in 1...steps {
      let next = density(range.lowerBound + Double(step) * width)
      sums.append(sums[step - 1] + (previous + next) / 2 * width)
      previous = next
    }
    return { x in
      let place = min(max((x - range.lowerBound) / width, 0), Double(steps))
      let low = min(Int(place), steps - 1)
      return (sums[low] + (place - Double(low)) * (sums[low + 1] - sums[low])) / sums[steps]
    }
  }

  /// The momentum of a product of mass `own` in the frame of its parent.
  static func momentum(energy: Double, mass: Double) -> Double {
    max(0, energy * energy - mass * mass).squareRoot()
  }
}
