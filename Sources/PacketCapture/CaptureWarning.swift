/// Something about an input that a person should know, while reading goes on.
public struct CaptureWarning: Sendable, Equatable, CustomStringConvertible {
  /// The input.
  public var path: String
  /// Number of the last whole packet before the trouble, if it is inside the capture.
  public var packet: UInt32?
  /// Offset in the (decompressed) input at which reading stopped, in bytes, if known.
  public var byteOffset: UInt64?
  /// What happened.
  public var message: String
  /// Whether packets were lost by it.
  public var isDataLoss: Bool

  /// A warning about `path`.
  public init(
    path: String, packet: UInt32? = nil, byteOffset: UInt64? = nil, message: String, isDataLoss: Bool
  ) {
    self.path = path
    self.packet = packet
    self.byteOffset = byteOffset
    self.message = message
    self.isDataLoss = isDataLoss
  }

  /// One line: where, and what.
  public var description: String {
    var line = path
    if let packet { line += ", after packet \(packet)" }
    if let byteOffset { line += ", at byte \(byteOffset)" }
    return line + ": " + message
  }
}
