#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The probabilities 0, 1, 2, … of a signal count, up to a common factor: Poisson terms whose mean is the
/// signal × its relative efficiency, averaged over the efficiency.
struct SignalCounts: Sendable {
  /// The terms, scaled.
  private(set) var terms: [Double] = []
  /// ln of what a term must be multiplied by.
  private(set) var logScale = 0.0

  private let efficiency: UncertainQuantity
  private let nodes: [Node]
  private var running: [Double] = []

  private struct Node {
    var efficiency: Double
    var logWeight: Double
  }

  /// The counts of a signal of this relative efficiency.
  ///
  /// `reach` says how many standard deviations matter: for a tail probability α, 8.5 + √(2 |ln α|).
  init(efficiency: UncertainQuantity, reach: Double) {
    self.efficiency = efficiency
    nodes =
      efficiency.isKnown || efficiency.gammaParameters != nil ? [] : Self.nodes(efficiency, reach: reach)
  }

  /// Whether a signal is so small that the terms up to `count` come out right: the nodes of an integral are
  /// close enough, and nothing leaves the range of the machine.
  func holds(signal: Double, upTo count: Int) -> Bool {
    guard let first = nodes.first, let last = nodes.last else { return true }
    return signal * (last.efficiency - first.efficiency) < 650 && count <= 150
      && signal * (last.efficiency - first.efficiency) < 10 * Double(nodes.count / 15)
  }

  /// Computes the terms 0...count of a signal above 0.
  mutating func compute(signal: Double, upTo count: Int) {
    if terms.count != count + 1 { terms = [Double](repeating: 0, count: count + 1) }
    if let (shape, rate) = efficiency.gammaParameters {
      // Ratios from the largest term outwards, so that none overflows.
      let scale = signal / rate
      let x = scale / (1 + scale)
      let mode = min(count, max(0, Int(min(1e9, (shape - 1) * scale))))
      logScale = NegativeBinomial.logProbability(of: mode, shape: shape, scale: scale)
      fill(mode) { (shape + Double($0 - 1)) * x / Double($0) }
    } else if nodes.isEmpty {
      let mean = signal * efficiency.value
      let mode = min(count, max(0, Int(min(1e9, mean))))
      logScale = CountMixture.logPoisson(mode, mean)
      fill(mode) { mean / Double($0) }
    } else {
      average(signal, count)
    }
  }

  /// Fills from term `mode` on; `ratio` of k is term k / term k - 1.
  private mutating func fill(_ mode: Int, _ ratio: (Int) -> Double) {
    terms[mode] = 1
    var term = 1.0
    for k in stride(from: mode, to: 0, by: -1) {
      term /= ratio(k)
      terms[k - 1] = term
    }
    term = 1
    for k in mode..<(terms.count - 1) {
      term *= ratio(k + 1)
      terms[k + 1] = term
    }
  }

  private mutating func average(_ signal: Double, _ count: Int) {
    if running.count != nodes.count { running = [Double](repeating: 0, count: nodes.count) }
    let least = signal * (nodes.first?.efficiency ?? 0)
    logScale = -least
    var sum = 0.0
    for (k, node) in nodes.enumerated() {
      running[k] = exp(node.logWeight - signal * node.efficiency + least)
      sum += running[k]
    }
    terms[0] = sum
    guard count > 0 else { return }
    for j in 1...count {
      let factor = signal / Double(j)
      sum = 0
      for k in running.indices {
        running[k] *= factor * nodes[k].efficiency
        sum += running[k]
      }
      terms[j] = sum
    }
  }

  /// A fixed Gauss-Kronrod rule over the distribution, in the variable in which it is smooth.
  private static func nodes(_ quantity: UncertainQuantity, reach: Double) -> [Node] {
    let width = quantity.isLogarithmic ? quantity.uncertainty / quantity.value : quantity.uncertainty
    let centre = quantity.isLogarithmic ? log(quantity.value) : quantity.value
    let low = quantity.isLogarithmic ? centre - reach * width : max(0, centre - reach * width)
    let pieces = max(6, Int((reach / 1.5).rounded(.up)))
    let norm = quantity.logNorm
    return Quadrature.nodes(from: low, to: centre + reach * width, pieces: pieces).map { point, weight in
      Node(
        efficiency: quantity.isLogarithmic ? exp(point) : point,
        logWeight: log(weight) + quantity.logDensity(point) - norm)
    }
  }
}
