import NIOConcurrencyHelpers

/// Sessions of browsers that have logged in: at most so many, each for a time. In memory alone, so a restart ends
/// them.
final class SessionTable: Sendable {
  /// Sessions kept; the oldest makes place for a new one.
  static let capacity = 64
  /// Life of a session.
  static let lifetime: Duration = .seconds(12 * 3600)

  private struct Session: Sendable {
    var key: String
    var ends: ContinuousClock.Instant
  }

  private let sessions = NIOLockedValueBox<[Session]>([])

  /// A new session: its key is 256 random bits in hexadecimal.
  func open(at now: ContinuousClock.Instant = .now) -> String {
    var generator = SystemRandomNumberGenerator()
    let key = (0..<4).map { _ in
      let word = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - word.count) + word
    }.joined()
    sessions.withLockedValue { sessions in
      sessions.removeAll { $0.ends <= now }
      if sessions.count >= Self.capacity { sessions.removeFirst() }
      sessions.append(Session(key: key, ends: now + Self.lifetime))
    }
    return key
  }

  /// Whether there is such a session.
  func isOpen(_ key: String, at now: ContinuousClock.Instant = .now) -> Bool {
    let asked = Array(key.utf8)
    return sessions.withLockedValue { sessions in
      sessions.contains { $0.ends > now && Self.isEqual(Array($0.key.utf8), asked) }
    }
  }

  /// Ends a session.
  func close(_ key: String) { sessions.withLockedValue { $0.removeAll { $0.key == key } } }

  /// Compares in a time that depends on the length alone.
  private static func isEqual(_ first: [UInt8], _ second: [UInt8]) -> Bool {
    guard first.count == second.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(first, second) { difference |= one ^ other }
    return difference == 0
  }
}
