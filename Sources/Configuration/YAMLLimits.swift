/// Limits that keep a hostile YAML file from taking all memory, time or stack.
public enum YAMLLimits {
  /// Most values in a file after its aliases are expanded.
  public static let nodes = 100_000
  /// Deepest nesting of lists and mappings.
  public static let depth = 64
  /// Longest key or key path part, in bytes.
  public static let keyLength = 256
}
