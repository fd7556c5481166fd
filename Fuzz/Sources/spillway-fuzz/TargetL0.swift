import Glibc
import L0Trigger
import NA62Formats
import PacketCapture

/// Targets of the L0 trigger: packets of primitives, the emulator, menus, raw primitive files.
extension Target {
  /// Packets of primitives in both formats: what was read and written again has to be read the same.
  @Sendable static func mtp(_ bytes: [UInt8]) {
    let span = bytes.span.bytes
    guard let header = MTPHeader(span) else { return }
    for format in MTP.Format.allCases {
      var primitives: [Primitive] = []
      let left = MTP.forEachPrimitive(of: span, header: header, format: format) { primitives.append($0) }
      check(left < 8 && left <= bytes.count, "\(left) bytes are left over")
      let tree = Dissector.mtp(span, format: format)
      let shown = tree.children.count { $0.name == "primitive" && $0.value != "null" }
      check(shown == primitives.count, "the dissector shows \(shown) of \(primitives.count) primitives")
      var encoder = MTPEncoder(
        timestamp: header.timestamp, source: header.source, subID: header.subID, format: format)
      var written = 0
      for primitive in primitives {
        guard encoder.append(primitive) else { break }
        written += 1
      }
      let again = encoder.bytes
      guard let header = MTPHeader(again.span.bytes) else { return check(false, "a packet has no header") }
      check(Int(header.totalLength) == again.count, "a packet has another length than its header")
      var read: [Primitive] = []
      MTP.forEachPrimitive(of: again.span.bytes, header: header, format: format) { read.append($0) }
      check(read == Array(primitives.prefix(written)), "primitives are not what was written")
      check(
        written == primitives.count || written == 255 || again.count > MTP.maximumByteCount - 8,
        "a primitive was refused")
    }
  }

  /// A menu made of two bytes: every way of grouping, counting and correcting comes up.
  private static func menu(_ choice: UInt16) -> L0Menu {
    var menu = L0Menu()
    menu.referenceDetector = L0Detector(rawValue: Int(choice & 7) % L0Detector.count) ?? .rich
    menu.controlDetector = L0Detector(rawValue: Int(choice >> 3 & 7) % L0Detector.count) ?? .chod
    menu.fineTimeBits = Int(choice >> 2 & 3)
    menu.deltaPacket = Int(choice >> 4 & 3)
    menu.grouping = choice & 0x40 == 0 ? .header : .count
    menu.counting = choice & 0x80 == 0 ? .words : .header
    menu.usesStaleCount = choice & 0x100 != 0
    menu.corrections = L0Menu.Corrections(rawValue: UInt8(choice >> 9 & 15))
    if choice & 0x2000 != 0 { menu.formats[Int(choice >> 3 & 7) % L0Detector.count] = .words64 }
    if choice & 0x4000 != 0 { menu.offsets = (0..<L0Detector.count).map { $0 % 3 } }
    menu.calibrationWord = choice & 0x8000 == 0 ? nil : 0x30
    menu.resetsDownscaling = choice & 0x10 != 0
    menu.timeCuts[2] = choice & 0x20 == 0 ? 64 : .max
    if choice & 0x11 == 0x11 {
      menu.periodics = [.init(period: 9000, word: 2, start: 10, end: 100_000)]
      menu.deadWindows = [.init(begin: 1000, end: 2000)]
      menu.endOfBurst = 0x20_0000
    }
    menu.control = .init(
      isEnabled: choice & 0x08 != 0, condition: L0Condition(), downscaling: L0Downscaling(2))
    var condition = L0Condition()
    condition[.rich, 14] = .required
    condition[.lkr, 13] = .forbidden
    menu.masks = [
      .init(number: 0, name: "any", condition: L0Condition()),
      .init(number: 1, name: "RICH", condition: condition, downscaling: L0Downscaling(3)),
      .init(
        number: 15, name: "part", condition: L0Condition(),
        downscaling: L0Downscaling(numerator: 5, denominator: 2, mode: .hash, seed: 1)),
    ]
    return menu
  }

  /// A stream of packets of primitives through the emulator with several menus, whole and in pieces. A byte
  /// before each packet says what is done to it.
  @Sendable static func l0(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let first = input.word()
    let menus = [first, input.word()].map(menu)
    var slab: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    var time: Int64 = 0
    var frame: UInt32 = 0
    let sources = L0Detector.allCases.flatMap(\.sources)
    while !input.isEmpty, datagrams.count < 400 {
      let flags = input.byte()
      var packet = input.chunk()
      if flags & 1 == 0, packet.count >= 8 { packet[3] = sources[Int(flags >> 5)].rawValue }
      if flags & 2 == 0, packet.count >= 8 {
        for i in 0..<3 { packet[i] = UInt8(truncatingIfNeeded: frame >> UInt32(8 * i)) }
      }
      if flags & 4 != 0 { frame = frame == .max ? 0 : frame + 1 }
      if flags & 0x18 == 0x18 {
        // A new burst, or a leap.
        time += 1_000_000_000
        frame = flags & 0x20 == 0 ? 0 : frame &+ UInt32(flags) << 8
      }
      time += 1000
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: time),
          packet: PacketReference(input: 0, number: UInt32(datagrams.count + 1)), frameOffset: slab.count,
          frameLength: packet.count, payloadOffset: slab.count, payloadLength: packet.count,
          sourceAddress: 1, destinationAddress: 2, sourcePort: MTP.port,
          destinationPort: flags & 0x1C == 0x10 ? 1 : MTP.port))
      slab += packet
    }
    let packets = PacketBatch(bytes: slab, datagrams: datagrams, watermark: DataTime(nanoseconds: time))
    let whole = emulate(menus, [packets], step: .max)
    // It costs as much again, so it is not done for each input.
    guard first & 1 != 0 else { return }
    let pieces = emulate(menus, [packets], step: 7)
    check(whole == pieces, "the triggers depend on the size of the batches")
  }

  /// The triggers of some menus; checks that all books close.
  private static func emulate(_ menus: [L0Menu], _ batches: [PacketBatch], step: Int) -> [[L0TriggerRecord]] {
    var options = L0Emulator.Options()
    options.tracesFired = true
    options.monitorsPrimitives = true
    let emulator = L0Emulator(menus: menus, options: options)
    var triggers = menus.map { _ in [L0TriggerRecord]() }
    var counters = menus.map { _ in L0MenuCounters() }
    var books = L0Books()
    func take() {
      for slice in emulator.take() {
        books += slice.books
        for i in menus.indices {
          triggers[i] += slice.triggers[i]
          counters[i] += slice.menuCounters[i]
          let times = slice.triggers[i].map(\.timestamp)
          check(zip(times, times.dropFirst()).allSatisfy(<), "triggers are not in the order of time")
        }
      }
    }
    var datagrams = 0
    for packets in batches {
      let count = packets.datagrams.count
      datagrams += count
      var begin = 0
      while begin < count {
        let end = step == .max ? count : min(count, begin + step)
        emulator.add(packets, begin..<end)
        take()
        begin = end
      }
    }
    emulator.finish()
    take()
    check(books.datagrams == UInt64(datagrams), "datagrams are lost")
    check(books.closes && books.pending == 0, "the books of L0 do not close: \(books)")
    for i in menus.indices {
      check(counters[i].closes, "the counters of menu \(i) do not close: \(counters[i])")
      check(counters[i].sent == UInt64(triggers[i].count), "another number of triggers was sent than counted")
    }
    return triggers
  }

  /// Menus of L0 and the register form: what is taken has to be the same once written and read.
  @Sendable static func l0Menu(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let menu = try? L0Menu.parse(text: text, path: "fuzz.yaml") else { return }
    let written = menu.fileText(comment: [])
    do {
      let again = try L0Menu.parse(text: written, path: "written.yaml")
      check(again.hash == menu.hash, "a menu is not what was written: \(written)")
    } catch { check(false, "a menu that was written is refused: \(error)\n\(written)") }
    let registers = L0RegisterForm.write(menu)
    do {
      let again = try L0Menu.parse(text: registers.value.json(), path: "registers.json")
      if registers.lost.isEmpty {
        check(
          again.masks.map(\.condition) == menu.masks.map(\.condition), "registers are not what was written")
      }
    } catch { check(false, "registers that were written are refused: \(error)") }
    _ = menu.warnings
    _ = menu.effective()
  }

  /// Conditions: what is understood has to be the same once written and read.
  @Sendable static func condition(_ bytes: [UInt8]) {
    let runs = [5000, 7100, 7900, 8770, 9000]
    let parser = L0ConditionParser(bits: PrimitiveBits(run: runs[Int(bytes.first ?? 0) % runs.count]))
    let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
    guard let condition = try? parser.parse(text) else { return }
    guard let written = condition.expression(bits: parser.bits) else {
      return check(false, "a condition cannot be said: \(text)")
    }
    let again = try? parser.parse(written)
    check(written.count > L0ConditionParser.lengthLimit || again == condition, "\(text) became \(written)")
  }

  /// Raw primitive files of two bursts through their reader and the emulator.
  @Sendable static func primitiveFiles(_ bytes: [UInt8]) {
    var input = Reader(bytes)
    let kind = input.byte()
    let directory = scratchPath + "-files"
    mkdir(directory, 0o700)
    var files: [PrimitiveFile] = []
    var size = 0
    for (i, prefix) in [PrimitiveFile.Prefix.chod, .rich, .merged, .lkr].enumerated() {
      let path = "\(directory)/\(PrimitiveFile.name(prefix, run: 1, burst: UInt32(i / 3)))"
      let content = i == 3 ? input.rest() : input.chunk()
      size += content.count
      guard let file = fopen(path, "wb") else { return check(false, "cannot write \(path)") }
      _ = content.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
      fclose(file)
      if let file = PrimitiveFile(path: path) { files.append(file) }
    }
    var options = PrimitiveFileReader.Options()
    options.slabSize = kind & 1 == 0 ? 1 : 1 << 14
    if kind & 2 != 0 { options.wideSources = [.lkr] }
    let reader = PrimitiveFileReader(files: files, options: options)
    var batches: [PacketBatch] = []
    var books = CaptureBooks()
    while let batch = try? reader.next() {
      books += batch.books
      for datagram in batch.datagrams {
        check(
          datagram.payloadOffset + datagram.payloadLength <= batch.bytes.count, "a packet leaves its slab")
      }
      batches.append(batch)
    }
    check(books.closes && books == reader.books, "the books of the files do not close")
    // Compressed content may be longer than the file.
    check(books.datagrams <= 1 << 24 && (books.bytes <= UInt64(size) || size > 0), "packets from nothing")
    let losses = reader.warnings.count { $0.isDataLoss }
    check(books.cutInputs == UInt64(losses), "cut inputs are not those of the warnings")
    guard batches.reduce(0, { $0 + $1.datagrams.count }) < 2000 else { return }
    _ = emulate([menu(UInt16(kind) << 4)], batches, step: .max)
  }
}
