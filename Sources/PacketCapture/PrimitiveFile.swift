public import NA62Formats

/// A raw primitive file: the packets of primitives of one detector in one burst, one behind the other
/// (`l0tp.md` 1.5). It is known by its name, `<prefix>run<run>_burst<burst>`, also with `.gz` or `.zst`.
public struct PrimitiveFile: Sendable, Hashable {
  /// How the names begin: the detector.
  public enum Prefix: String, Sendable, Hashable, CaseIterable {
    /// CHOD.
    case chod = "chod_"
    /// RICH.
    case rich = "rich_"
    /// LAV12.
    case lav12 = "lav12_"
    /// MUV3.
    case muv3 = "muv3_"
    /// NewCHOD, as its board shared with IRC sends it.
    case irc = "irc_"
    /// NewCHOD.
    case newCHOD = "newchod_"
    /// The TALK board.
    case talk = "talk_"
    /// LKr.
    case lkr = "lkr_"
    /// All detectors.
    case merged = "merged_"

    /// The sources whose packets are expected; empty for any.
    public var sources: [SourceID] {
      switch self {
      case .chod: [.chod]
      case .rich: [.rich]
      case .lav12: [.lav]
      case .muv3: [.muv3]
      case .irc: [.ircSacNewCHOD]
      case .newCHOD: [.ircSacNewCHOD, SourceID(rawValue: 0x38)]
      case .talk: [SourceID(rawValue: 0x60)]
      case .lkr: [.lkr]
      case .merged: []
      }
    }

    /// Whether files of two prefixes hold packets for the same input of the trigger processor.
    func overlaps(_ other: Prefix) -> Bool {
      sources.isEmpty || other.sources.isEmpty || sources.contains(where: other.sources.contains)
    }
  }

  /// Path of the file.
  public let path: String
  /// The detector.
  public let prefix: Prefix
  /// Run number.
  public let run: UInt32
  /// Burst.
  public let burst: UInt32

  /// The file at `path`, or `nil` if its name is not that of a raw primitive file.
  public init?(path: String) {
    var name = path.split(separator: "/").last ?? ""
    for suffix in [".gz", ".zst"] where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count)
      break
    }
    guard let prefix = Prefix.allCases.first(where: { name.hasPrefix($0.rawValue) }) else { return nil }
    let parts = name.dropFirst(prefix.rawValue.count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 2, let run = Self.number(parts[0], behind: "run"),
      let burst = Self.number(parts[1], behind: "burst")
    else { return nil }
    self.path = path
    self.prefix = prefix
    self.run = run
    self.burst = burst
  }

  /// A number of five digits or more behind a word.
  private static func number(_ text: Substring, behind word: String) -> UInt32? {
    let digits = text.dropFirst(word.count)
    guard text.hasPrefix(word), digits.count >= 5, digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      return nil
    }
    return UInt32(digits)
  }

  /// The name of a file of this kind.
  public static func name(_ prefix: Prefix, run: UInt32, burst: UInt32) -> String {
    func padded(_ number: UInt32) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
    return "\(prefix.rawValue)run\(padded(run))_burst\(padded(burst))"
  }

  /// The raw primitive files that the arguments of a command line mean (files, directories, patterns), in
  /// the order of run, burst and detector; `nil` if none of them is one.
  ///
  /// - Parameter warnings: gets a warning for each file of a directory or pattern that was left aside, and
  ///   for files that bring the same packets.
  /// - Throws: `CaptureError` where an input is missing, or other inputs are given with them.
  public static func expand(
    _ arguments: [String], warnings: inout [CaptureWarning]
  ) throws(CaptureError) -> [PrimitiveFile]? {
    var files: [PrimitiveFile] = []
    var others: [(path: String, isNamed: Bool)] = []
    for argument in arguments {
      switch try Meaning(argument) {
      case .standardInput, .pipe: others.append((argument, true))
      case .file(let path): try add(path, isNamed: true)
      case .files(let paths, let none):
        if paths.isEmpty { throw none }
        for path in paths { try add(path, isNamed: false) }
      }
    }
    func add(_ path: String, isNamed: Bool) throws(CaptureError) {
      // The name decides, unless the bytes are plainly those of a capture.
      if let file = PrimitiveFile(path: path), try CaptureInput.sniff(path) != .capture {
        files.append(file)
      } else {
        others.append((path, isNamed))
      }
    }
    guard let first = files.first else { return nil }
    for other in others {
      let isCapture = other.isNamed ? true : try CaptureInput.sniff(other.path) != .unknown
      if isCapture { throw .mixedInputs(primitives: first.path, other: other.path) }
      warnings.append(
        CaptureWarning(
          path: other.path, message: "left aside: not named as a raw primitive file", isDataLoss: false))
    }
    files.sort { ($0.run, $0.burst, $0.place, $0.path) < ($1.run, $1.burst, $1.place, $1.path) }
    warnings += overlaps(files)
    return files
  }

  private var place: Int { Prefix.allCases.firstIndex(of: prefix) ?? 0 }

  /// A warning for each file whose detector another file of the burst has too.
  private static func overlaps(_ files: [PrimitiveFile]) -> [CaptureWarning] {
    var warnings: [CaptureWarning] = []
    for (i, file) in files.enumerated() {
      let earlier = files[..<i].last { other in
        other.run == file.run && other.burst == file.burst && other.prefix.overlaps(file.prefix)
      }
      guard let earlier else { continue }
      warnings.append(
        CaptureWarning(
          path: file.path,
          message:
            "holds primitives of the same detector and burst as \(earlier.path); what comes twice counts "
            + "as duplicate and is lost, give one of them", isDataLoss: false))
    }
    return warnings
  }
}
