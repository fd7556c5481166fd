import Glibc
import NA62Formats
import PacketCapture
import Testing

@Suite struct FormatTests {
  static let packets = (1...5).map {
    Packet(seconds: UInt32($0), fraction: 123_456, frame: frame("packet \($0)"))
  }
  static let expected = (1...5).map { "packet \($0)" }

  @Test(arguments: [false, true], [false, true])
  func readsPcapOfBothByteOrdersAndPrecisions(bigEndian: Bool, nanoseconds: Bool) throws {
    let scratch = try Scratch()
    let path = try scratch.file(
      "a.pcap", pcap(Self.packets, bigEndian: bigEndian, nanoseconds: nanoseconds))
    let all = try Everything([path])
    #expect(texts(all.payloads) == Self.expected)
    #expect(all.datagrams[0].time.nanoseconds == 1_000_000_000 + (nanoseconds ? 123_456 : 123_456_000))
    #expect(all.datagrams[4].packet == PacketReference(input: 0, number: 5))
    #expect(all.datagrams[0].destinationPort == 58913)
    #expect(all.datagrams[0].sourceAddress == 0x0a00_0001)
    #expect(all.warnings.isEmpty && !all.sawDataLoss)
  }

  @Test func readsPcapng() throws {
    let scratch = try Scratch()
    let all = try Everything([try scratch.file("a", pcapng(Self.packets))])
    #expect(texts(all.payloads) == Self.expected)
    #expect(all.datagrams[0].time.nanoseconds == 1_000_123_456)
  }

  @Test func readsCompressedFilesByTheirMagicAndInSeveralMembers() throws {
    let scratch = try Scratch()
    let bytes = pcap(Self.packets)
    let (head, tail) = (Array(bytes[..<100]), Array(bytes[100...]))
    let files = [
      try scratch.file("a", gzipped(bytes)), try scratch.file("b", zstdCompressed(bytes)),
      try scratch.file("c", gzipped(head) + gzipped(tail)),
      try scratch.file("d", zstdCompressed(head) + zstdCompressed(tail)),
      try scratch.file("e", gzipped(bytes) + [0, 0, 0, 0]),
      try scratch.file("f.pcap.gz", gzipped(pcapng(Self.packets))),
    ]
    for file in files {
      let all = try Everything([file])
      #expect(texts(all.payloads) == Self.expected, "\(file)")
      #expect(all.warnings.isEmpty, "\(file)")
      #expect(try CaptureInput.sniff(file) == .capture)
    }
  }

  @Test(arguments: [true, false])
  func brokenCompressedFilesAreReadAsFarAsTheyGo(gzip: Bool) throws {
    let scratch = try Scratch()
    let bytes = try gzip ? gzipped(pcap(Self.packets)) : zstdCompressed(pcap(Self.packets))
    for length in 1..<bytes.count {
      let path = try scratch.file("cut", bytes[..<length])
      do {
        let all = try Everything([path])
        #expect(all.payloads.count <= 5)
        #expect(all.sawDataLoss && all.warnings.count == 1)
      } catch is CaptureError {}
    }
    for at in bytes.indices {
      var wrong = bytes
      wrong[at] ^= 0x55
      let path = try scratch.file("wrong", wrong)
      do { _ = try Everything([path]) } catch is CaptureError {}
    }
  }

  @Test func filesCutAtAnyByteAreReadAsFarAsTheyGo() throws {
    let scratch = try Scratch()
    for bytes in [pcap(Self.packets), pcapng(Self.packets)] {
      for length in 4..<bytes.count {
        let path = try scratch.file("cut", bytes[..<length])
        let all = try Everything([path])
        #expect(texts(all.payloads) == Array(Self.expected.prefix(all.payloads.count)))
        if let warning = all.warnings.first, all.payloads.count > 0 {
          #expect(warning.packet == UInt32(all.payloads.count))
          #expect(warning.path == path)
          #expect((warning.byteOffset ?? 0) <= UInt64(length))
        }
      }
    }
    let cut = try Everything([try scratch.file("cut", pcap(Self.packets).dropLast())])
    #expect(cut.payloads.count == 4)
    #expect(cut.sawDataLoss)
    #expect(cut.books.cutInputs == 1)
    #expect(cut.warnings[0].description.contains("after packet 4, at byte"))
  }

  @Test func readsRawIPAndLinuxCooked() throws {
    let scratch = try Scratch()
    let ip = Array(frame("inside") { $0.padsToMinimum = false }[14...])
    let cooked = [UInt8](repeating: 0, count: 14) + [8, 0] + ip
    let cooked2: [UInt8] = [8, 0] + [UInt8](repeating: 0, count: 18) + ip
    for (link, bytes) in [(101, ip), (113, cooked), (276, cooked2)] as [(UInt32, [UInt8])] {
      let path = try scratch.file("a", pcap([Packet(seconds: 1, frame: bytes)], link: link))
      #expect(texts(try Everything([path]).payloads) == ["inside"])
    }
  }

  @Test func readsThroughAPipe() throws {
    let scratch = try Scratch()
    for bytes in [pcap(Self.packets), try gzipped(pcap(Self.packets))] {
      var ends: [Int32] = [0, 0]
      try #require(pipe(&ends) == 0)
      try #require(write(ends[1], bytes, bytes.count) == bytes.count)
      close(ends[1])
      let all = try Everything(["/dev/fd/\(ends[0])"])
      close(ends[0])
      #expect(texts(all.payloads) == Self.expected)
    }
    _ = scratch
  }

  @Test func anEmptyCaptureIsFine() throws {
    let scratch = try Scratch()
    let all = try Everything([try scratch.file("a", pcap([])), try scratch.file("b", pcap(Self.packets))])
    #expect(all.payloads.count == 5)
    #expect(all.warnings.map(\.isDataLoss) == [false])
    #expect(all.warnings.first?.description.contains("/a: there is no packet behind the header") == true)
  }

  @Test func anythingMutatedClosesItsBooks() throws {
    let scratch = try Scratch()
    var builder = UDPFrameBuilder()
    builder.ipOptions = [1, 1, 1, 1]
    builder.vlanTags = [5, 6]
    var packets = Self.packets
    for piece in builder.fragments(payload: [UInt8](repeating: 7, count: 400), mtu: 120) {
      packets.append(Packet(seconds: 6, frame: piece))
    }
    var random = SplitMix(state: 62)
    for base in [pcap(packets), pcapng(packets)] {
      for _ in 0..<400 {
        var bytes = base
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let path = try scratch.file("m", bytes)
        var options = CaptureOptions()
        options.slabSize = 1024
        do { _ = try Everything([path], options) } catch is CaptureError {}
      }
    }
  }
}
