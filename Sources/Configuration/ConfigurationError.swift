/// What is wrong in a configuration file, where it stands, and what to do about it, in one line.
///
/// For example `menu.yaml:12: masks[3].windw: unknown key; did you mean 'window'?`.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Path of the file as the user gave it, or the name of the text.
  public var file: String
  /// Line in the file, from 1; nil where the whole file is meant.
  public var line: Int?
  /// Keys from the root to the value, as `masks[3].window`; empty for the root.
  public var keyPath: String
  /// What is wrong, and what was expected instead.
  public var problem: String
  /// The nearest valid name, where a name was not recognised.
  public var suggestion: String?
  /// What the user can do about it; may be empty.
  public var advice: String

  /// An error at a place of a file.
  public init(
    file: String, line: Int? = nil, keyPath: String = "", problem: String, suggestion: String? = nil,
    advice: String = ""
  ) {
    self.file = file
    self.line = line
    self.keyPath = keyPath
    self.problem = problem
    self.suggestion = suggestion
    self.advice = advice
  }

  /// The error in one line: file, line, key path, problem, nearest name, advice.
  public var description: String {
    var text = file
    if let line { text += ":\(line)" }
    text += ": "
    if !keyPath.isEmpty { text += "\(keyPath): " }
    text += problem
    if let suggestion { text += "; did you mean '\(suggestion)'?" }
    if !advice.isEmpty { text += suggestion == nil ? "; \(advice)" : " \(advice)" }
    return Self.oneLine(text)
  }

  /// `text` shortened and in single quotes, to quote the user's input in an error.
  public static func quoted(_ text: String) -> String {
    let limit = 60
    return text.unicodeScalars.count > limit
      ? "'\(String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))))...'" : "'\(text)'"
  }

  /// `text` with control characters, which hostile input may hold, replaced by `?`, breaks by spaces.
  private static func oneLine(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result.append(scalar == "\n" || scalar == "\t" ? " " : "?")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
