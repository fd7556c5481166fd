import CPcap

/// A packet that has been read and could not be taken yet; its bytes are a copy.
struct HeldPacket {
  private(set) var header: pcap_pkthdr?
  private(set) var bytes: ContiguousArray<UInt8> = []

  /// Keeps a packet for later.
  mutating func keep(_ header: pcap_pkthdr, _ data: UnsafePointer<UInt8>) {
    self.header = header
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(header.caplen)))
  }

  /// Notes that the packet was taken.
  mutating func taken() { header = nil }

  /// Lets the packet and its memory go.
  mutating func forget() { self = HeldPacket() }
}
