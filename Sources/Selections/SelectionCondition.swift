public import Configuration

/// One comparison on one variable: plain values, evaluated without allocation.
public struct SelectionCondition: Hashable, Sendable {
  /// What is asked of the variable.
  public enum Test: Hashable, Sendable {
    /// A number from `min` to `max`, both included; nil where there is no bound.
    case range(min: Double?, max: Double?)
    /// All of `all` set, some bit of `any` unless that is 0, none of `none`.
    case bits(all: UInt16, any: UInt16, none: UInt16)
    /// A code c whose bit c is set: bit c mod 64 of word c / 64.
    case codes(SIMD4<UInt64>)
    /// The truth value.
    case equals(Bool)
  }

  /// The variable.
  public var variable: L1Variable
  /// What is asked of it.
  public var test: Test

  /// A condition.
  public init(_ variable: L1Variable, _ test: Test) {
    self.variable = variable
    self.test = test
  }

  /// Whether the condition holds in an event in which its variable is available.
  func holds(in input: SelectionInput) -> Bool {
    switch test {
    case .range(let min, let max):
      // NaN holds nowhere.
      let value = input.number(variable)
      guard value == value else { return false }
      if let min, value < min { return false }
      if let max, value > max { return false }
      return true
    case .bits(let all, let any, let none):
      let value = input.bits(variable)
      return value & all == all && (any == 0 || value & any != 0) && value & none == 0
    case .codes(let codes):
      let value = input.bits(variable)
      return value < 256 && codes[Int(value >> 6)] & (1 << UInt64(value & 63)) != 0
    case .equals(let truth):
      return input.truth(variable) == truth
    }
  }

  /// The condition in a few words, such as `straw.p0 <= 50000.0 MeV/c`.
  public var label: String {
    switch test {
    case .range(let min, let max):
      switch (min, max) {
      case (nil, nil): return "\(variable.rawValue) is available"
      case (let min?, nil): return "\(variable.rawValue) >= \(text(min))"
      case (nil, let max?): return "\(variable.rawValue) <= \(text(max))"
      case (let min?, let max?):
        return min == max
          ? "\(variable.rawValue) = \(text(min))" : "\(text(min)) <= \(variable.rawValue) <= \(text(max))"
      }
    case .bits(let all, let any, let none):
      let parts = [("all of", all), ("any of", any), ("none of", none)].compactMap { words, bits in
        bits == 0 ? nil : "\(words) \(names(bits).joined(separator: ", "))"
      }
      return "\(variable.rawValue): \(parts.joined(separator: "; "))"
    case .codes(let codes):
      let all = Self.list(codes)
      let rest = Self.list(~codes)
      let isShort = all.count <= rest.count
      let text = (isShort ? all : rest).map { "0x" + String($0, radix: 16) }.joined(separator: ", ")
      return "\(variable.rawValue): \(isShort ? "any" : "none") of \(text)"
    case .equals(let truth): return "\(variable.rawValue) is \(truth)"
    }
  }

  /// The condition as it takes effect, in the form of selection files.
  public var effective: ConfigValue {
    let value: ConfigValue
    switch test {
    case .range(let min, let max):
      value = .map(
        [("min", min), ("max", max)].compactMap { key, bound in
          bound.map { ConfigValue.Entry(key, self.value($0)) }
        })
    case .bits(let all, let any, let none):
      value = .map(
        [("all_of", all), ("any_of", any), ("none_of", none)].compactMap { key, bits in
          guard bits != 0 else { return nil }
          let items: [ConfigValue] =
            variable.kind == .masks ? Self.list(bits).map { .int($0) } : names(bits).map { .string($0) }
          return ConfigValue.Entry(key, .list(items))
        })
    case .codes(let codes):
      value = .map([ConfigValue.Entry("any_of", .list(Self.list(codes).map { .int($0) }))])
    case .equals(let truth): value = .bool(truth)
    }
    return .map([ConfigValue.Entry(variable.rawValue, value)])
  }

  private func text(_ value: Double) -> String {
    let number = variable.kind == .integer ? "\(Int(value))" : "\(value)"
    return variable.unit.map { "\(number) \($0)" } ?? number
  }

  private func value(_ value: Double) -> ConfigValue {
    if variable.unit != nil { return .string(text(value)) }
    return variable.kind == .integer ? .int(Int(value)) : .double(value)
  }

  private func names(_ bits: UInt16) -> [String] {
    if variable.kind == .masks { return Self.list(bits).map(String.init) }
    return variable.names.compactMap { bits & $0.bits != 0 ? $0.name : nil }
  }

  private static func list(_ bits: UInt16) -> [Int] { (0..<16).filter { bits & (1 << UInt16($0)) != 0 } }

  private static func list(_ codes: SIMD4<UInt64>) -> [Int] {
    (0..<256).filter { codes[$0 >> 6] & (1 << UInt64($0 & 63)) != 0 }
  }
}
