import Configuration
import PacketCapture
import TriggerPipeline

/// What `spillway replay` does with `--send` and `--interface`: the recorded packets back on the wire.
struct ReplaySending {
  let input: any SessionInput
  let destination: PacketSender.Destination
  let feed: PacketFeed
  /// Share of the packets that may fail before the exit code is 3.
  let tolerance: Double
  let isJSON: Bool

  /// Sends all packets when they are due, and tells what became of them.
  func run() async throws {
    let sink: SendingSink
    do throws(CaptureError) { sink = try SendingSink(destination) } catch { throw Failure.usage(error) }
    let reader = InputReader(notes: input.warnings.map { "\($0)" }) { [input, takesFrames] in
      let source = try input.open(layout: nil, run: nil, widePrimitives: [])
      if takesFrames, let links = (source as? CaptureReader)?.links,
        let link = links.first(where: { $0 != .ethernet })
      {
        throw Failure.usage("--interface: the frames of \(input) are not Ethernet's but \(link); use --send")
      }
      return source
    }
    try await reader.run(stopping: feed) { [feed] source in
      try await feed.run(source: source) { await sink.take($0) }
    }
    let (sent, capture) = await sink.books
    if isJSON {
      Terminal.out(
        ConfigValue.map([
          .init("destination", .string("\(destination)")),
          .init("capture", .map(capture.entries.map { .init($0.name, .int(Int(clamping: $0.count))) })),
          .init("sent", .map(sent.entries.map { .init($0.name, .int(Int(clamping: $0.count))) })),
        ]).json() + "\n")
    } else {
      let failed = sent.entries.filter { $0.name.hasPrefix("failed") && $0.count > 0 }
      Terminal.out(
        "\(input) to \(destination)\n"
          + "capture: \(capture.packets) packets, \(capture.datagrams) to be sent\n"
          + "sent: \(sent.sent) of \(sent.packets) packets, \(sent.bytes) bytes"
          + failed.map { ", \($0.name) \($0.count)" }.joined() + "\n")
    }
    if !sent.closes || !capture.closes || sent.packets != capture.datagrams {
      throw Failure(message: "the books do not close: a defect of Spillway, please report it", code: 1)
    }
    let share = sent.packets > 0 ? Double(sent.packets - sent.sent) / Double(sent.packets) : 0
    if share > tolerance {
      throw Failure(
        message: "\(TextShare.percent(share)) of the packets could not be sent, more than --tolerance "
          + TextShare.percent(tolerance), code: 3)
    }
  }

  private var takesFrames: Bool {
    if case .interface = destination { return true }
    return false
  }
}

/// The task that sends.
actor SendingSink {
  private let sender: PacketSender
  private var capture = CaptureBooks()

  init(_ destination: PacketSender.Destination) throws(CaptureError) {
    sender = try PacketSender(to: destination)
  }

  func take(_ batch: PacketBatch) -> Bool {
    capture += batch.books
    sender.send(batch)
    return true
  }

  var books: (sent: SenderBooks, capture: CaptureBooks) { (sender.books, capture) }
}
