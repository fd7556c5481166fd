import EventBuilding
import L1Trigger
import NA62Formats

/// Makes stored events of built ones, as NA62's farm writes them (`l1.md` 7.1).
struct StoredEventComposer: Sendable {
  /// An event that may still wait for its L1 data: everything else is there.
  struct Prepared: Sendable {
    var header: StoredEventHeader
    var sources: [StoredEventEncoder.Source]
  }

  private let layout: EventLayout
  private let configuration: L1Configuration
  private let encoder = StoredEventEncoder()

  init(layout: EventLayout, configuration: L1Configuration) {
    self.layout = layout
    self.configuration = configuration
  }

  /// The header and the L0 sources of an event that L1 kept.
  func prepare(
    _ event: BuiltEvent, of batch: EventBatch, _ evaluation: L1Evaluation, _ decision: L1Decision
  ) -> Prepared {
    let header = StoredEventHeader(
      event: event.number, burst: event.burst, timestamp: event.timestamp,
      triggerWord: UInt32(event.l0.word.rawValue) | UInt32(decision.word.rawValue) << 8,
      fineTime: event.l0.fineTime)
    var edges = ScratchList<TEL62.Code>()
    let sources = layout.sources.map { source in
      var fragments: [StoredEventEncoder.Fragment] = []
      var isRead = true
      for (board, place) in layout.fragments(of: source.id).enumerated() {
        let fragment = batch.fragments[Int(event.firstFragment) + place]
        var payload = payload(fragment, of: batch)
        if source.id == .l1, fragment.isVirtual {
          payload = L1DataBlock.encode(
            event: event, evaluation: evaluation, decision: decision, configuration: configuration)
        } else if isRead, !fragment.isVirtual, Self.reads(source.id, board, evaluation.info) {
          isRead = clearErrorFlags(&payload, of: source.id, event.timestamp, &edges)
        }
        fragments.append(.l0(subID: fragment.subID, timestamp: fragment.timestamp, payload: payload))
      }
      return StoredEventEncoder.Source(id: source.id, fragments: fragments)
    }
    return Prepared(header: header, sources: sources)
  }

  /// The bytes of a prepared event with its L1 data, or as much of these as there is.
  func compose(
    _ prepared: Prepared, _ held: L1EventData?
  ) throws(FormatError) -> [UInt8] {
    var sources = prepared.sources
    for (index, source) in layout.l1Sources.enumerated() {
      var fragments: [StoredEventEncoder.Fragment] = []
      if let held {
        for fragment in held.fragments where Int(fragment.source) == index {
          let begin = Int(fragment.offset)
          let bytes = held.bytes[begin..<min(begin + Int(fragment.length), held.bytes.count)]
          fragments.append(.l1(bytes: Array(bytes)))
        }
      }
      sources.append(
        StoredEventEncoder.Source(
          id: source.id, stage: .l1, fragments: fragments, missing: source.fragments - fragments.count))
    }
    return try encoder.encode(prepared.header, sources: sources)
  }

  /// The bytes of the last event of a burst that never got all its fragments; `nil` for any other.
  ///
  /// Its timestamp and fine time are 0: NA62's farm sets them when an event is complete.
  func compose(_ event: UnfinishedEvent, of batch: EventBatch) throws(FormatError) -> [UInt8]? {
    guard let first = event.firstFragment else { return nil }
    let header = StoredEventHeader(
      event: event.number, burst: event.burst, timestamp: 0,
      triggerWord: StoredEvent.incompleteTriggerWord, fineTime: 0)
    let sources = zip(layout.sources, event.received).enumerated().map { dense, pair in
      let (source, received) = pair
      let begin = Int(first) + layout.starts[dense]
      let fragments = batch.fragments[begin..<(begin + Int(received))].map { fragment in
        StoredEventEncoder.Fragment.l0(
          subID: fragment.subID, timestamp: fragment.timestamp, payload: payload(fragment, of: batch))
      }
      return StoredEventEncoder.Source(
        id: source.id, fragments: fragments, missing: source.fragments - fragments.count)
    }
    return try compose(Prepared(header: header, sources: sources), nil)
  }

  /// The payload of a fragment; zeros for one that the farm made and left unwritten.
  private func payload(_ fragment: EventFragment, of batch: EventBatch) -> [UInt8] {
    if fragment.isVirtual { return [UInt8](repeating: 0, count: Int(fragment.length)) }
    let begin = Int(fragment.offset)
    return Array(batch.bytes[begin..<(begin + Int(fragment.length))])
  }

  /// Whether an algorithm decoded a board of a source, as far as no board before it was bad: those with one
  /// board read the first, KTAG all up to the first bad one, LAV as many as it needed.
  private static func reads(_ source: SourceID, _ board: Int, _ info: L1EventInfo) -> Bool {
    func hasRun(_ algorithm: L1Algorithm) -> Bool {
      !info.state(algorithm).isDisjoint(with: [.processed, .badData])
    }
    return switch source {
    case .ktag: hasRun(.ktag)
    case .lav: board < Int(info.lavBoards)
    case .chod: board == 0 && hasRun(.chod)
    case .ircSacNewCHOD: board == 0 && (hasRun(.ircSac) || hasRun(.newCHOD))
    case .muv3: board == 0 && hasRun(.muv3)
    default: false
    }
  }

  /// Clears the error flags that NA62's decoder clears in the raw data (`l1.md` 4.1 step 6); `false` if the
  /// decoding of the source ends with this board.
  private func clearErrorFlags(
    _ payload: inout [UInt8], of source: SourceID, _ timestamp: UInt32,
    _ edges: inout ScratchList<TEL62.Code>
  ) -> Bool {
    edges.removeAll()
    let result = TEL62.unpack(
      payload.span.bytes, byteCount: payload.count, timestamp: timestamp, into: &edges)
    for f in 0..<4 where result.clearedErrorFlags[f] >= 0 {
      // Bit 0 of the error flags, which are the high byte of the FPGA header.
      let place = Int(result.clearedErrorFlags[f]) + 3
      if payload.indices.contains(place) { payload[place] &= ~1 }
    }
    return source != .ktag || result.status == .good
  }
}
