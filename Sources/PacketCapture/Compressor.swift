import CZlib
import CZstd

/// Compresses what goes to a file, in the way that the file's name asks for.
///
/// The bytes depend on what is written alone: there is no time and no name in the headers.
final class Compressor {
  private enum Codec {
    case gzip(UnsafeMutablePointer<z_stream>)
    case zstd(OpaquePointer)
  }

  private let codec: Codec
  private var output = [UInt8](repeating: 0, count: 64 << 10)

  /// A compressor for a file whose name ends in `.gz` or `.zst`; `nil` for any other, and where there is no
  /// memory for it.
  init?(path: String) {
    if path.hasSuffix(".gz") {
      // zlib keeps the address of its stream, so the stream must not move.
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      guard
        deflateInit2_(
          stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
          Int32(MemoryLayout<z_stream>.size)) == Z_OK
      else {
        stream.deallocate()
        return nil
      }
      codec = .gzip(stream)
    } else if path.hasSuffix(".zst") {
      guard let stream = ZSTD_createCStream() else { return nil }
      _ = ZSTD_initCStream(stream, 3)
      codec = .zstd(stream)
    } else {
      return nil
    }
  }

  deinit {
    switch codec {
    case .gzip(let stream):
      deflateEnd(stream)
      stream.deallocate()
    case .zstd(let stream): ZSTD_freeCStream(stream)
    }
  }

  /// Compresses bytes, or ends the stream; calls `write` with what comes out.
  ///
  /// Throws what `write` throws, and `cannotWrite` where the library refuses.
  func compress(
    _ bytes: [UInt8], isLast: Bool, path: String,
    _ write: (ArraySlice<UInt8>) throws(CaptureError) -> Void
  ) throws(CaptureError) {
    var consumed = 0
    while true {
      let (produced, used, isDone, problem) = bytes.withUnsafeBytes { input in
        step(UnsafeRawBufferPointer(rebasing: input[consumed...]), isLast: isLast)
      }
      if let problem { throw .cannotWrite(path: path, reason: problem) }
      consumed += used
      try write(output[..<produced])
      if isDone && consumed == bytes.count { return }
    }
  }

  /// One call of the library: bytes produced and used, and whether nothing is left to come out.
  private func step(_ input: UnsafeRawBufferPointer, isLast: Bool) -> (Int, Int, Bool, String?) {
    output.withUnsafeMutableBytes { buffer in
      switch codec {
      case .gzip(let stream):
        let room = min(input.count, 1 << 30)
        // zlib reads from this pointer only; its type lacks the const.
        stream.pointee.next_in = UnsafeMutablePointer(
          mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
        stream.pointee.avail_in = UInt32(room)
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(buffer.count)
        let status = deflate(stream, isLast && room == input.count ? Z_FINISH : Z_NO_FLUSH)
        let used = room - Int(stream.pointee.avail_in)
        let produced = buffer.count - Int(stream.pointee.avail_out)
        if status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR {
          return (0, 0, true, "zlib fails with status \(status)")
        }
        return (produced, used, isLast ? status == Z_STREAM_END : stream.pointee.avail_out > 0, nil)
      case .zstd(let stream):
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
        let left = ZSTD_compressStream2(stream, &target, &source, isLast ? ZSTD_e_end : ZSTD_e_continue)
        if ZSTD_isError(left) != 0 {
          return (0, 0, true, "zstd fails: " + String(cString: ZSTD_getErrorName(left)))
        }
        return (target.pos, source.pos, isLast ? left == 0 : target.pos < buffer.count, nil)
      }
    }
  }
}
