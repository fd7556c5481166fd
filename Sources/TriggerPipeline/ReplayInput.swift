public import EventBuilding
public import NA62Formats
public import PacketCapture

/// The inputs of a replay, checked before anything runs: captures, burst files, or raw primitive files.
public struct ReplayInput: Sendable, CustomStringConvertible {
  /// What was noticed while the arguments were looked at.
  public let warnings: [CaptureWarning]
  private let captures: [CaptureInput]
  private let burstFiles: [BurstFileSource.File]
  private let primitiveFiles: [PrimitiveFile]
  private let options: CaptureOptions

  /// Looks at the arguments: captures, directories, globs, burst files, raw primitive files, `-`.
  ///
  /// - Parameters:
  ///   - arguments: the inputs.
  ///   - filter: a filter of pcap-filter(7) for captures.
  ///   - takesFrames: whether the frames of captures are given out as they are (`CaptureOptions.takesFrames`).
  /// - Throws: `CaptureError` where an input is missing or of an unknown kind, or kinds are mixed.
  public init(arguments: [String], filter: String?, takesFrames: Bool = false) throws(CaptureError) {
    var options = CaptureOptions(filter: filter)
    options.takesFrames = takesFrames
    self.options = options
    var warnings: [CaptureWarning] = []
    var captures: [CaptureInput] = []
    var burstFiles: [BurstFileSource.File] = []
    primitiveFiles = try PrimitiveFile.expand(arguments, warnings: &warnings) ?? []
    if primitiveFiles.isEmpty {
      let isBurst = try arguments.map { path throws(CaptureError) -> Bool in
        guard path != "-", BurstFileSource.isRegularFile(path) else { return false }
        return try CaptureInput.sniff(path) == .burstFile
      }
      if isBurst.contains(true) {
        for path in arguments { burstFiles.append(try BurstFileSource.File(path: path)) }
      } else {
        captures = try CaptureInput.expand(arguments, warnings: &warnings)
      }
    } else if let filter {
      throw .badFilter(filter: filter, message: "raw primitive files have no frames to filter; leave it out")
    }
    self.captures = captures
    self.burstFiles = burstFiles.sorted { ($0.run, $0.burst) < ($1.run, $1.burst) }
    self.warnings =
      warnings
      + CaptureInput.repetitions(
        captures.map(\.path) + self.burstFiles.map(\.path) + primitiveFiles.map(\.path))
  }

  /// Whether the inputs are burst files.
  public var isBurstFiles: Bool { !burstFiles.isEmpty }

  /// Whether the inputs say their runs and bursts themselves: burst files and raw primitive files do.
  public var saysBursts: Bool { isBurstFiles || !primitiveFiles.isEmpty }

  /// Each input, with the run and burst that it says it holds.
  public var files: [(path: String, run: UInt32?, burst: UInt32?)] {
    captures.map { ($0.path, nil, nil) } + burstFiles.map { ($0.path, $0.run, $0.burst) }
      + primitiveFiles.map { ($0.path, $0.run, $0.burst) }
  }

  /// The inputs by name.
  public var description: String {
    Self.description(of: files.map(\.path))
  }

  /// Inputs by name, as a run says them.
  public static func description(of names: [String]) -> String {
    names.count > 3
      ? "\(names.prefix(2).joined(separator: ", ")) … (\(names.count) inputs)"
      : names.joined(separator: ", ")
  }

  /// Opens the inputs.
  ///
  /// - Parameters:
  ///   - layout: the sources, which decide how the events of burst files are read; without one NA62's usual ones.
  ///   - run: the run number, instead of those that the inputs say.
  ///   - widePrimitives: the sources whose raw primitive files are in the 64-bit format.
  /// - Throws: `CaptureError`.
  public func open(
    layout: EventLayout? = nil, run: UInt32? = nil, widePrimitives: Set<SourceID> = []
  ) throws(CaptureError) -> any PacketSource {
    if !primitiveFiles.isEmpty {
      var options = PrimitiveFileReader.Options()
      options.run = run
      options.wideSources = widePrimitives
      return PrimitiveFileReader(files: primitiveFiles, options: options)
    }
    if burstFiles.isEmpty { return try CaptureReader(inputs: captures, options: options) }
    let configured = Set(layout?.l1Sources.map(\.id) ?? [])
    let readBefore = layout?.sources.map(\.id) ?? []
    return BurstFileSource(
      files: burstFiles,
      l1Sources: configured.union(BurstFileSource.defaultL1Sources).subtracting(readBefore),
      run: run)
  }
}

/// What gives packets, a batch at a time.
public protocol PacketSource: AnyObject {
  /// The next batch, or `nil` at the end.
  func next() throws(CaptureError) -> PacketBatch?
  /// What was noticed so far.
  var warnings: [CaptureWarning] { get }
}

extension CaptureReader: PacketSource {}
extension LiveCapture: PacketSource {}
extension PrimitiveFileReader: PacketSource {}
