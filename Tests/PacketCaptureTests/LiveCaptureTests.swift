import Glibc
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("A live capture", .enabled(if: Loopback.mayCapture, LiveFixture.excuse))
struct LiveCaptureTests {
  private func capture(
    _ filter: String, _ stop: LiveControl, _ change: (inout LiveOptions) -> Void = { _ in }
  ) throws -> LiveCapture {
    var options = LiveOptions(filter: filter)
    change(&options)
    return try LiveCapture(interface: "lo", options: options, control: stop)
  }

  @Test("takes what is sent over the loopback once, in order, with the time of day")
  func takesEachOnce() throws {
    let port: UInt16 = 40101
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: port), stop)
    let sender = try PacketSender(to: .init(host: "\(Loopback.host):recorded"))
    let before = time(nil)
    let payloads = (0..<3000).map { number in (0..<(number % 1400 + 2)).map { UInt8(($0 + number) & 255) } }
    sender.send(LiveFixture.batch(payloads, port: port))
    stop.stop()
    let run = LiveFixture.Run(capture)
    let isSame = run.payloads == payloads
    #expect(isSame, "\(run.payloads.count) packets came")
    #expect(run.books.packets == 3000)
    #expect(run.books.kernelDropped == 0)
    #expect(run.times == run.times.sorted())
    let seconds = run.times.map { $0.nanoseconds / 1_000_000_000 }
    #expect(seconds.allSatisfy { $0 >= before - 1 && $0 <= time(nil) + 1 })
    #expect(run.times.contains { $0.nanoseconds % 1000 != 0 })
    #expect(capture.warnings.isEmpty)
    #expect(sender.books.sent == 3000)
    withExtendedLifetime(sink) {}
  }

  @Test("leaves out what comes after the stop")
  func stops() throws {
    let port: UInt16 = 40102
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: port), stop)
    let sender = try PacketSender(to: .init(host: "\(Loopback.host):\(port)"))
    sender.send(LiveFixture.batch([[1], [2]], port: port))
    usleep(5000)
    stop.stop()
    usleep(5000)
    sender.send(LiveFixture.batch([[3]], port: port))
    let run = LiveFixture.Run(capture)
    #expect(run.payloads == [[1], [2]])
    withExtendedLifetime(sink) {}
  }

  @Test("goes on to the end of the burst where it is to stop there")
  func stopsAtBurstEnd() throws {
    let port: UInt16 = 58913
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    var watch = BurstWatch()
    watch.burst.flushAfter = 0.5
    let capture = try capture(Loopback.filter(port: port), stop) {
      $0.pauseMilliseconds = 60_000
      $0.reading.burstWatch = watch
    }
    let sender = try PacketSender(to: .init(host: Loopback.host))
    stop.stopAtBurstEnd()
    sender.send(LiveFixture.batch([[1]], port: port))
    while try #require(capture.next()).datagrams.isEmpty {}
    let end = L0TPRecord.trigger(.endOfBurst, .physics).bytes
    sender.send(PacketBatch([ScriptedPacket(.l0tp, first: 9, [end], isLast: true)]))
    sender.send(LiveFixture.batch([[2]], port: port))
    usleep(600_000)
    sender.send(LiveFixture.batch([[3]], port: port))
    let run = LiveFixture.Run(capture)
    #expect(run.payloads.count == 2 && run.payloads.last == [2])
    withExtendedLifetime(sink) {}
  }

  @Test("stops at once where no burst is under way")
  func stopsBetweenBursts() throws {
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: 40108), stop) { $0.pauseMilliseconds = 20 }
    stop.stopAtBurstEnd()
    let run = LiveFixture.Run(capture)
    #expect(run.payloads.isEmpty)
  }

  @Test("gives out a packet that waits alone, and empty batches while nothing comes")
  func quiet() throws {
    let port: UInt16 = 40103
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: port), stop) { $0.idleMilliseconds = 20 }
    let empty = try #require(capture.next())
    #expect(empty.datagrams.isEmpty && empty.books == CaptureBooks())
    try PacketSender(to: .init(host: Loopback.host)).send(LiveFixture.batch([[7]], port: port))
    var seen = 0
    for _ in 0..<100 where seen == 0 { seen = try #require(capture.next()).datagrams.count }
    #expect(seen == 1)
    // Its time passes when nothing of before it can come any more.
    let first = try #require(capture.next()).watermark
    var last = first
    for _ in 0..<100 where last == first { last = try #require(capture.next()).watermark }
    #expect(last > first)
    stop.stop()
    while let batch = capture.next() { #expect(batch.datagrams.isEmpty) }
    withExtendedLifetime(sink) {}
  }

  @Test("counts what the kernel drops where its buffer is full")
  func drops() throws {
    let port: UInt16 = 40104
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: port), stop) { $0.bufferMiB = 1 }
    let sender = try PacketSender(to: .init(host: Loopback.host))
    let batch = LiveFixture.batch(
      Array(repeating: [UInt8](repeating: 1, count: 1400), count: 1000), port: port)
    for _ in 0..<10 { sender.send(batch) }
    stop.stop()
    let run = LiveFixture.Run(capture)
    #expect(run.books.kernelDropped > 0)
    #expect(run.books.packets > 0)
    #expect(run.books.offered == 10_000)
    #expect(run.books.damaged == run.books.kernelDropped)
    #expect(stop.drops.kernel == run.books.kernelDropped)
    #expect(capture.warnings.map(\.isDataLoss) == [true])
    #expect(capture.warnings.first?.description.contains("buffer of 1 MiB") == true)
    withExtendedLifetime(sink) {}
  }

  @Test("reads fragments, damage and noise as a file does")
  func hostile() throws {
    let number: UInt8 = 5
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(from: number), stop)
    let sender = try PacketSender(to: .interface("lo"))
    var random = SplitMix64(seed: 7)
    var builder = UDPFrameBuilder()
    let long = random.bytes(6000)
    var frames: [[UInt8]] = []
    for index in 0..<400 {
      builder.identification = UInt16(index)
      switch index % 4 {
      case 0: frames += builder.fragments(payload: long, mtu: 1500)
      case 1: frames.append(Array(builder.frame(payload: long.prefix(index)).dropLast(random.below(20))))
      case 2:
        var frame = builder.frame(payload: long.prefix(100))
        for _ in 0..<4 { frame[14 + random.below(frame.count - 14)] = UInt8(random.below(256)) }
        frames.append(frame)
      default: frames.append(builder.frame(payload: []).prefix(14) + random.bytes(random.below(200)))
      }
    }
    let batch = LiveFixture.frames(frames, from: number)
    sender.send(batch)
    stop.stop()
    let run = LiveFixture.Run(capture)
    #expect(sender.books.sent == UInt64(frames.count))
    #expect(run.books.packets == UInt64(frames.count))

    // The same frames from a file have the same books and quarantine.
    let scratch = try Scratch()
    let path = scratch.name("same.pcap")
    let writer = try CaptureWriter(path: path)
    for datagram in batch.datagrams {
      try writer.write(
        frame: batch.bytes[datagram.frameOffset..<datagram.frameOffset + datagram.frameLength],
        time: DataTime(nanoseconds: 1))
    }
    try writer.close()
    let file = try Everything([path])
    #expect(run.books == file.books)
    let (isSame, hasLong) = (run.payloads == file.payloads, run.payloads.contains(long))
    #expect(isSame && hasLong)
    #expect(run.reasons == file.reasons)
    #expect(run.reasons.count > 50)
  }

  @Test("counts packets longer than its snap length as cut")
  func snapLength() throws {
    let port: UInt16 = 40106
    let sink = try Loopback.Sink(port: port)
    let stop = try LiveControl()
    let capture = try capture(Loopback.filter(port: port), stop) { $0.snapLength = 100 }
    let sender = try PacketSender(to: .init(host: Loopback.host))
    sender.send(LiveFixture.batch([[1], [UInt8](repeating: 2, count: 300), [3]], port: port))
    stop.stop()
    let run = LiveFixture.Run(capture)
    #expect(run.payloads == [[1], [3]])
    #expect(run.reasons == [.truncatedBySnaplen])
    withExtendedLifetime(sink) {}
  }

  @Test("puts recorded frames back on the wire as they were")
  func framesAsTheyWere() throws {
    let number: UInt8 = 7
    let scratch = try Scratch()
    let path = scratch.name("frames.pcap")
    var builder = UDPFrameBuilder()
    builder.vlanTags = [5]
    let frames = builder.fragments(payload: [UInt8](repeating: 9, count: 3000), mtu: 1420)
    let batch = LiveFixture.frames(frames + [Array("not Ethernet at all".utf8)], from: number)
    let writer = try CaptureWriter(path: path)
    for datagram in batch.datagrams {
      try writer.write(
        frame: batch.bytes[datagram.frameOffset..<datagram.frameOffset + datagram.frameLength],
        time: DataTime(nanoseconds: 1), originalLength: datagram.frameLength)
    }
    try writer.write(frame: frames[0].prefix(20), time: DataTime(nanoseconds: 2), originalLength: 1400)
    try writer.close()
    let stop = try LiveControl()
    var reading = LiveOptions(filter: Loopback.filter(from: number))
    reading.reading.takesFrames = true
    let capture = try LiveCapture(interface: "lo", options: reading, control: stop)
    var options = CaptureOptions()
    options.takesFrames = true
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: options)
    #expect(reader.links == [.ethernet])
    let sender = try PacketSender(to: .interface("lo"))
    while let batch = try reader.next() { sender.send(batch) }
    stop.stop()
    let run = LiveFixture.Run(capture)
    #expect(reader.books.truncated == 1 && reader.books.closes)
    #expect(sender.books.packets == UInt64(frames.count) + 1)
    #expect(sender.books.closes)
    // The kernel takes a VLAN tag out of a received frame, and libpcap puts it back.
    let sent = batch.datagrams.map {
      Array(batch.bytes[$0.payloadOffset..<$0.payloadOffset + $0.payloadLength])
    }
    let isSame = run.payloads == sent
    #expect(isSame, "\(run.payloads.map(\.count)) bytes came, \(sent.map(\.count)) were sent")
  }
}
