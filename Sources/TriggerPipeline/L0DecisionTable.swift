public import L0Trigger

/// The table of L0 decisions (CSV): a row for each trigger sent, in the order of sending.
public struct L0DecisionTable: Sendable {
  private static let letters = L0Detector.allCases.map(\.letter)
  private static let slots = ["N", "Nm1", "Np1"]

  /// A table.
  public init() {}

  /// The header line.
  ///
  /// The burst stands last, so that the columns before it are those of a single burst.
  public static let header: String = {
    var columns = ["timestamp", "ref_ft", "data_type", "trigger_word", "flags"]
    for kind in ["id", "ft"] {
      for slot in slots { columns += letters.map { "\(kind)_\(slot)_\($0)" } }
    }
    return (columns + ["burst"]).joined(separator: ",") + "\n"
  }()

  /// The rows of a slice.
  public func rows(of slice: L0Slice, menu: Int) -> String {
    guard slice.triggers.indices.contains(menu) else { return "" }
    var text = ""
    for trigger in slice.triggers[menu] {
      text += "\(trigger.timestamp),\(trigger.fineTime),\(Self.hex(trigger.dataType.rawValue)),"
      text += "\(Self.hex(trigger.word)),\(Self.hex(trigger.flags))"
      for words in [trigger.identifiers.0, trigger.identifiers.1, trigger.identifiers.2] {
        for lane in 0..<L0Detector.count { text += ",\(Self.hex(words[lane]))" }
      }
      for times in [trigger.fineTimes.0, trigger.fineTimes.1, trigger.fineTimes.2] {
        for lane in 0..<L0Detector.count { text += ",\(times[lane])" }
      }
      text += ",\(slice.burst)\n"
    }
    return text
  }

  private static func hex<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) -> String {
    let digits = String(value, radix: 16)
    return "0x" + String(repeating: "0", count: Value.bitWidth / 4 - digits.count) + digits
  }
}
