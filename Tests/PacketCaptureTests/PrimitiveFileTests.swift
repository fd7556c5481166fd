import NA62Formats
import PacketCapture
import Testing

@Suite("Raw primitive files")
struct PrimitiveFileTests {
  /// A packet with one primitive; `timestamp` is that of the header, in frames.
  static func mtp(_ timestamp: UInt32, _ source: SourceID = .rich) -> [UInt8] {
    var encoder = MTPEncoder(timestamp: timestamp, source: source)
    _ = encoder.append(Primitive(timestamp: timestamp << 8, fineTime: 1, identifier: 0x4000))
    return encoder.bytes
  }

  /// All that a reader gives: for each packet its input, number, header time and data time.
  struct Reading {
    var packets: [(input: UInt32, number: UInt32, header: UInt32, nanoseconds: Int64, burst: UInt32?)] = []
    var payloads: [[UInt8]] = []
    var warnings: [CaptureWarning] = []
    var books = CaptureBooks()

    init(_ arguments: [String], slabSize: Int = 1 << 20, wide: Set<SourceID> = []) throws {
      let files = try PrimitiveFile.expand(arguments, warnings: &warnings)
      var options = PrimitiveFileReader.Options()
      options.slabSize = slabSize
      options.wideSources = wide
      let reader = PrimitiveFileReader(files: try #require(files), options: options)
      while let batch = try reader.next() {
        books += batch.books
        for datagram in batch.datagrams {
          #expect(datagram.destinationPort == 0xE622)
          let payload = Array(batch.bytes[datagram.payloadOffset...].prefix(datagram.payloadLength))
          payloads.append(payload)
          packets.append(
            (
              datagram.packet.input, datagram.packet.number,
              MTPHeader(payload.span.bytes)?.timestamp ?? 0, datagram.time.nanoseconds, batch.burst?.burst
            ))
        }
      }
      warnings += reader.warnings
      #expect(books == reader.books)
      #expect(books.closes)
    }
  }

  @Test("are known by their names")
  func names() {
    let file = PrimitiveFile(path: "/a/b_run/newchod_run08000_burst00012.gz")
    #expect(file?.prefix == .newCHOD)
    #expect(file?.run == 8000)
    #expect(file?.burst == 12)
    #expect(PrimitiveFile(path: "irc_run123456_burst00001.zst")?.run == 123_456)
    for prefix in PrimitiveFile.Prefix.allCases {
      let name = PrimitiveFile.name(prefix, run: 7, burst: 123_456)
      #expect(PrimitiveFile(path: name)?.prefix == prefix)
      #expect(PrimitiveFile(path: name)?.burst == 123_456)
    }
    for name in [
      "rich_run8000_burst00012", "rich_run08000_burst0001x", "rich_run08000", "rich_run08000_burst00012.pcap",
      "ktag_run08000_burst00012", "run08000_burst00012", "rich_run99999999999_burst00012",
      "rich_run08000_burst00012_1", "xrich_run08000_burst00012",
    ] { #expect(PrimitiveFile(path: name) == nil, "\(name)") }
  }

  @Test("of one burst are merged by the time in the headers, those of several bursts in their order")
  func merging() throws {
    let scratch = try Scratch()
    let rich = [3, 4, 6].map { Self.mtp($0) }
    let chod = [4, 5, 6].map { Self.mtp($0, .chod) }
    _ = try scratch.file("rich_run00001_burst00002.gz", try gzipped(rich.flatMap { $0 }))
    _ = try scratch.file("chod_run00001_burst00002", chod.flatMap { $0 })
    _ = try scratch.file("rich_run00001_burst00010", Self.mtp(1))
    let reading = try Reading([scratch.path])
    // CHOD's file stands before RICH's: it is the order of the inputs.
    #expect(reading.packets.map(\.header) == [3, 4, 4, 5, 6, 6, 1])
    #expect(reading.packets.map(\.input) == [1, 0, 1, 0, 0, 1, 2])
    #expect(reading.packets.map(\.number) == [1, 1, 2, 2, 3, 3, 1])
    #expect(reading.packets.map(\.burst) == [2, 2, 2, 2, 2, 2, 10])
    #expect(reading.payloads[3] == chod[1])
    // 3 frames of 256 clock periods, and 20 s for a burst.
    #expect(reading.packets[0].nanoseconds == Int64(3 * 256 * 24.951059536))
    #expect(reading.packets[6].nanoseconds == 20_000_000_000 + Int64(256 * 24.951059536))
    #expect(reading.books.datagrams == 7)
    #expect(reading.warnings == [])
    // Small slabs, and a pattern instead of the directory, give the same packets.
    let small = try Reading([scratch.name("*_burst*")], slabSize: 1)
    #expect(small.payloads == reading.payloads)
  }

  @Test("are read as far as they are sound, and the rest is said once")
  func damage() throws {
    let good = Self.mtp(1) + Self.mtp(2)
    func length(_ value: UInt16) -> [UInt8] {
      MTPHeader(timestamp: 3, source: .rich, totalLength: value, primitiveCount: 0, subID: 0).bytes
    }
    let cases: [([UInt8], String)] = [
      (length(7) + [0, 0], "a packet of 7 bytes"),
      (length(0) + Self.mtp(4), "a packet of 0 bytes"),
      (length(1473) + [UInt8](repeating: 0, count: 1465), "a packet of 1473 bytes"),
      (length(65535), "a packet of 65535 bytes"),
      (length(12) + [1, 2, 3], "a packet of 12 bytes reaches behind the end"),
      ([1, 2, 3], "3 bytes are left"),
    ]
    for (tail, message) in cases {
      let scratch = try Scratch()
      let path = try scratch.file("rich_run00001_burst00001", good + tail)
      let reading = try Reading([path])
      #expect(reading.payloads == [Self.mtp(1), Self.mtp(2)])
      #expect(reading.books.cutInputs == 1)
      let warning = try #require(reading.warnings.first)
      #expect(reading.warnings.count == 1)
      #expect(warning.description.hasPrefix("\(path), after packet 2, at byte \(good.count): \(message)"))
      #expect(warning.isDataLoss)
    }
    let scratch = try Scratch()
    let cut = try gzipped(good + good).dropLast(12)
    let reading = try Reading([try scratch.file("rich_run00001_burst00001.gz", cut)])
    #expect(reading.books.cutInputs == 1)
    #expect(reading.warnings.first?.message.contains("the gzip stream is cut") == true)
    // Nothing sound at all, and nothing at all.
    let bad = try Scratch()
    _ = try bad.file("rich_run00001_burst00001", [1])
    _ = try bad.file("chod_run00001_burst00001", [])
    let none = try Reading([bad.path])
    #expect(none.payloads == [])
    #expect(none.books.cutInputs == 1)
    #expect(none.warnings.map(\.isDataLoss) == [false, true])
  }

  @Test("with a damaged time in a header keep their packets in place")
  func outliers() throws {
    for (place, header) in [(0, 0x40_0000), (3, 0x40_0000), (3, 0), (5, 0xFF_FFFF)] as [(Int, UInt32)] {
      let scratch = try Scratch()
      var rich = (100..<106).map { Self.mtp($0) }
      rich[place] = Self.mtp(header)
      _ = try scratch.file("rich_run00001_burst00001", rich.flatMap { $0 })
      _ = try scratch.file(
        "lkr_run00001_burst00001", (100..<106).flatMap { Self.mtp($0, .lkr) })
      let reading = try Reading([scratch.path])
      #expect(reading.packets.map(\.input) == (0..<12).map { UInt32($0 % 2) })
    }
    // A true gap in the file is followed.
    let scratch = try Scratch()
    let path = try scratch.file(
      "rich_run00001_burst00001", [1, 2, 90_000, 90_001].flatMap { Self.mtp($0) })
    let reading = try Reading([path])
    #expect(reading.packets[2].nanoseconds == Int64(90_000 * 256 * 24.951059536))
  }

  @Test("in the 64-bit format are merged by their clock periods, which turn over")
  func wide() throws {
    let scratch = try Scratch()
    let frames = [65534, 65535, 65536, 65537] as [UInt32]
    _ = try scratch.file(
      "lkr_run00001_burst00001", frames.flatMap { Self.mtp($0 << 8 & 0xFF_FFFF, .lkr) })
    _ = try scratch.file("rich_run00001_burst00001", frames.flatMap { Self.mtp($0) })
    let reading = try Reading([scratch.path], wide: [.lkr])
    #expect(reading.packets.map(\.input) == [0, 1, 0, 1, 0, 1, 0, 1])
    #expect(reading.packets[4].nanoseconds == reading.packets[5].nanoseconds)
  }

  @Test("of another source than their name says are taken by their headers, and said once")
  func otherSource() throws {
    let scratch = try Scratch()
    let path = try scratch.file(
      "rich_run00001_burst00001", Self.mtp(1) + Self.mtp(2, .chod) + Self.mtp(3, .chod))
    let reading = try Reading([path])
    #expect(reading.payloads.count == 3)
    #expect(
      reading.warnings.map(\.description) == [
        "\(path): packet 2 is of source 0x18, the file's name means 0x1c; the header's source is used"
      ])
    let merged = try scratch.file("merged_run00001_burst00001", Self.mtp(1) + Self.mtp(2, .chod))
    #expect(try Reading([merged]).warnings == [])
    let both = try Reading([path, merged])
    #expect(both.warnings.contains { $0.message.contains("the same detector and burst") })
  }

  @Test("are not mixed with captures, and what else lies in their directory is left aside")
  func mixing() throws {
    let scratch = try Scratch()
    let path = try scratch.file("rich_run00001_burst00001", Self.mtp(1))
    _ = try scratch.file("notes.txt", Array("notes".utf8))
    let reading = try Reading([scratch.path])
    #expect(reading.warnings.map(\.message) == ["left aside: not named as a raw primitive file"])
    let capture = try scratch.file("a.pcap", pcap([]))
    var warnings: [CaptureWarning] = []
    for arguments in [[scratch.path], [path, capture], [path, "-"], [path, scratch.name("notes.txt")]] {
      #expect(throws: CaptureError.self) { try PrimitiveFile.expand(arguments, warnings: &warnings) }
    }
    #expect(try PrimitiveFile.expand([capture], warnings: &warnings) == nil)
    // A capture stays one, whatever its name.
    let named = try scratch.file("chod_run00001_burst00001", pcap([]))
    #expect(try PrimitiveFile.expand([named], warnings: &warnings) == nil)
  }

  @Test("come back as they were written")
  func roundTrip() throws {
    let scratch = try Scratch()
    let writer = PrimitiveFileWriter(directory: scratch.path, run: 9, burst: 1)
    var written: [[UInt8]] = []
    for burst in 1...2 {
      if burst == 2 { try writer.startBurst(2) }
      for frame in 1..<200 as Range<UInt32> {
        for source in [SourceID.chod, .rich, .lav, .lkr] {
          let packet = Self.mtp(frame, source)
          try writer.write(packet.span.bytes)
          written.append(packet)
        }
      }
    }
    let bad = Self.mtp(1, .hasc), long = Self.mtp(1) + [0]
    try writer.write(bad.span.bytes)
    try writer.write(long.span.bytes)
    try writer.close()
    #expect(writer.packets == UInt64(written.count))
    #expect(writer.refused == 2)
    #expect(try Reading([scratch.path]).payloads == written)
  }
}
