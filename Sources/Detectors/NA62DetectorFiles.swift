public import Configuration

/// Paths of NA62's own configuration files, from which the L1 maps can be read as they are (`l1.md` 8).
public struct NA62DetectorFiles: Sendable, Equatable {
  /// CHOD.
  public var chod: String
  /// NewCHOD.
  public var newCHOD: String
  /// MUV3.
  public var muv3: String
  /// STRAW channel map.
  public var straw: String
  /// STRAW station and mezzanine T0s.
  public var strawCoarseT0: String
  /// STRAW magic T0.
  public var strawMagicT0: String
  /// LAV.
  public var lav: String
  /// IRC and SAC.
  public var ircSac: String
  /// RICH.
  public var rich: String

  /// The files in `directory` with the names of the 2017 and 2018 production, runs 8300 to 9999.
  public init(directory: String) {
    let runs = "run008300_0000-run009999_9999"
    chod = "\(directory)/CHOD.2017.om.conf"
    newCHOD = "\(directory)/NewCHOD.2017.om.conf"
    muv3 = "\(directory)/MUV3.2017.om.conf"
    straw = "\(directory)/Spectrometer-RawDecoderSettings.HLTOnline.dat"
    strawCoarseT0 = "\(directory)/Spectrometer-CoarseT0.HLTOnline.\(runs).dat"
    strawMagicT0 = "\(directory)/Spectrometer-MagicT0.HLTOnline.\(runs).dat"
    lav = "\(directory)/LAV-RawDecoderSettings.HLTOnline.dat"
    ircSac = "\(directory)/IRCSAC.2017.om.conf"
    rich = "\(directory)/RICH.2017.om.conf"
  }
}

extension L1DetectorMaps {
  /// Reads NA62's own files in `directory`, with their production names of 2017 and 2018.
  ///
  /// Throws as ``readNA62(files:)`` does.
  public static func readNA62(directory: String) throws(ConfigurationError) -> L1DetectorMaps {
    try readNA62(files: NA62DetectorFiles(directory: directory))
  }

  /// Reads NA62's own files as they are: map entries that no row gives are -1 (`l1.md` 8, 10).
  ///
  /// Throws, naming file and line, if a file cannot be read, or a row is short, repeated or not of numbers.
  public static func readNA62(files: NA62DetectorFiles) throws(ConfigurationError) -> L1DetectorMaps {
    let rich = try NA62ConfigurationFile(path: files.rich)
    let coarse = try NA62ConfigurationFile(path: files.strawCoarseT0)
    let places = try rich.table(prefix: "PMPosition_SC_", rowCount: 122, columns: 16)
    let positions = (0..<976).map { SIMD2(Float(places[2 * $0]), Float(places[2 * $0 + 1])) }
    return L1DetectorMaps(
      chod: try NA62ConfigurationFile(path: files.chod).channelMap(count: 512),
      newCHOD: try NA62ConfigurationFile(path: files.newCHOD).channelMap(count: 512),
      muv3: try NA62ConfigurationFile(path: files.muv3).channelMap(count: 512),
      straw: try NA62ConfigurationFile(path: files.straw).channelMap(count: 8192),
      lav: try NA62ConfigurationFile(path: files.lav).channelMap(count: 6144),
      ircSac: try NA62ConfigurationFile(path: files.ircSac).channelMap(count: 512),
      rich: try rich.channelMap(count: 2560),
      richPosition: ContiguousArray(positions),
      strawStationT0: try coarse.number(key: "StationsT0="),
      strawMagicT0: try NA62ConfigurationFile(path: files.strawMagicT0).firstNumberOfLastLine(),
      strawMezzanineT0: ContiguousArray(try coarse.table(prefix: "MezzaninesT0_", rowCount: 32, columns: 16)))
  }
}
