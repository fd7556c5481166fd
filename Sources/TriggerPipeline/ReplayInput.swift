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
  /// Where these are a part of the inputs of a run: which part.
  private var place: InputPlace?

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

  /// The inputs as a part of those of a run: in the order of the run, and numbered as there.
  ///
  /// - Parameters:
  ///   - paths: the inputs, as ``files`` of the run has them.
  ///   - place: where in the run they are.
  ///   - filter: a filter of pcap-filter(7) for captures.
  /// - Throws: `CaptureError`, also where they are not in the order of the run any more.
  public init(paths: [String], as place: InputPlace, filter: String?) throws(CaptureError) {
    try self.init(arguments: paths, filter: filter)
    let found = files.map(\.path)
    guard found == paths, place.numbers.count == paths.count else {
      let other = zip(found, paths).first { $0 != $1 }?.0 ?? paths.first ?? ""
      throw .notAsPlanned(
        path: other, message: "it is not the kind of input that it was, or of another burst")
    }
    self.place = place
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
      options.inputNumbers = place?.numbers
      options.burstsBefore = place?.burstsBefore ?? 0
      options.run = run
      options.wideSources = widePrimitives
      return PrimitiveFileReader(files: primitiveFiles, options: options)
    }
    if burstFiles.isEmpty {
      var options = options
      options.inputNumbers = place?.numbers
      options.isFollowed = place?.isFollowed ?? false
      return try CaptureReader(inputs: captures, options: options)
    }
    let configured = Set(layout?.l1Sources.map(\.id) ?? [])
    let readBefore = layout?.sources.map(\.id) ?? []
    return BurstFileSource(
      files: burstFiles,
      l1Sources: configured.union(BurstFileSource.defaultL1Sources).subtracting(readBefore),
      run: run, numbers: place?.numbers)
  }
}

/// Where some inputs are among those of a run, so that what is read of them alone is what the run reads of them.
public struct InputPlace: Sendable, Hashable {
  /// The number of each input in the run, from 0, in rising order.
  public var numbers: [UInt32]
  /// Bursts of the run ahead of them.
  public var burstsBefore: Int
  /// Whether another burst follows behind them in the run.
  public var isFollowed: Bool

  /// A place; see the properties.
  public init(numbers: [UInt32], burstsBefore: Int, isFollowed: Bool) {
    self.numbers = numbers
    self.burstsBefore = burstsBefore
    self.isFollowed = isFollowed
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
