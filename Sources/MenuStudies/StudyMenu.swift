public import L0Trigger

/// A menu as reports name it.
public struct StudyMenu: Sendable, Hashable {
  /// A line that is on.
  public struct Line: Sendable, Hashable {
    /// Number, 16 for the control trigger.
    public let number: Int
    /// Name; may be empty.
    public let name: String
    /// The downscaling factor.
    public let downscaling: Double

    /// Number and name, as `3 RICH-QX`.
    public var label: String {
      number == LinePattern.control ? "control" : name.isEmpty ? "\(number)" : "\(number) \(name)"
    }
  }

  /// Name; unlike that of every other menu of the study.
  public let name: String
  /// The file it was read from.
  public let path: String
  /// Hash of all that can change a trigger.
  public let hash: String
  /// The lines that are on, by number.
  public let lines: [Line]
  /// The time cut of each input, in 1/256 of a clock period.
  let timeCuts: [Int]

  /// The menus of a study with the files they were read from; menus with one name are numbered.
  public static func list(_ menus: [(menu: L0Menu, path: String)]) -> [StudyMenu] {
    var names: [String] = []
    for (place, entry) in menus.enumerated() {
      let plain = entry.menu.name.isEmpty ? "menu \(place + 1)" : entry.menu.name
      var name = plain
      var copy = 2
      while names.contains(name) {
        name = "\(plain) (\(copy))"
        copy += 1
      }
      names.append(name)
    }
    return zip(names, menus).map { StudyMenu(name: $0, $1.menu, path: $1.path) }
  }

  private init(name: String, _ menu: L0Menu, path: String) {
    self.name = name
    self.path = path
    hash = menu.hash
    timeCuts = menu.timeCuts.map { Int($0) }
    var lines = menu.masks.filter { $0.isEnabled && (0..<16).contains($0.number) }
      .sorted { $0.number < $1.number }
      .map { Line(number: $0.number, name: $0.name, downscaling: $0.downscaling.factor) }
    if menu.control.isEnabled {
      lines.append(
        Line(number: LinePattern.control, name: "", downscaling: menu.control.downscaling.factor))
    }
    self.lines = lines
  }

  /// The label of a line, whether it is on or not.
  func label(_ line: Int) -> String {
    lines.first { $0.number == line }?.label ?? (line == LinePattern.control ? "control" : "\(line)")
  }
}

/// What a study was made of: all that its results carry.
public struct StudyIdentity: Sendable, Hashable {
  /// The inputs, in short.
  public var input: String
  /// The inputs as they were given.
  public var inputs: [String]
  /// Version of the software.
  public var version: String
  /// Hash of the effective configuration: menus and options.
  public var configurationHash: String

  /// An identity.
  public init(input: String, inputs: [String], version: String, configurationHash: String) {
    self.input = input
    self.inputs = inputs
    self.version = version
    self.configurationHash = configurationHash
  }
}
