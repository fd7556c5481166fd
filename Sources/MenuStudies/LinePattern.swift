public import L0Trigger
public import NA62Formats

/// The lines of a menu that made a trigger: bits 0 to 15 the masks, bit 16 the control trigger.
public struct LinePattern: RawRepresentable, Sendable, Hashable, Comparable {
  /// Number of lines.
  public static let lineCount = L0LineJudge.lineCount
  /// The line of the control trigger.
  public static let control = 16

  /// The bits.
  public var rawValue: UInt32

  /// The pattern with the given bits.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The lines of a trigger by its flags and types. The flags of other than physics triggers are no masks.
  public init(flags: UInt16, dataType: L0DataType) {
    rawValue =
      (dataType.contains(.physics) ? UInt32(flags) : 0)
      | (dataType.contains(.control) ? 1 << UInt32(Self.control) : 0)
  }

  /// The lines of an emulated trigger.
  public init(_ record: L0TriggerRecord) { self.init(flags: record.flags, dataType: record.dataType) }

  /// Whether no line made the trigger: it is periodic, random or of a calibration.
  public var isEmpty: Bool { rawValue == 0 }

  /// Number of lines.
  public var count: Int { rawValue.nonzeroBitCount }

  /// Calls `body` for each line, in order.
  @inline(__always)
  public func forEach(_ body: (Int) -> Void) {
    var rest = rawValue
    while rest != 0 {
      body(rest.trailingZeroBitCount)
      rest &= rest - 1
    }
  }

  /// The lines in short, as `0 5 C`; `-` for none.
  public var text: String {
    var names: [String] = []
    forEach { names.append($0 == Self.control ? "C" : "\($0)") }
    return names.isEmpty ? "-" : names.joined(separator: " ")
  }

  /// Orders by the bits.
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}
