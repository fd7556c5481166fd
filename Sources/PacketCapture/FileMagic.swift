/// Knows kinds of file by their first bytes.
enum FileMagic {
  private static let captures: [[UInt8]] = [
    [0xa1, 0xb2, 0xc3, 0xd4], [0xd4, 0xc3, 0xb2, 0xa1], [0xa1, 0xb2, 0x3c, 0x4d], [0x4d, 0x3c, 0xb2, 0xa1],
    [0xa1, 0xb2, 0xcd, 0x34], [0x34, 0xcd, 0xb2, 0xa1], [0x0a, 0x0d, 0x0d, 0x0a],
  ]

  private static let others: [(magic: [UInt8], name: String)] = [
    ([0x7f, 0x45, 0x4c, 0x46], "an ELF program"),
    ([0x89, 0x50, 0x4e, 0x47], "a PNG image"),
    ([0xff, 0xd8, 0xff], "a JPEG image"),
    (Array("%PDF".utf8), "a PDF document"),
    (Array("root".utf8), "a ROOT file"),
    (Array("snoop".utf8), "a snoop capture (convert it by editcap)"),
    (Array("SQLite".utf8), "an SQLite database"),
    ([0x50, 0x4b, 0x03, 0x04], "a ZIP archive (unpack it first)"),
    ([0xfd, 0x37, 0x7a, 0x58, 0x5a], "an xz file (unpack it first)"),
    (Array("BZh".utf8), "a bzip2 file (unpack it first)"),
    ([0x04, 0x22, 0x4d, 0x18], "an LZ4 file (unpack it first)"),
    ([0x1f, 0x8b], "a file compressed twice by gzip (unpack it once)"),
    ([0x28, 0xb5, 0x2f, 0xfd], "a file compressed twice by zstd (unpack it once)"),
    ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
  ]

  /// Bytes that are enough to know a file.
  static let length = 64

  /// The kind of the file that begins with `head`.
  static func kind(_ head: ArraySlice<UInt8>) -> CaptureInput.Kind {
    if captures.contains(where: head.starts(with:)) { return .capture }
    if head.starts(with: [1, 0, 0, 0]) { return .burstFile }
    return .unknown
  }

  /// What a file looks like that begins with `head` and is no capture, if that is known.
  static func name(_ head: ArraySlice<UInt8>) -> String? {
    if kind(head) == .burstFile { return "an NA62 burst file" }
    if let other = others.first(where: { head.starts(with: $0.magic) }) { return other.name }
    let isText = head.allSatisfy { $0 >= 0x20 && $0 < 0x7f || $0 >= 9 && $0 <= 13 }
    return isText && !head.isEmpty ? "text" : nil
  }
}
