import NA62Formats

/// Follows the header times of the detectors, to tell a new burst from a damaged header.
///
/// A time that jumps is not believed at once: its packet is held until the next one of the detector agrees,
/// so that one damaged header neither ends a burst nor makes the stream wait.
struct HeaderFollower {
  /// Frames by which a detector's header may run ahead of the one before without being doubted: 26 ms.
  static let jump: Int64 = 4096
  /// Frames by which it may fall back.
  static let fallBack: Int64 = 64
  /// Time without packets after which an earlier header time is a new burst at once, in seconds.
  static let burstPause = 0.5

  /// What is to be done with a packet.
  enum Judgement {
    /// It belongs to the stream.
    case fits
    /// Hold it, in place of one that is held.
    case hold
    /// It belongs to the stream with the held one: time has jumped.
    case confirmsJump
    /// It begins a burst, with the held one.
    case confirmsNewBurst
    /// It begins a burst.
    case newBurst
  }

  private let formats: [MTP.Format]
  private var last = [Int64?](repeating: nil, count: L0Detector.count)
  /// The newest header of all detectors in this burst.
  private(set) var newest: Int64?
  private var doubtful = [Int64?](repeating: nil, count: L0Detector.count)
  private var lastTime: DataTime?

  init(formats: [MTP.Format]) { self.formats = formats }

  /// The frame of a header. In the 64-bit format the header counts clock periods, and its 24 bits turn
  /// over within a burst.
  func frame(of header: MTPHeader, _ detector: Int) -> Int64 {
    guard formats[detector] == .words64 else { return Int64(header.timestamp) }
    let low = Int64(header.timestamp >> 8)
    guard let last = last[detector] else { return low }
    return last + Int64(Int16(truncatingIfNeeded: low - last))
  }

  /// Judges a packet; `accept` is told of those that are taken.
  mutating func judge(_ frame: Int64, _ detector: Int, _ time: DataTime) -> Judgement {
    let isAfterPause = lastTime.map { time.seconds(since: $0) > Self.burstPause } ?? false
    lastTime = max(lastTime ?? time, time)
    let earlier = doubtful[detector]
    doubtful[detector] = nil
    if isAfterPause, let newest, frame <= newest { return .newBurst }
    if accepts(frame, detector) { return .fits }
    guard let earlier, frame > earlier, frame - earlier <= Self.fallBack else {
      doubtful[detector] = frame
      return .hold
    }
    return earlier < (newest ?? .min) ? .confirmsNewBurst : .confirmsJump
  }

  /// Whether a time fits what came before, of this detector or of the others.
  func accepts(_ frame: Int64, _ detector: Int) -> Bool {
    guard let newest else { return true }
    if let last = last[detector], frame - last <= Self.jump, frame - last >= -Self.fallBack { return true }
    let distance = frame - newest
    return distance >= -Self.jump && distance <= (last[detector] == nil ? Self.jump : Self.fallBack)
  }

  /// Notes a packet that was taken.
  mutating func accept(_ frame: Int64, _ detector: Int) {
    doubtful[detector] = nil
    last[detector] = max(last[detector] ?? frame, frame)
    newest = max(newest ?? frame, frame)
  }

  /// Forgets the burst, except for what is held.
  mutating func startBurst() {
    last = [Int64?](repeating: nil, count: L0Detector.count)
    newest = nil
  }
}
