/// What became of every packet read: counters that add up; the books of parts make those of the whole.
///
/// The law: each packet is exactly one of a whole datagram, a received fragment, or a counted kind; each
/// received fragment is exactly one of used, lost for a reason, or pending. `imbalance` is 0 when it holds.
public struct CaptureBooks: Sendable, Hashable, Codable {
  /// Packets read from the inputs.
  public var packets: UInt64 = 0
  /// Captured bytes of these packets.
  public var bytes: UInt64 = 0
  /// UDP datagrams given out, whole or reassembled.
  public var datagrams: UInt64 = 0
  /// Packets that the filter refused.
  public var filtered: UInt64 = 0
  /// ARP packets.
  public var arp: UInt64 = 0
  /// IPv6 packets.
  public var ipv6: UInt64 = 0
  /// Frames of any other EtherType.
  public var otherEtherType: UInt64 = 0
  /// Frames with an IEEE 802.3 length where Ethernet II has a type.
  public var notEthernetII: UInt64 = 0
  /// Frames shorter than their link-level header.
  public var linkMalformed: UInt64 = 0
  /// IPv4 packets of ICMP.
  public var icmp: UInt64 = 0
  /// IPv4 packets of TCP.
  public var tcp: UInt64 = 0
  /// IPv4 packets of any other protocol but UDP.
  public var otherProtocol: UInt64 = 0
  /// Packets with a malformed IPv4 header, length or fragment.
  public var ipv4Malformed: UInt64 = 0
  /// Unfragmented packets with a malformed UDP header or length.
  public var udpMalformed: UInt64 = 0
  /// Packets cut by the snap length of the capture.
  public var truncated: UInt64 = 0
  /// Well-formed UDP/IPv4 fragments received.
  public var fragmentsReceived: UInt64 = 0
  /// Fragments used in reassembled datagrams.
  public var fragmentsUsed: UInt64 = 0
  /// Datagrams given out that were reassembled from fragments; also in `datagrams`.
  public var reassembled: UInt64 = 0
  /// Identical copies of a non-last fragment, dropped.
  public var fragmentsDuplicate: UInt64 = 0
  /// Fragments lost because those of the datagram overlap.
  public var fragmentsOverlapping: UInt64 = 0
  /// Fragments lost because the datagram has two last ones.
  public var fragmentsDuplicateLast: UInt64 = 0
  /// Fragments lost because the table of pending ones was full.
  public var fragmentsEvicted: UInt64 = 0
  /// Fragments of datagrams still incomplete when their burst ended.
  public var fragmentsBurstEnd: UInt64 = 0
  /// Fragments of datagrams still incomplete at time-out or at the end of the input.
  public var fragmentsUnfinished: UInt64 = 0
  /// Fragments of reassembled datagrams with a malformed UDP header.
  public var fragmentsMalformed: UInt64 = 0
  /// Inputs that ended in an error: cut in mid-packet, or corrupt. Not a kind of packet.
  public var cutInputs: UInt64 = 0
  /// Packets of a live capture that the kernel dropped because its buffer was full: never read.
  public var kernelDropped: UInt64 = 0
  /// Packets of a live capture that the interface or its driver dropped: never read.
  public var interfaceDropped: UInt64 = 0
  /// Change of the number of fragments waiting for the rest of their datagram; may be negative in one batch.
  public var fragmentsPending: Int64 = 0

  /// Empty books.
  public init() {}

  /// Adds the books of `other`.
  public mutating func merge(_ other: CaptureBooks) {
    packets &+= other.packets
    bytes &+= other.bytes
    datagrams &+= other.datagrams
    filtered &+= other.filtered
    arp &+= other.arp
    ipv6 &+= other.ipv6
    otherEtherType &+= other.otherEtherType
    notEthernetII &+= other.notEthernetII
    linkMalformed &+= other.linkMalformed
    icmp &+= other.icmp
    tcp &+= other.tcp
    otherProtocol &+= other.otherProtocol
    ipv4Malformed &+= other.ipv4Malformed
    udpMalformed &+= other.udpMalformed
    truncated &+= other.truncated
    fragmentsReceived &+= other.fragmentsReceived
    fragmentsUsed &+= other.fragmentsUsed
    reassembled &+= other.reassembled
    fragmentsDuplicate &+= other.fragmentsDuplicate
    fragmentsOverlapping &+= other.fragmentsOverlapping
    fragmentsDuplicateLast &+= other.fragmentsDuplicateLast
    fragmentsEvicted &+= other.fragmentsEvicted
    fragmentsBurstEnd &+= other.fragmentsBurstEnd
    fragmentsUnfinished &+= other.fragmentsUnfinished
    fragmentsMalformed &+= other.fragmentsMalformed
    cutInputs &+= other.cutInputs
    kernelDropped &+= other.kernelDropped
    interfaceDropped &+= other.interfaceDropped
    fragmentsPending &+= other.fragmentsPending
  }

  /// Adds the books of `b` to `a`.
  public static func += (a: inout CaptureBooks, b: CaptureBooks) { a.merge(b) }

  /// Packets and fragments that are not accounted for exactly once; 0 when the books close.
  public var imbalance: Int64 {
    var kinds = datagrams &- reassembled &+ fragmentsReceived
    kinds &+= filtered
    kinds &+= arp
    kinds &+= ipv6
    kinds &+= otherEtherType
    kinds &+= notEthernetII
    kinds &+= linkMalformed
    kinds &+= icmp
    kinds &+= tcp
    kinds &+= otherProtocol
    kinds &+= ipv4Malformed
    kinds &+= udpMalformed
    kinds &+= truncated
    var fragments = UInt64(bitPattern: fragmentsPending)
    fragments &+= fragmentsUsed
    fragments &+= fragmentsDuplicate
    fragments &+= fragmentsOverlapping
    fragments &+= fragmentsDuplicateLast
    fragments &+= fragmentsEvicted
    fragments &+= fragmentsBurstEnd
    fragments &+= fragmentsUnfinished
    fragments &+= fragmentsMalformed
    let ofPackets = Int64(bitPattern: packets &- kinds)
    let ofFragments = Int64(bitPattern: fragmentsReceived &- fragments)
    let sum = ofPackets.magnitude.addingReportingOverflow(ofFragments.magnitude)
    return sum.overflow ? .max : Int64(clamping: sum.partialValue)
  }

  /// Whether every packet and every fragment is accounted for exactly once.
  public var closes: Bool { imbalance == 0 }

  /// Packets that were offered: those read, and those that a live capture lost before.
  public var offered: UInt64 { packets &+ kernelDropped &+ interfaceDropped }

  /// Packets lost before they were read, read with damage, or missing at the end of a cut input (1 for each).
  public var damaged: UInt64 {
    truncated &+ ipv4Malformed &+ udpMalformed &+ cutInputs &+ kernelDropped &+ interfaceDropped
  }

  /// Every counter with its name, in a fixed order; pending fragments last (0 where negative).
  public var entries: [(name: String, count: UInt64)] {
    [
      ("packets", packets),
      ("bytes", bytes),
      ("datagrams", datagrams),
      ("filtered", filtered),
      ("arp", arp),
      ("ipv6", ipv6),
      ("other-ethertype", otherEtherType),
      ("not-ethernet-ii", notEthernetII),
      ("link-malformed", linkMalformed),
      ("icmp", icmp),
      ("tcp", tcp),
      ("other-protocol", otherProtocol),
      ("ipv4-malformed", ipv4Malformed),
      ("udp-malformed", udpMalformed),
      ("truncated-by-snaplen", truncated),
      ("fragments-received", fragmentsReceived),
      ("fragments-used", fragmentsUsed),
      ("reassembled", reassembled),
      ("fragments-duplicate", fragmentsDuplicate),
      ("fragments-lost-overlap", fragmentsOverlapping),
      ("fragments-lost-duplicate-last", fragmentsDuplicateLast),
      ("fragments-lost-evicted", fragmentsEvicted),
      ("fragments-lost-burst-end", fragmentsBurstEnd),
      ("fragments-lost-unfinished", fragmentsUnfinished),
      ("fragments-lost-malformed", fragmentsMalformed),
      ("cut-inputs", cutInputs),
      ("lost-kernel-buffer", kernelDropped),
      ("lost-interface", interfaceDropped),
      ("fragments-pending", UInt64(clamping: fragmentsPending)),
    ]
  }
}
