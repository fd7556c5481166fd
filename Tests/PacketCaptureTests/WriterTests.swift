import CPcap
import NA62Formats
import PacketCapture
import Testing

@Suite struct WriterTests {
  @Test(arguments: [CaptureWriter.Precision.microseconds, .nanoseconds])
  func whatIsWrittenIsReadBack(precision: CaptureWriter.Precision) throws {
    let scratch = try Scratch()
    let path = scratch.name("out.pcap")
    let writer = try CaptureWriter(path: path, precision: precision)
    for n in 0..<1000 {
      try writer.write(frame: frame("\(n)"), time: DataTime(nanoseconds: Int64(n) * 1_000_001_000 + 7))
    }
    #expect(throws: CaptureError.self) { try writer.write(frame: [0], time: DataTime(nanoseconds: -1)) }
    try writer.close()
    let all = try Everything([path])
    #expect(texts(all.payloads) == (0..<1000).map(String.init))
    #expect(all.datagrams[1].time.nanoseconds == 1_000_001_000 + (precision == .nanoseconds ? 7 : 0))
    #expect(writer.packetCount == 1000)
  }

  @Test func aFrameAppendedInPlaceIsTheOneThatIsMade() {
    var builder = UDPFrameBuilder()
    builder.sourceAddress = 0xC0A8_0107
    builder.identification = 0xFEDC
    for padsToMinimum in [true, false] {
      builder.padsToMinimum = padsToMinimum
      var bytes: ContiguousArray<UInt8> = [1]
      var expected: [UInt8] = [1]
      for length in [0, 1, 17, 18, 19, 1472, 8972, 65_507] {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let isAppended = builder.append(payload: payload, to: &bytes)
        #expect(isAppended)
        expected += builder.frame(payload: payload)
      }
      #expect(Array(bytes) == expected)
    }
    var none: ContiguousArray<UInt8> = []
    #expect(!builder.append(payload: [UInt8](repeating: 0, count: 65_508), to: &none))
    builder.vlanTags = [7]
    #expect(!builder.append(payload: [1], to: &none) && none.isEmpty)
  }

  @Test func theQuarantineShowsTheReasonOfEachPacket() throws {
    let scratch = try Scratch()
    var wrong = frame("abc")
    wrong[14] = 0x65
    let cut = Array(frame(String(repeating: "u", count: 99))[..<77])
    let path = try scratch.file(
      "a",
      pcap([
        Packet(seconds: 1, frame: frame("good")), Packet(seconds: 2, fraction: 5, frame: wrong),
        Packet(seconds: 3, frame: cut, wireLength: 141),
      ]))
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    let out = scratch.name("quarantine.pcapng")
    let quarantine = QuarantineWriter(path: out)
    #expect(throws: CaptureError.noSuchFile(path: out)) { try read(out) }
    while let batch = try reader.next() { try quarantine.write(batch) }
    try quarantine.close()
    #expect(quarantine.packetCount == 2)

    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    let handle = try #require(
      pcap_open_offline_with_tstamp_precision(out, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message))
    defer { pcap_close(handle) }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    var frames: [[UInt8]] = []
    var wire: [UInt32] = []
    while pcap_next_ex(handle, &header, &data) == 1, let header, let data {
      frames.append(Array(UnsafeBufferPointer(start: data, count: Int(header.pointee.caplen))))
      wire.append(header.pointee.len)
      if frames.count == 1 { #expect(header.pointee.ts.tv_sec == 2 && header.pointee.ts.tv_usec == 5000) }
    }
    #expect(frames == [wrong, cut])
    #expect(wire == [60, 141])
    let text = String(decoding: try read(out), as: UTF8.self)
    #expect(text.contains("ipv4-header (input 0 packet 2)"))
    #expect(text.contains("truncated-by-snaplen (input 0 packet 3)"))
  }
}
