import L0Trigger
import NA62Formats
import PacketCapture

/// What was counted of a simulated run; counts of parts add up to those of the whole.
public struct SimulationCounts: Sendable, Equatable {
  /// Bursts that ended.
  public var bursts: UInt64 = 0
  /// Slices.
  public var slices: UInt64 = 0
  /// Events by what they are, as `K+ -> pi+ pi0`.
  public var channels: [String: UInt64] = [:]
  /// Primitives by input of L0.
  public var primitives = [UInt64](repeating: 0, count: L0Detector.count)
  /// Primitives that found no room in their packet.
  public var lostPrimitives: UInt64 = 0
  /// Triggers that L0 sent.
  public var triggers: UInt64 = 0
  /// Physics triggers by line; a trigger counts for each of its lines.
  public var lines = [UInt64](repeating: 0, count: 16)
  /// Control triggers.
  public var control: UInt64 = 0
  /// Events that were built, start and end of burst included.
  public var events: UInt64 = 0
  /// Events that L1 kept.
  public var kept: UInt64 = 0
  /// Events that were not complete at the end of the burst: 0 unless something is wrong.
  public var unfinishedEvents: UInt64 = 0
  /// Datagrams to the ports of primitives, L0 data and L1 data.
  public var datagrams: [UInt64] = [0, 0, 0]
  /// Frames of the capture.
  public var frames: UInt64 = 0
  /// Bytes of the frames.
  public var bytes: UInt64 = 0

  /// Nothing counted.
  public init() {}

  mutating func add(_ trigger: L0TriggerRecord) {
    triggers += 1
    if trigger.dataType.contains(.control) { control += 1 }
    guard trigger.dataType.contains(.physics) else { return }
    for line in 0..<16 where trigger.flags & (1 << UInt16(line)) != 0 { lines[line] += 1 }
  }

  mutating func add(_ batch: PacketBatch, frames: Int) {
    for datagram in batch.datagrams {
      switch datagram.destinationPort {
      case MTP.port: datagrams[0] += 1
      case ReadoutAddress.l0Port: datagrams[1] += 1
      default: datagrams[2] += 1
      }
      bytes += UInt64(datagram.frameLength)
    }
    self.frames += UInt64(frames)
  }

  /// Adds the counts of another part.
  public static func += (a: inout Self, b: Self) {
    a.bursts += b.bursts
    a.slices += b.slices
    for (channel, count) in b.channels { a.channels[channel, default: 0] += count }
    for i in a.primitives.indices { a.primitives[i] += b.primitives[i] }
    a.lostPrimitives += b.lostPrimitives
    a.triggers += b.triggers
    for i in a.lines.indices { a.lines[i] += b.lines[i] }
    a.control += b.control
    a.events += b.events
    a.kept += b.kept
    a.unfinishedEvents += b.unfinishedEvents
    for i in a.datagrams.indices { a.datagrams[i] += b.datagrams[i] }
    a.frames += b.frames
    a.bytes += b.bytes
  }
}
