/// Which packet of the input: the index of the input and the number of the packet in it.
public struct PacketReference: Hashable, Comparable, Sendable, BitwiseCopyable, CustomStringConvertible {
  /// Index of the input, from 0, in the order the inputs were given.
  public var input: UInt32
  /// Number of the packet in its input, from 1, as Wireshark numbers it.
  public var number: UInt32

  /// Packet `number` (from 1) of input `input` (from 0).
  public init(input: UInt32, number: UInt32) {
    self.input = input
    self.number = number
  }

  /// Orders by input, then by packet number.
  public static func < (a: Self, b: Self) -> Bool {
    a.input != b.input ? a.input < b.input : a.number < b.number
  }

  /// `input 0 packet 12`.
  public var description: String { "input \(input) packet \(number)" }
}
