import NA62Formats
import PacketCapture
import Testing

@Suite struct HeaderTests {
  private func only(_ frame: [UInt8], wireLength: Int? = nil) throws -> Everything {
    let scratch = try Scratch()
    let path = try scratch.file("a", pcap([Packet(seconds: 1, frame: frame, wireLength: wireLength)]))
    return try Everything([path])
  }

  @Test func vlanTagsOptionsAndPaddingAreHonoured() throws {
    for tags in [[], [7], [7, 8], [1, 2, 3]] as [[UInt16]] {
      for options in [0, 4, 7, 40] {
        let bytes = frame("x") {
          $0.vlanTags = tags
          $0.ipOptions = [UInt8](repeating: 1, count: options)
        }
        let all = try only(bytes)
        #expect(texts(all.payloads) == ["x"])
        #expect(all.datagrams[0].frameLength == bytes.count)
      }
    }
  }

  @Test func otherKindsAreCountedAndNotQuarantined() throws {
    var bytes = frame("x")
    func kind(_ at: Int, _ value: UInt8, _ next: UInt8? = nil) throws -> Everything {
      var changed = bytes
      changed[at] = value
      if let next { changed[at + 1] = next }
      let all = try only(changed)
      #expect(all.payloads.isEmpty && all.reasons.isEmpty)
      return all
    }
    #expect(try kind(12, 0x08, 0x06).books.arp == 1)
    #expect(try kind(12, 0x86, 0xdd).books.ipv6 == 1)
    #expect(try kind(12, 0x88, 0xcc).books.otherEtherType == 1)
    #expect(try kind(12, 0x00, 0x26).books.notEthernetII == 1)
    #expect(try kind(23, 1).books.icmp == 1)
    #expect(try kind(23, 6).books.tcp == 1)
    #expect(try kind(23, 47).books.otherProtocol == 1)
    bytes = []
  }

  @Test func malformedHeadersGoToTheQuarantineWithTheirReason() throws {
    func changed(_ changes: [Int: UInt8]) -> [UInt8] {
      var bytes = frame("payload of some length that needs no padding")
      for (at, value) in changes { bytes[at] = value }
      return bytes
    }
    let cases: [([UInt8], RejectReason)] = [
      (Array(frame("x")[..<13]), .linkHeader),
      (Array(frame("x")[..<20]), .ipv4Header),
      (changed([14: 0x65]), .ipv4Header),
      (changed([14: 0x44]), .ipv4Header),
      (changed([16: 0, 17: 19]), .ipv4Length),
      (changed([16: 0xff, 17: 0xff]), .ipv4Length),
      (changed([16: 0, 17: 27]), .udpHeader),
      (changed([38: 0, 39: 7]), .udpLength),
      (changed([38: 0xff, 39: 7]), .udpLength),
      (changed([20: 0x20, 21: 1, 17: 33]), .ipv4Fragment),
    ]
    for (bytes, reason) in cases {
      let all = try only(bytes)
      #expect(all.reasons == [reason])
      #expect(all.rejectedFrames == [bytes])
      #expect(all.payloads.isEmpty)
    }
  }

  @Test func aDatagramCutBySnaplenIsRejectedAndCutPaddingIsNot() throws {
    let long = frame(String(repeating: "y", count: 200))
    for length in 1..<long.count {
      let all = try only(Array(long[..<length]), wireLength: long.count)
      #expect(all.reasons == [.truncatedBySnaplen])
      #expect(all.books.truncated == 1)
    }
    let padded = frame("z")
    #expect(texts(try only(Array(padded[..<43]), wireLength: 60).payloads) == ["z"])
  }

  @Test func aUDPLengthShorterThanTheIPPayloadDropsTheRest() throws {
    var bytes = frame("abcdefghijklmnopqrstuvwxyz")
    bytes[39] = 11
    #expect(texts(try only(bytes).payloads) == ["abc"])
  }

  @Test func anEmptyDatagramIsADatagram() throws {
    #expect(texts(try only(frame("")).payloads) == [""])
  }
}
