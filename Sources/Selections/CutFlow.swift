/// Why accumulators of selections cannot be merged.
public enum SelectionError: Error, Hashable, Sendable, CustomStringConvertible {
  /// They count for different selections; what each counts for.
  case differentSelections(String, String)
  /// What was stored of a selection does not fit to it: its name.
  case differentTally(String)

  /// One clear line.
  public var description: String {
    switch self {
    case .differentSelections(let first, let second):
      "cannot merge the counts of selection '\(second)' into '\(first)': their conditions differ"
    case .differentTally(let name):
      "the stored counts of selection '\(name)' are not those of its declaration; was the file changed?"
    }
  }
}

/// How many events come how far in a selection: a commutative monoid under ``merge(_:)``, whose empty
/// element is a fresh flow.
public struct CutFlow: Sendable, Hashable {
  /// What happened at one condition.
  public struct Step: Sendable, Hashable {
    /// What the condition asks.
    public let label: String
    /// Events that failed here first, with the quantity available.
    public fileprivate(set) var failed: UInt64 = 0
    /// Events that failed here first because the quantity is unavailable in them.
    public fileprivate(set) var unavailable: UInt64 = 0
    /// Events that passed this condition and all before it.
    public fileprivate(set) var passed: UInt64 = 0
  }

  /// Name of the selection.
  public let selection: String
  /// Events looked at.
  public private(set) var seen: UInt64 = 0
  /// Events that did not enter: L1 did not keep them.
  public private(set) var notEntered: UInt64 = 0
  /// Events that entered.
  public private(set) var entered: UInt64 = 0
  /// Events that passed all conditions.
  public private(set) var selected: UInt64 = 0
  /// The conditions in their order.
  public private(set) var steps: [Step]

  /// An empty flow.
  public init(selection: String, conditionLabels: [String]) {
    self.selection = selection
    steps = conditionLabels.map { Step(label: $0) }
  }

  /// Whether the books close: every event seen is in exactly one place, at every step.
  public var isClosed: Bool {
    var left = entered
    for step in steps {
      guard step.failed + step.unavailable + step.passed == left else { return false }
      left = step.passed
    }
    return seen == notEntered + entered && left == selected
  }

  /// Adds one event; `verdict` must be of the flow's own selection.
  public mutating func add(_ verdict: SelectionVerdict) {
    seen += 1
    guard verdict != .notEntered else {
      notEntered += 1
      return
    }
    entered += 1
    let last = verdict.failedCondition ?? steps.count
    for index in 0..<last { steps[index].passed += 1 }
    switch verdict {
    case .failed(let condition): steps[condition].failed += 1
    case .unavailable(let condition): steps[condition].unavailable += 1
    case .selected, .notEntered: selected += 1
    }
  }

  /// Adds the events of another flow; throws, changing nothing, if it is of another selection.
  public mutating func merge(_ other: CutFlow) throws(SelectionError) {
    guard selection == other.selection, steps.map(\.label) == other.steps.map(\.label) else {
      throw .differentSelections(selection, other.selection)
    }
    seen += other.seen
    notEntered += other.notEntered
    entered += other.entered
    selected += other.selected
    for index in steps.indices {
      steps[index].failed += other.steps[index].failed
      steps[index].unavailable += other.steps[index].unavailable
      steps[index].passed += other.steps[index].passed
    }
  }
  /// The counts alone, in a fixed order: what is stored of them, and adds up.
  var tally: [UInt64] {
    [seen, notEntered, entered, selected] + steps.flatMap { [$0.failed, $0.unavailable, $0.passed] }
  }

  /// Takes counts from the front of a tally; `false` where there are too few.
  mutating func restore(_ tally: inout ArraySlice<UInt64>) -> Bool {
    guard let head = tally.take(4), let counts = tally.take(3 * steps.count) else { return false }
    (seen, notEntered, entered, selected) = (head[0], head[1], head[2], head[3])
    for index in steps.indices {
      steps[index].failed = counts[3 * index]
      steps[index].unavailable = counts[3 * index + 1]
      steps[index].passed = counts[3 * index + 2]
    }
    return true
  }
}

extension ArraySlice<UInt64> {
  /// The first `count` numbers, which are taken away; nil where there are fewer.
  mutating func take(_ count: Int) -> [UInt64]? {
    guard count <= self.count else { return nil }
    defer { removeFirst(count) }
    return Array(prefix(count))
  }
}
