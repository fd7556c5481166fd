/// Checks on inputs, shared by all methods; each throws ``StatisticsError`` with the name of the input.
enum InputCheck {
  static func count(_ value: Int, _ name: String) throws {
    guard value >= 0 else {
      throw StatisticsError.invalidInput(name: name, value: "\(value)", expected: "a count of 0 or more")
    }
  }

  static func mean(_ value: Double, _ name: String) throws {
    guard value.isFinite, value >= 0 else {
      throw StatisticsError.invalidInput(
        name: name, value: "\(value)", expected: "a finite number of events, 0 or more")
    }
  }

  static func confidenceLevel(_ value: Double) throws {
    guard value > 0, value < 1 else {
      throw StatisticsError.invalidInput(
        name: "confidence level", value: "\(value)", expected: "a number above 0 and below 1, such as 0.9")
    }
  }

  static func probability(_ value: Double, _ name: String) throws {
    guard value > 0, value < 1 else {
      throw StatisticsError.invalidInput(
        name: name, value: "\(value)", expected: "a probability above 0 and below 1")
    }
  }

  static func positive(_ value: Double, _ name: String) throws {
    guard value.isFinite, value > 0 else {
      throw StatisticsError.invalidInput(
        name: name, value: "\(value)", expected: "a finite number above 0")
    }
  }

  static func fraction(_ value: Double, _ name: String) throws {
    guard value > 0, value <= 1 else {
      throw StatisticsError.invalidInput(
        name: name, value: "\(value)", expected: "a number above 0 and at most 1")
    }
  }
}
