public import Configuration

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

extension RateLineNames {
  /// The line under the name that it is shown with: a mask may be called by its number, `mask 1`, whatever its name.
  func named(_ line: RateLine) -> RateLine {
    guard [.l0, .l1, .algorithm].contains(line.level) else { return line }
    let words = line.name.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0] == "mask", let number = Int(words[1]), let name = masks[number] else {
      return line
    }
    return RateLine(line.level, ([name] + words.dropFirst(2).map(String.init)).joined(separator: " "))
  }

  /// The names that lines of a level can have; nil where they are not known before the data.
  public func known(_ level: RateLevel) -> [String]? {
    switch level {
    case .l0, .l1: (0..<16).map(mask)
    case .selection: selections
    case .detector, .algorithm, .stream: nil
    }
  }
}

extension RateMonitoringConfiguration {
  /// The same with the names of masks for their numbers.
  func naming(_ names: RateLineNames) -> Self {
    var named = self
    for i in bands.indices {
      named.bands[i].line = names.named(bands[i].line)
      switch bands[i].expectation {
      case .relative(let line, let ratio):
        named.bands[i].expectation = .relative(names.named(line), ratio: ratio)
      case .part(let line, let share): named.bands[i].expectation = .part(names.named(line), share: share)
      case .rate, .counts: break
      }
    }
    return named
  }

  /// Throws where a band is of a mask or selection that is not there: it would never be looked at.
  ///
  /// - Parameters:
  ///   - names: what is there.
  ///   - file: name of the file, for the error.
  public func check(names: RateLineNames, file: String) throws(ConfigurationError) {
    for band in naming(names).bands {
      var lines = [band.line]
      switch band.expectation {
      case .relative(let line, _), .part(let line, _): lines.append(line)
      case .rate, .counts: break
      }
      for line in lines {
        guard let known = names.known(line.level), !known.contains(line.name) else { continue }
        // A file of bands may serve runs with other selections.
        if line.level == .selection { continue }
        throw ConfigurationError(
          file: file, problem: "the band of \(band.line): the menu has no mask '\(line.name)'",
          suggestion: NearestName.of(line.name, in: known),
          advice: "name masks as the menu does, or by number, as 'mask 1'")
      }
    }
  }
}
