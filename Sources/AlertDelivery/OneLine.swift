/// Texts from outside, made fit to be shown: no character of theirs can move a cursor or begin a line.
enum OneLine {
  /// The text with every control and format character and every line break as a space, at most `limit` long.
  static func text(_ text: some StringProtocol, limit: Int = 1000) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: result.append(" ")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
