/// A named part of the plane of one or more variables, looked at after all cuts.
public struct SelectionRegion: Sendable {
  /// Where an event lies in it.
  enum Shape: Hashable, Sendable {
    /// Everywhere.
    case everything
    /// Where each variable is within its bounds.
    case box([Condition])
    /// Where ((x − x0)/a)² + ((y − y0)/b)² is below 1, or at most 1 where the border is inside.
    case ellipse(Ellipse)
  }

  /// One side of a box.
  struct Condition: Hashable, Sendable {
    let variable: SelectionVariable
    let bounds: Bounds
  }

  /// An ellipse with axes along the variables.
  struct Ellipse: Hashable, Sendable {
    let x: SelectionVariable
    let y: SelectionVariable
    let center: SIMD2<Double>
    let semiAxes: SIMD2<Double>
    let includesBorder: Bool
  }

  /// Largest number of regions of a selection: its counts by burst have them, and two more, as bits of a word.
  static let limit = 62

  /// Its name.
  public let name: String
  /// Whether events in it are sealed while the selection is blind.
  public let isBlind: Bool
  /// Where it lies, in words.
  public let label: String
  /// Where its numbers come from.
  public let provenance: Provenance
  let shape: Shape
  /// Regions declared before it whose events are not in it, as bits.
  let excluded: UInt64
}
