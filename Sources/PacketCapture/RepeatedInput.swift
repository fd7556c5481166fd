import Glibc

extension CaptureInput {
  /// A warning for each regular file among `paths` that an earlier one of them is too: the same file, or a
  /// copy of it. What a capture brings twice is lost as duplicates.
  ///
  /// Only files of equal length are read, and only as far as they agree, so that this costs little where
  /// there is no copy.
  public static func repetitions(_ paths: [String]) -> [CaptureWarning] {
    var warnings: [CaptureWarning] = []
    var seen: [Int: [(path: String, status: stat)]] = [:]
    for path in paths where path != "-" {
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
      let first = seen[status.st_size]?.first { other in
        let isSameFile = other.status.st_ino == status.st_ino && other.status.st_dev == status.st_dev
        return isSameFile || holdSameBytes(other.path, path)
      }
      if let first {
        warnings.append(
          CaptureWarning(
            path: path,
            message: (first.path == path ? "is given twice" : "is the same as \(first.path)")
              + "; the copies count as duplicates and are lost, give it once", isDataLoss: false))
      } else {
        seen[status.st_size, default: []].append((path, status))
      }
    }
    return warnings
  }

  /// Whether two files have the same bytes; `false` too where one of them cannot be read.
  private static func holdSameBytes(_ a: String, _ b: String) -> Bool {
    let files = [a, b].map { (path: String) in open(path, O_RDONLY | O_CLOEXEC) }
    defer { for file in files where file >= 0 { close(file) } }
    guard files.allSatisfy({ $0 >= 0 }) else { return false }
    // Short at first: two captures differ in the time of their first packets.
    var size = 4 << 10
    while true {
      let pieces = files.map { piece($0, size) }
      guard pieces[0] == pieces[1], pieces[0] != nil else { return false }
      if pieces[0]?.isEmpty ?? true { return true }
      size = 1 << 20
    }
  }

  /// The next bytes of a file, `count` of them but at its end; nil where it cannot be read.
  private static func piece(_ file: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes {
        read(file, $0.baseAddress.map { $0 + filled }, count - filled)
      }
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { return nil }
      if got == 0 { break }
      filled += got
    }
    return Array(bytes[..<filled])
  }
}
