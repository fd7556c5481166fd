/// The 8-bit identifier of a data source: one subdetector, or one trigger level (`l1.md` 2.7).
public struct SourceID: RawRepresentable, Hashable, Comparable, Sendable, BitwiseCopyable, Codable {
  /// The identifier as it stands on the wire.
  public var rawValue: UInt8

  /// The source with the given identifier; any value is possible on the wire.
  @inlinable
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Order of the identifiers.
  @inlinable
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// KTAG, called CEDAR in the formats.
  public static let ktag = SourceID(rawValue: 0x04)
  /// GTK, the beam spectrometer.
  public static let gtk = SourceID(rawValue: 0x08)
  /// CHANTI.
  public static let chanti = SourceID(rawValue: 0x0C)
  /// LAV, the large-angle veto.
  public static let lav = SourceID(rawValue: 0x10)
  /// STRAW, the spectrometer.
  public static let straw = SourceID(rawValue: 0x14)
  /// CHOD, the hodoscope of slabs.
  public static let chod = SourceID(rawValue: 0x18)
  /// RICH.
  public static let rich = SourceID(rawValue: 0x1C)
  /// IRC, SAC and NewCHOD, which share one board.
  public static let ircSacNewCHOD = SourceID(rawValue: 0x20)
  /// LKr, read by CREAMs after L1.
  public static let lkr = SourceID(rawValue: 0x24)
  /// MUV1, read by CREAMs after L1.
  public static let muv1 = SourceID(rawValue: 0x28)
  /// MUV2, read by CREAMs after L1.
  public static let muv2 = SourceID(rawValue: 0x2C)
  /// MUV3.
  public static let muv3 = SourceID(rawValue: 0x30)
  /// SAC as a source of its own; unused by L1.
  public static let sac = SourceID(rawValue: 0x34)
  /// HASC.
  public static let hasc = SourceID(rawValue: 0x3C)
  /// The L0 trigger processor.
  public static let l0tp = SourceID(rawValue: 0x40)
  /// The L1 data block, a virtual source of the farm.
  public static let l1 = SourceID(rawValue: 0x44)
  /// The L2 data block, a virtual source of the farm.
  public static let l2 = SourceID(rawValue: 0x48)
  /// NSTD, the virtual source that takes the end-of-burst records.
  public static let nstd = SourceID(rawValue: 0x4C)

  /// Every named source, in the order of the identifiers.
  public static let named: [(id: SourceID, name: String)] = [
    (.ktag, "KTAG"), (.gtk, "GTK"), (.chanti, "CHANTI"), (.lav, "LAV"), (.straw, "STRAW"),
    (.chod, "CHOD"), (.rich, "RICH"), (.ircSacNewCHOD, "IRC/SAC/NewCHOD"), (.lkr, "LKr"),
    (.muv1, "MUV1"), (.muv2, "MUV2"), (.muv3, "MUV3"), (.sac, "SAC"), (.hasc, "HASC"),
    (.l0tp, "L0TP"), (.l1, "L1"), (.l2, "L2"), (.nstd, "NSTD"),
  ]

  /// The field's name of the source, or its identifier in hexadecimal.
  public var name: String {
    Self.named.first { $0.id == self }?.name ?? hex
  }

  /// The identifier in hexadecimal, as `0x04`.
  public var hex: String {
    let digits = String(rawValue, radix: 16)
    return digits.count == 1 ? "0x0\(digits)" : "0x\(digits)"
  }
}
