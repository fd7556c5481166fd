#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// All outcomes of a combination at one strength, ranked by the test statistic, with their probabilities with
/// and without signal.
///
/// The groups of channels are split in two halves; the outcomes of each half are sorted by their part of the
/// statistic, and P(X ≤ x) is one walk along both: exact, and the square root of the work.
struct CombinedOutcomes: Sendable {
  /// Most outcomes of one half.
  static let maximumHalf = 262_144
  /// Probability left out, relative to the result.
  static let truncation = 1e-13
  /// ln of more than the number of outcomes that a group can drop: counts of a group × the largest half.
  private static let logMostDropped = log(1e5 * Double(maximumHalf))
  /// Two statistics this close, relatively, are the same one rounded differently.
  private static let tie = 1e-11

  private struct Outcome {
    var statistic: Double
    var signal: Double
    var background: Double
  }

  /// The outcomes of the channels with background, the second half summed up.
  private let first: [Outcome]
  private let second: [Outcome]
  private let logScaleSignal: Double
  private let logScaleBackground: Double
  /// The count of the channels without background, with the signal.
  private let pure: CombinedTerms?
  private let pureObserved: Int
  /// The observed statistic of the channels with background.
  let observed: Double
  /// The largest statistic that is among the outcomes.
  private let largest: Double

  /// The outcomes up to the observed one, or all.
  init(_ groups: inout [CombinedGroup], strength: Double, upToObserved: Bool) throws {
    var pure: CombinedTerms?
    var pureObserved = 0
    var finite: [Int] = []
    var observed = 0.0
    for index in groups.indices {
      if groups[index].ratio.isFinite {
        finite.append(index)
        observed += Double(groups[index].observed) * groups[index].logRatio(strength: strength)
      } else {
        pureObserved = upToObserved ? groups[index].observed : 0
        pure = try groups[index].terms(strength: strength, upTo: pureObserved)
      }
    }
    self.pure = pure
    self.pureObserved = pureObserved
    self.observed = observed
    let logThreshold = try Self.logThreshold(&groups, finite, strength, upToObserved)
    let bound = upToObserved ? observed * (1 + Self.tie) : .infinity

    var halves: [[Outcome]] = [
      [Outcome(statistic: 0, signal: 1, background: 1)], [Outcome(statistic: 0, signal: 1, background: 1)],
    ]
    var scales: [(signal: Double, background: Double)] = [(0, 0), (0, 0)]
    for index in finite {
      let ratio = groups[index].logRatio(strength: strength)
      let reach = (bound / ratio).rounded(.down)
      var end = 0
      if reach > 0 {
        end =
          reach <= Double(groups[index].observed)
          ? Int(min(reach, 1e9))
          : min(try groups[index].end(strength: strength, logThreshold: logThreshold), Int(min(reach, 1e9)))
      }
      let withSignal = try groups[index].terms(strength: strength, upTo: end)
      let without = try groups[index].terms(strength: 0, upTo: end)
      let half = halves[0].count <= halves[1].count ? 0 : 1
      scales[half].signal += withSignal.logScale
      scales[half].background += without.logScale
      // What a half's outcome has of probability is more than all outcomes with it have.
      let logCut = logThreshold - Self.logMostDropped
      halves[half] = try Self.product(
        halves[half], ratio, withSignal, without, bound,
        cut: (exp(logCut - scales[half].signal), exp(logCut - scales[half].background)))
    }
    first = halves[0].sorted { $0.statistic < $1.statistic }
    var sum = Outcome(statistic: 0, signal: 0, background: 0)
    second = halves[1].sorted { $0.statistic < $1.statistic }.map {
      sum = Outcome(
        statistic: $0.statistic, signal: sum.signal + $0.signal, background: sum.background + $0.background)
      return sum
    }
    logScaleSignal = scales[0].signal + scales[1].signal
    logScaleBackground = scales[0].background + scales[1].background
    largest = (first.last?.statistic ?? 0) + (second.last?.statistic ?? 0)
  }

  /// ln of P(X ≤ x) with the signal over P(X ≤ x) without, for a statistic of the channels with background.
  func logCLs(at x: Double) throws -> Double {
    let (signal, background) = below(x)
    guard background > 0, signal > 0 || pureObserved > 0 else {
      throw StatisticsError.notConverged("probability of counts so far below their backgrounds")
    }
    let logSignal = logScaleSignal + log(signal)
    guard let pure else { return logSignal - logScaleBackground - log(background) }
    // Without background a count there is above all outcomes of background alone.
    let here = pure.logScale + log(pure.values[pureObserved]) + logSignal
    guard pureObserved > 0 else { return here - logScaleBackground - log(background) }
    let less = pure.logSum(below: pureObserved)
    let most = max(here, less)
    return most > -.infinity ? most + log(exp(here - most) + exp(less - most)) : most
  }

  /// The smallest statistic with P(X ≤ x) ≥ `probability` without signal.
  func quantile(_ probability: Double) -> Double {
    let target = probability / exp(logScaleBackground)
    var low = 0.0
    var high = largest
    if below(low).background >= target { return low }
    while high - low > 0.1 * Self.tie * high {
      let middle = 0.5 * (low + high)
      guard middle > low, middle < high else { break }
      if below(middle).background >= target { high = middle } else { low = middle }
    }
    return high
  }

  /// Sums over all outcomes with a statistic of at most x, up to the scales.
  private func below(_ x: Double) -> (signal: Double, background: Double) {
    let bound = x * (1 + Self.tie)
    var signal = 0.0
    var background = 0.0
    var end = second.count
    for outcome in first {
      while end > 0, outcome.statistic + second[end - 1].statistic > bound { end -= 1 }
      guard end > 0 else { break }
      signal += outcome.signal * second[end - 1].signal
      background += outcome.background * second[end - 1].background
    }
    return (signal, background)
  }

  /// Every outcome of a half with every count of one more group, except those below `cut` with and without signal.
  private static func product(
    _ half: [Outcome], _ ratio: Double, _ signal: CombinedTerms, _ background: CombinedTerms, _ bound: Double,
    cut: (signal: Double, background: Double)
  ) throws -> [Outcome] {
    var product: [Outcome] = []
    for outcome in half {
      for k in signal.values.indices {
        let statistic = outcome.statistic + Double(k) * ratio
        guard statistic <= bound else { break }
        let (with, without) = (outcome.signal * signal.values[k], outcome.background * background.values[k])
        guard with > cut.signal || without > cut.background else { continue }
        product.append(Outcome(statistic: statistic, signal: with, background: without))
      }
      guard product.count <= maximumHalf else {
        throw tooLarge("more than \(maximumHalf)² outcomes", "fewer")
      }
    }
    return product
  }

  /// ln of the probability that each group may leave out, so that the result keeps its digits: relative to that of
  /// the outcomes with no count above the observed one, which all rank at most as high.
  private static func logThreshold(
    _ groups: inout [CombinedGroup], _ finite: [Int], _ strength: Double, _ upToObserved: Bool
  ) throws -> Double {
    let share = log(0.1 * truncation / Double(max(1, finite.count)))
    // A quantile leaves 2 % of background, and the limit some percent of that with signal.
    guard upToObserved else { return share - 14 }
    var least = 0.0
    for s in [strength, 0] {
      var sum = 0.0
      for index in finite {
        let n = groups[index].observed
        sum += try groups[index].terms(strength: s, upTo: n).logSum(below: n + 1)
      }
      least = min(least, sum)
    }
    return share + least
  }

  static func tooLarge(_ what: String, _ expected: String) -> StatisticsError {
    .invalidInput(
      name: "outcome space of the combination", value: what,
      expected: "\(expected); else take the asymptotic combination, which says so in its result")
  }
}
