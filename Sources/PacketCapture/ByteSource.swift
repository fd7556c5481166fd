import CZlib
import CZstd
import Glibc

/// The bytes of a file or of standard input, decompressed on the way if they are gzip or zstd.
///
/// A broken stream reads as far as it goes: then the source is at its end and `problem` says why.
final class ByteSource {
  private enum Codec {
    case undecided, none, gzip(UnsafeMutablePointer<z_stream>), zstd(OpaquePointer)
  }

  /// Name of the input in messages.
  let path: String
  /// Why the bytes ended early, if they did.
  private(set) var problem: String?
  /// Decompressed bytes given out, in bytes from the start.
  private(set) var delivered: UInt64 = 0

  private var descriptor: Int32
  private var isRegular = false
  /// Of a regular file: its size when it was opened, what was read of it, and how far it was asked for.
  private var size = 0
  private var taken = 0
  private var asked = 0
  private let closesDescriptor: Bool
  private var codec = Codec.undecided
  private var raw: ContiguousArray<UInt8> = []
  private var rawStart = 0
  private var rawEnd = 0
  private var rawAtEnd = false
  private var frameOpen = false
  private var atEnd = false
  private var peeked: ContiguousArray<UInt8> = []
  private var peekedStart = 0

  private static let rawSize = 128 << 10
  /// How far ahead of what is read the system is asked for the bytes of a file, at most.
  private static let ahead = 32 << 20

  /// Opens `path`, or standard input for `-`.
  init(path: String) throws(CaptureError) {
    if path == "-" {
      self.path = "standard input"
      descriptor = 0
      closesDescriptor = false
      return
    }
    self.path = path
    closesDescriptor = true
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    if descriptor < 0 {
      switch errno {
      case ENOENT, ENOTDIR: throw .noSuchFile(path: path)
      case EACCES, EPERM: throw .permissionDenied(path: path)
      default: throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
      }
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
      close(descriptor)
      descriptor = -1
      throw .isDirectory(path: path)
    }
    isRegular = status.st_mode & S_IFMT == S_IFREG
    size = Int(status.st_size)
  }

  deinit {
    switch codec {
    case .gzip(let stream):
      inflateEnd(stream)
      stream.deallocate()
    case .zstd(let stream): ZSTD_freeDStream(stream)
    case .undecided, .none: break
    }
    if closesDescriptor && descriptor >= 0 { close(descriptor) }
  }

  /// Whether it has turned out to be a regular file that is not compressed.
  var isPlainFile: Bool {
    if case .none = codec { return isRegular }
    return false
  }

  /// Up to `count` next bytes, which stay to be read.
  func peek(_ count: Int) -> ArraySlice<UInt8> {
    while peeked.count - peekedStart < count {
      var more = [UInt8](repeating: 0, count: count - (peeked.count - peekedStart))
      let got = more.withUnsafeMutableBytes { fetch($0) }
      if got <= 0 { break }
      peeked.append(contentsOf: more[..<got])
    }
    return ArraySlice(peeked[peekedStart...].prefix(count))
  }

  /// Reads some bytes into `buffer`; returns how many, 0 only at the end or where the stream breaks.
  func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard buffer.count > 0 else { return 0 }
    var got = 0
    if peekedStart < peeked.count {
      got = min(buffer.count, peeked.count - peekedStart)
      buffer.copyBytes(from: peeked[peekedStart..<peekedStart + got])
      peekedStart += got
    } else {
      got = fetch(buffer)
    }
    delivered &+= UInt64(got)
    return got
  }

  private func fetch(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    if atEnd { return 0 }
    if case .undecided = codec { decide() }
    var got = 0
    switch codec {
    case .undecided, .none: got = fetchPlain(buffer)
    case .gzip(let stream): got = inflate(stream, buffer)
    case .zstd(let stream): got = decompress(stream, buffer)
    }
    if got == 0 { atEnd = true }
    return got
  }

  private func system(_ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    askAhead()
    while true {
      let got = Glibc.read(descriptor, base, count)
      if got >= 0 {
        taken &+= got
        return got
      }
      if errno == EINTR { continue }
      problem = "read error: " + String(cString: strerror(errno))
      return 0
    }
  }

  /// Asks the system for what will be read soon, so that it is fetched from the disk beside the work; it is free to
  /// forget it.
  private func askAhead() {
    guard isRegular, asked < size, taken &+ Self.ahead / 2 >= asked else { return }
    let count = min(Self.ahead / 2, size &- asked)
    _ = posix_fadvise(descriptor, off_t(asked), off_t(count), POSIX_FADV_WILLNEED)
    asked &+= count
  }

  /// Makes sure there is raw input, if there is any left.
  private func fill() {
    guard rawStart == rawEnd, !rawAtEnd else { return }
    if raw.isEmpty { raw = ContiguousArray(repeating: 0, count: Self.rawSize) }
    rawStart = 0
    rawEnd = raw.withUnsafeMutableBytes { system($0.baseAddress, $0.count) }
    rawAtEnd = rawEnd == 0
  }

  private func decide() {
    raw = ContiguousArray(repeating: 0, count: Self.rawSize)
    while rawEnd < 4, !rawAtEnd {
      let have = rawEnd
      let got = raw.withUnsafeMutableBytes {
        system($0.baseAddress.map { $0 + have }, $0.count - have)
      }
      rawEnd += got
      rawAtEnd = got == 0
    }
    let magic = Array(raw[..<min(4, rawEnd)])
    codec = .none
    if magic.starts(with: [0x1f, 0x8b]) {
      // zlib keeps the address of its stream, so the stream must not move.
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      if inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK {
        codec = .gzip(stream)
        frameOpen = true
      } else {
        stream.deallocate()
        problem = "zlib cannot start"
        atEnd = true
      }
    } else if Self.isZstd(magic) {
      if let stream = ZSTD_createDStream() {
        codec = .zstd(stream)
      } else {
        problem = "zstd cannot start"
        atEnd = true
      }
    }
  }

  private static func isZstd(_ magic: [UInt8]) -> Bool {
    magic == [0x28, 0xb5, 0x2f, 0xfd]
      || magic.count == 4 && magic[0] & 0xf0 == 0x50 && magic[1...] == [0x2a, 0x4d, 0x18]
  }

  private func fetchPlain(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    guard rawStart < rawEnd else { return rawAtEnd ? 0 : system(buffer.baseAddress, buffer.count) }
    let got = min(buffer.count, rawEnd - rawStart)
    buffer.copyBytes(from: raw[rawStart..<rawStart + got])
    rawStart += got
    return got
  }

  private func inflate(_ stream: UnsafeMutablePointer<z_stream>, _ buffer: UnsafeMutableRawBufferPointer)
    -> Int
  {
    let room = min(buffer.count, 1 << 30)
    stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(room)
    while stream.pointee.avail_out == UInt32(room) {
      fill()
      if rawStart == rawEnd {
        if frameOpen && problem == nil { problem = "the gzip stream is cut" }
        return 0
      }
      if !frameOpen {
        // Between members: padding of zeros is skipped, another member is begun.
        if raw[rawStart] == 0 {
          rawStart += 1
          continue
        }
        guard raw[rawStart] == 0x1f, inflateReset(stream) == Z_OK else {
          problem = "there is something that is not gzip after the gzip stream"
          return 0
        }
        frameOpen = true
      }
      let start = rawStart
      let end = rawEnd
      let (status, left) = raw.withUnsafeMutableBytes { input -> (Int32, Int) in
        stream.pointee.next_in = input.baseAddress.map { ($0 + start).assumingMemoryBound(to: UInt8.self) }
        stream.pointee.avail_in = UInt32(end - start)
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        return (status, Int(stream.pointee.avail_in))
      }
      rawStart = rawEnd - left
      if status == Z_STREAM_END {
        frameOpen = false
      } else if status != Z_OK && !(status == Z_BUF_ERROR && rawStart == rawEnd) {
        problem =
          "the gzip stream is corrupt" + (stream.pointee.msg.map { " (" + String(cString: $0) + ")" } ?? "")
        let got = room - Int(stream.pointee.avail_out)
        rawAtEnd = true
        rawStart = rawEnd
        frameOpen = false
        return got
      }
    }
    return room - Int(stream.pointee.avail_out)
  }

  private func decompress(_ stream: OpaquePointer, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    while output.pos == 0 {
      fill()
      let isDry = rawStart == rawEnd
      if isDry && !frameOpen { return 0 }
      let start = rawStart
      let end = rawEnd
      let (status, used) = raw.withUnsafeBytes { bytes -> (Int, Int) in
        var input = ZSTD_inBuffer(src: bytes.baseAddress.map { $0 + start }, size: end - start, pos: 0)
        let status = ZSTD_decompressStream(stream, &output, &input)
        return (status, input.pos)
      }
      rawStart += used
      if ZSTD_isError(status) != 0 {
        problem = "the zstd stream is corrupt (" + String(cString: ZSTD_getErrorName(status)) + ")"
        rawAtEnd = true
        rawStart = rawEnd
        frameOpen = false
        return output.pos
      }
      frameOpen = status != 0
      if isDry && output.pos == 0 {
        if problem == nil { problem = "the zstd stream is cut" }
        return 0
      }
    }
    return output.pos
  }
}
