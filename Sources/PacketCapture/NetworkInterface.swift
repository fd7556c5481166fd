import Glibc

/// A network interface of this machine.
struct NetworkInterface {
  /// Its number.
  let index: UInt32
  /// What its frames are: an `ARPHRD_` number.
  private let hardware: UInt16

  /// The interface of this name; nil if there is none.
  init?(name: String) {
    let index = if_nametoindex(name)
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard index > 0, descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var request = ifreq()
    withUnsafeMutableBytes(of: &request.ifr_ifrn) { $0.copyBytes(from: name.utf8.prefix($0.count - 1)) }
    guard ioctl(descriptor, UInt(SIOCGIFHWADDR), &request) == 0 else { return nil }
    self.index = index
    hardware = request.ifr_ifru.ifru_hwaddr.sa_family
  }

  /// Whether it leads back to this machine.
  var isLoopback: Bool { hardware == 772 }
  /// Whether its frames are Ethernet's, as those of the loopback are too.
  var isEthernet: Bool { hardware == 1 || isLoopback }

  /// The names of all interfaces.
  static var names: [String] {
    guard let list = if_nameindex() else { return [] }
    defer { if_freenameindex(list) }
    var names: [String] = []
    var entry = list
    while let name = entry.pointee.if_name {
      names.append(String(cString: name))
      entry += 1
    }
    return names
  }
}
