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
  public private(set) var books = CaptureBooks()
  /// The inputs, in the order of `PacketReference.input`.
  public let inputs: [CaptureInput]

  /// Name and version of the library that reads the captures.
  public static var libraryVersion: String { pcap_lib_version().map { String(cString: $0) } ?? "unknown" }

  private let options: CaptureOptions
  private let pool: SlabPool
  private var sources: [CaptureSource?] = []
  /// The inputs still to be read with the time of their next packet, or a bound below it; the next one last.
  private var heads: [Head] = []
  private var slab: ContiguousArray<UInt8> = []
  private var intake: Intake
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
    pool = SlabPool(slabSize: max(1 << 10, options.slabSize))
    intake = Intake(
      reassembler: FragmentReassembler(
        maximumDatagrams: options.maximumPendingFragments, maximumBytes: options.maximumPendingFragmentBytes,
        timeoutNanoseconds: options.fragmentTimeoutNanoseconds), bursts: options.burstWatch)
    intake.maximumDatagrams = max(1, options.maximumDatagramsPerBatch ?? .max)
    intake.pause = max(0, options.pauseNanoseconds)
    if inputs.count(where: \.isStandardInput) > 1 { throw .standardInputTwice }
    for (index, input) in inputs.enumerated() {
      let source = CaptureSource(index: UInt32(clamping: index), input: input)
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
    guard source.holdNext(), let header = source.heldHeader else {
      return retire(source, source.trouble ?? emptyWarning(source))
    }
    heads.append(Head(time: Intake.time(header), source: source.index))
    if !keepsOpen {
      source.shut()
      source.forget()
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
        intake.books.cutInputs &+= 1
      }
    }
    source.shut()
    sources[Int(source.index)] = nil
  }

  /// Gives up the fragments that wait for others; they are in the next batch. The end of a burst in the data
  /// does so by itself (`CaptureOptions.burstWatch`).
  public func purge() {
    intake.purge(.fragmentUnfinished)
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
    begin()
    while makeRoom() {
      guard let head = heads.last, let source = sources[Int(head.source)] else {
        if intake.reassembler.pendingFragments == 0 {
          isFinished = true
          break
        }
        intake.purge(.fragmentUnfinished)
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
    let batch = finishBatch()
    if batch == nil, let error = pendingError {
      pendingError = nil
      throw error
    }
    return batch
  }

  private func begin() {
    (slab, intake.datagrams) = pool.take()
    intake.rejects = []
    intake.used = 0
    intake.capacity = slab.count
  }

  /// Moves what waits into the slab. Returns false where the batch is full.
  private func makeRoom() -> Bool {
    if intake.isFull { return false }
    if !intake.hasWaiting { return true }
    if intake.used == 0 { grow(intake.waiting[intake.waitingHead].frame.count) }
    return slab.withUnsafeMutableBytes { bytes in
      intake.base = bytes.baseAddress
      defer { intake.base = nil }
      return intake.drain()
    } && !intake.isFull
  }

  /// Makes an empty slab large enough for a packet of `size` bytes.
  private func grow(_ size: Int) {
    guard size > slab.count else { return }
    slab.append(contentsOf: repeatElement(0, count: size - slab.count))
    intake.capacity = slab.count
  }

  /// Reads a source until its next packet belongs after that of another one, or the batch is full.
  /// Returns whether the batch is full.
  private func run(_ source: CaptureSource) -> Bool {
    guard let handle = source.handle else { return false }
    let limit = heads.count > 1 ? heads[heads.count - 2] : Head(time: .max, source: .max)
    if intake.used == 0, source.heldHeader != nil { grow(source.heldBytes.count) }
    intake.source = source.index
    intake.packetNumber = source.packetNumber
    intake.link = source.link
    intake.handle = handle
    intake.filter = source.filter
    intake.limitTime = limit.time
    intake.limitSource = limit.source
    intake.stopped = false
    intake.refused = nil
    var status: Int32 = 0
    slab.withUnsafeMutableBytes { bytes in
      intake.base = bytes.baseAddress
      withUnsafeMutablePointer(to: &intake) { intake in
        if var header = source.heldHeader {
          let isTaken = source.heldBytes.withUnsafeBufferPointer { held -> Bool in
            // A packet without bytes still needs an address; it is never read.
            let data =
              held.baseAddress ?? UnsafePointer(bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            guard let data else { return true }
            let goesOn = intake.pointee.receive(&header, data)
            return goesOn || intake.pointee.refused == nil
          }
          if isTaken { source.heldHeader = nil }
          intake.pointee.refused = nil
        }
        while !intake.pointee.stopped {
          status = pcap_dispatch(
            handle, -1,
            { user, header, data in
              guard let user, let header, let data else { return }
              user.withMemoryRebound(to: Intake.self, capacity: 1) { intake in
                if intake.pointee.stopped || !intake.pointee.receive(header, data) {
                  pcap_breakloop(intake.pointee.handle)
                }
              }
            }, UnsafeMutableRawPointer(intake).assumingMemoryBound(to: UInt8.self))
          // A break left over from the last run comes back at once and means nothing.
          if status == 0 || status == PCAP_ERROR { break }
        }
      }
      if let (header, data) = intake.refused { source.hold(header, data) }
      intake.refused = nil
      intake.base = nil
    }
    source.packetNumber = intake.packetNumber
    heads.removeLast()
    guard intake.stopped else {
      retire(source, status == PCAP_ERROR ? source.describeTrouble() : source.endTrouble())
      return false
    }
    let head = Head(time: intake.lastTime, source: source.index)
    var place = heads.count
    while place > 0, heads[place - 1] < head { place -= 1 }
    heads.insert(head, at: place)
    // Still the next one and not taken: there was no room for it. An empty slab grows for it instead.
    return place == heads.count - 1 && source.heldHeader != nil && intake.used > 0
  }

  private func finishBatch() -> PacketBatch? {
    let delta = intake.books
    let datagrams = intake.datagrams
    intake.datagrams = []
    let bytes = slab
    slab = []
    intake.books = CaptureBooks()
    if datagrams.isEmpty, intake.rejects.isEmpty, delta == CaptureBooks() {
      pool.give(slab: bytes, index: datagrams)
      return nil
    }
    books += delta
    let batch = PacketBatch(
      bytes: bytes, datagrams: datagrams, rejects: intake.rejects, books: delta,
      watermark: DataTime(nanoseconds: intake.newest), pool: pool)
    intake.rejects = []
    return batch
  }
}
