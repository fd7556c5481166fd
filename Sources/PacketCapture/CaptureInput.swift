import Glibc

/// One input of a `CaptureReader`: a capture file, or standard input.
public struct CaptureInput: Sendable, Hashable {
  /// What a file holds, by its first bytes after decompression.
  public enum Kind: Sendable, Hashable {
    /// A pcap or pcapng capture.
    case capture
    /// A burst file of NA62 (format 1).
    case burstFile
    /// Anything else.
    case unknown
  }

  /// Path of the file; `-` is standard input.
  public var path: String

  /// The capture at `path`, or standard input for `-`.
  public init(path: String) { self.path = path }

  /// Whether it is standard input.
  public var isStandardInput: Bool { path == "-" }

  /// The inputs that the arguments of a command line mean: files, directories (the captures directly in
  /// them, sorted by name), patterns of glob(3), and `-`.
  ///
  /// Throws where an argument is no capture, or means none.
  public static func expand(_ arguments: [String]) throws(CaptureError) -> [CaptureInput] {
    var warnings: [CaptureWarning] = []
    return try expand(arguments, warnings: &warnings)
  }

  /// As `expand(_:)`; the files of directories and patterns that were left aside are added to `warnings`.
  public static func expand(
    _ arguments: [String], warnings: inout [CaptureWarning]
  ) throws(CaptureError) -> [CaptureInput] {
    var inputs: [CaptureInput] = []
    for argument in arguments {
      switch try Meaning(argument) {
      case .standardInput:
        if inputs.contains(where: \.isStandardInput) { throw .standardInputTwice }
        inputs.append(CaptureInput(path: argument))
      case .file(let path):
        let source = try ByteSource(path: path)
        try check(head: source.peek(FileMagic.length), source)
        inputs.append(CaptureInput(path: path))
      case .pipe(let path):
        // A pipe or device can be read only once: the reader looks at its first bytes.
        inputs.append(CaptureInput(path: path))
      case .files(let paths, let none):
        let found = captures(in: paths, warnings: &warnings)
        if found.isEmpty { throw none }
        inputs += found
      }
    }
    return inputs
  }

  /// What the file at `path` holds, by its first bytes after decompression.
  ///
  /// Throws where it cannot be read. Not for standard input or pipes: the bytes looked at are lost.
  public static func sniff(_ path: String) throws(CaptureError) -> Kind {
    FileMagic.kind(try ByteSource(path: path).peek(FileMagic.length))
  }

  /// Throws what is wrong with an input that begins with `head`, if it is no capture.
  static func check(head: ArraySlice<UInt8>, _ source: ByteSource) throws(CaptureError) {
    if FileMagic.kind(head) == .capture { return }
    if let problem = source.problem {
      throw .brokenCompression(path: source.path, offset: UInt64(head.count), message: problem)
    }
    if head.isEmpty { throw .emptyFile(path: source.path) }
    throw .notACapture(path: source.path, looksLike: FileMagic.name(head))
  }

  private static func captures(in paths: [String], warnings: inout [CaptureWarning]) -> [CaptureInput] {
    var inputs: [CaptureInput] = []
    for path in paths {
      do throws(CaptureError) {
        let source = try ByteSource(path: path)
        try check(head: source.peek(FileMagic.length), source)
        inputs.append(CaptureInput(path: path))
      } catch {
        warnings.append(
          CaptureWarning(path: path, message: "left aside: \(error.description)", isDataLoss: false))
      }
    }
    return inputs
  }
}

/// What an argument of a command line means.
enum Meaning {
  /// `-`.
  case standardInput
  /// A regular file.
  case file(String)
  /// A pipe or device.
  case pipe(String)
  /// The regular files of a directory or pattern, sorted by name; the error if none of them will do.
  case files([String], none: CaptureError)

  init(_ argument: String) throws(CaptureError) {
    if argument == "-" {
      self = .standardInput
      return
    }
    var status = stat()
    if stat(argument, &status) != 0 {
      guard errno == ENOENT, argument.contains(where: { "*?[".contains($0) }) else {
        switch errno {
        case ENOENT, ENOTDIR: throw .noSuchFile(path: argument)
        case EACCES: throw .permissionDenied(path: argument)
        default: throw .cannotRead(path: argument, reason: String(cString: strerror(errno)))
        }
      }
      self = .files(Self.matches(argument), none: .noMatch(pattern: argument))
    } else if status.st_mode & S_IFMT == S_IFDIR {
      self = .files(try Self.regularFiles(directory: argument), none: .noCaptures(directory: argument))
    } else {
      self = status.st_mode & S_IFMT == S_IFREG ? .file(argument) : .pipe(argument)
    }
  }

  private static func matches(_ pattern: String) -> [String] {
    var result = glob_t()
    defer { globfree(&result) }
    guard glob(pattern, 0, nil, &result) == 0, let paths = result.gl_pathv else { return [] }
    return (0..<Int(result.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
      .filter(isRegularFile).sorted()
  }

  private static func regularFiles(directory: String) throws(CaptureError) -> [String] {
    guard let stream = opendir(directory) else {
      if errno == EACCES { throw .permissionDenied(path: directory) }
      throw .cannotRead(path: directory, reason: String(cString: strerror(errno)))
    }
    defer { closedir(stream) }
    var paths: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
          String(cString: $0)
        }
      }
      let path = directory.hasSuffix("/") ? directory + name : directory + "/" + name
      if isRegularFile(path) { paths.append(path) }
    }
    return paths.sorted()
  }

  private static func isRegularFile(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}
