#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// One always-valid p-value over several selections or mass windows that are watched together.
///
/// The e-values are averaged at the end of each segment and the largest average counts: valid under any
/// dependence, events shared between selections included. It loses less than k p where several rise.
public enum GlobalSequentialTest {
  /// ln of the global p-value after the common run.
  ///
  /// It goes through the whole run; for a display after every event take
  /// ``TrialsFactor/logBonferroni(logPValue:trials:)`` of the smallest p. A segment that is not known to all
  /// tests is passed over as a moment to look at. δ of bounded backgrounds are added. Throws for no test, or
  /// as ``SequentialState/history()``.
  public static func logPValue(_ states: [SequentialState]) throws -> Double {
    let histories = try states.map { try $0.history() }
    guard let first = histories.first else {
      throw StatisticsError.invalidInput(name: "tests", value: "none", expected: "at least one")
    }
    var next = [Int](repeating: 0, count: histories.count)
    var largest = 0.0
    for point in first {
      var evidence: [Double] = []
      for (test, history) in histories.enumerated() {
        while next[test] < history.count, history[next[test]].segment < point.segment { next[test] += 1 }
        guard next[test] < history.count, history[next[test]].segment == point.segment else { break }
        evidence.append(history[next[test]].significance.logEvidence)
      }
      guard evidence.count == histories.count else { continue }
      largest = max(largest, try CombinedEvidence.logMean(evidence))
    }
    let delta = states.reduce(0) { $0 + $1.experiment.background.delta }
    return delta > 0 ? min(0, log(delta + exp(-largest))) : -largest
  }
}
