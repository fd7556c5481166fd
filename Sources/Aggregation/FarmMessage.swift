import Foundation

/// Where in the stream of bursts a node is, or the whole farm.
public struct FarmBurst: Codable, Sendable, Hashable {
  /// Run number, or 0.
  public var run: UInt32
  /// Identifier of the burst.
  public var burst: UInt32
  /// Whether it is under way: not ended as far as is known.
  public var isOpen: Bool
  /// Data time of the last event that was built, in ns since 1970.
  public var lastEvent: Int64

  /// A place; see the properties.
  public init(run: UInt32, burst: UInt32, isOpen: Bool, lastEvent: Int64) {
    self.run = run
    self.burst = burst
    self.isOpen = isOpen
    self.lastEvent = lastEvent
  }

  /// Whether it is ahead of another one.
  func isBehind(_ other: FarmBurst) -> Bool {
    (run, burst, isOpen ? 0 : 1, lastEvent) < (other.run, other.burst, other.isOpen ? 0 : 1, other.lastEvent)
  }
}

/// What a node tells the aggregator.
///
/// Counts are those of the whole run of the node, never a difference: a message that is lost, doubled or late changes
/// nothing once the next one has come.
struct NodeMessage: Sendable, Hashable {
  /// How far the node is.
  enum Phase: String, Codable, Sendable {
    /// It asks to be taken in.
    case hello
    case running
    /// Its counts are the last ones.
    case ended
  }

  /// The first part, as JSON.
  struct Header: Codable, Sendable, Hashable {
    /// The node, counted from 0.
    var node: UInt32
    /// Nodes of the farm.
    var nodes: UInt32
    /// Which process of the node it is.
    var instance: String
    /// Version of Spillway.
    var version: String
    /// Hash of the effective configuration.
    var configuration: String
    /// Number of the message, from 1.
    var sequence: UInt64
    var phase: Phase
    /// Whether the message has counts.
    var hasCounts = false
    /// Whether these are of complete bursts alone.
    var isSettled = false
    /// Bursts that the counts hold.
    var bursts = 0
    /// Number of the first burst in the message.
    var firstBurst = 0
    /// Bursts in the message.
    var burstCount = 0
    /// Number of the first alert in the message.
    var firstAlert: UInt64 = 0
    /// Alerts that the node had no room for.
    var alertsLost: UInt64 = 0
    /// Where the node is; nil before the first event.
    var place: FarmBurst?
    /// Newest data time, in ns since 1970; nil before the first packet.
    var dataTime: Int64?
    /// Packets that the kernel and the interface dropped; nil for recordings.
    var drops: UInt64?
  }

  var header: Header
  /// What ``TriggerPipeline/RunPartial/data()`` gave.
  var counts: [UInt8]?
  /// Bursts that have ended, one text each.
  var bursts: [[UInt8]] = []
  /// Candidates, a line each.
  var alerts: [[UInt8]] = []

  /// Longest header, in bytes.
  private static let longestHeader = 4096

  /// As it is sent.
  func encoded() throws -> [UInt8] {
    var header = header
    header.hasCounts = counts != nil
    header.burstCount = bursts.count
    return FarmFrame.encode(
      [Array(try JSONEncoder().encode(header))] + (counts.map { [$0] } ?? []) + bursts + alerts)
  }

  init(header: Header) { self.header = header }

  /// Reads a message; throws where it is none.
  init(_ bytes: [UInt8]) throws(FarmError) {
    let parts = try FarmFrame.decode(bytes)
    guard let first = parts.first, first.count <= Self.longestHeader,
      let header = try? JSONDecoder().decode(Header.self, from: Data(first))
    else { throw FarmError("a message without a header") }
    var rest = parts.dropFirst()
    guard (1...32).contains(header.instance.utf8.count), header.version.utf8.count <= 64,
      header.configuration.utf8.count <= 128, header.bursts >= 0, header.firstBurst >= 0,
      (0...rest.count).contains(header.burstCount),
      header.firstBurst <= Int.max - header.burstCount, header.alertsLost < 1 << 62,
      header.firstAlert < 1 << 62,
      (header.drops ?? 0) < 1 << 62
    else { throw FarmError("a header out of range") }
    self.header = header
    if header.hasCounts {
      guard let counts = rest.popFirst() else { throw FarmError("a message without its counts") }
      self.counts = counts
    }
    guard rest.count >= header.burstCount else { throw FarmError("a message without its bursts") }
    bursts = Array(rest.prefix(header.burstCount))
    alerts = Array(rest.dropFirst(header.burstCount))
  }
}

/// What the aggregator answers.
struct FarmReply: Codable, Sendable, Hashable {
  /// The process that it is for.
  var instance: String
  /// The message that it is for.
  var sequence: UInt64
  /// Why the node is not taken in; nil where it is.
  var refusal: String?
  /// The message with the settled counts that are held; 0 where none are.
  var settled: UInt64 = 0
  /// Bursts that are held.
  var bursts = 0
  /// Alerts that are held, those that the node has dropped included.
  var alerts: UInt64 = 0
  /// Where the farm is.
  var place: FarmBurst?

  /// As it is sent.
  func encoded() throws -> [UInt8] { FarmFrame.encode([Array(try JSONEncoder().encode(self))]) }

  init(instance: String, sequence: UInt64) {
    self.instance = instance
    self.sequence = sequence
  }

  /// Reads a reply; throws where it is none.
  init(_ bytes: [UInt8]) throws(FarmError) {
    let parts = try FarmFrame.decode(bytes)
    guard parts.count == 1, let reply = try? JSONDecoder().decode(FarmReply.self, from: Data(parts[0])),
      reply.bursts >= 0
    else { throw FarmError("not a reply of an aggregator") }
    self = reply
  }
}
