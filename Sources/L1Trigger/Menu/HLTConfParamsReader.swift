public import Configuration
import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// Reads NA62's trigger configuration in XML, `HLTConfParams` (`l1.md` 6.1, 8.10).
///
/// Names are compared without case, and a value counts wherever it stands below its mask and algorithm.
/// What is under `l2` is left out; what is not known is reported in ``warnings``.
public struct HLTConfParamsReader: Sendable {
  /// Largest file accepted, in bytes.
  public static let sizeLimit = 4 * 1024 * 1024
  /// Most levels of elements.
  public static let depthLimit = 32

  /// What the file configures; masks and algorithms that it lacks are disabled, with
  /// NA62's built-in defaults.
  public let configuration: L1Configuration
  /// Line on which each mask of the file begins, from 1.
  public let maskLines: [Int: Int]
  /// What was not understood or looks wrong, with file and line.
  public let warnings: [String]

  /// Reads the XML file at `path`; throws if it cannot be read or is too large, is not well-formed, declares
  /// a document type, or holds a value out of range, a mask twice or no mask at all.
  public static func load(path: String) throws(ConfigurationError) -> HLTConfParamsReader {
    try HLTConfParamsReader(text: ConfigurationFile.text(path: path), file: path)
  }

  /// Reads XML text; `file` names it in errors. Throws as ``load(path:)`` does.
  public init(text: String, file: String) throws(ConfigurationError) {
    guard text.utf8.count <= Self.sizeLimit else {
      throw ConfigurationError(
        file: file, problem: "larger than 4 MiB, the limit for a trigger configuration",
        advice: "check that this is the right file")
    }
    // Entities can make a small file huge, or name other files; this format has no use for them.
    if let range = text.range(of: "<!DOCTYPE", options: .caseInsensitive) {
      let line = 1 + text[..<range.lowerBound].utf8.count { $0 == 0x0A }
      throw ConfigurationError(
        file: file, line: line, problem: "a document type declaration is not accepted", advice: "remove it")
    }
    let handler = HLTConfParamsHandler(file: file)
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldResolveExternalEntities = false
    parser.delegate = handler
    let isComplete = parser.parse()
    if let failure = handler.failure { throw failure }
    guard isComplete, parser.parserError == nil, handler.errorLine == nil, handler.isBalanced else {
      let code = (parser.parserError as NSError?).map { " (libxml2 error \($0.code))" } ?? ""
      throw ConfigurationError(
        file: file, line: handler.errorLine ?? max(1, parser.lineNumber),
        problem: "not well-formed XML\(code)", advice: "check that this is the right file")
    }
    guard !handler.maskLines.isEmpty else {
      throw ConfigurationError(
        file: file, line: 1, problem: "there is no element l1Mask", advice: "expected NA62's HLTConfParams")
    }
    let missing = (0...15).filter { handler.maskLines[$0] == nil }.map(String.init)
    if !missing.isEmpty {
      handler.warn(
        "no algorithm in the masks \(missing.joined(separator: ", ")), which the file lacks", line: 1)
    }
    configuration = handler.configuration
    maskLines = handler.maskLines
    warnings = handler.warnings
  }
}

/// Receives the elements of the XML file.
private final class HLTConfParamsHandler: NSObject, XMLParserDelegate {
  let file: String
  var configuration = L1Configuration()
  var maskLines: [Int: Int] = [:]
  var warnings: [String] = []
  var failure: ConfigurationError?
  /// Line of the first place that is not well-formed.
  var errorLine: Int?
  /// Whether every element that began has ended.
  var isBalanced: Bool { open.isEmpty }

  /// One open element.
  private struct Element {
    var name: String
    var line: Int
    var text = ""
    var hasChildren = false
  }

  private var open: [Element] = []
  private var mask: Int?
  private var algorithm: L1Algorithm?
  private var seen: [String: Int] = [:]
  private static let warningLimit = 100
  private static let textLimit = 256

  private static let containers: Set<String> = ["hltconfparams", "l1", "configparams"]
  private static let recomputed: Set<String> = ["numberofenabledalgos", "numberofflaggedalgos"]
  private static let algorithms: [String: L1Algorithm] = [
    "chod": .chod, "rich": .rich, "ktag": .ktag, "lav": .lav, "ircsac": .ircSac, "straw": .straw,
    "muv": .muv3, "muv3": .muv3, "newchod": .newCHOD,
  ]

  init(file: String) { self.file = file }

  func warn(_ text: String, line: Int) {
    if warnings.count < Self.warningLimit { warnings.append("\(file):\(line): \(text)") }
  }

  private var keyPath: String { open.map(\.name).joined(separator: ".") }

  private func error(_ problem: String, line: Int, advice: String = "") -> ConfigurationError {
    ConfigurationError(file: file, line: line, keyPath: keyPath, problem: problem, advice: advice)
  }

  private func fail(_ error: ConfigurationError, _ parser: XMLParser) {
    if failure == nil { failure = error }
    parser.abortParsing()
  }

  private var isInL2: Bool { open.contains { $0.name.lowercased() == "l2" } }

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    guard failure == nil else { return }
    let line = max(1, parser.lineNumber)
    if !open.isEmpty { open[open.count - 1].hasChildren = true }
    guard open.count < HLTConfParamsReader.depthLimit, elementName.utf8.count <= Self.textLimit else {
      let limit = HLTConfParamsReader.depthLimit
      return fail(
        error("elements nested deeper than \(limit) levels, or a name too long", line: line), parser)
    }
    open.append(Element(name: elementName, line: line))
    guard !isInL2 else { return }
    do throws(ConfigurationError) {
      try start(elementName.lowercased(), attributes, line: line)
    } catch {
      fail(error, parser)
    }
  }

  private func start(
    _ name: String, _ attributes: [String: String], line: Int
  ) throws(ConfigurationError) {
    if name == "l1mask" {
      let text = attributes.first { $0.key.lowercased() == "id" }?.value ?? ""
      guard let number = Int(text.trimmingCharacters(in: .whitespaces)), (0...15).contains(number) else {
        let found = ConfigurationError.quoted(text)
        throw error("expected an attribute id from 0 to 15, found \(found)", line: line)
      }
      guard mask == nil else { throw error("a mask within a mask", line: line) }
      if let first = maskLines[number] {
        throw error("the mask \(number) is already defined on line \(first)", line: line)
      }
      maskLines[number] = line
      mask = number
    } else if let found = Self.algorithms[name], mask != nil {
      guard algorithm == nil else { throw error("an algorithm within an algorithm", line: line) }
      try once("\(mask ?? 0)/\(found.name)", "the algorithm", line: line)
      algorithm = found
    }
  }

  private func once(_ key: String, _ what: String, line: Int) throws(ConfigurationError) {
    if let first = seen[key] { throw error("\(what) stands twice, first on line \(first)", line: line) }
    seen[key] = line
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    guard failure == nil, !open.isEmpty else { return }
    let room = Self.textLimit - open[open.count - 1].text.count
    if room > 0 { open[open.count - 1].text += string.prefix(room) }
  }

  func parser(
    _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
  ) {
    guard failure == nil, let element = open.last else { return }
    guard element.name == elementName else {
      return fail(
        error("'\(elementName)' ends here, which has not begun", line: max(1, parser.lineNumber)), parser)
    }
    do throws(ConfigurationError) {
      if !isInL2 { try end(element) }
    } catch {
      return fail(error, parser)
    }
    open.removeLast()
  }

  private func end(_ element: Element) throws(ConfigurationError) {
    let name = element.name.lowercased()
    if name == "l1mask" {
      mask = nil
    } else if let found = Self.algorithms[name], mask != nil {
      try finish(found, line: element.line)
      algorithm = nil
    } else if !Self.containers.contains(name), !Self.recomputed.contains(name) {
      let value = HLTConfParamsValue(
        text: element.text.trimmingCharacters(in: .whitespacesAndNewlines), file: file, line: element.line,
        keyPath: keyPath)
      let isKnown = element.hasChildren ? false : try assign(name, value)
      guard isKnown else {
        return warn(
          "unknown element \(ConfigurationError.quoted(element.name)), left out", line: element.line)
      }
      let place = "\(mask.map(String.init) ?? "l1")/\(algorithm?.name ?? "")/\(name)"
      try once(place, "the element", line: element.line)
    }
  }

  /// Checks an algorithm whose element ends: nothing that decides may be left to a default.
  private func finish(_ found: L1Algorithm, line: Int) throws(ConfigurationError) {
    guard let mask else { return }
    let settings = configuration.masks[mask][found]
    guard found != .rich else {
      if settings.isEnabled { warn("RICH is enabled, but takes no part in NA62's decision", line: line) }
      configuration.masks[mask][found] = L1AlgorithmSettings(defaultsOf: found)
      return
    }
    guard settings.isEnabled else { return }
    for key in ["processID", "logic", "onlineTimeWindow"]
    where seen["\(mask)/\(found.name)/\(key.lowercased())"] == nil {
      throw error("the algorithm is enabled but has no \(key)", line: line, advice: "add it")
    }
    guard settings.window >= 0 else {
      throw error("the algorithm is enabled with the negative window \(settings.window) ns", line: line)
    }
    guard !settings.isDownscaled || settings.downscaling > 0 else {
      throw error("the algorithm is downscaled by 0, by which NA62's code would divide", line: line)
    }
  }

  /// Stores a value; returns whether its name is known at this place.
  private func assign(_ name: String, _ value: HLTConfParamsValue) throws(ConfigurationError) -> Bool {
    switch (mask, algorithm) {
    case (let mask?, let algorithm?):
      return try assign(name, value, to: &configuration.masks[mask][algorithm], of: algorithm)
    case (let mask?, nil):
      guard name == "maskreductionfactor" else { return false }
      configuration.masks[mask].reduction = try value.factor()
    case (nil, _):
      switch name {
      case "bypassprobability": configuration.bypassProbability = try value.double(in: 0...1)
      case "reductionfactor": configuration.reductionFactor = try value.factor()
      case "downscalefactor": configuration.downscaleFactor = try value.factor()
      case "flagmode": configuration.flagMode = try value.bool()
      case "autoflagfactor": configuration.autoFlagFactor = try value.factor()
      case "referencetimesourceid": configuration.referenceSource = try value.int(in: 0...255)
      default: return false
      }
    }
    return true
  }

  private func assign(
    _ name: String, _ value: HLTConfParamsValue, to settings: inout L1AlgorithmSettings,
    of algorithm: L1Algorithm
  ) throws(ConfigurationError) -> Bool {
    switch name {
    case "processid": settings.processID = try value.int(in: -1...7)
    case "maskid", "l1trigmaskid":
      let identifier = try value.int(in: -1...255)
      if identifier != algorithm.rawValue {
        let expected = "\(algorithm.name) has \(algorithm.rawValue)"
        warn("the algorithm identifier \(identifier) is left out: \(expected)", line: value.line)
      }
    case "enable": settings.isEnabled = try value.bool()
    case "logic": settings.isPositive = try value.bool()
    case "flag": settings.isFlagged = try value.bool()
    case "downscale": settings.isDownscaled = try value.bool()
    case "dsfactor": settings.downscaling = try value.factor()
    case "reftimesourceid": settings.reference = try value.int(in: 0...255)
    case "onlinetimewindow": settings.window = try value.double(in: -1e9...1e9)
    case "xx": settings.xx = try value.factor()
    default: return false
    }
    return true
  }

  func parser(_ parser: XMLParser, parseErrorOccurred parseError: any Error) {
    if errorLine == nil { errorLine = max(1, parser.lineNumber) }
  }

  func parser(
    _ parser: XMLParser, foundInternalEntityDeclarationWithName name: String, value: String?
  ) {
    fail(error("an entity declaration is not accepted", line: max(1, parser.lineNumber)), parser)
  }

  func parser(
    _ parser: XMLParser, foundExternalEntityDeclarationWithName name: String, publicID: String?,
    systemID: String?
  ) {
    fail(error("an entity declaration is not accepted", line: max(1, parser.lineNumber)), parser)
  }
}

/// The text of an element that holds a value.
private struct HLTConfParamsValue {
  var text: String
  var file: String
  var line: Int
  var keyPath: String

  private func error(expected: String) -> ConfigurationError {
    ConfigurationError(
      file: file, line: line, keyPath: keyPath,
      problem: "expected \(expected), found \(ConfigurationError.quoted(text))")
  }

  func int(in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
    guard let value = Int(text), range.contains(value) else {
      throw error(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func factor() throws(ConfigurationError) -> UInt32 {
    UInt32(truncatingIfNeeded: try int(in: 0...Int(UInt32.max)))
  }

  func double(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double {
    guard let value = Double(text), range.contains(value) else {
      throw error(expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  func bool() throws(ConfigurationError) -> Bool {
    switch text.lowercased() {
    case "1", "true": return true
    case "0", "false": return false
    default: throw error(expected: "0 or 1")
    }
  }
}
