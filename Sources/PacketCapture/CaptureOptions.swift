/// How captures are read.
public struct CaptureOptions: Sendable, Hashable {
  /// A filter in the language of pcap-filter(7); packets that it refuses are only counted.
  public var filter: String?
  /// Length of the slab of a batch, in bytes.
  public var slabSize = 256 << 10
  /// Most datagrams in one batch; nil for as many as the slab holds.
  public var maximumDatagramsPerBatch: Int?
  /// Data time without packets, in ns, over which no batch reaches: so the books of a batch are those of one burst.
  /// It is the pause after which L0 takes header times that begin again for a new burst.
  public var pauseNanoseconds: Int64 = 500_000_000
  /// Most incomplete datagrams that are kept; the oldest is given up beyond it.
  public var maximumPendingFragments = 4096
  /// Most bytes of fragments that are kept; the oldest datagram is given up beyond it.
  public var maximumPendingFragmentBytes = 64 << 20
  /// Longest data time that a fragment waits for the others of its datagram, in ns.
  public var fragmentTimeoutNanoseconds: Int64 = 30_000_000_000
  /// How the end of a burst is known, at which fragments are given up; nil where there are no bursts.
  public var burstWatch: BurstWatch? = BurstWatch()
  /// Whether each frame is given out as it is, unread, as a datagram whose payload is the frame and whose
  /// addresses are 0: to be put on the wire again.
  public var takesFrames = false
  /// Files that stay open from the first look until they are read; more are closed and opened again.
  public var maximumOpenFiles = 64
  /// What `PacketReference.input` says of each input, in rising order; nil counts them from 0. For a part of the inputs
  /// of a run these are their numbers in the run.
  public var inputNumbers: [UInt32]?
  /// Whether another burst follows behind the inputs, which others read: fragments that wait at the end are those of a
  /// burst that has ended.
  public var isFollowed = false

  /// The default options.
  public init(filter: String? = nil) { self.filter = filter }
}
