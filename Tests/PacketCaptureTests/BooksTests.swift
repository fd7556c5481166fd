import PacketCapture
import Testing

@Suite struct BooksTests {
  @Test func mergingIsCommutativeWithANeutralElement() {
    var a = CaptureBooks()
    a.packets = 3
    a.arp = 1
    a.fragmentsPending = 2
    var b = CaptureBooks()
    b.packets = 5
    b.fragmentsPending = -2
    var ab = a
    ab += b
    var ba = b
    ba.merge(a)
    #expect(ab == ba && ab.packets == 8 && ab.fragmentsPending == 0)
    ab += CaptureBooks()
    #expect(ab == ba)
  }

  @Test func anUnaccountedPacketShowsAsImbalance() {
    var books = CaptureBooks()
    #expect(books.closes)
    books.packets = 2
    books.arp = 1
    #expect(books.imbalance == 1 && !books.closes)
    books.datagrams = 1
    #expect(books.closes)
    books.fragmentsPending = 1
    #expect(!books.closes)
    #expect(Set(books.entries.map(\.name)).count == books.entries.count)
    #expect(books.entries.first { $0.name == "arp" }?.count == 1)
  }
}
