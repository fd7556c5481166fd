import Configuration
public import Selections

/// What was seen in a search, and what background was expected.
public struct ScanObservation: Sendable, Hashable {
  /// Which counts of a run belong to it.
  public struct CountsName: Sendable, Hashable {
    /// Name of the selection.
    public let selection: String
    /// Name of the scan in it.
    public let scan: String
  }

  /// Where `--counts` finds its counts; nil where it takes none.
  public let counts: CountsName?
  /// Windows around the mass points, one for each mass.
  public let windows: [MassWindow]
  /// The background.
  public let background: ScanBackground
  /// Masses of the events that were seen, in MeV/c²; the second is 0 on a line.
  public let events: [SIMD2<Double>]
  /// Where the windows come from.
  public let windowProvenance: Provenance
  /// Where the events come from; nil without events.
  public let eventProvenance: Provenance?

  /// Whether an event lies in the window around a point; both borders belong to it.
  func holds(_ event: SIMD2<Double>, at point: SIMD2<Double>) -> Bool {
    windows.indices.allSatisfy { abs(event[$0] - point[$0]) <= windows[$0].halfWidth(at: point[$0]) }
  }

  /// Half the widths of the window around a point; 0 for an axis that is not there.
  func halfWidths(at point: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(windows[0].halfWidth(at: point.x), windows.count > 1 ? windows[1].halfWidth(at: point.y) : 0)
  }

  var effective: ConfigValue {
    var entries: [ConfigValue.Entry] = []
    if let counts {
      entries.append(
        .init(
          "counts",
          .map([.init("selection", .string(counts.selection)), .init("scan", .string(counts.scan))])))
    }
    entries.append(
      .init(
        "windows", .map([.init("tables", .list(windows.map(\.effective)))] + windowProvenance.entries)))
    entries.append(.init("background", background.effective))
    if let eventProvenance {
      let list = events.map { event in
        ConfigValue.list(windows.indices.map { .string("\(event[$0]) MeV/c2") })
      }
      entries.append(.init("events", .map([.init("masses", .list(list))] + eventProvenance.entries)))
    }
    return .map(entries)
  }
}

/// Half the width of the window as a function of a mass: straight between points, constant beyond.
public struct MassWindow: Sendable, Hashable {
  /// Masses and half widths in MeV/c².
  let table: [SIMD2<Double>]

  /// Half the width at a mass, in MeV/c².
  public func halfWidth(at mass: Double) -> Double { PiecewiseLine.value(at: mass, of: table) }

  var effective: ConfigValue {
    .list(table.map { .list([.string("\($0.x) MeV/c2"), .string("\($0.y) MeV/c2")]) })
  }
}

/// The expected background of a search.
public struct ScanBackground: Sendable, Hashable {
  /// What the number of events is for.
  public enum Scope: String, Sendable, Hashable, CaseIterable {
    /// For the window at each mass.
    case window
    /// For all masses that are scanned: a window has its share, as if the background were flat in the mass.
    case region
  }

  /// The expected events and their uncertainty.
  public let estimate: BackgroundEstimate
  /// What they are for.
  public let scope: Scope
  /// Where they come from.
  public let provenance: Provenance

  var effective: ConfigValue {
    .map(
      [
        .init("events", .double(estimate.events)), .init("uncertainty", .double(estimate.uncertainty)),
        .init("scope", .string(scope.rawValue)),
      ] + provenance.entries)
  }
}
