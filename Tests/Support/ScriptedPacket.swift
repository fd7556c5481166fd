public import NA62Formats
public import PacketCapture

/// A UDP datagram of a test: what is sent, where to, and when.
public struct ScriptedPacket: Sendable {
  /// The UDP payload.
  public var payload: [UInt8]
  /// Data time in nanoseconds.
  public var nanoseconds: Int64
  /// UDP destination port.
  public var port: UInt16
  /// IPv4 destination address, host order.
  public var host: UInt32

  /// A datagram to the port of L0 data.
  public init(_ payload: [UInt8], at nanoseconds: Int64 = 0, port: UInt16 = 58913, host: UInt32 = 0x0A00_0002)
  {
    self.payload = payload
    self.nanoseconds = nanoseconds
    self.port = port
    self.host = host
  }

  /// A packet of one board with one fragment for each payload, for consecutive events.
  public init(
    _ source: SourceID, board: UInt8 = 0, first: UInt32, _ payloads: [[UInt8]], timestamp: UInt32 = 1000,
    isLast: Bool = false, at nanoseconds: Int64 = 0
  ) {
    var encoder = L0MEPEncoder(firstEvent: first, source: source, subID: board)
    for (i, payload) in payloads.enumerated() {
      let fits = encoder.append(
        payload: payload, timestamp: timestamp &+ UInt32(truncatingIfNeeded: i), isLastOfBurst: isLast)
      precondition(fits, "a packet of a test does not fit")
    }
    self.init(encoder.bytes, at: nanoseconds)
  }
}

extension PacketBatch {
  /// The packets as the capture stage gives them, numbered from 1.
  public convenience init(_ packets: [ScriptedPacket]) {
    var bytes: ContiguousArray<UInt8> = []
    var datagrams: ContiguousArray<Datagram> = []
    for (i, packet) in packets.enumerated() {
      datagrams.append(
        Datagram(
          time: DataTime(nanoseconds: packet.nanoseconds),
          packet: PacketReference(input: 0, number: UInt32(i + 1)), frameOffset: bytes.count,
          frameLength: packet.payload.count, payloadOffset: bytes.count, payloadLength: packet.payload.count,
          sourceAddress: 0x0A00_0001, destinationAddress: packet.host, sourcePort: 50000,
          destinationPort: packet.port))
      bytes += packet.payload
    }
    self.init(
      bytes: bytes, datagrams: datagrams, watermark: DataTime(nanoseconds: packets.last?.nanoseconds ?? 0))
  }
}

extension L0TPRecord {
  /// A physics trigger of the given masks.
  public static func physics(_ flags: UInt16, fineTime: UInt8 = 128) -> L0TPRecord {
    L0TPRecord(fineTime: fineTime, dataType: .physics, word: L0Word(rawValue: 1), flags: flags)
  }

  /// A trigger with the given word and data type.
  public static func trigger(_ word: L0Word, _ dataType: L0DataType, flags: UInt16 = 0) -> L0TPRecord {
    L0TPRecord(fineTime: 128, dataType: dataType, word: word, flags: flags)
  }
}
