public import PacketCapture

/// The inputs of a replay, checked before anything runs: captures, or burst files.
public struct ReplayInput: Sendable, CustomStringConvertible {
  /// What was noticed while the arguments were looked at.
  public let warnings: [CaptureWarning]
  /// Burst identifier of the first burst file.
  public let firstBurst: UInt32?
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
      firstBurst = burstFiles.first?.burst
    } else {
      burstFiles = []
      captures = try CaptureInput.expand(arguments, warnings: &warnings)
      firstBurst = nil
    }
    self.warnings = warnings
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
  /// - Throws: `CaptureError`.
  public func open() throws(CaptureError) -> any PacketSource {
    if burstFiles.isEmpty { return try CaptureReader(inputs: captures, options: options) }
    return BurstFileSource(files: burstFiles)
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
