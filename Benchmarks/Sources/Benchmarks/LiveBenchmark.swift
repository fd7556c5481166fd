import Foundation
import NA62Formats
import PacketCapture
import TriggerPipeline

/// What a live capture on the loopback takes without loss while a second process sends packets of 1400 bytes, and how
/// long after its stamp a packet is handed on.
struct LiveBenchmark {
  private static let address: UInt32 = 0x7F07_0707
  private static let port: UInt16 = 58913
  private static let payload = 1400
  /// Time that each rate takes, in s.
  let seconds: Double

  /// What came.
  private struct Seen: Sendable {
    var books = CaptureBooks()
    var first: Int64?
    var last: Int64 = 0
    var batches = 0
    var lateness = StageTiming()

    mutating func add(_ batch: PacketBatch, now: Int64) {
      books += batch.books
      guard let last = batch.datagrams.last?.time.nanoseconds else { return }
      first = first ?? batch.datagrams[0].time.nanoseconds
      self.last = last
      batches += 1
      for datagram in batch.datagrams { lateness.add(UInt64(max(0, now - datagram.time.nanoseconds))) }
    }
  }

  private actor Taker {
    var seen = Seen()
    func take(_ batch: PacketBatch, now: Int64) -> Bool {
      seen.add(batch, now: now)
      return true
    }
  }

  func run() async throws {
    print("live capture on lo: UDP of \(Self.payload) bytes from a second process, \(seconds) s at each rate")
    for rate in [50_000, 100_000, 200_000, 400_000] {
      let seen = try await capture(rate: rate, LiveOptions())
      report(seen, "\(rate)/s asked for")
    }
  }

  private func capture(rate: Int, _ options: LiveOptions) async throws -> Seen {
    var options = options
    options.filter = "udp and dst host 127.7.7.7"
    let stop = try LiveControl()
    let feed = PacketFeed(live: stop)
    let sender = Process()
    sender.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    sender.arguments = ["live-sender", "\(rate)", "\(seconds)"]
    sender.terminationHandler = { _ in feed.stop() }
    let taker = Taker()
    try await feed.run(source: { [options] in
      let capture = try LiveCapture(interface: "lo", options: options, control: stop)
      try sender.run()
      return { capture.next() }
    }) { await taker.take($0, now: Self.now()) }
    return await taker.seen
  }

  private func report(_ seen: Seen, _ name: String) {
    let span = Double(seen.last - (seen.first ?? seen.last)) * 1e-9
    print(
      "  \(name): \(seen.books.offered) packets in \((span * 1000).rounded() / 1000) s, "
        + "\(Int(Double(seen.books.offered) / max(span, 1e-9)))/s; dropped \(seen.books.kernelDropped); "
        + "\(seen.books.packets / UInt64(max(1, seen.batches))) in a batch; handed on after "
        + "\(Int(seen.lateness.quantile(0.5) ?? 0)) µs in the median, \(Int(seen.lateness.quantile(0.99) ?? 0)) µs at the "
        + "99th percentile (limit 50 000)")
  }

  /// The second process: sends at a rate.
  static func send(rate: Int, seconds: Double) async throws {
    // Takes what is sent and never reads it, so that nobody answers that the port is closed.
    let sink = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var size: Int32 = 1
    setsockopt(sink, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    var local = sockaddr_in()
    local.sin_family = UInt16(AF_INET)
    local.sin_port = port.bigEndian
    local.sin_addr.s_addr = address.bigEndian
    _ = withUnsafePointer(to: &local) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(sink, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let sender = try Sender(PacketSender(to: .host(address: address, port: nil)))
    let packets = Int(Double(rate) * seconds)
    try await PacketFeed(speed: 1).run(source: { stream(packets, rate: rate) }) { await sender.take($0) }
    close(sink)
  }

  private actor Sender {
    private let sender: PacketSender
    init(_ sender: sending PacketSender) { self.sender = sender }
    func take(_ batch: PacketBatch) -> Bool {
      sender.send(batch)
      return true
    }
  }

  private static func stream(_ packets: Int, rate: Int) -> () throws -> PacketBatch? {
    let bytes = ContiguousArray<UInt8>(repeating: 7, count: payload)
    var made = 0
    return {
      guard made < packets else { return nil }
      let range = made..<min(packets, made + 180)
      made = range.upperBound
      let datagrams = ContiguousArray(
        range.map { number in
          Datagram(
            time: DataTime(nanoseconds: Int64(Double(number) / Double(rate) * 1e9)),
            packet: PacketReference(input: 0, number: UInt32(truncatingIfNeeded: number + 1)), frameOffset: 0,
            frameLength: payload, payloadOffset: 0, payloadLength: payload, sourceAddress: 0,
            destinationAddress: 0, sourcePort: 0, destinationPort: port)
        })
      return PacketBatch(bytes: bytes, datagrams: datagrams, watermark: DataTime(nanoseconds: 0))
    }
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
