import Foundation
import Glibc

/// Files that a run writes as it goes on: how long they were at a checkpoint, and back to that.
public enum RunFiles {
  /// The lengths of files by their paths, once all that was written to them is on the disk. What does not exist is left
  /// out.
  ///
  /// - Throws: `RunDirectoryError`.
  public static func lengths(of paths: [String]) throws -> [String: UInt64] {
    var lengths: [String: UInt64] = [:]
    for path in paths {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      if descriptor < 0, errno == ENOENT { continue }
      defer { if descriptor >= 0 { Glibc.close(descriptor) } }
      var status = stat()
      guard descriptor >= 0, fstat(descriptor, &status) == 0, fsync(descriptor) == 0 else {
        throw failure(path, "cannot be brought to the disk", errno)
      }
      lengths[path] = UInt64(clamping: status.st_size)
    }
    return lengths
  }

  /// Cuts files back to the lengths that they had; takes away those that had none.
  ///
  /// - Throws: `RunDirectoryError`, also where a file is shorter than it was.
  public static func cut(_ paths: [String], to lengths: [String: UInt64]) throws {
    for path in paths {
      guard let length = lengths[path] else {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure(path, "cannot be taken away", errno) }
        continue
      }
      let descriptor = open(path, O_WRONLY | O_CLOEXEC)
      defer { if descriptor >= 0 { Glibc.close(descriptor) } }
      var status = stat()
      guard descriptor >= 0, fstat(descriptor, &status) == 0 else {
        throw failure(path, "cannot be opened", errno)
      }
      guard UInt64(clamping: status.st_size) >= length else {
        throw RunDirectoryError(
          description: "\(path): has \(status.st_size) bytes, \(length) were written before the run was "
            + "interrupted; was it changed? replay the inputs again")
      }
      guard ftruncate(descriptor, off_t(clamping: length)) == 0 else {
        throw failure(path, "cannot be cut", errno)
      }
    }
  }

  private static func failure(_ path: String, _ what: String, _ code: Int32) -> RunDirectoryError {
    RunDirectoryError(
      description:
        "\(path): \(what) (\(String(cString: strerror(code)))); check the disk, and that it is yours")
  }
}
