public import PacketCapture

/// An entry that fired in a menu, whether its trigger was sent or not: what a study of menus needs besides the
/// triggers.
public struct FiredEntry: Sendable, Hashable {
  /// Clock periods since the start of burst.
  public var timestamp: UInt32
  /// The lines whose condition matched: bit m for mask m, bit 16 for control.
  public var matched: UInt32
  /// Those of them that the downscaling left.
  public var fired: UInt32
  /// The packet of the reference detector, or else of the control detector, that made the entry.
  public var packet: PacketReference

  /// An entry with the given fields.
  public init(timestamp: UInt32, matched: UInt32, fired: UInt32, packet: PacketReference) {
    self.timestamp = timestamp
    self.matched = matched
    self.fired = fired
    self.packet = packet
  }
}

/// Why a line of a menu does not match what the memory held around a trigger, in the order of the steps
/// (`l0tp.md` 3.4, 4.1).
public enum LineFailure: UInt8, Sendable, Hashable, CaseIterable {
  /// The menu has no such line, or it is off.
  case noLine
  /// A detector that the line asks for has no primitive near the entry.
  case noPrimitive
  /// The primitives are there, but outside the time cut, or one that the line forbids is inside.
  case timeCut
  /// A bit that the line asks for is not set, or one that it forbids is.
  case maskBit
}
