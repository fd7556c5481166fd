#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

import Configuration

/// Values along one axis of a scan, evenly in the value or in its logarithm.
public struct ScanGrid: Sendable, Hashable {
  /// Most values of an axis.
  public static let largestCount = 2000

  /// How the values are spaced.
  public enum Spacing: String, Sendable, Hashable, CaseIterable {
    /// Evenly.
    case linear
    /// Evenly in the logarithm.
    case logarithmic
  }

  /// The ends.
  public let range: ClosedRange<Double>
  /// How many values there are, both ends included.
  public var count: Int
  /// How they are spaced.
  public let spacing: Spacing

  /// The values, in rising order.
  public var values: [Double] { values(count: count) }

  /// `count` values over the same range.
  func values(count: Int) -> [Double] {
    guard count > 1 else { return [range.lowerBound] }
    let (low, high) = (range.lowerBound, range.upperBound)
    return (0..<count).map { number in
      if number == count - 1 { return high }
      let part = Double(number) / Double(count - 1)
      if spacing == .linear {
        // Steps of round numbers give round numbers, so that points can be found by their masses.
        let value = low + (high - low) * Double(number) / Double(count - 1)
        return (value * 1e9).rounded() / 1e9
      }
      return number == 0 ? low : low * exp(part * log(high / low))
    }
  }

  func effective(unit: String?) -> ConfigValue {
    func value(_ number: Double) -> ConfigValue {
      unit.map { .string("\(number) \($0)") } ?? .double(number)
    }
    return .map([
      .init("from", value(range.lowerBound)), .init("to", value(range.upperBound)),
      .init("points", .int(count)), .init("spacing", .string(spacing.rawValue)),
    ])
  }
}
