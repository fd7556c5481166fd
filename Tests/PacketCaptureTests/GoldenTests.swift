import CPcap
import Glibc
import PacketCapture
import Testing

@Suite struct GoldenTests {
  static let path: String = {
    let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
    return "/" + root + "/shared/golden/l1/ordered.pcap.gz"
  }()

  @Test(.enabled(if: access(Self.path, R_OK) == 0))
  func theGoldenCaptureIsReadWhole() throws {
    let scratch = try Scratch()
    let plain = try scratch.file("plain", read(Self.path))
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    let handle = try #require(pcap_open_offline(plain, &message))
    defer { pcap_close(handle) }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    var count: UInt64 = 0
    while pcap_next_ex(handle, &header, &data) == 1 { count += 1 }
    for path in [Self.path, plain] {
      let all = try Everything([path])
      #expect(all.books.packets == count && count > 0)
      #expect(all.books.datagrams == count)
      #expect(all.reasons.isEmpty && all.warnings.isEmpty)
    }
  }
}
