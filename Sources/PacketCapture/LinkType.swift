/// The link layers whose frames can be read.
public enum LinkType: UInt16, Sendable, Hashable, CaseIterable {
  /// Ethernet II, with any number of VLAN tags.
  case ethernet = 1
  /// Raw IP, no link header.
  case rawIP = 101
  /// Linux "cooked" capture, version 1.
  case linuxCooked = 113
  /// Linux "cooked" capture, version 2.
  case linuxCooked2 = 276

  /// The link type of libpcap's number `datalink` (a `DLT_` value), if it can be read.
  public init?(datalink: Int32) {
    switch datalink {
    case 1: self = .ethernet
    case 12, 14, 101, 228: self = .rawIP
    case 113: self = .linuxCooked
    case 276: self = .linuxCooked2
    default: return nil
    }
  }
}
