/// The events of one burst that were completed, a bit for each event number.
struct CompletedEvents {
  private var words: ContiguousArray<UInt64> = []

  /// Whether an event was completed.
  func contains(_ event: UInt32) -> Bool {
    let word = Int(event >> 6)
    return word < words.count && words[word] & (1 << UInt64(event & 63)) != 0
  }

  /// Notes that an event was completed.
  mutating func insert(_ event: UInt32) {
    let word = Int(event >> 6)
    if word >= words.count {
      words.append(contentsOf: repeatElement(0, count: max(word + 1, 2 * words.count) - words.count))
    }
    words[word] |= 1 << UInt64(event & 63)
  }

  /// Forgets all events.
  mutating func removeAll() { words.removeAll(keepingCapacity: true) }
}
