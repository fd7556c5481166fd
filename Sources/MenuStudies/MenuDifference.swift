public import PacketCapture

/// What two menus, the first and the second, did differently with the same data. A commutative monoid.
public struct MenuDifference: Sendable, Hashable {
  /// A trigger that one of the menus sent, or both in different ways.
  public struct Example: Sendable, Hashable, Comparable {
    /// The burst.
    public var burst: UInt32
    /// Clock periods since the start of burst.
    public var timestamp: UInt32
    /// The packet of the reference detector, or `nil` where no primitive made the trigger.
    public var packet: PacketReference?
    /// The lines of the first menu.
    public var first: LinePattern
    /// The lines of the second menu.
    public var second: LinePattern
    /// The step at which they first differed; where several lines differ, the farthest.
    public var step: DifferenceStep

    /// Orders by time.
    public static func < (a: Self, b: Self) -> Bool {
      (a.burst, a.timestamp, a.first, a.second, a.step) < (b.burst, b.timestamp, b.first, b.second, b.step)
    }
  }

  /// What became of one line.
  public struct Line: Sendable, Hashable {
    /// Triggers of the line in both menus.
    public internal(set) var both: UInt64 = 0
    /// Triggers of the line in the first menu only, by the step at which the second one differed.
    public internal(set) var lost = StepCounts()
    /// Triggers of the line in the second menu only, by the step at which the first one differed.
    public internal(set) var gained = StepCounts()

    /// Adds the counts of another part.
    static func += (a: inout Self, b: Self) {
      a.both += b.both
      a.lost += b.lost
      a.gained += b.gained
    }
  }

  /// Triggers that both menus sent.
  public internal(set) var both: UInt64 = 0
  /// Of these, those with other lines or types, by the step at which the lines differed.
  public internal(set) var changed = StepCounts()
  /// Of these, those with the same lines and types, and another fine time.
  public internal(set) var otherFineTime: UInt64 = 0
  /// Triggers of the first menu that the second did not send.
  public internal(set) var lost = StepCounts()
  /// Triggers of the second menu that the first did not send.
  public internal(set) var gained = StepCounts()
  /// The same line by line, by the numbers of the lines.
  public internal(set) var lines = [Line](repeating: Line(), count: LinePattern.lineCount)
  /// The first of the triggers that were lost.
  public internal(set) var lostExamples: FirstFew<Example>
  /// The first of the triggers that were gained.
  public internal(set) var gainedExamples: FirstFew<Example>
  /// The first of the triggers that were changed.
  public internal(set) var changedExamples: FirstFew<Example>

  /// No differences, with room for some examples of each kind.
  public init(examples: Int) {
    lostExamples = FirstFew(capacity: examples)
    gainedExamples = FirstFew(capacity: examples)
    changedExamples = FirstFew(capacity: examples)
  }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.both += b.both
    a.changed += b.changed
    a.otherFineTime += b.otherFineTime
    a.lost += b.lost
    a.gained += b.gained
    for i in a.lines.indices { a.lines[i] += b.lines[i] }
    a.lostExamples += b.lostExamples
    a.gainedExamples += b.gainedExamples
    a.changedExamples += b.changedExamples
  }
}

/// A difference of two counts that were made of the same data.
public struct CountDifference: Sendable, Hashable {
  /// Events that only the first has.
  public let lost: UInt64
  /// Events that only the second has.
  public let gained: UInt64
  /// Events that both have.
  public let both: UInt64

  /// A difference.
  public init(lost: UInt64, gained: UInt64, both: UInt64) {
    self.lost = lost
    self.gained = gained
    self.both = both
  }

  /// The second count less the first.
  public var value: Double { Double(gained) - Double(lost) }
  /// Its standard deviation: what both have in common cancels, and the rest are two Poisson counts.
  public var error: Double { (Double(lost) + Double(gained)).squareRoot() }
  /// What the standard deviation would be if the counts came of different data.
  public var errorIfIndependent: Double {
    (Double(lost) + Double(gained) + 2 * Double(both)).squareRoot()
  }
}
