/// Root of a monotonic function: the bracket extends by itself, then Newton steps guarded by bisection.
enum BracketedRoot {
  /// Value and derivative of the function at one point.
  struct Point {
    var value: Double
    var slope: Double
  }

  /// Extends a bracket around `start` in growing steps, then closes it.
  ///
  /// `rising` says which way the function goes; `floor` is a point at which it is known to have the
  /// sign opposite to that far above. `relative` is the precision asked for, no better than that of the
  /// function.
  static func find(
    from start: Double, firstStep: Double, rising: Bool, floor: Double = -.infinity,
    relative: Double = 2e-16, _ evaluate: (Double) throws -> Point
  ) throws -> Double {
    let first = try evaluate(start)
    if first.value == 0 { return start }
    let goUp = (first.value < 0) == rising
    var inside = start
    var step = firstStep
    for _ in 0..<2_200 {
      let outside = goUp ? inside + step : max(floor, inside - step)
      guard outside.isFinite else { break }
      let value = outside == floor && !goUp ? -first.value : try evaluate(outside).value
      if value == 0 { return outside }
      if (value < 0) != (first.value < 0) {
        return try close(
          min(inside, outside), max(inside, outside), rising: rising, relative: relative, evaluate)
      }
      inside = outside
      step *= 2
    }
    throw StatisticsError.notConverged("no bracket found from \(start)")
  }

  /// Closes the bracket [lower, upper] of a function that rises (or falls) through zero in it.
  static func close(
    _ lower: Double, _ upper: Double, rising: Bool, relative: Double = 2e-16,
    _ evaluate: (Double) throws -> Point
  ) throws -> Double {
    var low = lower
    var high = upper
    var x = 0.5 * (low + high)
    for step in 0..<400 {
      let point = try evaluate(x)
      guard !point.value.isNaN else { break }
      if point.value == 0 { return x }
      if (point.value < 0) == rising { low = x } else { high = x }
      var next = x - point.value / point.slope
      // Every fourth step bisects, so that a lazy Newton step cannot stall the bracket.
      if !(next > low && next < high) || step % 4 == 3 && high - low > 1e-3 * abs(high) {
        next = low + 0.5 * (high - low)
      }
      if abs(next - x) <= relative * abs(next) || high - low <= max(1e-15, relative) * abs(high) {
        return next
      }
      x = next
    }
    throw StatisticsError.notConverged("root between \(lower) and \(upper)")
  }
}
