public import NA62Formats

/// An input of the L0 trigger processor, in the order of its links (`l0tp.md` section 2).
public enum L0Detector: Int, Sendable, Hashable, CaseIterable, Codable {
  /// The hodoscope of slabs.
  case chod = 0
  /// The RICH.
  case rich
  /// The last station of the large-angle veto, the only one that takes part in L0.
  case lav12
  /// The muon veto.
  case muv3
  /// The hodoscope of tiles.
  case newCHOD
  /// The TALK board.
  case talk
  /// The liquid-krypton calorimeter.
  case lkr

  /// Number of inputs.
  public static let count = 7

  /// The letter under which the processor's records name the input, `A` to `G`.
  public var letter: String { ["A", "B", "C", "D", "E", "F", "G"][rawValue] }

  /// The field's name.
  public var name: String { Self.names[rawValue] }

  /// The names, in the order of the inputs.
  public static let names = ["CHOD", "RICH", "LAV12", "MUV3", "NewCHOD", "TALK", "LKr"]

  /// The detector of a name, or `nil`.
  public init?(name: String) {
    guard let index = Self.names.firstIndex(of: name) else { return nil }
    self.init(rawValue: index)
  }

  /// The source identifiers under which primitives of the input are recorded; NewCHOD has two.
  public var sources: [SourceID] {
    switch self {
    case .chod: [.chod]
    case .rich: [.rich]
    case .lav12: [.lav]
    case .muv3: [.muv3]
    case .newCHOD: [.ircSacNewCHOD, SourceID(rawValue: 0x38)]
    case .talk: [SourceID(rawValue: 0x60)]
    case .lkr: [.lkr]
    }
  }

  /// For each source identifier the index of its input, or 255.
  static let inputOfSource: [UInt8] = {
    var table = [UInt8](repeating: 255, count: 256)
    for detector in allCases {
      for source in detector.sources { table[Int(source.rawValue)] = UInt8(detector.rawValue) }
    }
    return table
  }()

  /// The input that a recorded source belongs to, or `nil`.
  public init?(source: SourceID) {
    self.init(rawValue: Int(Self.inputOfSource[Int(source.rawValue)]))
  }
}
