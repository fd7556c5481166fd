public import EventBuilding
import NA62Formats
public import PacketCapture

/// The inputs of a replay, checked before anything runs: captures, or burst files.
public struct ReplayInput: Sendable, CustomStringConvertible {
  /// What was noticed while the arguments were looked at.
  public let warnings: [CaptureWarning]
  private let captures: [CaptureInput]
  private let burstFiles: [BurstFileSource.File]
  private let options: CaptureOptions

  /// Looks at the arguments: captures, directories, globs, burst files, `-`.
  ///
  /// - Throws: `CaptureError` where an input is missing or of an unknown kind, or kinds are mixed.
  public init(arguments: [String], filter: String?) throws(CaptureError) {
    options = CaptureOptions(filter: filter)
    var warnings: [CaptureWarning] = []
    let isBurst = try arguments.map { path throws(CaptureError) -> Bool in
      guard path != "-", BurstFileSource.isRegularFile(path) else { return false }
      return try CaptureInput.sniff(path) == .burstFile
    }
    if isBurst.contains(true) {
      var files: [BurstFileSource.File] = []
      for path in arguments { files.append(try BurstFileSource.File(path: path)) }
      burstFiles = files.sorted { ($0.run, $0.burst) < ($1.run, $1.burst) }
      captures = []
    } else {
      burstFiles = []
      captures = try CaptureInput.expand(arguments, warnings: &warnings)
    }
    self.warnings = warnings + CaptureInput.repetitions(captures.map(\.path) + burstFiles.map(\.path))
  }

  /// Whether the inputs are burst files, which say their runs and bursts themselves.
  public var isBurstFiles: Bool { !burstFiles.isEmpty }

  /// Each input, with the run and burst that it says it holds.
  public var files: [(path: String, run: UInt32?, burst: UInt32?)] {
    captures.map { ($0.path, nil, nil) } + burstFiles.map { ($0.path, $0.run, $0.burst) }
  }

  /// The inputs by name.
  public var description: String {
    let names = burstFiles.isEmpty ? captures.map(\.path) : burstFiles.map(\.path)
    return names.count > 3
      ? "\(names.prefix(2).joined(separator: ", ")) … (\(names.count) inputs)"
      : names.joined(separator: ", ")
  }

  /// Opens the inputs.
  ///
  /// - Parameters:
  ///   - layout: the sources, which decide how the events of burst files are read; without one NA62's usual ones.
  ///   - run: the run number, instead of those that burst files say.
  /// - Throws: `CaptureError`.
  public func open(layout: EventLayout? = nil, run: UInt32? = nil) throws(CaptureError) -> any PacketSource {
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
