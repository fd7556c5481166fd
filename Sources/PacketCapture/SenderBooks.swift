import Glibc

/// What became of the packets that were to be sent: counters that add up.
public struct SenderBooks: Sendable, Equatable {
  /// Why a packet was not sent.
  public enum Failure: String, Sendable, Hashable, CaseIterable {
    /// Longer than the interface or UDP can take.
    case tooLong = "too-long"
    /// The system had no buffer for it, after many attempts.
    case noBuffer = "no-buffer"
    /// No way to the destination, or the interface is down.
    case unreachable = "unreachable"
    /// Anything else.
    case other = "other"

    init(code: Int32) {
      switch code {
      case EMSGSIZE: self = .tooLong
      case ENOBUFS, EAGAIN, ENOMEM: self = .noBuffer
      case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN, ENXIO, ENODEV: self = .unreachable
      default: self = .other
      }
    }
  }

  /// Packets that were to be sent.
  public var packets: UInt64 = 0
  /// Packets that the system took.
  public var sent: UInt64 = 0
  /// Bytes of these packets, as they were handed over: UDP payloads or frames.
  public var bytes: UInt64 = 0
  /// Packets that were not sent, by reason.
  public var failed: [Failure: UInt64] = [:]

  /// Empty books.
  public init() {}

  /// Whether every packet is accounted for exactly once.
  public var closes: Bool { packets == sent &+ failed.values.reduce(0, &+) }

  /// Adds the books of `b` to `a`.
  public static func += (a: inout SenderBooks, b: SenderBooks) {
    a.packets &+= b.packets
    a.sent &+= b.sent
    a.bytes &+= b.bytes
    a.failed.merge(b.failed, uniquingKeysWith: &+)
  }

  /// Every counter with its name, in a fixed order.
  public var entries: [(name: String, count: UInt64)] {
    [("packets", packets), ("sent", sent), ("bytes", bytes)]
      + Failure.allCases.map { ("failed-\($0.rawValue)", failed[$0] ?? 0) }
  }
}
