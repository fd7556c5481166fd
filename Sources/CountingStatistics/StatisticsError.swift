/// Why a statistical result cannot be given. No function of this target returns NaN in its place.
public enum StatisticsError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An input has no meaning: its name, its value as text, and what was expected.
  case invalidInput(name: String, value: String, expected: String)
  /// The numerical method ran to its bound on steps without settling; says what was sought.
  case notConverged(String)
  /// Two accumulators of different experiments were merged; the names of both.
  case differentExperiments(String, String)
  /// A count left the range of a 64-bit integer; says which.
  case countOverflow(String)

  /// One clear line.
  public var description: String {
    switch self {
    case .invalidInput(let name, let value, let expected):
      "\(name) is \(value): expected \(expected)"
    case .notConverged(let what):
      "no convergence: \(what)"
    case .differentExperiments(let first, let second):
      "cannot merge the counts of experiment '\(second)' into '\(first)': "
        + "name, background, efficiency, normalisation and confidence level must be equal"
    case .countOverflow(let what):
      "count too large: \(what)"
    }
  }
}
