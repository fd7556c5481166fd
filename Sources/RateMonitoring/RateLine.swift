/// What a rate is of.
public enum RateLevel: String, Sendable, Hashable, CaseIterable, Codable {
  /// Primitives of an L0 detector, packets of a board.
  case detector
  /// Physics triggers of an L0 mask, as recorded.
  case l0
  /// Events that an L1 mask accepts.
  case l1
  /// Events in which an L1 algorithm passes in a mask's chain.
  case algorithm
  /// Events that a selection takes; of a blind one none.
  case selection
  /// Packets and events, and what is lost of them.
  case stream
}

/// A line of the rate monitor: what is counted, under a name that is unique in its level.
public struct RateLine: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  /// What it counts.
  public let level: RateLevel
  /// Its name.
  public let name: String

  /// A line.
  public init(_ level: RateLevel, _ name: String) {
    self.level = level
    self.name = name
  }

  /// The line of a text as `l0/mask 1`; nil without a known level or without a name.
  public init?(text: String) {
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let level = RateLevel(rawValue: String(parts[0])) else { return nil }
    self.init(level, String(parts[1]))
  }

  /// `level/name`.
  public var description: String { "\(level.rawValue)/\(name)" }

  /// In the order of the levels, and of the names in a level.
  public static func < (a: Self, b: Self) -> Bool {
    a.level == b.level ? a.name < b.name : (rank[a.level] ?? 0) < (rank[b.level] ?? 0)
  }

  private static let rank = Dictionary(
    uniqueKeysWithValues: RateLevel.allCases.enumerated().map { ($0.element, $0.offset) })
}

/// The names under which masks and selections are shown.
public struct RateLineNames: Sendable, Hashable {
  /// Names of the masks by their number; one without is `mask N`.
  public var masks: [Int: String]
  /// Names of the selections, in the order of their set.
  public var selections: [String]

  /// Names.
  public init(masks: [Int: String] = [:], selections: [String] = []) {
    self.masks = masks
    self.selections = selections
  }

  /// The name of a mask.
  func mask(_ number: Int) -> String { masks[number] ?? "mask \(number)" }
}
