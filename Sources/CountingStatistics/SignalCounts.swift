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
  /// The nodes of the average over the efficiency, four at a time; the last is filled up with weight 0.
  private let nodes: [Nodes]
  private var running: [SIMD4<Double>] = []
  /// From the least to the largest efficiency of a node.
  private let least: Double
  private let range: Double
  private let pieces: Int

  private struct Nodes {
    var efficiency: SIMD4<Double>
    var logWeight: SIMD4<Double>
  }

  /// The counts of a signal of this relative efficiency.
  ///
  /// `reach` says how many standard deviations matter: for a tail probability α, 8.5 + √(2 |ln α|); `pieces`, how
  /// fine the average is.
  init(efficiency: UncertainQuantity, reach: Double, pieces: Int) {
    self.efficiency = efficiency
    self.pieces = pieces
    guard !efficiency.isKnown, efficiency.gammaParameters == nil else {
      (nodes, least, range) = ([], 0, 0)
      return
    }
    let all = Self.nodes(efficiency, reach: reach, pieces: pieces)
    let least = all.first?.efficiency ?? 0
    self.least = least
    range = (all.last?.efficiency ?? 0) - least
    nodes = stride(from: 0, to: all.count, by: 4).map { start in
      var group = Nodes(efficiency: .init(repeating: least), logWeight: .init(repeating: -.infinity))
      for k in start..<min(start + 4, all.count) {
        group.efficiency[k - start] = all[k].efficiency
        group.logWeight[k - start] = all[k].logWeight
      }
      return group
    }
  }

  /// The largest signal for which terms come out right.
  var largestSignal: Double { nodes.isEmpty ? .infinity : 20 * Double(pieces) / range }

  /// The largest count for which an average by nodes stays in the range of the machine.
  static let largestCount = 150

  /// Whether a signal is so small that the terms up to `count` come out right: the nodes of an integral are
  /// close enough, and nothing leaves the range of the machine.
  func holds(signal: Double, upTo count: Int) -> Bool {
    nodes.isEmpty || count <= Self.largestCount && signal <= largestSignal
  }

  /// Computes the terms 0...count of a signal above 0.
  mutating func compute(signal: Double, upTo count: Int) {
    if terms.count != count + 1 { terms = [Double](repeating: 0, count: count + 1) }
    if let (shape, rate) = efficiency.gammaParameters {
      // Ratios from the largest term outwards, so that none overflows.
      let scale = signal / rate
      let x = scale / (1 + scale)
      let mode = min(count, Int(max(0, min(1e9, (shape - 1) * scale))))
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
    if running.count != nodes.count { running = [SIMD4<Double>](repeating: .zero, count: nodes.count) }
    logScale = -signal * least
    var sum = SIMD4<Double>.zero
    for (k, node) in nodes.enumerated() {
      for lane in 0..<4 {
        running[k][lane] = exp(node.logWeight[lane] - signal * (node.efficiency[lane] - least))
      }
      sum += running[k]
    }
    terms[0] = sum.sum()
    guard count > 0 else { return }
    for j in 1...count {
      let factor = signal / Double(j)
      sum = .zero
      for k in running.indices {
        let next = running[k] * (factor * nodes[k].efficiency)
        running[k] = next
        sum += next
      }
      terms[j] = sum.sum()
    }
  }

  /// A fixed Gauss-Kronrod rule over the distribution, in the variable in which it is smooth.
  private static func nodes(
    _ quantity: UncertainQuantity, reach: Double, pieces: Int
  ) -> [(efficiency: Double, logWeight: Double)] {
    let width = quantity.width
    let low = quantity.isLogarithmic ? -reach * width : max(-quantity.centre, -reach * width)
    let norm = quantity.logNorm
    return Quadrature.nodes(from: low, to: reach * width, pieces: pieces).map { point, weight in
      (
        quantity.value(at: point),
        log(weight) + quantity.logDensity(point) - norm
      )
    }
  }
}
