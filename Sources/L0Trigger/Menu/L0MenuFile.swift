public import Configuration

extension L0Menu {
  /// Reads the menu at `path`: a menu file with `l0`, or the register form in JSON (``L0RegisterForm``).
  ///
  /// Throws if the file cannot be read, or holds an unknown, repeated or missing key, a value out of range or
  /// without its unit, a condition that cannot be understood, or two masks with one number.
  public static func load(path: String) throws(ConfigurationError) -> L0Menu {
    try read(YAMLNode.load(path: path))
  }

  /// Reads a menu from text as if it stood in the file `path`. Throws as ``load(path:)`` does.
  public static func parse(text: String, path: String) throws(ConfigurationError) -> L0Menu {
    try read(YAMLNode.parse(text: text, file: path))
  }

  /// Reads the L0 part of a parsed file. Throws as ``load(path:)`` does.
  public static func read(_ root: YAMLNode) throws(ConfigurationError) -> L0Menu {
    if L0RegisterForm.isRegisterForm(root) { return try L0RegisterForm.read(root) }
    let file = try MenuFile(root)
    var reader = L0MenuReader()
    try reader.read(file.required("l0"))
    reader.menu.name = file.name
    reader.menu.description = file.description
    return reader.menu
  }
}
