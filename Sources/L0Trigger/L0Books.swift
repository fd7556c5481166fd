/// A datagram that is no packet of primitives that an emulator can take.
public struct RejectedPrimitivePacket: Sendable, Hashable {
  /// Why.
  public var reason: PrimitivePacketLoss
  /// Its place among the datagrams of the batch that was added last.
  public var datagram: Int

  /// A rejected datagram.
  public init(reason: PrimitivePacketLoss, datagram: Int) {
    self.reason = reason
    self.datagram = datagram
  }
}

/// What came of the packets of primitives: a packet is in exactly one column.
public struct L0Books: Sendable, Hashable, Codable {
  /// UDP datagrams that were looked at.
  public var datagrams: UInt64 = 0
  /// Datagrams for another port.
  public var otherPort: UInt64 = 0
  /// Packets that went into groups.
  public var grouped: UInt64 = 0
  /// Packets that wait for others.
  public var pending: Int64 = 0
  /// Packets lost, by reason.
  public var lost: [PrimitivePacketLoss: UInt64] = [:]

  /// Empty books.
  public init() {}

  /// Packets lost, whatever the reason, without those that an offset drops on purpose.
  public var lostPackets: UInt64 {
    lost.reduce(0) { $1.key == .offset ? $0 : $0 + $1.value }
  }

  /// Whether every datagram is in exactly one column.
  public var closes: Bool {
    let lostAll = lost.values.reduce(0, +)
    return Int64(datagrams) == Int64(otherPort + grouped + lostAll) + pending
  }

  /// Every column with its name, in a fixed order.
  public var entries: [(name: String, count: UInt64)] {
    [("in", datagrams), ("other-port", otherPort), ("grouped", grouped)]
      + PrimitivePacketLoss.allCases.map { ("lost-\($0.rawValue)", lost[$0] ?? 0) }
  }

  /// Adds books.
  public static func += (a: inout Self, b: Self) {
    a.datagrams += b.datagrams
    a.otherPort += b.otherPort
    a.grouped += b.grouped
    a.pending += b.pending
    a.lost.merge(b.lost) { $0 + $1 }
  }
}
