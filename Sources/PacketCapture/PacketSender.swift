import CPcap
import Glibc

/// Puts packets on the wire: the UDP payloads of datagrams to a host, or frames as they are to an interface.
///
/// Each batch goes in calls of up to 64 packets. The books say what became of each packet.
public final class PacketSender {
  /// Where packets go.
  public enum Destination: Sendable, Hashable, CustomStringConvertible {
    /// UDP payloads to an IPv4 address (host order), and to one port or to the port that each was recorded for: L0
    /// data, L1 data and primitives differ in nothing else.
    case host(address: UInt32, port: UInt16?)
    /// Frames to an interface whose frames are Ethernet's. Their batches come from a reader that takes frames
    /// (`CaptureOptions.takesFrames`).
    case interface(String)

    /// The destination that `HOST`, `HOST:recorded` or `HOST:PORT` means; a host is an IPv4 address or a name.
    ///
    /// Throws where the host is not known or the port is none.
    public init(host text: String) throws(CaptureError) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, let host = parts.first, !host.isEmpty else {
        throw .badDestination(text: text, reason: "not a host and a port")
      }
      var port: UInt16?
      if parts.count == 2, parts[1] != "recorded" {
        guard let number = UInt16(parts[1]), number > 0 else {
          throw .badDestination(text: text, reason: "'\(parts[1])' is no port from 1 to 65535")
        }
        port = number
      }
      guard let address = Self.address(of: String(host)) else {
        throw .badDestination(text: text, reason: "the host is not known, or has no IPv4 address")
      }
      self = .host(address: address, port: port)
    }

    private static func address(of host: String) -> UInt32? {
      var hints = addrinfo()
      hints.ai_family = AF_INET
      hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
      var list: UnsafeMutablePointer<addrinfo>?
      guard getaddrinfo(host, nil, &hints, &list) == 0, let found = list else { return nil }
      defer { freeaddrinfo(found) }
      return found.pointee.ai_addr?.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
      }
    }

    /// As it is written on a command line.
    public var description: String {
      switch self {
      case .host(let address, let port):
        "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255):"
          + (port.map { "\($0)" } ?? "recorded")
      case .interface(let name): name
      }
    }
  }

  /// What became of the packets so far.
  public private(set) var books = SenderBooks()

  private static let messagesPerCall = 64
  private static let attempts = 200
  private let descriptor: Int32
  private let fixedPort: UInt16?
  private let messages: UnsafeMutablePointer<spillway_mmsghdr>
  private let pieces: UnsafeMutablePointer<iovec>
  private let hosts: UnsafeMutablePointer<sockaddr_in>
  private let link: UnsafeMutablePointer<sockaddr_ll>

  /// A sender to a destination.
  ///
  /// Throws where there is no such interface, its frames are not Ethernet's, or the user may not send frames.
  public init(to destination: Destination) throws(CaptureError) {
    var address: UInt32 = 0
    var index: UInt32 = 0
    switch destination {
    case .host(let host, let port):
      (address, fixedPort) = (host, port)
      descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      guard descriptor >= 0 else {
        throw .badDestination(text: destination.description, reason: String(cString: strerror(errno)))
      }
      var mayBroadcast: Int32 = 1
      setsockopt(
        descriptor, SOL_SOCKET, SO_BROADCAST, &mayBroadcast, socklen_t(MemoryLayout<Int32>.size))
    case .interface(let name):
      fixedPort = nil
      guard let interface = NetworkInterface(name: name) else {
        throw .noSuchInterface(name: name, known: NetworkInterface.names)
      }
      guard interface.isEthernet else {
        throw .cannotUseInterface(name: name, reason: "its frames are not Ethernet's; send to a host instead")
      }
      index = interface.index
      // Protocol 0: nothing is received.
      descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
      guard descriptor >= 0 else {
        if errno == EPERM || errno == EACCES { throw .interfacePermission(name: name) }
        throw .cannotUseInterface(name: name, reason: String(cString: strerror(errno)))
      }
    }
    var buffer: Int32 = 8 << 20
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &buffer, socklen_t(MemoryLayout<Int32>.size))
    let count = Self.messagesPerCall
    messages = .allocate(capacity: count)
    pieces = .allocate(capacity: count)
    hosts = .allocate(capacity: count)
    link = .allocate(capacity: 1)
    link.initialize(to: sockaddr_ll())
    link.pointee.sll_family = UInt16(AF_PACKET)
    link.pointee.sll_ifindex = Int32(clamping: index)
    for i in 0..<count {
      (pieces + i).initialize(to: iovec())
      (hosts + i).initialize(to: sockaddr_in())
      hosts[i].sin_family = UInt16(AF_INET)
      hosts[i].sin_addr.s_addr = address.bigEndian
      (messages + i).initialize(to: spillway_mmsghdr())
      messages[i].msg_hdr.msg_iov = pieces + i
      messages[i].msg_hdr.msg_iovlen = 1
      if index > 0 {
        messages[i].msg_hdr.msg_name = UnsafeMutableRawPointer(link)
        messages[i].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_ll>.size)
      } else {
        messages[i].msg_hdr.msg_name = UnsafeMutableRawPointer(hosts + i)
        messages[i].msg_hdr.msg_namelen = socklen_t(MemoryLayout<sockaddr_in>.size)
      }
    }
  }

  deinit {
    close(descriptor)
    messages.deallocate()
    pieces.deallocate()
    hosts.deallocate()
    link.deallocate()
  }

  /// Sends all datagrams of a batch, in their order; waits where the system does.
  public func send(_ batch: PacketBatch) {
    let datagrams = batch.datagrams
    batch.bytes.withUnsafeBytes { bytes in
      var next = 0
      while next < datagrams.count {
        let count = min(Self.messagesPerCall, datagrams.count - next)
        for i in 0..<count {
          let datagram = datagrams[next + i]
          let begin = min(max(0, datagram.payloadOffset), bytes.count)
          let length = min(max(0, datagram.payloadLength), bytes.count - begin)
          // sendmmsg(2) does not write to what it sends.
          pieces[i].iov_base = UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 + begin })
          pieces[i].iov_len = length
          hosts[i].sin_port = (fixedPort ?? datagram.destinationPort).bigEndian
        }
        send(count)
        next += count
      }
    }
  }

  /// Sends the first `count` messages.
  private func send(_ count: Int) {
    books.packets &+= UInt64(count)
    var first = 0
    var attempts = 0
    while first < count {
      let done = sendmmsg(descriptor, messages + first, UInt32(count - first), 0)
      if done > 0 {
        books.sent &+= UInt64(done)
        for i in first..<(first + Int(done)) { books.bytes &+= UInt64(messages[i].msg_len) }
        first += Int(done)
        attempts = 0
        continue
      }
      let code = errno
      if code == EINTR { continue }
      let failure = SenderBooks.Failure(code: code)
      if failure == .noBuffer, attempts < Self.attempts {
        attempts += 1
        usleep(50)
        continue
      }
      books.failed[failure, default: 0] &+= 1
      first += 1
      attempts = 0
    }
  }
}
