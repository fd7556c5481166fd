import Foundation
import RandomNumbers

/// Arrival times of a Poisson process, seeded.
struct SequentialToys {
  private var random: CounterRandom

  init(seed: UInt64, toy: Int) { random = CounterRandom(seed: seed, stream: 0, index: UInt64(toy)) }

  /// Times in (0, end) at a constant rate.
  mutating func times(rate: Double, end: Double) -> [Double] {
    var times: [Double] = []
    var t = 0.0
    while true {
      t -= log1p(-random.uniform()) / rate
      guard t < end else { return times }
      times.append(t)
    }
  }
}
