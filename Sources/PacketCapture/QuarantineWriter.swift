import Glibc
public import NA62Formats

/// Writes rejected packets to a pcapng file, each with a comment that says why, which Wireshark shows.
///
/// The file is created at the first rejected packet.
public final class QuarantineWriter {
  /// Path of the file.
  public let path: String
  /// Packets written so far.
  public private(set) var packetCount: UInt64 = 0
  private var sink: FileSink?
  private var interfaces: [LinkType] = []
  private var isClosed = false
  private let appends: Bool

  /// A quarantine at `path`, which is not touched before the first rejected packet.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - append: Whether to go on with the file, where it is one that a quarantine wrote; else it begins anew.
  public init(path: String, append: Bool = false) {
    self.path = path
    appends = append
  }

  /// Writes all rejected packets of a batch. Throws where the file cannot be written.
  public func write(_ batch: PacketBatch) throws(CaptureError) {
    for reject in batch.rejects {
      let start = min(max(0, reject.frameOffset), batch.bytes.count)
      let end = min(max(start, start &+ reject.frameLength), batch.bytes.count)
      try write(reject, frame: batch.bytes[start..<end])
    }
  }

  /// Writes one rejected packet whose captured bytes are `frame`. Throws where the file cannot be written.
  public func write(_ reject: RejectedPacket, frame: some Collection<UInt8>) throws(CaptureError) {
    try write(
      time: reject.time, packet: reject.packet, frame: frame, originalLength: reject.originalLength,
      link: reject.link, reason: reject.reason.rawValue)
  }

  /// Writes one packet that a later stage rejected, with that stage's reason. Throws where the file cannot be
  /// written.
  public func write(
    time dataTime: DataTime, packet: PacketReference, frame: some Collection<UInt8>,
    originalLength: Int = 0, link: LinkType = .ethernet, reason: String
  ) throws(CaptureError) {
    let sink = try open()
    let interface = try interface(for: link, sink)
    let comment = Array("\(reason) (\(packet))".utf8)
    let length = 28 + padded(frame.count) + 4 + padded(comment.count) + 4 + 4
    // pcapng counts unsigned ns; a time before 1970 is written as 1970.
    let time = UInt64(clamping: dataTime.nanoseconds)
    try sink.write(6 as UInt32)
    try sink.write(UInt32(clamping: length))
    try sink.write(interface)
    try sink.write(UInt32(time >> 32))
    try sink.write(UInt32(truncatingIfNeeded: time))
    try sink.write(UInt32(clamping: frame.count))
    try sink.write(UInt32(clamping: max(frame.count, originalLength)))
    try sink.write(frame)
    try pad(frame.count, sink)
    try sink.write(1 as UInt16)
    try sink.write(UInt16(clamping: comment.count))
    try sink.write(comment)
    try pad(comment.count, sink)
    try sink.write(0 as UInt32)
    try sink.write(UInt32(clamping: length))
    packetCount += 1
  }

  /// Appends the packets of another quarantine's file, as if they had been written here; nothing where there is none.
  /// Throws where a file cannot be read or written, or is not one.
  public func append(contentsOf other: String) throws(CaptureError) {
    guard access(other, F_OK) == 0 else { return }
    let bytes = try readWholeFileDecompressed(other)
    var links: [LinkType] = []
    var place = 0
    func word(_ at: Int) -> UInt32 {
      (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) }
    }
    let broken = CaptureError.cannotRead(path: other, reason: "it is not what a quarantine writes; run anew")
    while place < bytes.count {
      guard place + 12 <= bytes.count, place > 0 || word(0) == 0x0a0d_0d0a else { throw broken }
      let length = Int(word(place + 4))
      guard length >= 12, length <= bytes.count - place else { throw broken }
      let block = bytes[place..<place + length]
      switch word(place) {
      case 1:
        guard let link = LinkType(rawValue: UInt16(truncatingIfNeeded: word(place + 8))) else { throw broken }
        links.append(link)
      case 6:
        guard length >= 32,
          let link = links.indices.contains(Int(word(place + 8))) ? links[Int(word(place + 8))] : nil
        else { throw broken }
        let sink = try open()
        let interface = try interface(for: link, sink)
        try sink.write(block.prefix(8))
        try sink.write(interface)
        try sink.write(block.dropFirst(12))
        packetCount += 1
      default: break
      }
      place += length
    }
  }

  /// Hands what is buffered to the system. Throws where it cannot be written.
  public func flush() throws(CaptureError) { try sink?.flush() }

  /// Flushes and closes the file, if there is one; nothing can be written after it. Throws where it cannot
  /// be written.
  public func close() throws(CaptureError) {
    isClosed = true
    try sink?.close()
    sink = nil
  }

  private func padded(_ count: Int) -> Int { (count + 3) & ~3 }

  private func pad(_ count: Int, _ sink: FileSink) throws(CaptureError) {
    try sink.write(repeatElement(0 as UInt8, count: padded(count) - count))
  }

  private func open() throws(CaptureError) -> FileSink {
    if let sink { return sink }
    if isClosed { throw .cannotWrite(path: path, reason: "it is closed") }
    if appends, let described = Self.interfaces(path) {
      let sink = try FileSink(path: path, append: true)
      interfaces = described
      self.sink = sink
      return sink
    }
    let sink = try FileSink(path: path)
    // Section header block of unknown length, version 1.0.
    try sink.write(0x0a0d_0d0a as UInt32)
    try sink.write(28 as UInt32)
    try sink.write(0x1a2b_3c4d as UInt32)
    try sink.write(1 as UInt16)
    try sink.write(0 as UInt16)
    try sink.write(-1 as Int64)
    try sink.write(28 as UInt32)
    self.sink = sink
    return sink
  }

  /// The link types that a quarantine's file describes, in their order; nil where it is not one.
  private static func interfaces(_ path: String) -> [LinkType]? {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { Glibc.close(descriptor) }
    var found: [LinkType] = []
    var place: off_t = 0
    var head = [UInt8](repeating: 0, count: 10)
    while true {
      let got = head.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, place) }
      if got == 0, place > 0 { return found }
      guard got == head.count else { return nil }
      let word = { (at: Int) in (0..<4).reduce(UInt32(0)) { $0 | UInt32(head[at + $1]) << UInt32(8 * $1) } }
      guard place > 0 || word(0) == 0x0a0d_0d0a, word(4) >= 12 else { return nil }
      if word(0) == 1 {
        let number = UInt16(head[8]) | UInt16(head[9]) << 8
        guard let link = LinkType(rawValue: number) else { return nil }
        found.append(link)
      }
      place += off_t(word(4))
    }
  }

  /// The number of the interface of a link type; an interface is described when it first occurs.
  private func interface(for link: LinkType, _ sink: FileSink) throws(CaptureError) -> UInt32 {
    if let known = interfaces.firstIndex(of: link) { return UInt32(known) }
    try sink.write(1 as UInt32)
    try sink.write(32 as UInt32)
    try sink.write(link.rawValue)
    try sink.write(0 as UInt16)
    try sink.write(0 as UInt32)
    // Option if_tsresol: 10^-9 s.
    try sink.write(9 as UInt16)
    try sink.write(1 as UInt16)
    try sink.write(9 as UInt32)
    try sink.write(0 as UInt32)
    try sink.write(32 as UInt32)
    interfaces.append(link)
    return UInt32(interfaces.count - 1)
  }
}
