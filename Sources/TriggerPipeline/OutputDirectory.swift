import Glibc

/// Directories that results are written to.
enum OutputDirectory {
  /// Makes the directory and those above it, where they are not there.
  ///
  /// - Throws: `RunDirectoryError`, which names `option` as the way to another directory.
  static func make(_ path: String, option: String) throws {
    var end = path.startIndex
    while end < path.endIndex {
      end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
      let part = String(path[..<end])
      var status = stat()
      if stat(part, &status) == 0 {
        guard status.st_mode & S_IFMT == S_IFDIR else {
          throw RunDirectoryError(
            description: "\(path): cannot be made (\(part) is a file); name another directory with \(option)")
        }
      } else if mkdir(part, 0o777) != 0, errno != EEXIST {
        throw RunDirectoryError(
          description: "\(path): cannot be made (\(part): \(String(cString: strerror(errno)))); "
            + "name another directory with \(option)")
      }
    }
  }
}
