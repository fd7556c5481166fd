/// All bytes of the file at `path` (`-` for standard input), decompressed if it is gzip or zstd.
///
/// Throws where it cannot be read, is longer than `maximumSize` bytes, or its compressed stream is broken.
public func readWholeFileDecompressed(
  _ path: String, maximumSize: Int = 4 << 30
) throws(CaptureError) -> ContiguousArray<UInt8> {
  let source = try ByteSource(path: path)
  var bytes: ContiguousArray<UInt8> = []
  var chunk = ContiguousArray<UInt8>(repeating: 0, count: 1 << 20)
  while true {
    let got = chunk.withUnsafeMutableBytes { source.read($0) }
    if got == 0 { break }
    if got > maximumSize - bytes.count { throw .tooLarge(path: source.path, limit: maximumSize) }
    bytes.append(contentsOf: chunk[..<got])
  }
  if let problem = source.problem {
    throw .brokenCompression(path: source.path, offset: source.delivered, message: problem)
  }
  return bytes
}
