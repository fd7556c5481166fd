import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("What interfaces and destinations are refused, and the books of a sender")
struct SenderTests {
  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as CaptureError { return error.description } catch { return "other" }
    return "none"
  }

  @Test("an interface, a filter or a destination that cannot be used is told in one line")
  func errors() throws {
    let stop = try LiveControl()
    let may = Loopback.mayCapture
    let cases: [(String, String)] = [
      (
        message { _ = try LiveCapture(interface: "nowhere0", control: stop) },
        may
          ? "interface nowhere0: there is none of this name; there are lo"
          : "interface nowhere0: not permitted"
      ),
      (
        message { _ = try PacketSender(to: .interface("nowhere0")) },
        "there is none of this name; there are lo"
      ),
      (
        message {
          _ = try LiveCapture(interface: "lo", options: LiveOptions(filter: "no such"), control: stop)
        },
        may ? "filter 'no such': " : "CAP_NET_RAW"
      ),
      (message { _ = try PacketSender.Destination(host: "127.0.0.1:x") }, "'x' is no port from 1 to 65535"),
      (message { _ = try PacketSender.Destination(host: "127.0.0.1:0") }, "'0' is no port"),
      (message { _ = try PacketSender.Destination(host: "127.0.0.1:70000") }, "'70000' is no port"),
      (message { _ = try PacketSender.Destination(host: ":5") }, "not a host and a port"),
      (message { _ = try PacketSender.Destination(host: "a:b:c") }, "give HOST for the recorded ports"),
    ]
    for (text, part) in cases {
      #expect(text.contains(part), "\(text)")
      #expect(!text.contains("\n"))
    }
    #expect(try PacketSender.Destination(host: "127.0.0.1:9").description == "127.0.0.1:9")
    #expect(try PacketSender.Destination(host: "127.0.0.1").description == "127.0.0.1:recorded")
  }

  @Test("what cannot be sent is counted by its reason, and the rest goes")
  func books() throws {
    let sink = try Loopback.Sink(port: 40201)
    let sender = try PacketSender(to: .host(address: Loopback.address, port: 40201))
    let payloads = (0..<200).map { [UInt8](repeating: 1, count: $0 == 70 ? 65_530 : 10) }
    sender.send(LiveFixture.batch(payloads, port: 1))
    #expect(sender.books.closes)
    #expect(sender.books.packets == 200)
    #expect(sender.books.sent == 199)
    #expect(sender.books.bytes == 1990)
    #expect(sender.books.failed == [.tooLong: 1])
    #expect(sender.books.entries.first { $0.name == "failed-too-long" }?.count == 1)
    let recorded = try PacketSender(to: .host(address: Loopback.address, port: nil))
    recorded.send(LiveFixture.batch([[1], [2]], port: 0))
    #expect(recorded.books.sent == 0)
    #expect(recorded.books.failed == [.other: 2])
    var sum = sender.books
    sum += recorded.books
    #expect(sum.closes && sum.packets == 202)
    withExtendedLifetime(sink) {}
  }
}
