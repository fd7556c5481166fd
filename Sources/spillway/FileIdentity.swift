#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Which regular file a path names, whatever the path.
struct FileIdentity: Hashable {
  private let device: UInt64
  private let node: UInt64

  /// The file at a path; `nil` where there is none, or none that is regular.
  init?(path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt64(status.st_dev)
    node = UInt64(status.st_ino)
  }
}
