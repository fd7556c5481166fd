/// How packets are captured on an interface.
public struct LiveOptions: Sendable, Hashable {
  /// A filter in the language of pcap-filter(7), applied in the kernel: packets that it refuses are not seen.
  public var filter: String?
  /// Whether packets for other hosts are captured too.
  public var isPromiscuous = false
  /// Size of the kernel's buffer, in MiB: what comes while the pipeline is behind waits there.
  public var bufferMiB = 64
  /// Bytes of a packet that are kept; none of Ethernet is longer than the default.
  public var snapLength = 262_144
  /// Longest time that the kernel gathers packets before it hands them on, in ms.
  ///
  /// Not 0, libpcap's immediate mode: there each packet takes a slot of the snap length in the kernel's buffer, so
  /// that 64 MiB hold 256 packets in place of some 40 000 (`Docs/Live.md` has the figures).
  public var gatherMilliseconds = 2
  /// Longest time without a batch, in ms: then an empty one carries the time that has passed.
  public var idleMilliseconds = 100
  /// Time without a packet after which no burst is under way, in ms: for a stop at the end of the burst.
  public var pauseMilliseconds = 1000
  /// How the packets are read: slabs, fragments, bursts. The filter in it is not used.
  public var reading = CaptureOptions()

  /// The default options.
  public init(filter: String? = nil) { self.filter = filter }
}
