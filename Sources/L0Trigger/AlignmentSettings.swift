import NA62Formats

/// The settings of a menu on which its list of entries and its memory depend: menus that have the same ones
/// share both.
struct AlignmentSettings: Hashable {
  var reference: Int
  var control: Int?
  var fineTimeBits: Int
  var deltaPacket: Int
  var offsets: [Int]
  var grouping: L0Menu.Grouping
  var counting: L0Menu.Counting
  var usesStaleCount: Bool
  var formats: [MTP.Format]
  var corrections: L0Menu.Corrections
  var makesCalibrationTriggers: Bool

  init(_ menu: L0Menu) {
    reference = menu.referenceDetector.rawValue
    control = menu.control.isEnabled ? menu.controlDetector.rawValue : nil
    fineTimeBits = (0...3).contains(menu.fineTimeBits) ? menu.fineTimeBits : 0
    deltaPacket = max(0, menu.deltaPacket)
    offsets = menu.offsets
    grouping = menu.grouping
    counting = menu.counting
    usesStaleCount = menu.usesStaleCount
    formats = menu.formats
    corrections = menu.corrections.subtracting(.referenceNeighbours)
    makesCalibrationTriggers = menu.calibrationWord != nil
  }
}
