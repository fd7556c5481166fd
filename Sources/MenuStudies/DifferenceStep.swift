import L0Trigger

/// The step at which a menu first went another way than one that sent a trigger, in the order of the steps.
public enum DifferenceStep: UInt8, Sendable, Hashable, CaseIterable, Comparable {
  /// The menu has no such line, or it is off.
  case noLine
  /// The menu does not look at that time: its reference detector has no primitive there.
  case noEntry
  /// A detector that the line asks for has no primitive near.
  case noPrimitive
  /// The time cut.
  case timeCut
  /// A bit that is not set, or that is set and forbidden.
  case maskBit
  /// The menu had fired in the same clock period.
  case sameTimestamp
  /// The downscaling.
  case downscaling
  /// The trigger fired, and was not sent: dead time, a window, or the end of the burst.
  case deadTime
  /// A source that is no line: periodic, random, calibration.
  case source

  /// The step of what the emulator traced.
  init(_ outcome: TriggerOutcome) {
    self =
      switch outcome {
      case .noLine: .noLine
      case .noEntry: .noEntry
      case .noPrimitive: .noPrimitive
      case .timeCut: .timeCut
      case .maskBit: .maskBit
      case .sameTimestamp: .sameTimestamp
      case .downscaling: .downscaling
      case .notSent, .fired: .deadTime
      }
  }

  /// The step in the words of a person.
  public var text: String {
    switch self {
    case .noLine: "no such line"
    case .noEntry: "no entry"
    case .noPrimitive: "no matching primitive"
    case .timeCut: "time cut"
    case .maskBit: "mask bit"
    case .sameTimestamp: "same timestamp"
    case .downscaling: "downscaling"
    case .deadTime: "dead time"
    case .source: "other source"
    }
  }

  /// The step as a key of tables.
  public var key: String { text.replacing(" ", with: "_") }

  /// Orders by the way of a trigger.
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// Counts by step. A commutative monoid.
public struct StepCounts: Sendable, Hashable {
  private var counts = SIMD16<UInt64>(repeating: 0)

  /// No counts.
  public init() {}

  /// The count of a step.
  public subscript(step: DifferenceStep) -> UInt64 { counts[Int(step.rawValue)] }

  /// All counts together.
  public var total: UInt64 { counts.wrappedSum() }

  /// Counts one.
  @inline(__always)
  mutating func add(_ step: DifferenceStep) { counts[Int(step.rawValue)] &+= 1 }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) { a.counts &+= b.counts }
}
