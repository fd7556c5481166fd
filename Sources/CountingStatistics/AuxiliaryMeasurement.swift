#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// What measured the background b, beside the count n of mean s + b: an auxiliary count of mean τ b, or a
/// Gaussian of known width.
enum AuxiliaryMeasurement {
  case count(Double, ratio: Double)
  case gaussian(Double, width: Double)

  /// The measurement that the shape of an uncertainty stands for: Gaussian for a Gaussian one, else a count of
  /// the same relative precision.
  init(_ background: UncertainQuantity) throws {
    if background.shape == .gaussian {
      self = .gaussian(background.value, width: background.uncertainty)
    } else if let (count, ratio) = background.auxiliary {
      self = .count(count, ratio: ratio)
    } else {
      throw StatisticsError.invalidInput(
        name: "background", value: "\(background.value), known", expected: "an uncertain one")
    }
  }

  /// What was measured: the count, or the value.
  var observed: Double {
    switch self {
    case .count(let count, _): count
    case .gaussian(let value, _): value
    }
  }

  /// The background that a measurement `a` stands for.
  func value(of a: Double) -> Double {
    switch self {
    case .count(_, let ratio): a / ratio
    case .gaussian: a
    }
  }

  /// -2 ln of the profile likelihood ratio of the signal s ≥ 0, from the count n and the measurement `a`.
  func ratio(_ n: Double, _ a: Double, _ signal: Double) -> Double {
    let conditional = conditionalFit(n, a, signal)
    let measured = value(of: a)
    let free: Double
    if n >= measured {
      // Both are fitted exactly, but for a measurement below 0, whose fit is 0.
      free = deviance(a, max(0, measured))
    } else {
      let fit = conditionalFit(n, a, 0)
      free = StirlingDeviance.halfDeviance(n, fit) + deviance(a, fit)
    }
    let fixed = StirlingDeviance.halfDeviance(n, signal + conditional) + deviance(a, conditional)
    return max(0, 2 * (fixed - free))
  }

  /// The background b ≥ 0 of highest likelihood for the signal s.
  func conditionalFit(_ n: Double, _ a: Double, _ signal: Double) -> Double {
    switch self {
    case .count(_, let ratio):
      // (1 + τ) b² + [(1 + τ) s - n - m] b - m s = 0.
      let total = 1 + ratio
      return Self.positiveRoot(total, total * signal - n - a, -a * signal)
    case .gaussian(_, let width):
      // (s + b)(b - a + σ²) = n σ².
      let variance = width * width
      return max(0, Self.positiveRoot(1, signal - a + variance, signal * (variance - a) - n * variance))
    }
  }

  /// Half the deviance of the measurement from the background b.
  private func deviance(_ a: Double, _ b: Double) -> Double {
    switch self {
    case .count(_, let ratio): return StirlingDeviance.halfDeviance(a, ratio * b)
    case .gaussian(_, let width):
      let pull = (a - b) / width
      return 0.5 * pull * pull
    }
  }

  /// The greater root of x² a + x b + c.
  private static func positiveRoot(_ a: Double, _ b: Double, _ c: Double) -> Double {
    let root = max(0, b * b - 4 * a * c).squareRoot()
    return b > 0 ? (root + b > 0 ? -2 * c / (b + root) : 0) : (root - b) / (2 * a)
  }

  /// Probability, at the background b, of the measurements whose q with the count n is below `threshold`.
  func probability(
    rankedBelow threshold: Double, _ n: Double, _ signal: Double, _ background: Double
  ) throws -> Double {
    func isBefore(_ a: Double) -> Bool { self.ratio(n, a, signal) < threshold }
    switch self {
    case .count(_, let ratio):
      let mean = ratio * background
      let lowest = max(0, (n - signal) * ratio)
      let near = [lowest.rounded(.down), lowest.rounded(.up)].filter(isBefore)
      guard let first = near.first, let last = near.last else { return 0 }
      let step = max(1, mean.squareRoot().rounded())
      // At s = 0 all greater counts may rank alike, so the search ends where there is no probability left.
      let end = max(last, (mean + 40 * step + 100).rounded())
      let low = Self.edge(from: first, to: 0, step: step, resolution: 1, isBefore)
      let high = Self.edge(from: last, to: end, step: step, resolution: 1, isBefore)
      let upTo = exp(try IncompleteGamma.logTails(shape: high + 1, x: mean).upper)
      return low > 0 ? max(0, upTo - exp(try IncompleteGamma.logTails(shape: low, x: mean).upper)) : upTo
    case .gaussian(_, let width):
      // Below the 0 of both fits q stays as it is.
      let start = max(0, n - signal)
      guard isBefore(start) else { return 0 }
      let reach = 40 * width
      let low = Self.edge(
        from: start, to: min(start, background - reach), step: width, resolution: 1e-9 * width, isBefore)
      let high = Self.edge(
        from: start, to: max(start, background + reach), step: width, resolution: 1e-9 * width, isBefore)
      return max(
        0,
        NormalDistribution.survival((low - background) / width)
          - NormalDistribution.survival((high - background) / width))
    }
  }

  /// The last value from `start` towards `end` that is still inside: to `resolution`, which is 1 for whole
  /// numbers.
  private static func edge(
    from start: Double, to end: Double, step: Double, resolution: Double, _ isInside: (Double) -> Bool
  ) -> Double {
    let direction = end < start ? -1.0 : 1.0
    var inside = start
    var step = step
    var outside = start
    repeat {
      inside = outside
      guard inside != end else { return end }
      outside = direction < 0 ? max(end, inside - step) : min(end, inside + step)
      step *= 2
    } while isInside(outside)
    while abs(outside - inside) > resolution {
      var middle = 0.5 * (inside + outside)
      if resolution == 1 { middle.round(.down) }
      guard middle != inside, middle != outside else { break }
      if isInside(middle) { inside = middle } else { outside = middle }
    }
    return inside
  }
}
