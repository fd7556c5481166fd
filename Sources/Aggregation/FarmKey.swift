import CZeroMQ
import Foundation

/// The keys of an aggregator (CURVE, as ZeroMQ has it: Curve25519). With them what nodes tell is encrypted, nobody can
/// pass for the aggregator, and who has not the public key cannot talk to it: give it to the nodes alone.
public struct FarmKey: Sendable, Hashable {
  /// The public key in Z85, 40 characters.
  public let publicKey: String
  /// The secret key in Z85; nil at a node.
  public let secretKey: String?

  /// Whether this system's ZeroMQ has CURVE.
  public static var isSupported: Bool { zmq_has("curve") == 1 }

  /// A new pair of keys.
  ///
  /// - Throws: `FarmError`, where this system's ZeroMQ has no CURVE.
  public init() throws(FarmError) {
    var (first, second) = ([CChar](repeating: 0, count: 41), [CChar](repeating: 0, count: 41))
    guard zmq_curve_keypair(&first, &second) == 0 else {
      throw FarmError("this system's ZeroMQ has no CURVE; install one that was built with libsodium")
    }
    publicKey = Self.text(first)
    secretKey = Self.text(second)
  }

  /// Reads a file of keys: a line `public KEY`, and for the aggregator a line `secret KEY`.
  ///
  /// - Throws: `FarmError`; also where others than the owner may read a secret key.
  public init(file path: String) throws(FarmError) {
    guard let data = FileManager.default.contents(atPath: path), data.count < 4096 else {
      throw FarmError(
        "\(path): cannot be read as a file of keys; make one with 'spillway aggregate --make-key FILE'")
    }
    var keys: [String: String] = [:]
    for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count == 2, words[1].utf8.count == 40, keys[String(words[0])] == nil else {
        throw FarmError("\(path): expected lines 'public KEY' and 'secret KEY', keys of 40 characters")
      }
      keys[String(words[0])] = String(words[1])
    }
    guard let first = keys["public"], keys.keys.allSatisfy({ $0 == "public" || $0 == "secret" }) else {
      throw FarmError("\(path): expected lines 'public KEY' and 'secret KEY', keys of 40 characters")
    }
    publicKey = first
    secretKey = keys["secret"]
    guard secretKey != nil else { return }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
      throw FarmError(
        "\(path): holds a secret key that others may read; chmod 600 it, and give nodes the public one")
    }
  }

  /// Writes both keys to a file that its owner alone can read, and the public one to the same path with `.pub`.
  ///
  /// - Throws: `FarmError`, also where a file is there already.
  public func write(to path: String) throws(FarmError) {
    try Self.write("public \(publicKey)\n" + (secretKey.map { "secret \($0)\n" } ?? ""), path, 0o600)
    try Self.write("public \(publicKey)\n", path + ".pub", 0o644)
  }

  private static func write(_ text: String, _ path: String, _ mode: mode_t) throws(FarmError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    guard descriptor >= 0 else {
      throw FarmError(
        "\(path): cannot be made (\(String(cString: strerror(errno)))); name a file that is not there")
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw FarmError("\(path): cannot be written (\(String(cString: strerror(errno)))); make room")
    }
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
