public import EventBuilding
public import PacketCapture

/// Where the bursts of captures are, from the packets themselves: what a stream can be split by.
///
/// All inputs are read once, in the order in which a replay reads them, and nothing else is done with the packets.
public struct StreamScan: Sendable {
  /// The smallest part that can be run alone: what lies between two cuts of the stream (decision record 0018).
  public struct Piece: Sendable, Hashable {
    /// The inputs that have to be read for it, by their numbers.
    public var inputs: [Int]
    /// Datagrams of these inputs ahead of it.
    public var skipped: UInt64
    /// Its datagrams.
    public var datagrams: UInt64
    /// Whether these inputs end with it.
    public var isLast: Bool
    /// Bursts in it.
    public var bursts: Int
    /// Bytes of its frames.
    public var bytes: UInt64
  }

  /// The pieces, in the order of the stream.
  public let pieces: [Piece]

  /// Where a burst ends.
  private struct Cut {
    var datagrams: UInt64 = 0
    var bytes: UInt64 = 0
    var burst: UInt32
  }

  /// What an input spans of the stream, in datagrams.
  private struct Span {
    var first: UInt64
    var last: UInt64
  }

  /// Reads inputs to their end.
  ///
  /// - Parameters:
  ///   - input: captures.
  ///   - layout: the sources of event building; nil where the menu has none.
  ///   - options: those of event building.
  /// - Throws: `CaptureError`.
  public init(
    _ input: ReplayInput, layout: EventLayout?, options: EventBuilder.Options = EventBuilder.Options()
  ) throws(CaptureError) {
    let source = try input.open(layout: layout)
    var cutter = SegmentCutter(layout: layout, options: options)
    var place = Cut(burst: cutter.burst)
    var cuts: [Cut] = [place]
    var spans = [Span?](repeating: nil, count: input.files.count)
    while let batch = try source.next() {
      let datagrams = batch.datagrams
      var begin = 0
      while begin < datagrams.count {
        let cut = cutter.nextCut(in: batch, from: begin)
        // The datagram at a cut was looked at with it, and belongs to what follows.
        let next = cut.map { $0 + 1 } ?? datagrams.count
        for index in begin..<next {
          if index == cut {
            place.burst = cutter.burst
            cuts.append(place)
          }
          let number = Int(datagrams[index].packet.input)
          if spans.indices.contains(number) {
            spans[number] = Span(first: spans[number]?.first ?? place.datagrams, last: place.datagrams)
          }
          place.datagrams += 1
          place.bytes += UInt64(datagrams[index].frameLength)
        }
        begin = next
      }
    }
    place.burst = cutter.burst &+ 1
    cuts.append(place)
    pieces = Self.pieces(cuts, spans)
  }

  private static func pieces(_ cuts: [Cut], _ spans: [Span?]) -> [Piece] {
    // The inputs that are read together: those that no cut parts.
    var streams: [(begin: Int, end: Int)] = []
    for index in cuts.indices.dropFirst() {
      let at = cuts[index].datagrams
      let isWhole =
        index == cuts.count - 1 || !spans.contains { $0.map { $0.first < at && $0.last >= at } ?? false }
      if isWhole { streams.append((streams.last?.end ?? 0, index)) }
    }
    var pieces: [Piece] = []
    for (number, stream) in streams.enumerated() {
      let range = cuts[stream.begin].datagrams..<cuts[stream.end].datagrams
      let inputs = spans.indices.filter { input in
        // One without datagrams is read with the first ones, for its books.
        spans[input].map { range.contains($0.first) } ?? (number == 0)
      }
      for index in stream.begin..<stream.end {
        let (begin, end) = (cuts[index], cuts[index + 1])
        pieces.append(
          Piece(
            inputs: inputs, skipped: begin.datagrams - range.lowerBound,
            datagrams: end.datagrams - begin.datagrams, isLast: index + 1 == stream.end,
            bursts: Int(end.burst &- begin.burst), bytes: end.bytes - begin.bytes))
      }
    }
    return pieces
  }
}
