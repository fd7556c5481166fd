import Detectors
import EventBuilding
import Glibc
import L1Trigger
import NA62Formats
import PacketCapture

/// One decoder, or chain of them, that has to survive any bytes.
struct Target: Sendable {
  let name: String
  let run: @Sendable ([UInt8]) -> Void

  static let creamSources: Set<SourceID> = [.lkr, .muv1, .muv2]

  /// The targets, in the order of the byte that selects them.
  static let all = [
    Target(name: "l0mep", run: l0MEP),
    Target(name: "l1packet", run: l1Packet),
    Target(name: "tel62", run: tel62),
    Target(name: "srb", run: srb),
    Target(name: "l0tp", run: l0TP),
    Target(name: "event", run: storedEvent),
    Target(name: "burst", run: burstFile),
    Target(name: "l1block", run: l1Block),
    Target(name: "eob", run: endOfBurst),
    Target(name: "request", run: request),
    Target(name: "dissector", run: dissector),
    Target(name: "reassembler", run: reassembler),
    Target(name: "frames", run: frames),
    Target(name: "capture", run: capture),
    Target(name: "trigger", run: trigger),
    Target(name: "mtp", run: mtp),
    Target(name: "l0", run: l0),
    Target(name: "l0menu", run: l0Menu),
    Target(name: "condition", run: condition),
    Target(name: "primitives", run: primitiveFiles),
  ]

  static func number(of name: String) -> UInt8 {
    UInt8(truncatingIfNeeded: all.firstIndex { $0.name == name } ?? 0)
  }

  // MARK: Formats

  @Sendable private static func l0MEP(_ bytes: [UInt8]) {
    let span = bytes.span.bytes
    guard let header = L0MEPHeader(span) else { return }
    let isSound = L0MEP.validate(span, isConfigured: { $0.rawValue != 0xFF }) == nil
    var fragments = 0
    L0MEP.forEachFragment(of: span, header: header) { fragment in
      fragments += 1
      check(fragment.payloadOffset + fragment.payloadLength <= bytes.count, "a fragment leaves its packet")
    }
    if isSound {
      check(fragments == Int(header.eventCount), "a sound packet has another number of fragments")
    }
  }

  @Sendable private static func l1Packet(_ bytes: [UInt8]) {
    let rejection = L1Packet.forEachFragment(of: bytes.span.bytes, isConfigured: { $0.rawValue != 0xFF }) {
      check($0.offset + $0.length <= bytes.count, "a fragment leaves its packet")
    }
    if rejection == nil { check(bytes.count >= L1Packet.headerByteCount, "a short packet is taken") }
  }

  @Sendable private static func tel62(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let timestamp = UInt32(input.word()) << 16 | UInt32(input.word())
    let payload = input.rest()
    var edges = ScratchList<TDCEdge>(capacity: 1)
    _ = TEL62.decode(payload.span.bytes, timestamp: timestamp, into: &edges)
    check(edges.count <= payload.count / 4, "more edges than words")
    for i in 0..<edges.count { _ = edges[i].nanoseconds(from: timestamp) }
  }

  @Sendable private static func srb(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let timestamp = UInt32(input.word()) << 16 | UInt32(input.word())
    let payload = input.rest()
    var edges = ScratchList<SRB.Edge>(capacity: 1)
    _ = SRB.decode(payload.span.bytes, timestamp: timestamp, into: &edges)
    check(edges.count <= payload.count / 2, "more edges than half words")
  }

  @Sendable private static func l0TP(_ bytes: [UInt8]) {
    guard let record = L0TPRecord(bytes.span.bytes) else { return }
    check(L0TPRecord(record.bytes.span.bytes) == record, "an L0TP record is not what was written")
    if let event = L0TPEvent(bytes.span.bytes) {
      check(L0TPEvent(event.bytes.span.bytes) == event, "an L0TP event is not what was written")
    }
    if let end = try? L0TPEndOfBurst(bytes.span.bytes) {
      let again = try? L0TPEndOfBurst(end.bytes.span.bytes)
      check(again == end, "an L0TP end of burst is not what was written")
    }
  }

  @Sendable private static func storedEvent(_ bytes: [UInt8]) {
    for alignment in StoredEvent.Alignment.allCases {
      guard
        let event = try? StoredEvent(bytes.span.bytes, l1Sources: creamSources, alignment: alignment)
      else { continue }
      for fragment in event.sources.flatMap(\.fragments) {
        check(fragment.payload.upperBound <= bytes.count, "a fragment leaves its event")
      }
    }
  }

  @Sendable private static func burstFile(_ bytes: [UInt8]) {
    guard let file = try? BurstFile(bytes.span.bytes) else { return }
    var events: [[UInt8]] = []
    for index in file.entries.indices.prefix(64) {
      guard let range = try? file.range(ofEntry: index, in: bytes.span.bytes) else { continue }
      events.append(Array(bytes[range]))
    }
    file.forEachEvent(in: bytes.span.bytes, l1Sources: creamSources) { _, _ in }
    _ = try? BurstFile.encode(run: file.run, burst: file.burst, events: events)
  }

  @Sendable private static func l1Block(_ bytes: [UInt8]) { _ = try? L1Block(bytes.span.bytes) }

  @Sendable private static func endOfBurst(_ bytes: [UInt8]) {
    _ = try? EOBHeader(bytes.span.bytes)
    if let record = try? EOBTriggerRecord(bytes.span.bytes) {
      let again = try? EOBTriggerRecord(record.bytes.span.bytes)
      check(again == record, "an end-of-burst record is not what was written")
    }
    var input = Reader(bytes)
    let timestamp = UInt32(input.word())
    let records = (0..<2).map { _ in input.chunk() }
    _ = try? EndOfBurst.insert(records, into: input.rest(), timestamp: timestamp)
  }

  @Sendable private static func request(_ bytes: [UInt8]) {
    guard let request = try? L1DataRequest(bytes.span.bytes) else { return }
    _ = try? request.bytes()
  }

  @Sendable private static func dissector(_ bytes: [UInt8]) {
    guard let kind = bytes.first else { return }
    let payload = Array(bytes.dropFirst())
    let span = payload.span.bytes
    let tree =
      switch kind % 9 {
      case 0: Dissector.l0MEP(span)
      case 1: Dissector.l0tp(span)
      case 2: Dissector.tel62(span)
      case 3: Dissector.srb(span)
      case 4: Dissector.l1Packet(span)
      case 5: Dissector.storedEvent(span, l1Sources: creamSources)
      case 6: Dissector.l1Block(span)
      case 7: Dissector.mtp(span)
      default: Dissector.mtp(span, format: .words64)
      }
    _ = tree.errors
  }

  // MARK: Capture

  @Sendable private static func reassembler(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    var table = FragmentReassembler(
      maximumDatagrams: 4, maximumBytes: 4096, timeoutNanoseconds: 1000)
    var given = 0
    var taken = 0
    while !input.isEmpty, given < 512 {
      let flags = input.byte()
      let place = Int(input.word() & 0x1FFF) * 8
      let payload = ContiguousArray(input.chunk())
      given += 1
      let outcome = table.add(
        Fragment(
          key: FragmentKey(
            source: UInt32(flags & 3), destination: 2, protocolNumber: 17, identification: UInt16(flags & 4)),
          time: DataTime(nanoseconds: Int64(given) * (flags & 8 == 0 ? 1 : 600)),
          packet: PacketReference(input: 0, number: UInt32(given)), link: .ethernet, frame: payload,
          originalLength: payload.count, headerOffset: 0, payloadOffset: min(20, payload.count),
          payloadLength: max(0, payload.count - 20), fragmentOffset: place, isLast: flags & 16 != 0))
      taken += outcome.isDuplicate ? 1 : 0
      taken += outcome.completed?.fragments.count ?? 0
      taken += outcome.discarded.reduce(0) { $0 + $1.fragments.count }
      check(taken + table.pendingFragments == given, "fragments are lost")
    }
    taken += table.purge().reduce(0) { $0 + $1.fragments.count }
    check(taken == given && table.pendingFragments == 0 && table.pendingBytes == 0, "fragments stay behind")
  }

  /// Frames in a sound pcap file: what libpcap lets through to the parser and the reassembler.
  @Sendable private static func frames(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let links: [UInt32] = [1, 101, 113, 276]
    var file: [UInt8] = [0x4D, 0x3C, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    file.appendLittle(UInt32(65536))
    file.appendLittle(links[Int(input.byte() & 3)])
    var count: UInt32 = 0
    while !input.isEmpty, count < 256 {
      let cut = UInt32(input.byte() & 7 == 7 ? 40 : 0)
      let frame = input.chunk()
      file.appendLittle(count)
      file.appendLittle(count)
      file.appendLittle(UInt32(frame.count))
      file.appendLittle(UInt32(frame.count) + cut)
      file += frame
      count += 1
    }
    capture(file)
  }

  @Sendable private static func capture(_ bytes: [UInt8]) {
    let path = scratchPath
    guard let file = fopen(path, "wb") else { return check(false, "cannot write \(path)") }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
    guard (try? CaptureInput.sniff(path)) != .burstFile else { return }
    var options = CaptureOptions()
    options.slabSize = 4096
    options.maximumPendingFragments = 8
    options.maximumPendingFragmentBytes = 8192
    guard let reader = try? CaptureReader(inputs: [CaptureInput(path: path)], options: options) else {
      return
    }
    var books = CaptureBooks()
    while let batch = try? reader.next() {
      books += batch.books
      for datagram in batch.datagrams {
        check(
          datagram.payloadOffset + datagram.payloadLength <= batch.bytes.count, "a datagram leaves its slab")
      }
    }
    check(books.closes, "the books of the capture do not close: \(books.imbalance)")
  }

  static let scratchPath = "/dev/shm/spillway-fuzz-\(getpid())"

  // MARK: Trigger

  private struct Trigger {
    let configurations: [L1Configuration]
    let maps: L1DetectorMaps
  }

  static let layout = EventLayout(
    sources: [SourceID.ktag, .lav, .straw, .chod, .rich, .ircSacNewCHOD, .muv3, .l0tp, .l1].map {
      .init(id: $0, fragments: 1)
    }, l1Sources: [.init(id: .lkr, fragments: 1)])

  private static let setup: Trigger = {
    let root = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()
    do {
      let menus = try ["golden-default", "golden-pnn", "golden-refchod", "golden-stateful"].map {
        try L1Menu.load(path: "\(root)/Configs/menus/\($0).yaml")
      }
      return Trigger(configurations: menus.map(\.configuration), maps: menus[0].detectors.maps)
    } catch { fatalError("\(error)") }
  }()

  /// Packets through event building and L1. A byte before each packet says what is done to it.
  @Sendable private static func trigger(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let kind = Int(input.byte())
    var configuration = setup.configurations[kind % setup.configurations.count]
    configuration.strawScratch = kind & 0x80 == 0 ? .clean : .original
    var slab: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    var time: Int64 = 0
    while !input.isEmpty, datagrams.count < 256 {
      let flags = input.byte()
      var packet = input.chunk()
      if flags & 1 == 0, packet.count >= 6 {
        packet[4] = UInt8(truncatingIfNeeded: packet.count)
        packet[5] = UInt8(truncatingIfNeeded: packet.count >> 8)
      }
      if flags & 2 == 0, packet.count >= 16, packet[6] == 1 {
        packet[8] = UInt8(truncatingIfNeeded: packet.count - 8)
        packet[9] = UInt8(truncatingIfNeeded: (packet.count - 8) >> 8)
        packet[10] = packet[0]
      }
      time += flags & 4 == 0 ? 1000 : flags & 8 == 0 ? 5_000_000_000 : -1_000_000
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: time),
          packet: PacketReference(input: 0, number: UInt32(datagrams.count + 1)), frameOffset: slab.count,
          frameLength: packet.count, payloadOffset: slab.count, payloadLength: packet.count,
          sourceAddress: 1, destinationAddress: 2, sourcePort: 3,
          destinationPort: flags & 16 == 0 ? 58913 : flags & 32 == 0 ? 58915 : 1))
      slab += packet
    }
    var options = EventBuilder.Options()
    options.l1BlockByteCount = configuration.dataBlockByteCount
    options.maximumPendingBytes = 1 << 16
    let builder = EventBuilder(layout: layout, options: options)
    let packets = PacketBatch(bytes: slab, datagrams: datagrams, watermark: DataTime(nanoseconds: time))
    let middle = datagrams.count / 2
    builder.add(packets, 0..<middle)
    let first = builder.takeBatch(packets: packets, isLast: false)
    builder.add(packets, middle..<datagrams.count)
    builder.finish()
    let processor = L1Processor(configuration: configuration, layout: layout, maps: setup.maps)
    let worker = L1Worker(configuration: configuration, layout: layout, maps: setup.maps)
    var books = BuilderBooks()
    var collectorOptions = L1DataCollector<Void>.Options()
    collectorOptions.maximumPendingBytes = 1 << 14
    var collector = L1DataCollector<Void>(layout: layout, options: collectorOptions)
    var actions: [L1DataCollector<Void>.Action] = []
    for batch in [first, builder.takeBatch(packets: packets)] {
      books += batch.books
      for event in batch.events { collector.request(event, byteCount: 100, payload: (), into: &actions) }
      for fragment in batch.l1Fragments { collector.add(fragment, batch.bytes, into: &actions) }
      for burst in batch.endedBursts { collector.end(run: burst.run, burst: burst.burst, into: &actions) }
      for (event, (evaluation, decision)) in zip(batch.events, processor.process(batch)) {
        _ = worker.evaluateAlone(event, of: batch)
        let block = L1DataBlock.encode(
          event: event, evaluation: evaluation, decision: decision, configuration: configuration)
        check(block.count == configuration.dataBlockByteCount, "the data block has another length")
      }
    }
    check(books.closes, "the books of the builder do not close: \(books.imbalance)")
    let l1Books = collector.takeBooks()
    check(l1Books.closes, "the books of the L1 data do not close: \(l1Books)")
    check(l1Books.fragments == books.l1Fragments, "L1 fragments are lost between builder and collector")
    check(actions.count == Int(l1Books.events - l1Books.eventsDuplicate), "a kept event has no answer")
  }
}

/// Ends the program where what has to hold does not.
func check(_ holds: Bool, _ message: @autoclosure () -> String) {
  if !holds { fatalError(message()) }
}

/// Takes an input apart; behind the end there are zeros.
struct Reader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    defer { place += 1 }
    return place < bytes.count ? bytes[place] : 0
  }

  mutating func word() -> UInt16 { UInt16(byte()) | UInt16(byte()) << 8 }

  /// Bytes with their length (16 bits) before them.
  mutating func chunk() -> [UInt8] {
    let end = min(Int(word()) + place, bytes.count)
    guard end > place else { return [] }
    defer { place = end }
    return Array(bytes[place..<end])
  }

  mutating func rest() -> [UInt8] {
    defer { place = bytes.count }
    return place < bytes.count ? Array(bytes[place...]) : []
  }
}
