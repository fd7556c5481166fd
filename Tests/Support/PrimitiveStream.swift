public import NA62Formats

/// A stream of primitives of a test: what detectors see, packed in a packet for each detector and frame of
/// 256 clock periods.
public struct PrimitiveStream: Sendable {
  /// Sources of the seven inputs of the L0 trigger processor, in their order.
  public static let sources: [SourceID] = [
    .chod, .rich, .lav, .muv3, .ircSacNewCHOD, SourceID(rawValue: 0x60), .lkr,
  ]

  private var primitives: [[[Primitive]]] = Array(repeating: [], count: sources.count)
  private let frames: Int

  /// A stream of so many frames, without primitives.
  public init(frames: Int) {
    self.frames = frames
    for source in Self.sources.indices { primitives[source] = Array(repeating: [], count: frames) }
  }

  /// Adds a primitive of input `input`, 0 to 6; one outside the frames is left out.
  public mutating func add(
    _ input: Int, at timestamp: UInt32, fineTime: UInt8 = 128, _ identifier: UInt16 = 0x4000
  ) {
    let frame = Int(timestamp >> 8)
    guard frame < frames else { return }
    primitives[input][frame].append(
      Primitive(timestamp: timestamp, fineTime: fineTime, identifier: identifier))
  }

  /// The packets in the order of the frames; the frames begin `at` and follow in true time.
  public func packets(at nanoseconds: Int64 = 0) -> [ScriptedPacket] {
    var packets: [ScriptedPacket] = []
    for frame in 0..<frames {
      for (input, source) in Self.sources.enumerated() {
        var encoder = MTPEncoder(timestamp: UInt32(frame), source: source)
        for primitive in primitives[input][frame] {
          precondition(encoder.append(primitive), "a primitive of a test does not fit")
        }
        packets.append(
          ScriptedPacket(
            encoder.bytes, at: nanoseconds + Int64(Double(frame) * 256 * ClockTicks.strawPeriod),
            port: MTP.port))
      }
    }
    return packets
  }
}
