/// The ends of a set of accepted signals, where acceptance can only be asked for one signal at a time.
enum SignalScan {
  /// What was found.
  struct Ends {
    var lower: Double
    var upper: Double
    /// Whether every signal tried between the ends was accepted.
    var isConnected: Bool
  }

  /// Tries `range` in steps of at most `step`, and bisects between the last rejected and the first accepted
  /// signal at both ends. `best`, in the range, is accepted.
  ///
  /// Islands of accepted signals that are narrower than the step may be missed beyond the ends.
  static func ends(
    in range: ClosedRange<Double>, best: Double, step: Double, kind: UnifiedPoissonBelt.Ends,
    accepts: (Double) throws -> Bool
  ) rethrows -> Ends {
    let below = try points(from: best, to: range.lowerBound, step: step, accepts: accepts)
    let above = try points(from: best, to: range.upperBound, step: step, accepts: accepts)
    func end(_ points: [(signal: Double, accepted: Bool)]) throws -> (at: Double, gap: Bool) {
      let firstRejected = points.firstIndex { !$0.accepted } ?? points.count
      let lastAccepted = points.lastIndex { $0.accepted } ?? -1
      let gap = firstRejected < lastAccepted
      let last = kind == .outermost ? lastAccepted : firstRejected - 1
      let inside = last >= 0 ? points[last].signal : best
      guard last + 1 < points.count else { return (inside, gap) }
      return (try border(accepted: inside, rejected: points[last + 1].signal, accepts: accepts), gap)
    }
    let lower = try end(below)
    let upper = try end(above)
    return Ends(lower: lower.at, upper: upper.at, isConnected: !lower.gap && !upper.gap)
  }

  private static func points(
    from start: Double, to end: Double, step: Double, accepts: (Double) throws -> Bool
  ) rethrows -> [(signal: Double, accepted: Bool)] {
    let count = Int((abs(end - start) / step).rounded(.up))
    guard count > 0 else { return [] }
    return try (1...count).map { k in
      let signal = k == count ? end : start + (end - start) * Double(k) / Double(count)
      return (signal, try accepts(signal))
    }
  }

  private static func border(
    accepted: Double, rejected: Double, accepts: (Double) throws -> Bool
  ) rethrows -> Double {
    var inside = accepted
    var outside = rejected
    for _ in 0..<60 {
      let middle = 0.5 * (inside + outside)
      guard middle != inside, middle != outside, abs(outside - inside) > 1e-11 * abs(inside) else { break }
      if try accepts(middle) { inside = middle } else { outside = middle }
    }
    return inside
  }
}
