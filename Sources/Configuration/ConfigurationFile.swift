#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads a whole configuration file, with the guards that a file from anywhere needs.
public enum ConfigurationFile {
  /// Largest file accepted, in bytes.
  public static let sizeLimit = 16 * 1024 * 1024

  /// The bytes of the regular file at `path`.
  ///
  /// Throws if the file is missing, not readable, not a regular file (a pipe or device could hang or never
  /// end) or larger than `sizeLimit`.
  public static func bytes(path: String) throws(ConfigurationError) -> [UInt8] {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw ConfigurationError(file: path, problem: "not a file name", advice: "give the path of a file")
    }
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ConfigurationError(
        file: path, problem: "cannot be opened: \(String(cString: strerror(errno)))",
        advice: "check the path, which is relative to the file that names it or to the current directory")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw ConfigurationError(file: path, problem: "cannot be examined: \(String(cString: strerror(errno)))")
    }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw ConfigurationError(
        file: path, problem: kind == S_IFDIR ? "is a directory, expected a file" : "is not a regular file",
        advice: "give the path of a file")
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw ConfigurationError(file: path, problem: "cannot be read: \(String(cString: strerror(errno)))")
      }
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: chunk[..<count])
      guard bytes.count <= sizeLimit else {
        throw ConfigurationError(
          file: path, problem: "larger than 16 MiB, the limit for a configuration file",
          advice: "check that this is the right file")
      }
    }
  }

  /// The UTF-8 text of the file at `path`; a byte order mark at its start is dropped.
  ///
  /// Throws as `bytes(path:)` does, and if the bytes are not UTF-8, naming the line.
  public static func text(path: String) throws(ConfigurationError) -> String {
    try text(bytes: bytes(path: path), file: path)
  }

  /// The UTF-8 text in `bytes`; `file` is for the error, which names the line that is not UTF-8.
  public static func text(bytes: [UInt8], file: String) throws(ConfigurationError) -> String {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let body = bytes.starts(with: mark) ? bytes[3...] : bytes[...]
    if let text = String(validating: body, as: UTF8.self) { return text }
    var line = 1
    for piece in body.split(separator: 0x0A, omittingEmptySubsequences: false) {
      if String(validating: piece, as: UTF8.self) == nil { break }
      line += 1
    }
    throw ConfigurationError(
      file: file, line: line, problem: "not UTF-8 text",
      advice: "save the file as UTF-8, or check that it is text")
  }
}
