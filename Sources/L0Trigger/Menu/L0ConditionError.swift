/// What is wrong in the text of a condition, and where in the text.
public struct L0ConditionError: Error, Sendable, Equatable {
  /// The character of the text at which the fault stands, from 1.
  public var position: Int
  /// What is wrong.
  public var problem: String
  /// The nearest valid name, where a name was not recognised.
  public var suggestion: String?
  /// What the user can do about it; may be empty.
  public var advice: String

  /// A fault at a place of a text.
  public init(position: Int, problem: String, suggestion: String? = nil, advice: String = "") {
    self.position = position
    self.problem = problem
    self.suggestion = suggestion
    self.advice = advice
  }
}
