/// Tables as comma-separated values.
public enum CSV {
  /// A text as a field: quoted where it has to be.
  public static func field(_ text: String) -> String {
    text.contains { ",\"\n\r".contains($0) } ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
  }
}
