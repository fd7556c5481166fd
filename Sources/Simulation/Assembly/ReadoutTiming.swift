public import NA62Formats

/// When the readout puts its packets on the network: all the choices in one place.
///
/// No delay of NA62's network is known (X): what stands here is chosen to be plausible and so that every source
/// sends in the order of its events. There is nothing random in it.
public enum ReadoutTiming {
  /// Frames by which the header of a packet of primitives runs ahead of them: the packet is sent at the start of
  /// that frame (X; that it runs ahead: `l0tp.md` 1.2).
  public static let framesAhead: UInt32 = 2
  /// Between the packets that the inputs of L0 send for a frame, ns (X).
  static let inputStep: Int64 = 200
  /// From the sending of a trigger, which is `fixed_latency` behind its time, to the packet of L0TP, ns (X).
  static let processor: Int64 = 10_000
  /// The same to the packet of the first board, ns (X), and what each further one takes (X).
  static let board: (first: Int64, step: Int64) = (20_000, 500)
  /// From the completion of an event to the data of the first CREAM: verdict and request, ns (X), and what each
  /// further CREAM takes (X).
  static let cream: (first: Int64, step: Int64) = (2_000_000, 200)
  /// Largest UDP payload that fits the frames of the farm's network, bytes: 9014 less the headers of Ethernet,
  /// IPv4 and UDP (`l1.md` 1.2).
  static let largestPayload = 8972
  /// Start of the first burst unless said: 2018-09-13T12:26:40Z (X).
  public static let epoch = DataTime(nanoseconds: 1_536_841_600_000_000_000)
  /// From burst to burst, ns: the cycle of the SPS (M).
  public static let burstSpacing: Int64 = 16_800_000_000
}

/// Addresses on the network.
enum ReadoutAddress {
  /// The farm's node: that to which L0TP sends (`l0tp.md` 5.1). Other boards send to it too, as it takes nothing
  /// that is not for it (`l1.md` 1.2).
  static let farm: UInt32 = 0xC0A8_0114
  /// L0TP's output (`l0tp.md` 1.1).
  static let processor: UInt32 = 0xC0A8_0107
  /// The inputs of L0, 192.168.1.x, in the order of `L0Detector` (`l0tp.md` 1.1).
  static let inputs: [UInt32] = [4, 5, 6, 8, 9, 10, 11].map { 0xC0A8_0100 | $0 }
  /// The detectors' senders of primitives, from 192.168.1.100 on (X).
  static func sender(_ input: Int) -> UInt32 { 0xC0A8_0164 &+ UInt32(truncatingIfNeeded: input) }
  /// A board, 10.194.source.(board + 1) (X).
  static func board(_ source: SourceID, _ board: UInt8) -> UInt32 {
    0x0AC2_0000 | UInt32(source.rawValue) << 8 | (UInt32(board) + 1)
  }
  /// A CREAM, 10.195.crate.slot (X).
  static func cream(_ subID: UInt16) -> UInt32 {
    0x0AC3_0000 | UInt32(subID >> 5 & 0x3F) << 8 | UInt32(subID & 0x1F)
  }
  /// UDP source port of the detectors' primitives: 0xE620 to 0xE62F are accepted (`l0tp.md` 1.1).
  static let primitivePort: UInt16 = 0xE621
  /// UDP source port of boards (X).
  static let boardPort: UInt16 = 58624
  /// UDP port of L0 data and of L1 data at the farm (`l1.md` 1.1).
  static let l0Port: UInt16 = 58913
  static let l1Port: UInt16 = 58915
}
