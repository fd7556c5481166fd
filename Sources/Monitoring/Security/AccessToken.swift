import Crypto
import Foundation

/// The token that opens the monitor: its SHA-256 alone is kept.
public struct AccessToken: Sendable {
  /// Least length of a token in characters.
  public static let minimumLength = 16

  private let digest: SHA256Digest

  /// A token.
  /// - Throws: ``MonitorError/badToken(_:)`` if it is too short, or has blanks or other than printable ASCII
  ///   characters.
  public init(_ text: String, from origin: String = "the token") throws(MonitorError) {
    guard text.utf8.count >= Self.minimumLength else {
      throw .badToken(
        "\(origin): shorter than \(Self.minimumLength) characters; make one with: openssl rand -hex 32")
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw .badToken(
        "\(origin): blanks or characters that are not ASCII; make one with: openssl rand -hex 32")
    }
    digest = Self.hash(text)
  }

  /// A token from the first line of a file that no one but its owner, and a group, can read.
  /// - Throws: ``MonitorError/badToken(_:)``.
  public init(file path: String) throws(MonitorError) {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
      let data = FileManager.default.contents(atPath: path), data.count <= 4096
    else { throw .badToken("\(path): cannot read the token file, or it has more than 4096 bytes") }
    if let mode = attributes[.posixPermissions] as? NSNumber, mode.intValue & 0o007 != 0 {
      throw .badToken("\(path): everyone can read or write this token file; run: chmod 600 \(path)")
    }
    let line = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).first ?? ""
    try self.init(line.trimmingCharacters(in: .whitespaces), from: path)
  }

  /// Whether a text is the token. The time that this takes depends on the length of the text alone: the hashes
  /// are compared, and all their bytes.
  func matches(_ text: String) -> Bool { Self.hash(text) == digest }

  private static func hash(_ text: String) -> SHA256Digest { SHA256.hash(data: Array(text.utf8)) }
}
