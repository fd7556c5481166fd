#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Integrals of functions given by their logarithm, with one peak and none elsewhere (as a log-concave
/// function has): right however small the value, and wherever the peak lies.
enum LogConcaveIntegral {
  /// Where the function is not negligible, and the logarithm of about its largest value.
  struct Range {
    var low: Double
    var high: Double
    var peak: Double
  }

  /// ln ∫ exp(logF) over [low, high], either of which may be infinite.
  ///
  /// `start` lies inside and `step` is about the width of the peak; both are only where the search begins.
  /// Throws what `logF` throws, and where no peak is found.
  static func logarithm(
    from low: Double, to high: Double, start: Double, step: Double, relative: Double = 1e-12,
    _ logF: (Double) throws -> Double
  ) throws -> Double {
    let range = try range(from: low, to: high, start: start, step: step, logF)
    // What rounding leaves of the digits: of a large logarithm, and of a point far from the origin.
    let rounding =
      1e-15 * abs(range.peak) + 1e-14 * max(abs(range.low), abs(range.high)) / (range.high - range.low)
    let sum = try Quadrature.integral(
      from: range.low, to: range.high, pieces: 6, relative: max(relative, rounding)
    ) {
      try exp(logF($0) - range.peak)
    }
    return range.peak + log(sum)
  }

  /// The part of [low, high] in which exp(logF) is above some 1e-19 of its largest value.
  static func range(
    from low: Double, to high: Double, start: Double, step: Double, _ logF: (Double) throws -> Double
  ) throws -> Range {
    var x = start
    var atX = try logF(x)
    var width = step
    var left = max(low, x - width)
    var right = min(high, x + width)
    var atLeft = left < x ? try logF(left) : -.infinity
    var atRight = right > x ? try logF(right) : -.infinity
    // Uphill in growing steps, until both sides fall.
    var steps = 0
    while atRight > atX || atLeft > atX {
      steps += 1
      guard steps < 2_200 else { throw StatisticsError.notConverged("peak of a function near \(start)") }
      width *= 2
      if atRight > atX {
        (left, atLeft) = (x, atX)
        (x, atX) = (right, atRight)
        right = min(high, x + width)
        atRight = right > x ? try logF(right) : -.infinity
      } else {
        (right, atRight) = (x, atX)
        (x, atX) = (left, atLeft)
        left = max(low, x - width)
        atLeft = left < x ? try logF(left) : -.infinity
      }
    }
    guard atX > -.infinity, atX < .infinity else {
      throw StatisticsError.notConverged("peak of a function near \(start)")
    }
    // Closer, until the three points see the same peak.
    for _ in 0..<300 {
      let leftIsFar = left < x && atX - atLeft > 3
      let rightIsFar = right > x && atX - atRight > 3
      guard leftIsFar || rightIsFar else { break }
      let goLeft = leftIsFar && (!rightIsFar || x - left > right - x)
      let probe = goLeft ? 0.5 * (left + x) : 0.5 * (x + right)
      guard probe > left, probe < right, probe != x else { break }
      let atProbe = try logF(probe)
      switch (goLeft, atProbe > atX) {
      case (true, true): ((right, atRight), (x, atX)) = ((x, atX), (probe, atProbe))
      case (true, false): (left, atLeft) = (probe, atProbe)
      case (false, true): ((left, atLeft), (x, atX)) = ((x, atX), (probe, atProbe))
      case (false, false): (right, atRight) = (probe, atProbe)
      }
    }
    return Range(
      low: try edge(x, atX, towards: low, first: left, logF),
      high: try edge(x, atX, towards: high, first: right, logF), peak: atX)
  }

  private static let drop = 44.0

  /// The point on one side of the peak at which the function is negligible, or the bound.
  private static func edge(
    _ x: Double, _ atX: Double, towards bound: Double, first: Double, _ logF: (Double) throws -> Double
  ) throws -> Double {
    var inside = x
    var outside = first
    if outside == x { return bound }
    for _ in 0..<2_200 {
      let fall = atX - (try logF(outside))
      if fall >= drop {
        if fall < 1.7 * drop { return outside }
        break
      }
      if outside == bound { return bound }
      let next = x + 2 * (outside - x)
      inside = outside
      outside = bound > x ? min(bound, next) : max(bound, next)
    }
    for _ in 0..<60 {
      let probe = 0.5 * (inside + outside)
      let fall = atX - (try logF(probe))
      if fall < drop { inside = probe } else { outside = probe }
      if fall >= drop, fall < 1.7 * drop { break }
    }
    return outside
  }
}
