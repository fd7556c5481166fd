import Foundation
import L0Trigger
import NA62Formats
import PacketCapture
import Synchronization
import TriggerPipeline

/// Measures the emulation of the L0 trigger processor at NA62's design input: seven detectors at 10 MHz each.
///
///     swift run -c release --package-path Benchmarks Benchmarks l0 [MENU]
struct L0Benchmark {
  /// Frames of 256 clock periods: 0.26 s of a burst.
  private static let frames = 40_000
  private static let frameSeconds = 256 * ClockTicks.strawPeriod * 1e-9

  private let path: String
  private let menu: L0Menu
  private let primitives: Int
  private let duration: Double

  init(menu path: String) throws {
    menu = try L0Menu.load(path: path)
    self.path = NSTemporaryDirectory() + "spillway-l0-benchmark-\(getpid()).pcap"
    primitives = try Self.write(self.path)
    duration = Double(Self.frames) * Self.frameSeconds
  }

  /// Writes the stream: in each frame 64 primitives of each detector, half of them near to a common time.
  private static func write(_ path: String) throws -> Int {
    let writer = try CaptureWriter(path: path)
    var state: UInt64 = 1
    func random() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state &* 0x2545_F491_4F6C_DD1D >> 16
    }
    var builder = UDPFrameBuilder()
    builder.destinationPort = MTP.port
    var written = 0
    for frame in 0..<frames {
      let common = (0..<32).map { _ in Int(random() & 0xFFFF) }
      for detector in L0Detector.allCases {
        var times = common.map { min(max($0 + Int(random() % 80) - 40, 0), 65535) }
        for _ in 0..<32 { times.append(Int(random() & 0xFFFF)) }
        times.sort()
        var packet = MTPEncoder(timestamp: UInt32(frame + 2), source: detector.sources[0])
        for time in times {
          let full = UInt64(frame) << 16 + UInt64(time)
          // Bit 14 mostly, the others now and then, as in a menu's mixture of conditions.
          let bits = UInt16(truncatingIfNeeded: random() & random() & random()) & 0x3F00
          let fits = packet.append(
            Primitive(
              timestamp: UInt32(truncatingIfNeeded: full >> 8), fineTime: UInt8(truncatingIfNeeded: full),
              identifier: 0x4000 | bits))
          written += fits ? 1 : 0
        }
        let frameBytes = builder.frame(payload: packet.bytes)
        let time = Int64(Double(frame) * frameSeconds * 1e9)
        try writer.write(frame: frameBytes, time: DataTime(nanoseconds: time))
      }
    }
    try writer.close()
    return written
  }

  func run() async throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    print(
      "L0: \(primitives) primitives of seven detectors in \(Benchmarks.ms(duration)) ms of a burst "
        + "(\(rate(duration)) M/s), menu \(menu.name)")
    let bare = Benchmarks.best(of: 7) { Benchmarks.bareLoop(path) }
    print("  pcap_next_ex loop over the file: \(rate(bare)) M/s, \(realTime(bare))")
    let reading = try Benchmarks.best(of: 7) { _ = try read { _ in } }
    print("  reading and UDP: \(rate(reading)) M/s, \(Benchmarks.ratio(reading, bare)) x libpcap's loop")
    var sum: UInt64 = 0
    let decoding = try Benchmarks.best(of: 7) {
      try read { payload in
        guard let header = MTPHeader(payload) else { return }
        MTP.forEachPrimitive(of: payload, header: header) { sum &+= UInt64($0.timestamp) }
      }
    }
    if sum == 1 { print("never") }
    print("  reading, UDP, decoding: \(rate(decoding)) M/s")
    var others: [L0Menu] = []
    for i in 0..<16 {
      var other = menu
      // As in a study: each menu with other downscalings, and another condition in one line.
      for line in other.masks.indices { other.masks[line].downscaling = L0Downscaling(UInt32(i + 1)) }
      if i > 0, !other.masks.isEmpty {
        other.masks[i % other.masks.count].condition[.lav12, 14] = i % 2 == 0 ? .forbidden : .required
      }
      others.append(i == 0 ? menu : other)
    }
    // Menus in turn, so that all meet the same machine; the time of the thread, and of the clock.
    var thread: (one: [Double], sixteen: [Double]) = ([], [])
    var clock: (one: [Double], sixteen: [Double], watched: [Double]) = ([], [], [])
    for _ in 0..<7 {
      thread.one.append(try emulate([menu]))
      thread.sixteen.append(try emulate(others))
      clock.one.append(try await pipeline([menu], monitors: false))
      clock.sixteen.append(try await pipeline(others, monitors: false))
      clock.watched.append(try await pipeline([menu], monitors: true))
    }
    let one = thread.one.min() ?? 1
    let sixteen = thread.sixteen.min() ?? 1
    print("  whole, one thread: \(rate(one)) M/s of its own time, \(realTime(one))")
    let emulation = max(0, one - decoding)
    print("  of it alignment and matching: \(rate(emulation)) M/s")
    let piped = clock.one.min() ?? 1
    print(
      "  whole, as replayed (reading beside emulation): \(rate(piped)) M/s, \(realTime(piped)) (limit 1.0)")
    print("  the same with primitives watched: \(rate(clock.watched.min() ?? 1)) M/s")
    let further = (sixteen - one) / 15 / one * 100
    print(
      "  each further menu, of 16: \((further * 10).rounded() / 10) % of the first (limit 15); "
        + "16 menus as replayed: \(realTime(clock.sixteen.min() ?? 1))")
  }

  private func rate(_ seconds: Double) -> String {
    "\((Double(primitives) / seconds / 1e5).rounded() / 10)"
  }

  private func realTime(_ seconds: Double) -> String {
    "\((duration / seconds * 100).rounded() / 100) x real time"
  }

  private func read(_ body: (RawSpan) -> Void) throws {
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    while let batch = try reader.next() {
      let storage = batch.bytes
      let bytes = storage.span.bytes
      for datagram in batch.datagrams {
        body(
          bytes.extracting(
            datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength)))
      }
    }
  }

  /// One thread, reading included; returns the time that it computed.
  private func emulate(_ menus: [L0Menu]) throws -> Double {
    let begin = Benchmarks.threadSeconds()
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    let emulator = L0Emulator(menus: menus)
    var sent = 0
    while let batch = try reader.next() {
      emulator.add(batch, 0..<batch.datagrams.count)
      for slice in emulator.take() { sent += slice.triggers[0].count }
    }
    emulator.finish()
    for slice in emulator.take() { sent += slice.triggers[0].count }
    if sent == 0 { print("no trigger") }
    return Benchmarks.threadSeconds() - begin
  }

  /// The pipeline as `replay` runs it; returns the time from begin to end.
  private func pipeline(_ menus: [L0Menu], monitors: Bool) async throws -> Double {
    var options = L0Pipeline.Options()
    options.emulator.monitorsPrimitives = monitors
    let clock = ContinuousClock()
    let begin = clock.now
    try await L0Pipeline(menus: menus, options: options).run(source: { [path] in
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
      return { try reader.next() }
    }) { _ in }
    return (clock.now - begin) / .seconds(1)
  }
}
