import CPcap
import NA62Formats

/// What a batch under way has taken in, and the rules by which a packet is taken, held or counted.
///
/// Lives in the reader; `base` is valid only during one run over a source.
struct Intake {
  /// A frame that waits for room in the slab: a reassembled datagram, or a lost fragment.
  struct Waiting {
    var frame: ContiguousArray<UInt8>
    var time: Int64
    var packet: PacketReference
    var link: LinkType
    var originalLength: Int
    /// The datagram, or why it is none.
    var datagram: UDPView?
    var reason: RejectReason?
  }

  // The slab during a run.
  var base: UnsafeMutableRawPointer?
  var capacity = 0
  var used = 0
  // The batch.
  var datagrams: ContiguousArray<Datagram> = []
  var rejects: ContiguousArray<RejectedPacket> = []
  var books = CaptureBooks()
  var maximumDatagrams = Int.max
  /// What a count of the fraction of a stamp is, in ns.
  var nanosecondsPerTick: Int64 = 1
  /// Whether frames are given out as they are, unread.
  var takesFrames = false
  /// Time without packets over which no batch reaches, in ns, and the latest time that goes into this one with it,
  /// once it has datagrams.
  var pause = Int64.max
  var latest = Int64.max
  // The source of the run.
  var source: UInt32 = 0
  var packetNumber: UInt32 = 0
  var link = LinkType.ethernet
  var handle: OpaquePointer?
  var filter: UnsafeMutablePointer<bpf_program>?
  var limitTime = Int64.max
  var limitSource = UInt32.max
  var lastTime = Int64.min
  /// Set where the run stopped before the end of its source.
  var stopped = false
  /// Whether the packet at which the run stopped was not taken.
  var refused = false
  /// The packet that was not taken. It is copied at once: of a live capture its bytes go back to the kernel.
  var held = HeldPacket()
  // Across batches.
  var newest = Int64.min
  var reassembler: FragmentReassembler
  /// Ends the wait of fragments where a burst ends; nil where bursts do not matter.
  var bursts: BurstWatch.State?
  var waiting: [Waiting] = []
  var waitingHead = 0

  init(_ options: CaptureOptions) {
    reassembler = FragmentReassembler(
      maximumDatagrams: options.maximumPendingFragments, maximumBytes: options.maximumPendingFragmentBytes,
      timeoutNanoseconds: options.fragmentTimeoutNanoseconds)
    bursts = options.burstWatch.map(BurstWatch.State.init)
    maximumDatagrams = max(1, options.maximumDatagramsPerBatch ?? .max)
    takesFrames = options.takesFrames
    pause = max(0, options.pauseNanoseconds)
  }

  var isFull: Bool { datagrams.count >= maximumDatagrams }
  var hasWaiting: Bool { waitingHead < waiting.count }

  /// The data time of a packet in ns since the epoch; saturates on nonsense. Counts of the fraction of its stamp
  /// are of so many ns.
  @inline(__always)
  static func time(_ header: pcap_pkthdr, nanosecondsPerTick: Int64 = 1) -> Int64 {
    let seconds = Int64(header.ts.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    if seconds.overflow { return header.ts.tv_sec < 0 ? .min : .max }
    let sum = seconds.partialValue.addingReportingOverflow(
      Int64(header.ts.tv_usec) &* nanosecondsPerTick)
    return sum.overflow ? .max : sum.partialValue
  }

  /// Takes a packet, if it comes before the limit and has room. Returns false where the run must stop.
  @inline(__always)
  mutating func receive(_ header: UnsafePointer<pcap_pkthdr>, _ data: UnsafePointer<UInt8>) -> Bool {
    let time = Self.time(header.pointee, nanosecondsPerTick: nanosecondsPerTick)
    let length = Int(header.pointee.caplen)
    if time > limitTime || (time == limitTime && source > limitSource) || length > capacity - used
      || time > latest && !datagrams.isEmpty
    {
      lastTime = time
      refused = true
      stopped = true
      return false
    }
    lastTime = time
    take(header, data, time, length)
    if isFull || hasWaiting {
      stopped = true
      return false
    }
    return true
  }

  @inline(__always)
  private mutating func take(
    _ header: UnsafePointer<pcap_pkthdr>, _ data: UnsafePointer<UInt8>, _ time: Int64, _ length: Int
  ) {
    packetNumber &+= 1
    books.packets &+= 1
    books.bytes &+= UInt64(length)
    if time > newest { newest = time }
    if let filter, pcap_offline_filter(filter, header, data) == 0 {
      books.filtered &+= 1
      return
    }
    let wireLength = Int(header.pointee.len)
    if takesFrames { return frame(data, length, wireLength, time) }
    switch FrameParser(base: data, length: length, wireLength: wireLength).parse(link) {
    case .datagram(let view):
      guard let start = copy(data, length) else { return }
      if endsBurst(view, UnsafeRawBufferPointer(start: data, count: length), time) {
        purge(.fragmentBurstEnd)
      }
      append(view, time: time, packet: packetNumber, source: source, start: start, length: length)
    case .fragment(let view): fragment(view, data, length, wireLength, time)
    case .kind(let kind): count(kind)
    case .reject(let reason): reject(data, length, wireLength, time, reason)
    }
  }

  /// Gives a frame out unread, if the capture kept the whole of it.
  private mutating func frame(
    _ data: UnsafePointer<UInt8>, _ length: Int, _ wireLength: Int, _ time: Int64
  ) {
    guard wireLength <= length else { return reject(data, length, wireLength, time, .truncatedBySnaplen) }
    guard let start = copy(data, length) else { return }
    append(
      UDPView(
        payloadOffset: 0, payloadLength: length, sourceAddress: 0, destinationAddress: 0, sourcePort: 0,
        destinationPort: 0),
      time: time, packet: packetNumber, source: source, start: start, length: length)
  }

  private mutating func reject(
    _ data: UnsafePointer<UInt8>, _ length: Int, _ wireLength: Int, _ time: Int64, _ reason: RejectReason
  ) {
    count(reason)
    guard let start = copy(data, length) else { return }
    rejects.append(
      RejectedPacket(
        time: DataTime(nanoseconds: time), packet: PacketReference(input: source, number: packetNumber),
        frameOffset: start, frameLength: length, originalLength: wireLength, link: link, reason: reason))
  }

  /// Copies a frame, for which the caller has checked that there is room, into the slab.
  @inline(__always)
  private mutating func copy(_ data: UnsafeRawPointer, _ length: Int) -> Int? {
    guard let base, length <= capacity - used else { return nil }
    let start = used
    (base + start).copyMemory(from: data, byteCount: length)
    used = start + length
    return start
  }

  @inline(__always)
  private mutating func append(
    _ view: UDPView, time: Int64, packet: UInt32, source: UInt32, start: Int, length: Int
  ) {
    books.datagrams &+= 1
    let end = time.addingReportingOverflow(pause)
    let reach = end.overflow ? Int64.max : end.partialValue
    latest = datagrams.isEmpty ? reach : max(latest, reach)
    datagrams.append(
      Datagram(
        time: DataTime(nanoseconds: time), packet: PacketReference(input: source, number: packet),
        frameOffset: start, frameLength: length, payloadOffset: start &+ view.payloadOffset,
        payloadLength: view.payloadLength, sourceAddress: view.sourceAddress,
        destinationAddress: view.destinationAddress, sourcePort: view.sourcePort,
        destinationPort: view.destinationPort))
  }

  private mutating func count(_ kind: PacketKind) {
    switch kind {
    case .arp: books.arp &+= 1
    case .ipv6: books.ipv6 &+= 1
    case .otherEtherType: books.otherEtherType &+= 1
    case .notEthernetII: books.notEthernetII &+= 1
    case .icmp: books.icmp &+= 1
    case .tcp: books.tcp &+= 1
    case .otherProtocol: books.otherProtocol &+= 1
    }
  }

  /// Counts a rejected whole packet; the reasons of fragments never come here.
  private mutating func count(_ reason: RejectReason) {
    switch reason {
    case .linkHeader: books.linkMalformed &+= 1
    case .ipv4Header, .ipv4Length, .ipv4Fragment: books.ipv4Malformed &+= 1
    case .truncatedBySnaplen: books.truncated &+= 1
    case .udpHeader, .udpLength, .fragmentOverlap, .fragmentDuplicateLast, .fragmentEvicted,
      .fragmentBurstEnd, .fragmentUnfinished, .fragmentMalformed:
      books.udpMalformed &+= 1
    }
  }

  private mutating func fragment(
    _ view: FragmentView, _ data: UnsafePointer<UInt8>, _ length: Int, _ wireLength: Int, _ time: Int64
  ) {
    if bursts?.endsBurst(at: DataTime(nanoseconds: time)) == true { purge(.fragmentBurstEnd) }
    books.fragmentsReceived &+= 1
    let before = reassembler.pendingFragments
    let outcome = reassembler.add(
      Fragment(
        key: view.key, time: DataTime(nanoseconds: time),
        packet: PacketReference(input: source, number: packetNumber), link: link,
        frame: ContiguousArray(UnsafeBufferPointer(start: data, count: length)), originalLength: wireLength,
        headerOffset: view.headerOffset, payloadOffset: view.payloadOffset,
        payloadLength: view.payloadLength, fragmentOffset: view.fragmentOffset, isLast: view.isLast))
    books.fragmentsPending &+= Int64(reassembler.pendingFragments &- before)
    if outcome.isDuplicate { books.fragmentsDuplicate &+= 1 }
    for discarded in outcome.discarded { lose(discarded) }
    if let whole = outcome.completed { finish(whole, time) }
  }

  /// Counts fragments that are given up, and queues them for the quarantine.
  private mutating func lose(_ discarded: DiscardedFragments) {
    let count = UInt64(discarded.fragments.count)
    switch discarded.reason {
    case .fragmentOverlap: books.fragmentsOverlapping &+= count
    case .fragmentDuplicateLast: books.fragmentsDuplicateLast &+= count
    case .fragmentEvicted: books.fragmentsEvicted &+= count
    case .fragmentMalformed: books.fragmentsMalformed &+= count
    case .fragmentBurstEnd: books.fragmentsBurstEnd &+= count
    default: books.fragmentsUnfinished &+= count
    }
    for fragment in discarded.fragments {
      waiting.append(
        Waiting(
          frame: fragment.frame, time: fragment.time.nanoseconds, packet: fragment.packet,
          link: fragment.link, originalLength: fragment.originalLength, reason: discarded.reason))
    }
  }

  /// Reads the UDP header of a reassembled datagram and queues it.
  private mutating func finish(_ whole: ReassembledDatagram, _ time: Int64) {
    let verdict = whole.frame.withUnsafeBytes { frame -> FrameVerdict in
      guard let base = frame.baseAddress else { return .reject(.udpHeader) }
      // The headers are those of the first fragment, which may have come by another link than this packet.
      return FrameParser(base: base, length: frame.count, wireLength: frame.count)
        .parse(whole.fragments.first?.link ?? link)
    }
    guard case .datagram(let view) = verdict else {
      return lose(DiscardedFragments(fragments: whole.fragments, reason: .fragmentMalformed))
    }
    books.fragmentsUsed &+= UInt64(whole.fragments.count)
    if whole.frame.withUnsafeBytes({ endsBurst(view, $0, time) }) { purge(.fragmentBurstEnd) }
    waiting.append(
      Waiting(
        frame: whole.frame, time: time, packet: PacketReference(input: source, number: packetNumber),
        link: link, originalLength: whole.frame.count, datagram: view))
  }

  /// Whether a datagram is the first of a new burst.
  @inline(__always)
  private mutating func endsBurst(
    _ view: UDPView, _ frame: UnsafeRawBufferPointer, _ time: Int64
  ) -> Bool {
    guard bursts != nil, view.payloadOffset + view.payloadLength <= frame.count else { return false }
    let payload = frame[view.payloadOffset..<view.payloadOffset + view.payloadLength]
    return bursts?.endsBurst(
      UnsafeRawBufferPointer(rebasing: payload), port: view.destinationPort,
      at: DataTime(nanoseconds: time)) == true
  }

  /// Gives up all fragments that wait for others.
  mutating func purge(_ reason: RejectReason) {
    guard reassembler.pendingFragments > 0 else { return }
    let before = reassembler.pendingFragments
    for discarded in reassembler.purge(reason: reason) { lose(discarded) }
    books.fragmentsPending &+= Int64(reassembler.pendingFragments &- before)
  }

  /// Moves what waits into the batch as far as there is room. Returns whether nothing waits any more.
  mutating func drain() -> Bool {
    while waitingHead < waiting.count {
      let item = waiting[waitingHead]
      let count = item.frame.count
      guard count <= capacity - used, item.datagram == nil || !isFull else { return false }
      let start = used
      if let base {
        item.frame.withUnsafeBytes { frame in
          if let from = frame.baseAddress { (base + start).copyMemory(from: from, byteCount: count) }
        }
      }
      used = start + count
      if let view = item.datagram {
        books.reassembled &+= 1
        append(
          view, time: item.time, packet: item.packet.number, source: item.packet.input, start: start,
          length: count)
      } else if let reason = item.reason {
        rejects.append(
          RejectedPacket(
            time: DataTime(nanoseconds: item.time), packet: item.packet, frameOffset: start,
            frameLength: count, originalLength: item.originalLength, link: item.link, reason: reason))
      }
      waitingHead += 1
    }
    waiting.removeAll(keepingCapacity: true)
    waitingHead = 0
    return true
  }
}
