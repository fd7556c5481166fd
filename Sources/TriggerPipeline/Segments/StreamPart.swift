public import EventBuilding
public import NA62Formats
public import PacketCapture

/// A part of a stream: the packets of some of its bursts, as a run over the whole stream gets them.
///
/// Some datagrams at the beginning are dropped with their books, as where a run is resumed, and those behind the end are
/// left. Where the part was planned without its packets having been read, each input is taken to hold one burst, and
/// what is read is checked against that.
public final class StreamPart: PacketSource {
  /// What the part is of what the source gives.
  public struct Range: Sendable, Hashable {
    /// Datagrams at the beginning that belong to other parts.
    public var skipped: UInt64
    /// Datagrams behind them that belong to this part; nil for all.
    public var taken: UInt64?

    /// A range.
    public init(skipped: UInt64 = 0, taken: UInt64? = nil) {
      self.skipped = skipped
      self.taken = taken
    }
  }

  /// The inputs that are taken to hold one burst each.
  public struct SingleBursts: Sendable {
    /// Paths by the number of the input (`PacketReference.input`).
    public var paths: [UInt32: String]
    /// The capture that comes next in the run, and is read by others; nil behind the last.
    public var next: (path: String, begin: DataTime)?
    /// The filter of the run.
    public var filter: String?

    /// Inputs; see the properties.
    public init(paths: [UInt32: String], next: (path: String, begin: DataTime)?, filter: String?) {
      self.paths = paths
      self.next = next
      self.filter = filter
    }
  }

  private let source: any PacketSource
  /// Datagrams still to be dropped; nil once the part has begun.
  private var skipping: UInt64?
  private var left: UInt64?
  private var check: Check?
  private var isAtEnd = false

  /// A part of what a source gives.
  ///
  /// - Parameters:
  ///   - source: the source, at its beginning.
  ///   - range: which of its datagrams.
  ///   - singles: the inputs, where each is taken to hold one burst.
  ///   - layout: the sources of event building; nil where there is none.
  ///   - options: those of event building.
  public init(
    _ source: any PacketSource, _ range: Range, singles: SingleBursts? = nil, layout: EventLayout? = nil,
    options: EventBuilder.Options = EventBuilder.Options()
  ) {
    self.source = source
    skipping = range.skipped == 0 ? nil : range.skipped
    left = range.taken
    check = singles.map { Check($0, SegmentCutter(layout: layout, options: options)) }
  }

  /// What was noticed so far.
  public var warnings: [CaptureWarning] { source.warnings }

  /// The next batch; nil at the end of the part.
  public func next() throws(CaptureError) -> PacketBatch? {
    guard !isAtEnd else { return nil }
    while let batch = try source.next() {
      let count = UInt64(batch.datagrams.count)
      var begin: UInt64 = 0
      // Batches without datagrams count to what was before.
      if let wanted = skipping {
        guard count > wanted else {
          skipping = wanted - count
          continue
        }
        begin = wanted
        skipping = nil
      } else if left == 0, count > 0 {
        break
      }
      let taken = min(left ?? .max, count - begin)
      left = left.map { $0 - taken }
      isAtEnd = begin + taken < count
      let part = batch.part(Int(begin)..<Int(begin + taken))
      try check?.look(at: part)
      return part
    }
    isAtEnd = true
    if let left, left > 0 {
      throw .notAsPlanned(
        path: "input", message: "\(left) packets fewer than were planned; was it changed? plan again")
    }
    try check?.finish()
    return nil
  }

  /// Whether a burst ends with each input, and nowhere else.
  private struct Check {
    private let singles: SingleBursts
    private var cutter: SegmentCutter
    private var input: UInt32?

    init(_ singles: SingleBursts, _ cutter: SegmentCutter) {
      self.singles = singles
      self.cutter = cutter
    }

    private func path(_ input: UInt32?) -> String { input.flatMap { singles.paths[$0] } ?? "input" }

    private func failure(_ input: UInt32?, _ what: String) -> CaptureError {
      .notAsPlanned(
        path: path(input),
        message: "\(what), and the plan takes each capture to hold one burst; plan again with --scan")
    }

    mutating func look(at batch: PacketBatch) throws(CaptureError) {
      let datagrams = batch.datagrams
      var begin = 0
      while begin < datagrams.count {
        let burst = cutter.burst
        let cut = cutter.nextCut(in: batch, from: begin)
        let current = input ?? datagrams[begin].packet.input
        input = current
        for datagram in datagrams[begin..<(cut ?? datagrams.count)] where datagram.packet.input != current {
          throw failure(
            datagram.packet.input,
            "its packet \(datagram.packet.number) comes before the burst of \(path(current)) ends")
        }
        guard cutter.burst == burst &+ (cut == nil ? 0 : 1) else {
          throw failure(current, "a burst ends in it without a pause")
        }
        guard let cut else { return }
        try enter(datagrams[cut])
        begin = cut + 1
      }
    }

    /// A burst ends in front of a datagram.
    private mutating func enter(_ datagram: Datagram) throws(CaptureError) {
      guard datagram.packet.input != input else {
        throw failure(input, "another burst begins with its packet \(datagram.packet.number)")
      }
      input = datagram.packet.input
    }

    /// Whether a burst ends where the next capture of the run begins.
    mutating func finish() throws(CaptureError) {
      guard let (next, begin) = singles.next, input != nil, !cutter.beginsSegment(at: begin) else { return }
      // Where the time does not say it, the first packets must.
      var options = CaptureOptions(filter: singles.filter)
      options.slabSize = 1 << 16
      let reader = try CaptureReader(inputs: [CaptureInput(path: next)], options: options)
      guard let batch = try reader.next(), !batch.datagrams.isEmpty else {
        throw failure(input, "no burst begins with \(next)")
      }
      guard cutter.nextCut(in: batch, from: 0) == 0 else {
        throw failure(input, "its burst does not end ahead of \(next)")
      }
    }
  }
}
