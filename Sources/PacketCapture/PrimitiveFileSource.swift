import NA62Formats

/// One raw primitive file while it is read: the packet that is next, and its place in time.
final class PrimitiveFileSource {
  /// Frames by which headers of neighbouring packets may differ: beyond, one of them is doubted.
  private static let ahead: Int64 = 4096
  private static let behind: Int64 = 64
  private static let bufferSize = 64 << 10

  let index: UInt32
  let file: PrimitiveFile
  private let bytes: ByteSource
  private let isWide: (SourceID) -> Bool
  private var buffer = ContiguousArray<UInt8>(repeating: 0, count: PrimitiveFileSource.bufferSize)
  private var start = 0
  private var end = 0
  private var lastFrame: Int64?
  private var saidSource = false

  /// Number of the next packet, from 1.
  private(set) var number: UInt32 = 0
  /// Length of the next packet in bytes; 0 at the end.
  private(set) var length = 0
  /// Where the next packet belongs in time, in frames of 256 clock periods since the start of burst.
  private(set) var frame: Int64 = 0
  /// Where the next packet begins, in bytes from the start of the file after decompression.
  private var offset: UInt64 = 0
  /// What was noticed and not yet taken.
  var warnings: [CaptureWarning] = []

  /// Opens a file at its first packet.
  ///
  /// - Parameter isWide: whether the packets of a source are in the 64-bit format.
  init(index: UInt32, file: PrimitiveFile, isWide: @escaping (SourceID) -> Bool) throws(CaptureError) {
    self.index = index
    self.file = file
    self.isWide = isWide
    bytes = try ByteSource(path: file.path)
    look()
    if number == 0, warnings.isEmpty {
      warnings.append(
        CaptureWarning(
          path: file.path, message: "the file is empty; did the detector send nothing?", isDataLoss: false))
    }
  }

  /// Calls `body` with the bytes of the next packet, and goes on to the one behind it.
  func take(_ body: (UnsafeRawBufferPointer) -> Void) {
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<(start + length)])) }
    start += length
    offset += UInt64(length)
    look()
  }

  /// Looks at the packet at `start`.
  private func look() {
    length = 0
    let available = fill(MTPHeader.byteCount)
    guard available > 0 else {
      if let problem = bytes.problem { damaged("\(problem)") }
      return
    }
    guard let header = header(at: 0) else {
      return damaged(bytes.problem ?? "\(available) bytes are left, too few for the header of a packet")
    }
    let said = Int(header.totalLength)
    guard said >= MTPHeader.byteCount, said <= MTP.maximumByteCount else {
      return damaged(
        "a packet of \(said) bytes, where \(MTPHeader.byteCount) to \(MTP.maximumByteCount) are possible")
    }
    guard fill(said) >= said else {
      return damaged(bytes.problem ?? "a packet of \(said) bytes reaches behind the end")
    }
    number &+= 1
    length = said
    frame = place(header)
    lastFrame = frame
    let sources = file.prefix.sources
    if !saidSource, !sources.isEmpty, !sources.contains(header.source) {
      saidSource = true
      let names = sources.map(\.hex).joined(separator: " or ")
      warnings.append(
        CaptureWarning(
          path: file.path,
          message: "packet \(number) is of source \(header.source.hex), the file's name means \(names); the "
            + "header's source is used", isDataLoss: false))
    }
  }

  private func damaged(_ what: String) {
    warnings.append(
      CaptureWarning(
        path: file.path, packet: number, byteOffset: offset, message: "\(what); read as far as it goes",
        isDataLoss: true))
  }

  /// Where a packet belongs in time. A header that fits neither the packet before nor that behind it is
  /// damaged: believed, it would hold up the whole file, so the packet keeps its place behind the last one.
  private func place(_ header: MTPHeader) -> Int64 {
    let own = frame(of: header, last: lastFrame)
    if let lastFrame, Self.fits(own, behind: lastFrame) { return own }
    let next = self.header(at: length)
    let nextFrame = next.map { frame(of: $0, last: own) }
    if let lastFrame {
      // A jump in time is believed if the next packet is close behind it.
      guard let nextFrame, nextFrame > own, nextFrame - own <= Self.behind else { return lastFrame + 1 }
      return own
    }
    // Of the first three packets, two have to agree.
    guard let next, let nextFrame, !Self.fits(nextFrame, behind: own),
      let third = self.header(at: length + max(MTPHeader.byteCount, Int(next.totalLength)))
    else { return own }
    let alone = frame(of: next, last: nil)
    return Self.fits(frame(of: third, last: alone), behind: alone) ? alone - 1 : own
  }

  private static func fits(_ frame: Int64, behind last: Int64) -> Bool {
    frame - last <= ahead && frame - last >= -behind
  }

  /// The frame of a header. In the 64-bit format the header counts clock periods, and its 24 bits turn over
  /// within a burst.
  private func frame(of header: MTPHeader, last: Int64?) -> Int64 {
    guard isWide(header.source) else { return Int64(header.timestamp) }
    let low = Int64(header.timestamp >> 8)
    guard let last else { return low }
    return last + Int64(Int16(truncatingIfNeeded: low - last))
  }

  /// The header at a distance from `start`, or `nil` where the file ends before it does.
  private func header(at distance: Int) -> MTPHeader? {
    guard fill(distance + MTPHeader.byteCount) >= distance + MTPHeader.byteCount else { return nil }
    let place = start + distance
    return buffer.withUnsafeBytes { MTPHeader($0.bytes.extracting(place..<(place + MTPHeader.byteCount))) }
  }

  /// Makes sure that `count` bytes lie behind `start`, if the file has them; returns how many lie there.
  private func fill(_ count: Int) -> Int {
    guard end - start < count else { return end - start }
    let kept = end - start
    buffer.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress, start > 0 { base.copyMemory(from: base + start, byteCount: kept) }
    }
    start = 0
    end = kept
    // A length in a header that is only looked ahead to can be anything.
    let wanted = min(count, buffer.count)
    while end < wanted {
      let have = end
      let got = buffer.withUnsafeMutableBytes {
        bytes.read(UnsafeMutableRawBufferPointer(rebasing: $0[have...]))
      }
      if got == 0 { break }
      end += got
    }
    return end
  }
}
