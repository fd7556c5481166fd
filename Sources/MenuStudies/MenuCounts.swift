public import L0Trigger

/// What one menu did: triggers by line, alone and shared, and what was lost on the way. A commutative monoid.
public struct MenuCounts: Sendable, Hashable {
  private static let side = LinePattern.lineCount

  /// Triggers that no line made: periodic, random, of calibrations.
  public private(set) var otherSources: UInt64 = 0
  /// Triggers by line and by the number of lines that made them, so that shares of a trigger add up exactly.
  private var shared = [UInt64](repeating: 0, count: side * side)
  /// Triggers that two lines made.
  public private(set) var overlaps = OverlapMatrix()
  /// Triggers along the burst.
  public private(set) var profile = BurstProfile()
  /// What the emulator counted for the menu.
  public internal(set) var triggers = L0MenuCounters()
  /// What the emulator counted of the primitives, as the menu lines them up.
  public internal(set) var alignment = L0AlignmentCounters()

  /// No counts.
  public init() {}

  /// Counts a trigger that was sent.
  @inline(__always)
  mutating func add(_ pattern: LinePattern, timestamp: UInt32) {
    profile.add(timestamp)
    guard !pattern.isEmpty else {
      otherSources += 1
      return
    }
    let share = pattern.count - 1
    pattern.forEach { shared[$0 * Self.side + share] += 1 }
    overlaps.add(pattern)
  }

  /// Triggers that a line made, alone or with others.
  public func inclusive(_ line: Int) -> UInt64 { overlaps[line, line] }

  /// Triggers that only this line made.
  public func pure(_ line: Int) -> UInt64 { shared[line * Self.side] }

  /// Triggers with each shared evenly among the lines that made it; the sum over the lines is the number of
  /// triggers that lines made.
  public func proportional(_ line: Int) -> Double {
    (0..<Self.side).reduce(0) { $0 + Double(shared[line * Self.side + $1]) / Double($1 + 1) }
  }

  /// Standard deviation of `proportional`: every trigger with its share is a Poisson count of its own.
  public func proportionalError(_ line: Int) -> Double {
    (0..<Self.side).reduce(0) {
      $0 + Double(shared[line * Self.side + $1]) / Double(($1 + 1) * ($1 + 1))
    }.squareRoot()
  }

  /// Triggers of a line before and after its downscaling.
  public func beforeAndAfterDownscaling(_ line: Int) -> (before: UInt64, after: UInt64) {
    line == LinePattern.control
      ? (triggers.controlPre, triggers.controlPost) : (triggers.pre[line], triggers.post[line])
  }

  /// Triggers of a line that fired and were not sent: dead time, choke or error windows, end of burst.
  public func deadTimeLosses(_ line: Int) -> UInt64 {
    let fired = beforeAndAfterDownscaling(line).after
    let sent = inclusive(line)
    // The flags of a calibration that came at the same time look like masks.
    return fired > sent ? fired - sent : 0
  }

  /// Triggers that were not sent, of all lines and sources.
  public var notSent: UInt64 { triggers.recordsAfterMerge - min(triggers.recordsAfterMerge, triggers.sent) }

  /// Live time in seconds: frames of 256 clock periods, whether or not they had packets.
  public var liveTime: Double { Double(alignment.groups) * 256 * StudyClock.period }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.otherSources += b.otherSources
    for i in a.shared.indices { a.shared[i] += b.shared[i] }
    a.overlaps += b.overlaps
    a.profile += b.profile
    a.triggers += b.triggers
    a.alignment += b.alignment
  }
}
