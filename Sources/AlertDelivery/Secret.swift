import Alerting
import Foundation

/// A text that is never shown: an address with a key in it, a token, the key of signatures.
struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
  let value: String

  var description: String { "(secret)" }
  var customMirror: Mirror { Mirror(self, children: [:]) }

  /// Reads it from where it lies.
  ///
  /// - Parameter what: what it is for, in errors: `sink 'hook': the token`.
  /// - Throws: `AlertDeliveryError`, which never shows the text.
  init(_ source: AlertSinkSpecification.Source, _ what: String, environment: [String: String]) throws {
    let text: String
    switch source {
    case .literal(let literal): text = literal
    case .environment(let name):
      guard let value = environment[name] else {
        throw AlertDeliveryError("\(what): the environment variable \(name) is not set; set it")
      }
      text = value
    case .file(let path):
      guard let file = FileHandle(forReadingAtPath: path), let data = try? file.read(upToCount: 65_536) else {
        throw AlertDeliveryError("\(what): cannot read \(path); check the path, and that it is yours to read")
      }
      text = String(decoding: data.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    }
    value = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !value.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      throw AlertDeliveryError("\(what): is empty, or holds more than printable ASCII; check where it lies")
    }
  }
}
