/// Words in the languages of shells and schedulers.
enum ShellText {
  /// A word that a POSIX shell reads as it is.
  static func quoted(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// Throws where a path has a character that a line of a scheduler's file cannot hold.
  static func check(_ path: String, _ forbidden: String) throws -> String {
    if let character = path.first(where: { $0.isNewline || forbidden.contains($0) }) {
      throw CampaignError(
        "\(path): a file of the engine cannot name this path, for its \(character.debugDescription); "
          + "use a directory without it")
    }
    return path
  }
}
