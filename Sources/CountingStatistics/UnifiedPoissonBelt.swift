#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The acceptance regions of Feldman and Cousins for a Poisson count over a known background, without a grid.
///
/// A count n is accepted at the total mean µ if the counts ranked before it have less than the confidence level.
/// Counts are ranked by R(n) = n ln µ - µ - g(n), g(n) = n ln(best) - best, best = max(n, b). As g is convex,
/// R rises to the best count and falls behind it, and R(n) = R(m) has one solution,
/// ln µ = [g(m) - g(n)] / (m - n): so the counts ranked before n are n + 1…m on one side, and m changes at
/// these means only. Between two of them the probability ranked before has at most one extremum, a maximum.
struct UnifiedPoissonBelt {
  let background: Double
  /// 1 - CL.
  let alpha: Double

  /// What of the accepted signals an interval holds, where these are not connected.
  enum Ends {
    /// From the lowest to the highest accepted one.
    case outermost
    /// The part around the best fit.
    case connected
  }

  /// Upper end of the signal for `count`.
  func upper(_ count: Int, _ ends: Ends) throws -> Double {
    max(0, try (ends == .outermost ? outermostUpper(count) : connectedUpper(count)) - background)
  }

  /// Lower end of the signal for `count`.
  func lower(_ count: Int, _ ends: Ends) throws -> Double {
    guard Double(count) > background else { return 0 }
    return max(0, try (ends == .outermost ? outermostLower(count) : connectedLower(count)) - background)
  }

  /// Highest upper end for this background and every greater one.
  ///
  /// The upper end falls with the background, at a slope between -1 and 0, and jumps up where an island of
  /// signals becomes accepted: where the tie of n and m + 1 passes the mean at which P(n + 1…m) has fallen
  /// again to the confidence level. The heights of these jumps fall with m.
  ///
  /// The backgrounds of the jumps rise with m (tested), so the first jump behind this background is found by doubling
  /// and halving. For a confidence level of at least one half, where every gap ends below m + 1.
  func monotonicUpper(_ count: Int) throws -> Double {
    let here = try upper(count, .outermost)
    var low = count
    var step = 1
    var found: (m: Int, jump: Double, high: Double)?
    while found == nil {
      let (m, overflow) = count.addingReportingOverflow(step)
      guard !overflow, m < 1 << 50 else {
        throw StatisticsError.notConverged("monotonic upper end of \(count) over \(background)")
      }
      if let jump = try jump(count, m), jump.background >= background {
        found = (m, jump.background, jump.high)
      } else {
        low = m
        step *= 2
      }
    }
    while let known = found, known.m - low > 1 {
      let middle = low + (known.m - low) / 2
      if let jump = try jump(count, middle), jump.background >= background {
        found = (middle, jump.background, jump.high)
      } else {
        low = middle
      }
    }
    guard let found else { return here }
    return max(here, found.high - found.jump)
  }

  /// The background at which the island behind the gap of n + 1…m becomes accepted, and the mean at which that gap
  /// ends; nil where there is no such gap.
  func jump(_ count: Int, _ m: Int) throws -> (background: Double, high: Double)? {
    guard let high = try endOfGap(count, m) else { return nil }
    let n = Double(count)
    let end = Double(m + 1)
    // b - n ln b = h, which rises with b ≥ n.
    let h = (end - n) * log(high) - (end * log(end) - end)
    let least = n > 0 ? n - n * log(n) : 0
    guard h >= least else { return nil }
    guard n > 0 else { return (h, high) }
    let jump = try BracketedRoot.close(n, max(end, high) + 1, rising: true) {
      BracketedRoot.Point(value: $0 - n * log($0) - h, slope: 1 - n / $0)
    }
    return (jump, high)
  }

  // MARK: - Ends, as means of the count

  private func outermostUpper(_ n: Int) throws -> Double {
    let reach = try reachAbove(n)
    var m = lastTie(n, below: reach)
    while m > n {
      let left = tieMean(n, m)
      let right = min(reach, tieMean(n, m + 1))
      if right <= background { return background }
      if try outside(n, m, right) > alpha { return right }
      if left < right, try outside(n, m, left) > alpha {
        return try crossing(n, m, left, right, rising: false)
      }
      m -= 1
    }
    return tieMean(n, n + 1)
  }

  private func connectedUpper(_ n: Int) throws -> Double {
    let reach = try reachAbove(n)
    let last = lastTie(n, below: reach)
    var m = n + 1
    while m <= last {
      let left = tieMean(n, m)
      let right = min(reach, tieMean(n, m + 1))
      if right > left {
        // At the tie itself m and n rank alike; just above it m is ranked before.
        if try outside(n, m, left) <= alpha { return left }
        let peak = min(max(tieOfProbabilities(n, m), left), right)
        if try outside(n, m, peak) <= alpha { return try crossing(n, m, left, peak, rising: false) }
      }
      m += 1
    }
    return max(reach, background)
  }

  private func outermostLower(_ n: Int) throws -> Double {
    let start = max(background, try reachBelow(n))
    var j = firstTie(n, above: start) - 1
    while j < n - 1 {
      let left = max(start, tieMean(j, n))
      let right = tieMean(j + 1, n)
      if right > left {
        if try outside(j, n - 1, left) > alpha { return left }
        if try outside(j, n - 1, right) > alpha { return try crossing(j, n - 1, left, right, rising: true) }
      }
      j += 1
    }
    return max(start, tieMean(n - 1, n))
  }

  private func connectedLower(_ n: Int) throws -> Double {
    let start = max(background, try reachBelow(n))
    var j = n - 2
    while j >= -1 {
      let left = max(start, tieMean(j, n))
      let right = tieMean(j + 1, n)
      if right <= start { return start }
      if try outside(j, n - 1, right) <= alpha { return right }
      let peak = j < 0 ? left : min(max(tieOfProbabilities(j, n - 1), left), right)
      if try outside(j, n - 1, peak) <= alpha {
        return try crossing(j, n - 1, peak, right, rising: true)
      }
      j -= 1
    }
    return start
  }

  // MARK: - Parts

  /// g(k): the logarithm of the best likelihood of k, without its factorial.
  private func best(_ k: Int) -> Double {
    let mean = max(Double(k), background)
    return (k == 0 ? 0 : Double(k) * log(mean)) - mean
  }

  /// The mean at which n < m rank alike; 0 for n = -1, below all counts.
  private func tieMean(_ n: Int, _ m: Int) -> Double {
    guard n >= 0 else { return 0 }
    if Double(m) <= background { return background }
    return max(background, exp((best(m) - best(n)) / Double(m - n)))
  }

  /// The mean at which n < m are equally probable.
  private func tieOfProbabilities(_ n: Int, _ m: Int) -> Double {
    exp((lgammaValue(Double(m) + 1) - lgammaValue(Double(n) + 1)) / Double(m - n))
  }

  /// ln Γ(a), without the sign that the C function keeps in a global.
  private func lgammaValue(_ a: Double) -> Double {
    (a - 0.5) * log(a) - a + 0.5 * StirlingDeviance.logTwoPi + StirlingDeviance.stirlingError(a)
  }

  /// P(N ≤ below) + P(N > above) at the mean µ: all that is not between.
  private func outside(_ below: Int, _ above: Int, _ mean: Double) throws -> Double {
    let upperTail = try IncompleteGamma.logTails(shape: Double(above) + 1, x: mean).lower
    guard below >= 0 else { return exp(upperTail) }
    return exp(upperTail) + exp(try IncompleteGamma.logTails(shape: Double(below) + 1, x: mean).upper)
  }

  private func crossing(
    _ below: Int, _ above: Int, _ low: Double, _ high: Double, rising: Bool
  ) throws -> Double {
    try BracketedRoot.close(low, high, rising: rising) { mean in
      let slope =
        exp(IncompleteGamma.logWeight(Double(above), mean))
        - (below < 0 ? 0 : exp(IncompleteGamma.logWeight(Double(below), mean)))
      return BracketedRoot.Point(value: try outside(below, above, mean) - alpha, slope: slope)
    }
  }

  /// The mean above which P(n + 1…m) is below the confidence level again; nil if it never exceeds that.
  private func endOfGap(_ n: Int, _ m: Int) throws -> Double? {
    let peak = tieOfProbabilities(n, m)
    guard try outside(n, m, peak) <= alpha else { return nil }
    var high = Double(m) + 1
    while try outside(n, m, high) <= alpha { high *= 1.5 }
    return try crossing(n, m, peak, high, rising: true)
  }

  /// ln(2/α): each tail outside the counts ranked before n has at most exp(R(n)) (Chernoff), so n is
  /// accepted at no mean where R(n) is below minus this.
  private var logReach: Double { log(2 / alpha) }

  private func reachAbove(_ n: Int) throws -> Double {
    let peak = max(Double(n), background)
    let count = Double(n)
    let constant = n == 0 ? 0 : count * log(peak)
    return try BracketedRoot.find(from: peak, firstStep: 1 + peak.squareRoot(), rising: true, floor: peak) {
      let value = $0 - peak - (n == 0 ? 0 : count * log($0)) + constant - logReach
      return BracketedRoot.Point(value: value, slope: 1 - count / $0)
    }
  }

  private func reachBelow(_ n: Int) throws -> Double {
    let count = Double(n)
    // In ln µ, so that small means keep their digits: n (ln n - u) + eᵘ - n = ln(2/α).
    let u = try BracketedRoot.find(from: log(count), firstStep: 1, rising: false) {
      BracketedRoot.Point(
        value: count * (log(count) - $0) + exp($0) - count - logReach, slope: exp($0) - count)
    }
    return exp(u)
  }

  /// The last m whose tie with n is below `mean`; n if there is none.
  private func lastTie(_ n: Int, below mean: Double) -> Int {
    var low = n
    var high = max(n + 1, Int(background))
    while tieMean(n, high) < mean {
      low = high
      high += max(1, high - n)
    }
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if tieMean(n, middle) < mean { low = middle } else { high = middle }
    }
    return low
  }

  /// The first j below n whose tie with n is above `mean`; n if there is none.
  private func firstTie(_ n: Int, above mean: Double) -> Int {
    var low = -1
    var high = n
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if tieMean(middle, n) > mean { high = middle } else { low = middle }
    }
    return high
  }
}
