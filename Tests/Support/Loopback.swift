import Glibc
public import PacketCapture

/// The loopback interface as the tests use it. Each process has an address of its own there, so that tests that run
/// at the same time do not see each other.
public enum Loopback {
  /// Whether this user may capture on it, as root may.
  public static let mayCapture: Bool = {
    do {
      _ = try LiveCapture(interface: "lo", control: LiveControl())
      return true
    } catch { return false }
  }()

  private static let process = UInt32(truncatingIfNeeded: getpid()) & 0xFF_FFFF

  /// This process's IPv4 address, host order.
  public static let address: UInt32 = 0x7F00_0000 | max(2, process)

  /// The same as text.
  public static var host: String {
    "127.\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  /// A hardware address of this process, for frames of test `number`.
  public static func hardware(_ number: UInt8) -> [UInt8] {
    [2, 7, UInt8(process >> 16), UInt8(process >> 8 & 255), UInt8(process & 255), number]
  }

  /// The filter for frames from such an address.
  public static func filter(from number: UInt8) -> String {
    "ether src "
      + hardware(number).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }

  /// The filter for UDP datagrams that were sent to a port of this process's address.
  public static func filter(port: UInt16) -> String { "udp dst port \(port) and dst host \(host)" }

  /// A socket that takes what is sent to a port and never reads it, so that nobody answers that the port is closed.
  public final class Sink {
    private let descriptor: Int32

    /// A socket for a port of this process's address.
    public init(port: UInt16) throws(CaptureError) {
      descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
      var size: Int32 = 1
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
      var address = sockaddr_in()
      address.sin_family = UInt16(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = Loopback.address.bigEndian
      let status = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard status == 0 else { throw .badDestination(text: "\(port)", reason: "cannot be bound") }
    }

    deinit { close(descriptor) }
  }
}
