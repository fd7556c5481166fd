import Configuration
import Foundation

/// A mail as RFC 5322 wants it: plain text, headers that no content can break.
enum MailText {
  /// The mail of a message, with lines ended by line feeds as sendmail takes them.
  static func mail(_ message: OutboxMessage, from: String, to: [String]) -> String {
    let state = message.isFiring.map { $0 ? " firing" : " resolved" } ?? ""
    let subject = "[spillway] \(message.severity.rawValue)\(state): \(message.title)"
    let domain = from.split(separator: "@").last.map(String.init) ?? "localhost"
    let text = body(message)
    let isPlain =
      text.utf8.allSatisfy { $0 == 0x0A || (0x20...0x7E).contains($0) }
      && text.split(separator: "\n").allSatisfy { $0.utf8.count <= 900 }
    let headers = [
      "From: Spillway <\(from)>",
      "To: \(to.joined(separator: ",\n "))",
      header("Subject", subject),
      "Date: \(date(message.wallTime))",
      // The same message has the same number, also when it comes twice.
      "Message-ID: <\(SHA256.hex(of: message.key).prefix(32))@\(domain)>",
      "Auto-Submitted: auto-generated",
      header("X-Spillway-Key", message.key),
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: \(isPlain ? "7bit" : "base64")",
    ]
    let encoded = isPlain ? text : base64Lines(text)
    return headers.joined(separator: "\n") + "\n\n" + encoded
  }

  /// A header whose text may be anything: as it is where it is short printable ASCII, or as encoded words (RFC 2047).
  static func header(_ name: String, _ text: String) -> String {
    let line = "\(name): \(text)"
    let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
    if isPlain, line.utf8.count <= 76 { return line }
    // 45 bytes make 60 characters; whole scalars in each word, as the RFC asks.
    var words: [String] = []
    var piece: [UInt8] = []
    for scalar in OneLine.text(text).unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if piece.count + bytes.count > 39 {
        words.append(word(piece))
        piece = []
      }
      piece += bytes
    }
    if !piece.isEmpty || words.isEmpty { words.append(word(piece)) }
    return "\(name): " + words.joined(separator: "\n ")
  }

  private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?B?\(Data(bytes).base64EncodedString())?=" }

  private static func base64Lines(_ text: String) -> String {
    let characters = Array(Data(text.utf8).base64EncodedString().utf8)
    let lines = stride(from: 0, to: characters.count, by: 76).map {
      String(decoding: characters[$0..<min($0 + 76, characters.count)], as: UTF8.self)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func body(_ message: OutboxMessage) -> String {
    """
    \(OneLine.text(message.title))

    data time  \(OneLine.text(message.dataTime))
    made at    \(OneLine.text(message.wallTime))
    rule       \(OneLine.text(message.rule))
    severity   \(message.severity.rawValue)
    kind       \(message.kind.rawValue)
    key        \(OneLine.text(message.key))

    The whole message:

    \(indented(message.body))

    """
  }

  /// JSON of one line, a member a line: nothing but white space is added.
  static func indented(_ json: String) -> String {
    var out = ""
    var depth = 0
    var isText = false
    var isEscaped = false
    var last: Character = " "
    for character in json {
      if isText {
        out.append(character)
        if isEscaped {
          isEscaped = false
        } else if character == "\\" {
          isEscaped = true
        } else if character == "\"" {
          isText = false
        }
        last = character
        continue
      }
      switch character {
      case "{", "[":
        out.append(character)
        depth += 1
        out += "\n" + String(repeating: "  ", count: min(depth, 32))
      case "}", "]":
        depth = max(0, depth - 1)
        if last == "{" || last == "[" {
          while out.last?.isWhitespace == true { out.removeLast() }
        } else {
          out += "\n" + String(repeating: "  ", count: min(depth, 32))
        }
        out.append(character)
      case ",": out += ",\n" + String(repeating: "  ", count: min(depth, 32))
      case ":": out += ": "
      case "\"":
        isText = true
        out.append(character)
      default: out.append(character)
      }
      last = character
    }
    return out
  }

  /// `2018-06-01T12:00:00.…Z` as `Fri, 01 Jun 2018 12:00:00 +0000`.
  static func date(_ rfc3339: String) -> String {
    let parts = rfc3339.split(whereSeparator: { "-T:.Z".contains($0) }).compactMap { Int($0) }
    guard parts.count >= 6, (1...12).contains(parts[1]) else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    // Sakamoto's rule for the day of the week.
    let shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
    let (month, day) = (parts[1], parts[2])
    let year = parts[0] - (month < 3 ? 1 : 0)
    let weekday = (year + year / 4 - year / 100 + year / 400 + shift[month - 1] + day) % 7
    return String(
      format: "%@, %02d %@ %04d %02d:%02d:%02d +0000", days[weekday], day, months[month - 1], parts[0],
      parts[3],
      parts[4], parts[5])
  }
}
