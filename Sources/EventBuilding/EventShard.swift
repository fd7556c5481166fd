/// The share of a stream that one node of a farm takes: NA62's rule (`l1.md` 3.1), by the number of the event.
///
/// Boards send packets of ``eventsPerPacket`` events, each to one node, in turn: node `k` of `n` takes event `e` where
/// `e / eventsPerPacket` is `k` modulo `n`. The shares of all nodes are disjoint, and together they are the stream.
public struct EventShard: Hashable, Sendable, Codable {
  /// Events of a packet: NA62's `numberOfFragmentsPerMEP`.
  public static let eventsPerPacket: UInt32 = 8
  /// Most nodes of a farm.
  public static let most: UInt32 = 64

  /// The node, counted from 0.
  public let node: UInt32
  /// Nodes of the farm.
  public let nodes: UInt32

  /// The share of a node; nil where there is no such node.
  public init?(node: UInt32, of nodes: UInt32) {
    guard (1...Self.most).contains(nodes), node < nodes else { return nil }
    self.node = node
    self.nodes = nodes
  }

  /// Whether an event is in it.
  @inline(__always)
  public func holds(_ event: UInt32) -> Bool { event / Self.eventsPerPacket % nodes == node }

  /// The number of an event of the share among those of the share, as the farm addresses its memory: what is beyond the
  /// memory is not accepted.
  @inline(__always)
  public func index(of event: UInt32) -> UInt32 {
    event / Self.eventsPerPacket / nodes * Self.eventsPerPacket + event % Self.eventsPerPacket
  }

  /// How much of a packet is in it.
  enum Portion {
    case all
    case some
    case none
  }

  /// How much of the `count` events from `first` on is in it.
  func portion(of first: UInt32, count: Int) -> Portion {
    let last = first &+ UInt32(clamping: max(count, 1) - 1)
    if first / Self.eventsPerPacket == last / Self.eventsPerPacket { return holds(first) ? .all : .none }
    return nodes == 1 ? .all : .some
  }
}
