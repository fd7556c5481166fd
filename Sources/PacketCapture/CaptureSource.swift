import CPcap
import Glibc

/// One open or closed input of a reader: its libpcap handle, its filter, and a packet held for later.
final class CaptureSource {
  let index: UInt32
  /// What references to its packets say.
  let number: UInt32
  let input: CaptureInput
  private(set) var link = LinkType.ethernet
  private(set) var handle: OpaquePointer?
  private(set) var filter: UnsafeMutablePointer<bpf_program>?
  private var bytes: ByteSource?
  /// The buffer of the stream that the handle reads.
  private var streamBuffer: UnsafeMutablePointer<CChar>?
  /// Packets taken from the input so far.
  var packetNumber: UInt32 = 0
  /// A packet that has been read and not yet taken.
  var held = HeldPacket()

  var isOpen: Bool { handle != nil }

  init(index: UInt32, number: UInt32, input: CaptureInput) {
    self.index = index
    self.number = number
    self.input = input
  }

  deinit { shut() }

  /// Opens the input at its beginning. Returns a warning and stays closed where its header is cut.
  func start(filter text: String?) throws(CaptureError) -> CaptureWarning? {
    shut()
    packetNumber = 0
    held.forget()
    let source = try ByteSource(path: input.path)
    let head = source.peek(FileMagic.length)
    try CaptureInput.check(head: head, source)
    guard let stream = source.isPlainFile ? plainStream() : source.makeStream() else {
      throw .cannotRead(path: source.path, reason: "no memory for its stream")
    }
    prepare(stream)
    var message = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard
      let opened = pcap_fopen_offline_with_tstamp_precision(
        stream, UInt32(PCAP_TSTAMP_PRECISION_NANO), &message)
    else {
      fclose(stream)
      let reason = message.withUnsafeBufferPointer { text in
        text.baseAddress.map { String(cString: $0) } ?? ""
      }
      // No header of a capture is shorter than 24 bytes, and libpcap has several messages for those that are.
      let isCut =
        head.count < 24 || reason.hasPrefix("truncated")
        || reason.hasSuffix("no Interface Description Blocks")
      if isCut || source.problem != nil {
        return CaptureWarning(
          path: source.path, packet: 0, byteOffset: source.delivered,
          message: source.problem ?? "the capture is cut in its header", isDataLoss: true)
      }
      throw .badHeader(path: source.path, message: reason)
    }
    handle = opened
    bytes = source
    let datalink = pcap_datalink(opened)
    guard let known = LinkType(datalink: datalink) else {
      let name = pcap_datalink_val_to_name(datalink).map { String(cString: $0) } ?? "\(datalink)"
      shut()
      throw .unsupportedLinkType(path: source.path, name: name)
    }
    link = known
    if let text { try compile(text, opened) }
    return nil
  }

  private func plainStream() -> UnsafeMutablePointer<FILE>? {
    fopen(input.path, "re")
  }

  /// Gives a stream that only this source reads, one call after another, a large buffer and no lock: libpcap
  /// reads twice for each packet. The memory is ours, as the C library makes none of a size that is asked for.
  private func prepare(_ stream: UnsafeMutablePointer<FILE>) {
    let size = 128 << 10
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
    setvbuf(stream, buffer, Int32(_IOFBF), size)
    _ = __fsetlocking(stream, Int32(FSETLOCKING_BYCALLER))
    streamBuffer = buffer
  }

  private func compile(_ text: String, _ opened: OpaquePointer) throws(CaptureError) {
    let program = UnsafeMutablePointer<bpf_program>.allocate(capacity: 1)
    program.initialize(to: bpf_program())
    if pcap_compile(opened, program, text, 1, UInt32.max) != 0 {
      program.deallocate()
      let message = String(cString: pcap_geterr(opened))
      shut()
      throw .badFilter(filter: text, message: message)
    }
    filter = program
  }

  /// Reads one packet and holds it. Returns false at the end or at an error, which is in `trouble`.
  func holdNext() -> Bool {
    guard let handle else { return false }
    var header: UnsafeMutablePointer<pcap_pkthdr>?
    var data: UnsafePointer<UInt8>?
    let status = pcap_next_ex(handle, &header, &data)
    guard status == 1, let header, let data else {
      trouble = status == PCAP_ERROR ? describeTrouble() : endTrouble()
      return false
    }
    held.keep(header.pointee, data)
    return true
  }

  /// What went wrong with the input, once it has ended.
  private(set) var trouble: CaptureWarning?

  /// The warning due when libpcap reports an error.
  func describeTrouble() -> CaptureWarning? {
    guard let handle, let bytes else { return nil }
    let message = bytes.problem ?? String(cString: pcap_geterr(handle))
    return CaptureWarning(
      path: bytes.path, packet: packetNumber, byteOffset: position(handle, bytes),
      message: "\(message); read as far as it goes", isDataLoss: true)
  }

  /// The warning due at the end of the input, if its bytes ended early.
  func endTrouble() -> CaptureWarning? {
    bytes?.problem == nil ? nil : describeTrouble()
  }

  private func position(_ handle: OpaquePointer, _ bytes: ByteSource) -> UInt64 {
    guard let stream = pcap_file(handle) else { return bytes.delivered }
    let place = ftello(stream)
    if place >= 0 { return UInt64(place) }
    // What lies unread in the buffer of the stream has been delivered and not been used.
    let unread = stream.pointee._IO_read_end - stream.pointee._IO_read_ptr
    return bytes.delivered &- UInt64(max(0, unread))
  }

  /// Closes the input and lets its memory go; what is held stays.
  func shut() {
    if let filter {
      pcap_freecode(filter)
      filter.deallocate()
      self.filter = nil
    }
    if let handle { pcap_close(handle) }
    handle = nil
    // Behind the stream, which libpcap has closed, or `start` where libpcap did not take it.
    streamBuffer?.deallocate()
    streamBuffer = nil
    bytes = nil
  }
}
