import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

/// What the tests of live captures share.
enum LiveFixture {
  static let excuse: Comment = "capturing on lo needs CAP_NET_RAW"

  /// All that a capture gave until its end.
  struct Run {
    var payloads: [[UInt8]] = []
    var times: [DataTime] = []
    var reasons: [RejectReason] = []
    var books = CaptureBooks()
    var watermarks: [DataTime] = []

    mutating func add(_ batch: PacketBatch) {
      #expect(batch.books.closes)
      #expect(batch.books.datagrams == UInt64(batch.datagrams.count))
      for datagram in batch.datagrams {
        times.append(datagram.time)
        payloads.append(
          Array(batch.bytes[datagram.payloadOffset..<datagram.payloadOffset + datagram.payloadLength]))
      }
      reasons += batch.rejects.map(\.reason)
      books += batch.books
      watermarks.append(batch.watermark)
    }

    /// The rest of a capture, behind what was taken before.
    init(_ capture: LiveCapture) {
      var all = capture.books
      while let batch = capture.next() { add(batch) }
      all += books
      #expect(capture.books == all)
      #expect(books.closes)
      #expect(capture.next() == nil)
    }
  }

  /// A batch of datagrams for a port.
  static func batch(_ payloads: [[UInt8]], port: UInt16) -> PacketBatch {
    PacketBatch(payloads.map { ScriptedPacket($0, port: port) })
  }

  /// A batch of frames, whose source gets a hardware address with this number.
  static func frames(_ frames: [[UInt8]], from number: UInt8) -> PacketBatch {
    PacketBatch(
      frames.map { frame in
        var frame = frame
        if frame.count >= 14 {
          frame.replaceSubrange(0..<12, with: [2, 0, 0, 0, 0, 2] + Loopback.hardware(number))
        }
        return ScriptedPacket(frame)
      })
  }
}
