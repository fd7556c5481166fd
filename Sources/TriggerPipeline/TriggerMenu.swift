public import Configuration
public import L0Trigger
public import L1Trigger

/// What a menu file holds: the lines of L0, the chains of L1, or both.
public struct TriggerMenu: Sendable {
  /// Name of the menu.
  public let name: String
  /// The lines of L0.
  public let l0: L0Menu?
  /// The chains of L1.
  public let l1: L1Menu?

  /// Reads a menu file, or the register form of L0.
  ///
  /// Throws as `L0Menu.load(path:)` and `L1Menu.load(path:)` do.
  public static func load(path: String) throws(ConfigurationError) -> TriggerMenu {
    let root = try YAMLNode.load(path: path)
    if L0RegisterForm.isRegisterForm(root) {
      let menu = try L0RegisterForm.read(root)
      return TriggerMenu(name: menu.name, l0: menu, l1: nil)
    }
    let file = try MenuFile(root)
    return TriggerMenu(
      name: file.name, l0: file.has("l0") ? try L0Menu.read(root) : nil,
      l1: file.has("l1") ? try L1Menu.read(root) : nil)
  }
}
