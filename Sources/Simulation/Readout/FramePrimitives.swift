public import L0Trigger
public import NA62Formats

/// The primitives of all detectors in one frame of 256 clock periods.
public struct FramePrimitives: Sendable {
  private var lists: [[Primitive]] = Array(repeating: [], count: L0Detector.count)

  /// A frame without primitives.
  public init() {}

  /// The primitives of a detector, in order of time.
  public internal(set) subscript(detector: L0Detector) -> [Primitive] {
    @inline(__always) _read { yield lists[detector.rawValue] }
    @inline(__always) _modify { yield &lists[detector.rawValue] }
  }

  /// Forgets the primitives and keeps the memory.
  public mutating func removeAll() {
    for i in lists.indices { lists[i].removeAll(keepingCapacity: true) }
  }

  /// Puts the primitives of each detector in order of time.
  mutating func sort() {
    // Clusters come nearly in order: what is in order already costs one look at each.
    for i in lists.indices {
      lists[i].sortByInsertion { ($0.timestamp, $0.fineTime) < ($1.timestamp, $1.fineTime) }
    }
  }

  /// The packet that a detector sends for a frame, an empty one if it has no primitives (`l0tp.md` 1.2).
  ///
  /// - Parameters:
  ///   - detector: the detector.
  ///   - frame: number of the frame since the start of burst.
  ///   - ahead: frames by which the time in the header runs ahead of the primitives.
  /// - Returns: the UDP payload, and the number of primitives that found no room in it.
  public func packet(of detector: L0Detector, frame: UInt32, ahead: UInt32 = 1) -> (
    bytes: [UInt8], lost: Int
  ) {
    var encoder = MTPEncoder(timestamp: frame &+ ahead, source: detector.sources[0])
    var lost = 0
    for primitive in self[detector] where !encoder.append(primitive) { lost += 1 }
    return (encoder.bytes, lost)
  }
}
