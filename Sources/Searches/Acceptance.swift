import Configuration
public import Selections

/// Acceptance × efficiency as a function of one or two masses: a constant, or a table between whose points it is
/// straight.
public struct Acceptance: Sendable, Hashable {
  /// A row of a table: one first mass.
  struct Row: Sendable, Hashable {
    /// The first mass in MeV/c².
    let mass: Double
    /// Share of the largest second mass (half the first one), and the acceptance there. One entry on a line.
    let entries: [SIMD2<Double>]

    func value(share: Double) -> Double { PiecewiseLine.value(at: share, of: entries) }
  }

  enum Form: Sendable, Hashable {
    case constant(Double)
    case table([Row], axes: Int)
  }

  let form: Form
  /// The ε of the sample on which a table was measured that is of dark photons at all angles; nil where the values
  /// are of those within the largest angle of the search.
  let sampleMixing: Double?
  /// Where the numbers come from.
  public let provenance: Provenance

  /// The first masses for which it is known, in MeV/c²; nil for all.
  public var range: ClosedRange<Double>? {
    guard case .table(let rows, _) = form, let first = rows.first, let last = rows.last else { return nil }
    return first.mass...last.mass
  }

  /// The acceptance at a point; nil beyond the first masses of the table.
  ///
  /// In a plane it is straight between the rows of the table, at the same share m₂ / (m₁/2), and constant beyond
  /// the shares of a row.
  public func value(at masses: SIMD2<Double>) -> Double? {
    switch form {
    case .constant(let value): return value
    case .table(let rows, let axes):
      let share = axes > 1 ? min(1, 2 * masses.y / masses.x) : 0
      guard let next = rows.firstIndex(where: { $0.mass >= masses.x }) else { return nil }
      if rows[next].mass == masses.x { return rows[next].value(share: share) }
      guard next > 0 else { return nil }
      let (a, b) = (rows[next - 1], rows[next])
      let part = (masses.x - a.mass) / (b.mass - a.mass)
      return a.value(share: share) * (1 - part) + b.value(share: share) * part
    }
  }

  var effective: ConfigValue {
    let sample: [ConfigValue.Entry] = sampleMixing.map { [.init("sample_mixing", .double($0))] } ?? []
    switch form {
    case .constant(let value): return .map([.init("value", .double(value))] + sample + provenance.entries)
    case .table(let rows, let axes):
      let list = rows.flatMap { row in
        row.entries.map { entry in
          let second: [ConfigValue] = axes > 1 ? [.string("\(entry.x * row.mass / 2) MeV/c2")] : []
          return ConfigValue.list([.string("\(row.mass) MeV/c2")] + second + [.double(entry.y)])
        }
      }
      return .map([.init("table", .list(list))] + sample + provenance.entries)
    }
  }
}

/// Points joined by straight lines, constant beyond the first and the last one.
enum PiecewiseLine {
  /// The value at `x` of points (x, y) with rising x; 0 without points.
  static func value(at x: Double, of points: [SIMD2<Double>]) -> Double {
    guard let next = points.firstIndex(where: { $0.x >= x }) else { return points.last?.y ?? 0 }
    guard next > 0 else { return points[0].y }
    let (a, b) = (points[next - 1], points[next])
    return a.y + (b.y - a.y) * (x - a.x) / (b.x - a.x)
  }
}
