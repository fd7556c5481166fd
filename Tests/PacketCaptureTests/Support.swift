import CPcap
import CZlib
import CZstd
import Glibc
import NA62Formats
import PacketCapture
import Testing

/// A directory of its own for one test, removed with all in it when the test drops it.
final class Scratch {
  let path: String
  init() throws {
    var template = Array("/tmp/capture-tests-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }
  deinit {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink(path + "/" + name)
      }
      closedir(stream)
    }
    rmdir(path)
  }
  func file(_ name: String, _ bytes: some Collection<UInt8>) throws -> String {
    let full = path + "/" + name
    let stream = try #require(fopen(full, "w"))
    let array = Array(bytes)
    #expect(fwrite(array, 1, array.count, stream) == array.count)
    fclose(stream)
    return full
  }
  func name(_ name: String) -> String { path + "/" + name }
}

func read(_ path: String) throws -> [UInt8] { Array(try readWholeFileDecompressed(path)) }

/// A packet of a capture made by hand.
struct Packet {
  var seconds: UInt32
  var fraction: UInt32 = 0
  var frame: [UInt8]
  var wireLength: Int?
}

/// The bytes of a pcap file of any byte order and precision.
func pcap(
  _ packets: [Packet], bigEndian: Bool = false, nanoseconds: Bool = false, link: UInt32 = 1,
  snapLength: UInt32 = 262_144
) -> [UInt8] {
  var bytes: [UInt8] = []
  func put(_ value: UInt32) {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }
  func put16(_ value: UInt16) {
    withUnsafeBytes(of: bigEndian ? value.bigEndian : value.littleEndian) { bytes += $0 }
  }
  put(nanoseconds ? 0xa1b2_3c4d : 0xa1b2_c3d4)
  put16(2)
  put16(4)
  put(0)
  put(0)
  put(snapLength)
  put(link)
  for packet in packets {
    put(packet.seconds)
    put(packet.fraction)
    put(UInt32(packet.frame.count))
    put(UInt32(packet.wireLength ?? packet.frame.count))
    bytes += packet.frame
  }
  return bytes
}

/// The bytes of a little-endian pcapng file with time stamps in ns.
func pcapng(_ packets: [Packet]) -> [UInt8] {
  var bytes: [UInt8] = []
  func put(_ values: UInt32...) {
    for value in values { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
  }
  put(0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, .max, .max, 28)
  put(1, 32, 1, 0, 9 | 1 << 16, 9, 0, 32)
  for packet in packets {
    let time = UInt64(packet.seconds) * 1_000_000_000 + UInt64(packet.fraction)
    let padding = (4 - packet.frame.count % 4) % 4
    let length = UInt32(32 + packet.frame.count + padding)
    put(6, length, 0, UInt32(time >> 32), UInt32(truncatingIfNeeded: time), UInt32(packet.frame.count))
    put(UInt32(packet.frame.count))
    bytes += packet.frame + [UInt8](repeating: 0, count: padding)
    put(length)
  }
  return bytes
}

func gzipped(_ bytes: [UInt8]) throws -> [UInt8] {
  let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  stream.initialize(to: z_stream())
  defer { stream.deallocate() }
  try #require(
    deflateInit2_(stream, 6, 8, 31, 8, 0, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
  var input = bytes
  var output = [UInt8](repeating: 0, count: bytes.count + 1024)
  let count = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output -> Int in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(input.count)
      stream.pointee.next_out = output.baseAddress
      stream.pointee.avail_out = UInt32(output.count)
      deflate(stream, Z_FINISH)
      return output.count - Int(stream.pointee.avail_out)
    }
  }
  deflateEnd(stream)
  return Array(output[..<count])
}

func zstdCompressed(_ bytes: [UInt8]) throws -> [UInt8] {
  var output = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
  let capacity = output.count
  let count = ZSTD_compress(&output, capacity, bytes, bytes.count, 3)
  try #require(ZSTD_isError(count) == 0)
  return Array(output[..<count])
}

/// All that a reader gives out, with copies of the payloads.
struct Everything {
  var payloads: [[UInt8]] = []
  var datagrams: [Datagram] = []
  var reasons: [RejectReason] = []
  var rejectedFrames: [[UInt8]] = []
  var books = CaptureBooks()
  var warnings: [CaptureWarning] = []
  var batches = 0
  var sawDataLoss = false

  init(_ paths: [String], _ options: CaptureOptions = CaptureOptions()) throws {
    let reader = try CaptureReader(inputs: paths.map(CaptureInput.init(path:)), options: options)
    try self.init(reader)
  }

  init(_ reader: CaptureReader) throws {
    var watermark = DataTime(nanoseconds: .min)
    while let batch = try reader.next() {
      batches += 1
      #expect(batch.books.closes)
      #expect(batch.books.datagrams == UInt64(batch.datagrams.count))
      #expect(batch.watermark >= watermark)
      watermark = batch.watermark
      for datagram in batch.datagrams {
        datagrams.append(datagram)
        #expect(datagram.payloadOffset >= datagram.frameOffset)
        #expect(
          datagram.payloadOffset + datagram.payloadLength <= datagram.frameOffset + datagram.frameLength)
        payloads.append(
          Array(batch.bytes[datagram.payloadOffset..<datagram.payloadOffset + datagram.payloadLength]))
      }
      for reject in batch.rejects {
        reasons.append(reject.reason)
        rejectedFrames.append(
          Array(batch.bytes[reject.frameOffset..<reject.frameOffset + reject.frameLength]))
      }
      books += batch.books
    }
    #expect(books.closes)
    #expect(books.fragmentsPending == 0)
    #expect(books == reader.books)
    warnings = reader.warnings
    sawDataLoss = reader.sawDataLoss
    #expect(books.cutInputs == UInt64(warnings.count { $0.isDataLoss }))
  }
}

/// A frame that carries `text`.
func frame(_ text: String, _ change: (inout UDPFrameBuilder) -> Void = { _ in }) -> [UInt8] {
  var builder = UDPFrameBuilder()
  change(&builder)
  return builder.frame(payload: Array(text.utf8))
}

func texts(_ payloads: [[UInt8]]) -> [String] { payloads.map { String(decoding: $0, as: UTF8.self) } }

/// A small generator of numbers, the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
