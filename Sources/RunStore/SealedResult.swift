public import Configuration

/// What of one selection must not be seen until it is unblinded.
public struct SealedResult: Sendable {
  /// Name of the selection.
  public var selection: String
  /// Hash of the selection.
  public var selectionHash: String
  /// Numbers that its declaration makes it count: bins, points, steps, regions. The size of what is stored
  /// depends on this alone.
  public var cells: Int
  /// The result with the sealed events: counts, cut flow, histograms, limit.
  public var result: ConfigValue
  /// The same for a person.
  public var text: String
  /// The sealed events, in the order of the data.
  public var candidates: [SealedEvent]
  /// How many sealed events there are; more than there are candidates, where only the first ones were kept.
  public var count: Int

  /// A result; see the properties. Without a count the candidates are all there are.
  public init(
    selection: String, selectionHash: String, cells: Int, result: ConfigValue, text: String,
    candidates: [SealedEvent], count: Int? = nil
  ) {
    self.count = max(count ?? 0, candidates.count)
    self.selection = selection
    self.selectionHash = selectionHash
    self.cells = cells
    self.result = result
    self.text = text
    self.candidates = candidates
  }

  /// Most candidates that are listed; the counts have all of them.
  public static let candidateLimit = 1000

  /// Bytes set aside for it: 64 for each cell, 2 kB for each candidate that may be listed, in whole blocks. A
  /// cell is a number of at most 20 digits, or a label with its numbers.
  var size: Int {
    let wanted = 64 * max(0, cells) + 2048 * Self.candidateLimit + 65536
    return (wanted / SealedBox.block + 1) * SealedBox.block
  }

  /// The content of the box: the result, with as many candidates as have room.
  func content() -> SealedContent {
    var content = SealedContent(text: text, json: "", events: [])
    var listed: [ConfigValue] = []
    let size = size - SealedBox.block
    var length = 2 * (result.json().utf8.count + text.utf8.count) + 1024
    for candidate in candidates.prefix(Self.candidateLimit) {
      // The record as text in a text, and its identity.
      length += 2 * candidate.record.json().utf8.count + 64
      guard length <= size else { break }
      listed.append(candidate.record)
      content.events.append([candidate.run, candidate.burst, candidate.event])
    }
    content.json =
      ConfigValue.map([
        .init("schema", .string("spillway.unblinded/1")), .init("selection", .string(selection)),
        .init("selection_hash", .string(selectionHash)), .init("result", result),
        .init("candidates", .list(listed)),
        .init("candidates_not_listed", .int(count - listed.count)),
      ]).json()
    return content
  }
}

/// An event that is sealed, with what is kept of it.
public struct SealedEvent: Sendable {
  /// The run.
  public var run: UInt32
  /// The burst.
  public var burst: UInt32
  /// Its number in the burst.
  public var event: UInt32
  /// What is kept of it.
  public var record: ConfigValue

  /// An event; see the properties.
  public init(run: UInt32, burst: UInt32, event: UInt32, record: ConfigValue) {
    self.run = run
    self.burst = burst
    self.event = event
    self.record = record
  }
}

/// What is in a box.
struct SealedContent: Codable {
  var text: String
  var json: String
  /// Run, burst and number of the events that are listed.
  var events: [[UInt32]]
}
