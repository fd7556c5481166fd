#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The acceptance regions of Feldman and Cousins for a count whose background and efficiency are averaged over
/// their uncertainties: P(n | s) = E[Poisson(n; ε s + b)] (R. D. Cousins, V. L. Highland, Nucl. Instrum. Meth.
/// A 320 (1992) 331; J. Conrad et al., Phys. Rev. D 67 (2003) 012002). Counts are ranked by
/// P(n | s) / max P(n | s').
struct MarginalUnifiedBelt {
  /// Largest mean and count; a signal costs the square of this.
  static let maximumCount = 2_000

  private let background: UncertainQuantity
  private let efficiencies: [QuantityNodes.Node]
  private let confidenceLevel: Double
  /// P(J = j) of the background alone.
  private var backgroundCounts: [Double] = []
  /// ln max P(n | s) over s, and where it is.
  private var best: [(logProbability: Double, signal: Double)] = []

  init(background: UncertainQuantity, efficiency: UncertainQuantity, confidenceLevel: Double) throws {
    let reach = background.value + 8 * background.uncertainty
    guard reach <= Double(Self.maximumCount) else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(background.value) ± \(background.uncertainty)",
        expected: "at most \(Self.maximumCount) events 8 standard deviations up, for the marginalised belt; "
          + "use the profiled one")
    }
    self.background = background
    self.confidenceLevel = confidenceLevel
    efficiencies = QuantityNodes.of(efficiency)
  }

  mutating func ends(_ count: Int, _ kind: UnifiedPoissonBelt.Ends) throws -> SignalScan.Ends {
    guard count <= Self.maximumCount else {
      throw StatisticsError.invalidInput(
        name: "observed count", value: "\(count)",
        expected: "at most \(Self.maximumCount) for the marginalised belt; use the profiled one")
    }
    let logReach = log(2 / (1 - confidenceLevel)) + 3
    try extend(to: count)
    let signal = best[count].signal
    let spread = (Double(count) + 1).squareRoot()
    var high = signal + spread
    while try rank(of: count, at: high) > -logReach {
      high = signal + 1.25 * (high - signal)
      guard high < 10 * Double(Self.maximumCount) else { throw Self.vagueEfficiency }
    }
    var low = signal
    while low > 0, try rank(of: count, at: low) > -logReach { low = max(0, low - spread) }
    // Beyond this count nothing has a probability, for any signal of the scan.
    let reach = background.value + 8 * background.uncertainty
    let rare = 1e-6 * (1 - confidenceLevel)
    let mean = efficiencies.reduce(0) { $1.weight > rare ? max($0, $1.value * high) : $0 } + reach
    guard mean < 2 * Double(Self.maximumCount) else { throw Self.vagueEfficiency }
    let last = max(count, Int(mean + 9 * mean.squareRoot() + 20))
    try extend(to: last)
    let belt = self
    let step = max(0.01 * spread, (high - low) / 1_500)
    return SignalScan.ends(in: low...high, best: signal, step: step, kind: kind) {
      belt.accepts(count, $0, last)
    }
  }

  private static let vagueEfficiency = StatisticsError.invalidInput(
    name: "efficiency", value: "too uncertain for the marginalised belt",
    expected: "one further from 0 in units of its uncertainty, or a lower confidence level")

  private func accepts(_ count: Int, _ signal: Double, _ last: Int) -> Bool {
    let p = probabilities(upTo: last, at: signal)
    let own = log(p[count]) - best[count].logProbability
    // A count that ranks alike but for rounding is not ranked before.
    let threshold = own + 1e-12
    var before = 0.0
    for n in 0...last where p[n] > 0 && log(p[n]) - best[n].logProbability > threshold { before += p[n] }
    return before < confidenceLevel
  }

  private func rank(of count: Int, at signal: Double) throws -> Double {
    log(probabilities(upTo: count, at: signal)[count]) - best[count].logProbability
  }

  /// P(n | s) for n = 0…last.
  private func probabilities(upTo last: Int, at signal: Double) -> [Double] {
    let signalCounts = signalCounts(upTo: last, at: signal) { _ in 1 }
    var sum = [Double](repeating: 0, count: last + 1)
    // What is left out is of no matter for a count that has any chance to be accepted.
    for j in 0...last where backgroundCounts[j] > 1e-40 {
      let weight = backgroundCounts[j]
      for k in 0...(last - j) { sum[j + k] += weight * signalCounts[k] }
    }
    return sum
  }

  /// P(K = k) of the signal's count alone, averaged over the efficiency with a further weight.
  private func signalCounts(
    upTo last: Int, at signal: Double, weight: (_ efficiency: Double) -> Double
  ) -> [Double] {
    var counts = [Double](repeating: 0, count: last + 1)
    for node in efficiencies {
      let factor = node.weight * weight(node.value)
      let mean = node.value * signal
      guard mean > 0 else {
        counts[0] += factor
        continue
      }
      // From the most probable term outwards, so that no start is too small for the machine.
      let peak = min(last, Int(mean))
      let top = factor * exp(IncompleteGamma.logWeight(Double(peak), mean))
      var term = top
      for k in stride(from: peak, through: 0, by: -1) {
        counts[k] += term
        term *= Double(k) / mean
      }
      term = top
      for k in stride(from: peak + 1, through: last, by: 1) {
        term *= mean / Double(k)
        counts[k] += term
      }
    }
    return counts
  }

  private mutating func extend(to last: Int) throws {
    for j in backgroundCounts.count..<max(last + 1, backgroundCounts.count) {
      backgroundCounts.append(exp(try CountMixture(mean: background).logProbability(of: j)))
    }
    for n in best.count..<max(last + 1, best.count) {
      let signal = bestSignal(n)
      best.append((log(probabilities(upTo: n, at: signal)[n]), signal))
    }
  }

  /// Where P(n | s) is highest: d/ds of Poisson(k; ε s) is ε [P(k - 1) - P(k)].
  private func bestSignal(_ n: Int) -> Double {
    guard n > 0 else { return 0 }
    func slope(_ s: Double) -> Double {
      let weighted = signalCounts(upTo: n, at: s) { $0 }
      var sum = 0.0
      for j in 0...n {
        sum += backgroundCounts[j] * ((j < n ? weighted[n - j - 1] : 0) - weighted[n - j])
      }
      return sum
    }
    guard slope(0) > 0 else { return 0 }
    var low = 0.0
    var high = Double(n) + 1
    while slope(high) > 0 { high *= 2 }
    while high - low > 1e-9 * high {
      let middle = 0.5 * (low + high)
      if slope(middle) > 0 { low = middle } else { high = middle }
    }
    return 0.5 * (low + high)
  }
}
