import CPcap
import Glibc

/// An open libpcap handle of a network interface.
final class LiveHandle {
  let pcap: OpaquePointer
  let link: LinkType
  /// What one count of the fraction of a stamp is, in ns.
  let nanosecondsPerTick: Int64
  private let descriptor: Int32
  private var dropped: (kernel: UInt32, interface: UInt32) = (0, 0)

  init(interface: String, options: LiveOptions) throws(CaptureError) {
    var text = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let pcap = pcap_create(interface, &text) else {
      throw .cannotUseInterface(
        name: interface,
        reason: text.withUnsafeBufferPointer { $0.baseAddress.map(String.init(cString:)) ?? "" })
    }
    do throws(CaptureError) {
      nanosecondsPerTick = Self.prepare(pcap, options)
      try Self.activate(pcap, interface)
      link = try Self.link(pcap, interface)
      if let filter = options.filter { try Self.apply(filter, pcap) }
      descriptor = pcap_get_selectable_fd(pcap)
      guard descriptor >= 0, pcap_setnonblock(pcap, 1, &text) == 0 else {
        throw .cannotUseInterface(name: interface, reason: "it cannot be waited for")
      }
    } catch {
      pcap_close(pcap)
      throw error
    }
    self.pcap = pcap
    if NetworkInterface(name: interface)?.isLoopback == true {
      // There each packet passes twice, on its way out and in; libpcap leaves the first aside, but it would take
      // room in the buffer. Kernels before 4.20 refuse, and that is all it costs.
      var isIgnored: Int32 = 1
      setsockopt(
        descriptor, SOL_PACKET, PACKET_IGNORE_OUTGOING, &isIgnored, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  deinit { pcap_close(pcap) }

  /// What libpcap says of its last error.
  var message: String { Self.message(pcap) }

  /// Waits until there are packets, or a descriptor is readable, but not longer than some ms.
  func wait(milliseconds: Int32, orReadable other: Int32?) {
    // A negative descriptor is left aside.
    var descriptors = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: other ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    poll(&descriptors, 2, milliseconds)
    // Of an interface that is down the error stands: do not spin on it.
    if descriptors[0].revents & Int16(POLLERR | POLLNVAL) != 0 { poll(nil, 0, min(milliseconds, 10)) }
  }

  /// Packets dropped since the last call, by the kernel and by the interface.
  func newDrops() -> (kernel: UInt32, interface: UInt32) {
    var statistics = pcap_stat()
    guard pcap_stats(pcap, &statistics) == 0 else { return (0, 0) }
    let before = dropped
    dropped = (statistics.ps_drop, statistics.ps_ifdrop)
    return (dropped.kernel &- before.kernel, dropped.interface &- before.interface)
  }

  /// Sets the options; returns what a count of a stamp will be, in ns.
  private static func prepare(_ pcap: OpaquePointer, _ options: LiveOptions) -> Int64 {
    pcap_set_snaplen(pcap, Int32(clamping: max(64, options.snapLength)))
    pcap_set_promisc(pcap, options.isPromiscuous ? 1 : 0)
    pcap_set_timeout(pcap, Int32(clamping: max(1, options.gatherMilliseconds)))
    pcap_set_buffer_size(pcap, Int32(clamping: max(1, options.bufferMiB) << 20))
    return pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0 ? 1 : 1000
  }

  private static func activate(_ pcap: OpaquePointer, _ interface: String) throws(CaptureError) {
    let status = pcap_activate(pcap)
    switch status {
    case 0...: return
    case PCAP_ERROR_NO_SUCH_DEVICE:
      throw .noSuchInterface(name: interface, known: NetworkInterface.names)
    case PCAP_ERROR_PERM_DENIED, PCAP_ERROR_PROMISC_PERM_DENIED: throw .interfacePermission(name: interface)
    case PCAP_ERROR_IFACE_NOT_UP:
      throw .cannotUseInterface(name: interface, reason: "it is down; set it up with ip(8)")
    default:
      let reason = message(pcap)
      throw .cannotUseInterface(
        name: interface, reason: reason.isEmpty ? String(cString: pcap_statustostr(status)) : reason)
    }
  }

  private static func link(_ pcap: OpaquePointer, _ interface: String) throws(CaptureError) -> LinkType {
    let datalink = pcap_datalink(pcap)
    guard let link = LinkType(datalink: datalink) else {
      let name = pcap_datalink_val_to_name(datalink).map { String(cString: $0) } ?? "\(datalink)"
      throw .unsupportedLinkType(path: interface, name: name)
    }
    return link
  }

  private static func apply(_ filter: String, _ pcap: OpaquePointer) throws(CaptureError) {
    var program = bpf_program()
    guard pcap_compile(pcap, &program, filter, 1, UInt32.max) == 0 else {
      throw .badFilter(filter: filter, message: message(pcap))
    }
    defer { pcap_freecode(&program) }
    guard pcap_setfilter(pcap, &program) == 0 else {
      throw .badFilter(filter: filter, message: message(pcap))
    }
  }

  private static func message(_ pcap: OpaquePointer) -> String {
    pcap_geterr(pcap).map { String(cString: $0) } ?? ""
  }
}
