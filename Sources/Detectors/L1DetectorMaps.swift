public import Configuration

/// Channel maps and time offsets that the L1 algorithms need.
///
/// A map goes from the readout channel to the detector's own number; -1 is an unmapped channel. The
/// maps come from Spillway's YAML (``load(path:)``) or from NA62's own files (``readNA62(directory:)``).
public struct L1DetectorMaps: Sendable, Equatable {
  /// CHOD, 512 channels: slab 0...63 horizontal, 64...127 vertical (`l1.md` 8.1).
  public var chod: ContiguousArray<Int32>
  /// NewCHOD, 512 channels: 100 quadrant + tile, + 50 for the second PMT (`l1.md` 8.3).
  public var newCHOD: ContiguousArray<Int32>
  /// MUV3, 512 channels: tile 0...151, + 200 for the second PMT; 384...511 are -1 (`l1.md` 8.4, 10).
  public var muv3: ContiguousArray<Int32>
  /// STRAW, 8192 channels: (16 chamber + 4 view + 2 half + layer) 122 + straw (`l1.md` 8.5).
  public var straw: ContiguousArray<Int32>
  /// LAV, 6144 channels: threshold, station, layer, banana and block in decimal digits (`l1.md` 8.7).
  public var lav: ContiguousArray<Int32>
  /// IRC and SAC, 512 channels: counter 0...3, + 1000 for the high threshold (`l1.md` 8.2).
  public var ircSac: ContiguousArray<Int32>
  /// RICH, 2560 channels: disk, half, supercell, OR and PMT in decimal digits (`l1.md` 8.8).
  public var rich: ContiguousArray<Int32>
  /// Positions of the 976 PMTs of one RICH disk, x and y in mm (`l1.md` 8.8).
  public var richPosition: ContiguousArray<SIMD2<Float>>
  /// Time offset of the STRAW stations in ns (`l1.md` 8.6).
  public var strawStationT0: Double
  /// Offset added to every STRAW time, in ns (`l1.md` 8.6).
  public var strawMagicT0: Double
  /// Time offsets in ns of the 512 STRAW mezzanines, at 16 SRB + cover (`l1.md` 8.6).
  public var strawMezzanineT0: ContiguousArray<Double>

  /// Reads the maps from the YAML file at `path` (`Configs/detectors`).
  ///
  /// Throws if the file is not a valid detectors file; see ``DetectorConfiguration/load(path:)``.
  public static func load(path: String) throws(ConfigurationError) -> L1DetectorMaps {
    try DetectorConfiguration.load(path: path).maps
  }
}
