import Configuration

/// What values are allowed to be: an interval with its borders stated.
public struct Bounds: Hashable, Sendable {
  /// One end of the interval.
  public enum Edge: Hashable, Sendable {
    /// The value itself is allowed: `min`, `max`.
    case included(Double)
    /// The value itself is not: `above`, `below`.
    case excluded(Double)

    var value: Double {
      switch self {
      case .included(let value), .excluded(let value): value
      }
    }
  }

  /// The lower end; nil where there is none.
  public var low: Edge?
  /// The upper end; nil where there is none.
  public var high: Edge?

  /// Bounds.
  public init(low: Edge? = nil, high: Edge? = nil) {
    self.low = low
    self.high = high
  }

  /// The smallest value allowed: an excluded edge moves to the next number.
  var lowest: Double {
    switch low {
    case .included(let value): value
    case .excluded(let value): value.nextUp
    case nil: -.infinity
    }
  }

  /// The largest value allowed.
  var highest: Double {
    switch high {
    case .included(let value): value
    case .excluded(let value): value.nextDown
    case nil: .infinity
    }
  }

  /// Whether a value is allowed; NaN never is.
  public func contains(_ value: Double) -> Bool { lowest <= value && value <= highest }

  /// The bounds in words, such as `6000.0 mm < vertex.z_tax < 40000.0 mm`.
  func label(_ name: String, _ dimension: Dimension) -> String {
    if dimension == .flag { return "\(name) is \(lowest > 0.5)" }
    if case .included(let a) = low, case .included(let b) = high, a == b {
      return "\(name) = \(Self.text(a, dimension))"
    }
    var text = name
    switch low {
    case .included(let value): text = "\(Self.text(value, dimension)) <= \(text)"
    case .excluded(let value): text = "\(Self.text(value, dimension)) < \(text)"
    case nil: break
    }
    switch high {
    case .included(let value): text += " <= \(Self.text(value, dimension))"
    case .excluded(let value): text += " < \(Self.text(value, dimension))"
    case nil: break
    }
    return text
  }

  /// The keys and values of selection files.
  func entries(_ dimension: Dimension) -> [ConfigValue.Entry] {
    if dimension == .flag { return [.init("is", .bool(lowest > 0.5))] }
    if case .included(let a) = low, case .included(let b) = high, a == b {
      return [.init("equals", Self.value(a, dimension))]
    }
    var entries: [ConfigValue.Entry] = []
    switch low {
    case .included(let value): entries.append(.init("min", Self.value(value, dimension)))
    case .excluded(let value): entries.append(.init("above", Self.value(value, dimension)))
    case nil: break
    }
    switch high {
    case .included(let value): entries.append(.init("max", Self.value(value, dimension)))
    case .excluded(let value): entries.append(.init("below", Self.value(value, dimension)))
    case nil: break
    }
    return entries
  }

  /// A number with its unit, for people.
  static func text(_ value: Double, _ dimension: Dimension) -> String {
    let whole = Int(exactly: value).map { abs($0) < 1_000_000_000 ? "\($0)" : "\(value)" }
    let number = whole ?? "\(value)"
    return dimension.unit.map { "\(number) \($0)" } ?? number
  }

  /// A number with its unit, for selection files.
  static func value(_ value: Double, _ dimension: Dimension) -> ConfigValue {
    guard let unit = dimension.unit else {
      return dimension == .count ? .int(Int(value)) : .double(value)
    }
    return .string("\(value) \(unit)")
  }
}
