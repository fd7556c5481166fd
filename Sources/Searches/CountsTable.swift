public import Configuration
import Foundation

/// The counts of one scan of a selection, as `counts.json` of a run holds them.
public struct CountsTable: Sendable, Hashable {
  /// Where they come from, to be shown.
  public let source: String
  /// SHA-256 of the file.
  public let hash: String
  /// The masses of each point in MeV/c²; the second is 0 on a line.
  public let points: [SIMD2<Double>]
  /// The count at each point.
  public let counts: [Int]
  /// How far from a point its count is taken, in MeV/c².
  private let reach: Double

  /// Reads the scan of a run directory, of its `counts.json`, or of `unblinded/SELECTION.json`.
  ///
  /// In a run directory the opened result of the selection stands before the sealed one. Throws if the file cannot
  /// be read, has another schema, does not hold the scan, or holds it blind.
  public init(
    path: String, _ name: ScanObservation.CountsName, axes: Int
  ) throws(ConfigurationError) {
    let file = Self.file(path, name)
    try self.init(bytes: ConfigurationFile.bytes(path: file), file: file, name, axes: axes)
  }

  /// Takes the scan from the content of a `counts.json`, or of `unblinded/SELECTION.json`; `file` is where it is
  /// from, to be shown. Throws as ``init(path:_:axes:)``.
  public init(
    bytes: [UInt8], file: String, _ name: ScanObservation.CountsName, axes: Int
  ) throws(ConfigurationError) {
    func fail(_ problem: String, _ advice: String = "") -> ConfigurationError {
      ConfigurationError(file: file, problem: problem, advice: advice)
    }
    let selection: Selection
    switch Self.decoded(bytes) {
    case .run(let selections):
      guard let found = selections.first(where: { $0.selection == name.selection }) else {
        throw fail(
          "no selection '\(name.selection)'", "it has: " + selections.map(\.selection).joined(separator: ", ")
        )
      }
      selection = found
    case .opened(let opened): selection = opened
    case .other(let schema):
      throw fail(
        schema.map { "schema '\($0)', expected '\(Self.schema)' or '\(Self.openedSchema)'" }
          ?? "is no counts of a run", "give a run directory of 'spillway replay', or its counts.json")
    }
    guard selection.selection == name.selection else {
      throw fail("is of the selection '\(selection.selection)', expected '\(name.selection)'")
    }
    guard let scan = selection.scans?.first(where: { $0.name == name.scan }) else {
      throw fail("the selection '\(name.selection)' has no scan '\(name.scan)'")
    }
    guard case .counts(let counts) = scan.events else {
      throw fail(
        "the scan '\(name.scan)' of '\(name.selection)' is blind",
        "open it first: spillway unblind RUN \(name.selection) --reason '...'")
    }
    guard counts.count == scan.masses.count, !counts.isEmpty, counts.allSatisfy({ $0 >= 0 }),
      scan.masses.allSatisfy({ $0.count == axes && $0.allSatisfy { $0 >= 0 && $0 < 1e6 } })
    else {
      throw fail("the scan '\(name.scan)' has no count for each point of \(axes) mass\(axes > 1 ? "es" : "")")
    }
    source = file
    hash = SHA256.hex(of: bytes)
    points = scan.masses.map { SIMD2($0[0], axes > 1 ? $0[1] : 0) }
    self.counts = counts
    reach = Self.reach(points)
  }

  /// The count at the point that is nearest to these masses; nil if none is within half the largest step to it.
  func count(at masses: SIMD2<Double>) -> Int? {
    var best: (distance: Double, index: Int)?
    for (index, point) in points.enumerated() {
      let away = point - masses
      let distance = (away * away).sum()
      if distance < best?.distance ?? .infinity { best = (distance, index) }
    }
    guard let best, best.distance.squareRoot() <= reach else { return nil }
    return counts[best.index]
  }

  /// Half the largest step between neighbours along an axis, with room for rounding.
  private static func reach(_ points: [SIMD2<Double>]) -> Double {
    var largest = 0.0
    for axis in 0..<2 {
      let values = Set(points.map { $0[axis] }).sorted()
      for (a, b) in zip(values, values.dropFirst()) { largest = max(largest, b - a) }
    }
    return largest / 2 + 1e-6
  }

  private static let schema = "spillway.counts/2"

  private static func file(_ path: String, _ name: ScanObservation.CountsName) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue
    else { return path }
    let safe = name.selection.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "_" }
    let opened = "\(path)/unblinded/\(String(safe)).json"
    return FileManager.default.fileExists(atPath: opened) ? opened : "\(path)/counts.json"
  }

  private static let openedSchema = "spillway.unblinded/1"

  /// What a file holds.
  private enum Content {
    case run([Selection])
    case opened(Selection)
    /// Something else, with its schema where it has one.
    case other(String?)
  }

  private static func decoded(_ bytes: [UInt8]) -> Content {
    let (decoder, data) = (JSONDecoder(), Data(bytes))
    let schema = (try? decoder.decode(Head.self, from: data))?.schema
    switch schema {
    case Self.schema:
      if let counts = try? decoder.decode(Counts.self, from: data) { return .run(counts.selections) }
    case openedSchema:
      if let counts = try? decoder.decode(Opened.self, from: data) { return .opened(counts.result) }
    default: return .other(schema)
    }
    return .other(nil)
  }

  private struct Head: Decodable {
    let schema: String
  }

  private struct Counts: Decodable {
    let selections: [Selection]
  }

  private struct Opened: Decodable {
    let result: Selection
  }

  private struct Selection: Decodable {
    let selection: String
    let scans: [Scan]?
  }

  private struct Scan: Decodable {
    let name: String
    let masses: [[Double]]
    let events: Events
  }

  /// The counts, or that they are sealed.
  private enum Events: Decodable {
    case counts([Int])
    case blind

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        guard text == "(blind)" else {
          throw DecodingError.dataCorruptedError(in: value, debugDescription: "expected counts")
        }
        self = .blind
      } else {
        self = .counts(try value.decode([Int].self))
      }
    }
  }
}
