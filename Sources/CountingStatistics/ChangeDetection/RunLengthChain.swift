#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The average run length of a cumulative sum on a lattice, from its Markov chain (Brook, Evans 1972).
///
/// States are the sums 0 … threshold - 1. The chain is reduced state by state as Grassmann, Taksar and Heyman (1985)
/// do: nothing is subtracted, so run lengths of 10¹² keep their digits where a linear solver loses them.
enum RunLengthChain {
  /// States above which a chain is not solved: a solution takes states³ / 3 steps.
  static let maximumStates = 512

  /// Samples from sum 0 to the alarm, on average; infinity where none can come.
  ///
  /// - Parameters:
  ///   - mean: mean of the Poisson count of a sample.
  ///   - direction: whether counts add to the sum, or take from it.
  ///   - scale: units of the lattice in one count.
  ///   - reference: units that a sample takes from the sum (up) or adds to it (down).
  ///   - threshold: units at which the alarm is given, at least 1.
  static func averageRunLength(
    mean: Double, direction: RateChange, scale: Int, reference: Int, threshold: Int
  ) throws -> Double {
    let poisson = try PoissonDistribution(mean: mean)
    let n = threshold
    // Of each step only the change counts: what it does once is looked up for all states.
    var move = [Double](repeating: 0, count: 2 * n - 1)
    for step in (1 - n)...(n - 1) {
      let units = direction == .up ? reference + step : reference - step
      guard units >= 0, units.isMultiple(of: scale) else { continue }
      move[step + n - 1] = poisson.probability(of: units / scale)
    }
    var alarm = [Double](repeating: 0, count: n)
    var rows = [Double](repeating: 0, count: n * n)
    for state in 0..<n {
      // Alarm: the change is at least n - state. Back to 0: it is at most -state.
      switch direction {
      case .up:
        alarm[state] = try poisson.survival(from: (reference + n - state + scale - 1) / scale)
        let most = reference - state
        rows[state * n] = most >= 0 ? exp(try poisson.logCumulative(upTo: most / scale)) : 0
      case .down:
        let most = reference - (n - state)
        alarm[state] = most >= 0 ? exp(try poisson.logCumulative(upTo: most / scale)) : 0
        rows[state * n] = try poisson.survival(from: (reference + state + scale - 1) / scale)
      }
      for next in stride(from: 1, to: n, by: 1) { rows[state * n + next] = move[next - state + n - 1] }
    }
    var time = [Double](repeating: 1, count: n)
    for last in stride(from: n - 1, to: 0, by: -1) {
      var leaves = alarm[last]
      for next in 0..<last { leaves += rows[last * n + next] }
      // A state that is never left is met with probability 0, or no alarm can come from it.
      guard leaves > 0 else { return .infinity }
      for state in 0..<last where rows[state * n + last] > 0 {
        let share = rows[state * n + last] / leaves
        for next in 0..<last { rows[state * n + next] += share * rows[last * n + next] }
        alarm[state] += share * alarm[last]
        time[state] += share * time[last]
      }
    }
    return alarm[0] > 0 ? time[0] / alarm[0] : .infinity
  }
}
