/// The file of one burst: a header, three tables, and the stored events (`l1.md` 7.2).
public struct BurstFile: Hashable, Sendable {
  /// Length of the header in bytes.
  public static let headerByteCount = 16

  /// What the tables say of one event (`l1.md` 7.2).
  public struct Entry: Hashable, Sendable, BitwiseCopyable {
    /// Number of the event.
    public var event: UInt32
    /// The trigger word, 24 bits.
    public var triggerWord: UInt32
    /// Where the event begins, in 32-bit words from the start of the file; not to be trusted.
    public var words: UInt32

    /// Where the event begins, in bytes.
    public var offset: Int { Int(words) * 4 }
  }

  /// Run.
  public var run: UInt32
  /// Burst.
  public var burst: UInt32
  /// The events, in the order of the tables.
  public var entries: [Entry]

  /// The header and tables of a file.
  ///
  /// The offsets of the events are checked by `range`, one by one, so that one damaged event does not
  /// hide the others.
  ///
  /// - Throws: `FormatError` if the format is another, or the tables do not fit into the file.
  public init(_ file: RawSpan) throws(FormatError) {
    guard file.holds(Self.headerByteCount, at: 0) else {
      throw FormatError("file shorter than its header", at: file.byteCount)
    }
    guard file.little(0, as: UInt32.self) == 1 else {
      throw FormatError("burst file format is not 1", at: 0)
    }
    let count = Int(file.little(4, as: UInt32.self))
    guard count <= (file.byteCount - Self.headerByteCount) / 12 else {
      throw FormatError("file shorter than its tables", at: 4)
    }
    run = file.little(8, as: UInt32.self)
    burst = file.little(12, as: UInt32.self)
    entries = []
    entries.reserveCapacity(count)
    for index in 0..<count {
      let place = Self.headerByteCount + 4 * index
      entries.append(
        Entry(
          event: file.little(place, as: UInt32.self),
          triggerWord: file.little(place + 4 * count, as: UInt32.self),
          words: file.little(place + 8 * count, as: UInt32.self)))
    }
  }

  /// Where an event lies in the file, in bytes.
  ///
  /// - Throws: `FormatError` if there is no such entry, or no event of that number where it points.
  public func range(ofEntry index: Int, in file: RawSpan) throws(FormatError) -> Range<Int> {
    guard entries.indices.contains(index) else { throw FormatError("no entry \(index)", at: 0) }
    let entry = entries[index]
    let place = Self.headerByteCount + 8 * entries.count + 4 * index
    let first = Self.headerByteCount + 12 * entries.count
    guard entry.offset >= first, file.holds(StoredEventHeader.byteCount, at: entry.offset) else {
      throw FormatError("event offset out of range", at: place)
    }
    let header: StoredEventHeader
    do {
      header = try StoredEventHeader(file.extracting(entry.offset..<file.byteCount))
    } catch {
      throw FormatError(error.what, at: entry.offset + error.offset)
    }
    guard header.event == entry.event & 0xFF_FFFF else {
      throw FormatError("event has another number than its entry", at: entry.offset)
    }
    guard file.holds(Int(header.words) * 4, at: entry.offset) else {
      throw FormatError("event ends behind the file", at: entry.offset)
    }
    return entry.offset..<entry.offset + Int(header.words) * 4
  }

  /// Calls `body` for each entry with its event, or with what is wrong with it; offsets of fragments
  /// are from the start of the event, offsets of errors from the start of the file.
  public func forEachEvent(
    in file: RawSpan, l1Sources: Set<SourceID>, alignment: StoredEvent.Alignment = .faithful,
    _ body: (Entry, Result<StoredEvent, FormatError>) -> Void
  ) {
    for (index, entry) in entries.enumerated() {
      let range: Range<Int>
      do {
        range = try self.range(ofEntry: index, in: file)
      } catch {
        body(entry, .failure(error))
        continue
      }
      do {
        let event = try StoredEvent(
          file.extracting(range), l1Sources: l1Sources, alignment: alignment)
        body(entry, .success(event))
      } catch {
        body(entry, .failure(FormatError(error.what, at: range.lowerBound + error.offset)))
      }
    }
  }

  /// A written file (`l1.md` 7.2).
  public struct Encoded: Hashable, Sendable {
    /// The file.
    public var bytes: [UInt8]
    /// Events that were left out because one of the same number had come before.
    public var dropped: Int
  }

  /// Writes a file: the events by rising number, of two with the same number the one that came first.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - burst: the burst.
  ///   - events: stored events, in order of arrival.
  ///   - startOfBurst: set in every event, as the merger does, unless `nil`.
  /// - Throws: `FormatError`, its offset the index of an event that is none, or the place in the file
  ///   from which offsets no longer fit.
  public static func encode(
    run: UInt32, burst: UInt32, events: [[UInt8]], startOfBurst: UInt32? = nil
  ) throws(FormatError) -> Encoded {
    var order: [(event: UInt32, triggerWord: UInt32, index: Int)] = []
    var seen: Set<UInt32> = []
    for (index, event) in events.enumerated() {
      let header: StoredEventHeader
      do {
        header = try StoredEventHeader(event.span.bytes)
      } catch {
        throw FormatError(error.what, at: index)
      }
      guard Int(header.words) * 4 == event.count else {
        throw FormatError("length of event is not what its header says", at: index)
      }
      if seen.insert(header.event).inserted { order.append((header.event, header.triggerWord, index)) }
    }
    order.sort { $0.event < $1.event }
    var out: [UInt8] = []
    out.appendLittle(UInt32(1))
    out.appendLittle(UInt32(truncatingIfNeeded: order.count))
    out.appendLittle(run)
    out.appendLittle(burst)
    for entry in order { out.appendLittle(entry.event) }
    for entry in order { out.appendLittle(entry.triggerWord) }
    var offset = headerByteCount + 12 * order.count
    for entry in order {
      guard let words = UInt32(exactly: offset / 4) else {
        throw FormatError("offset over 32 bits", at: offset)
      }
      out.appendLittle(words)
      offset += events[entry.index].count
    }
    out.reserveCapacity(offset)
    for entry in order {
      let start = out.count
      out += events[entry.index]
      if let startOfBurst { out.putLittle(startOfBurst, width: 4, at: start + 28) }
    }
    return Encoded(bytes: out, dropped: events.count - order.count)
  }

  /// The name of a file (`l1.md` 7.2).
  ///
  /// - Parameters:
  ///   - startOfBurst: start of burst in seconds since the Unix epoch.
  ///   - merger: the merger.
  ///   - run: the run.
  ///   - burst: the burst.
  ///   - copy: 2 or more if a file of the plain name, and of the copies before, exists.
  public static func name(
    startOfBurst: UInt32, merger: UInt32, run: UInt32, burst: UInt32, copy: Int = 1
  ) -> String {
    func padded(_ value: UInt32, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let suffix = copy > 1 ? "_\(copy)" : ""
    return "na62raw_\(startOfBurst)-\(padded(merger, 2))-\(padded(run, 6))-\(padded(burst, 4))\(suffix).dat"
  }
}
