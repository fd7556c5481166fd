import CPcap
import NA62Formats

/// Reads capture files in data-time order, one `PacketBatch` at a time. Synchronous, no concurrency.
///
/// Inputs are merged by the time of their packets, equal times in the order of the inputs. A file that is cut
/// or corrupt is read as far as it goes, and reported in `warnings`.
public final class CaptureReader {
  /// What was noticed so far about the inputs.
  public private(set) var warnings: [CaptureWarning] = []
  /// Whether an input ended early, so that packets are missing.
  public private(set) var sawDataLoss = false
  /// The books of all batches so far.
  public var books: CaptureBooks { filler.books }
  /// Link layers of the inputs, as far as they could be opened.
  public private(set) var links: Set<LinkType> = []
  /// The inputs, in the order of `PacketReference.input`.
  public let inputs: [CaptureInput]

  /// Name and version of the library that reads the captures.
  public static var libraryVersion: String { pcap_lib_version().map { String(cString: $0) } ?? "unknown" }

  private let options: CaptureOptions
  private let filler: BatchFiller
  private var sources: [CaptureSource?] = []
  /// The inputs still to be read with the time of their next packet, or a bound below it; the next one last.
  private var heads: [Head] = []
  private var pendingError: CaptureError?
  private var isFinished = false

  private struct Head: Comparable {
    var time: Int64
    var source: UInt32

    static func < (a: Head, b: Head) -> Bool {
      a.time != b.time ? a.time < b.time : a.source < b.source
    }
  }

  /// A reader of `inputs`. Looks at the first packet of each.
  ///
  /// Throws where an input cannot be opened, is no capture or of an unsupported link type, or the filter is
  /// refused.
  public init(inputs: [CaptureInput], options: CaptureOptions = CaptureOptions()) throws(CaptureError) {
    self.inputs = inputs
    self.options = options
    filler = BatchFiller(options: options)
    if inputs.count(where: \.isStandardInput) > 1 { throw .standardInputTwice }
    for (index, input) in inputs.enumerated() {
      let number = options.inputNumbers.flatMap { $0.indices.contains(index) ? $0[index] : nil }
      let source = CaptureSource(
        index: UInt32(clamping: index), number: number ?? UInt32(clamping: index), input: input)
      sources.append(source)
      try look(source, keepsOpen: heads.count < options.maximumOpenFiles || input.isStandardInput)
    }
    heads.sort(by: >)
  }

  /// Opens an input to learn the time of its first packet.
  private func look(_ source: CaptureSource, keepsOpen: Bool) throws(CaptureError) {
    if let warning = try source.start(filter: options.filter) {
      return retire(source, warning)
    }
    links.insert(source.link)
    guard source.holdNext(), let header = source.held.header else {
      return retire(source, source.trouble ?? emptyWarning(source))
    }
    heads.append(Head(time: Intake.time(header), source: source.index))
    if !keepsOpen {
      source.shut()
      source.held.forget()
    }
  }

  /// The warning due for a sound input without packets; none where the filter may have refused them all.
  private func emptyWarning(_ source: CaptureSource) -> CaptureWarning? {
    guard options.filter == nil else { return nil }
    return CaptureWarning(
      path: source.input.isStandardInput ? "standard input" : source.input.path,
      message: "there is no packet behind the header; was the capture stopped before its first?",
      isDataLoss: false)
  }

  /// Ends an input, with the warning that is due, if any.
  private func retire(_ source: CaptureSource, _ warning: CaptureWarning?) {
    if let warning {
      warnings.append(warning)
      if warning.isDataLoss {
        sawDataLoss = true
        filler.intake.books.cutInputs &+= 1
      }
    }
    source.shut()
    sources[Int(source.index)] = nil
  }

  /// Gives up the fragments that wait for others; they are in the next batch. The end of a burst in the data
  /// does so by itself (`CaptureOptions.burstWatch`).
  public func purge() {
    filler.intake.purge(.fragmentUnfinished)
    isFinished = false
  }

  /// The next batch; nil at the end of all inputs.
  ///
  /// Throws where a file that could be opened at first cannot be opened any more; what was read before it
  /// has been given out, and reading can go on with the other inputs.
  public func next() throws(CaptureError) -> PacketBatch? {
    if let error = pendingError {
      pendingError = nil
      throw error
    }
    if isFinished { return nil }
    filler.begin()
    while filler.makeRoom() {
      guard let head = heads.last, let source = sources[Int(head.source)] else {
        if filler.intake.reassembler.pendingFragments == 0 {
          isFinished = true
          break
        }
        filler.intake.purge(options.isFollowed ? .fragmentBurstEnd : .fragmentUnfinished)
        continue
      }
      do throws(CaptureError) {
        if !source.isOpen, let warning = try source.start(filter: options.filter) {
          heads.removeLast()
          retire(source, warning)
          continue
        }
      } catch {
        heads.removeLast()
        retire(source, nil)
        sawDataLoss = true
        pendingError = error
        break
      }
      if run(source) { break }
    }
    let batch = filler.finish()
    if batch == nil, let error = pendingError {
      pendingError = nil
      throw error
    }
    return batch
  }

  /// Reads a source until its next packet belongs after that of another one, or the batch is full.
  /// Returns whether the batch is full.
  private func run(_ source: CaptureSource) -> Bool {
    guard let handle = source.handle else { return false }
    let limit = heads.count > 1 ? heads[heads.count - 2] : Head(time: .max, source: .max)
    filler.intake.source = source.number
    filler.intake.link = source.link
    filler.intake.filter = source.filter
    filler.intake.limitTime = limit.time
    filler.intake.limitSource =
      limit.source == .max ? .max : sources[Int(limit.source)]?.number ?? .max
    let status = filler.run(handle, held: &source.held, packetNumber: &source.packetNumber)
    heads.removeLast()
    guard filler.intake.stopped else {
      retire(source, status == PCAP_ERROR ? source.describeTrouble() : source.endTrouble())
      return false
    }
    let head = Head(time: filler.intake.lastTime, source: source.index)
    var place = heads.count
    while place > 0, heads[place - 1] < head { place -= 1 }
    heads.insert(head, at: place)
    // Still the next one and not taken: there was no room for it. An empty slab grows for it instead.
    return place == heads.count - 1 && source.held.header != nil && filler.intake.used > 0
  }
}
