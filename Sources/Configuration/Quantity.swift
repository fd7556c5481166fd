/// A number with the unit it was written with, as `6.25 ns`.
public struct Quantity: Sendable, Equatable {
  /// The number.
  public var value: Double
  /// The unit, one of those that were asked for.
  public var unit: String

  /// A number with its unit.
  public init(value: Double, unit: String) {
    self.value = value
    self.unit = unit
  }
}
