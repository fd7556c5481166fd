import NIOConcurrencyHelpers
import NIOCore

/// The newest event of each topic, ready to be sent, and who is to be told of a new one.
///
/// A client is given what is on the board when it comes to look, so one that is slow misses states, and never
/// has more than one of each topic waiting for it.
final class EventBoard: Sendable {
  /// Which events a client has had.
  struct Position: Sendable, Hashable {
    var last: UInt64 = 0
  }

  /// Somebody who is told of new events.
  struct Subscription: Sendable {
    /// A signal for each new state of the board, at most one of them waiting; ends with the board.
    let signals: AsyncStream<Void>
    fileprivate let key: UInt64
  }

  private struct Entry: Sendable {
    var id: UInt64
    var frame: ByteBuffer
  }

  private struct State: Sendable {
    var entries: [EventTopic: Entry] = [:]
    var lastID: UInt64 = 0
    var clients: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var nextClient: UInt64 = 0
    var isClosed = false
  }

  private let state = NIOLockedValueBox(State())
  /// The snapshot that is on the board.
  private let shown = NIOLockedValueBox<MonitorSnapshot?>(nil)
  private let capacity: Int

  /// A board for so many clients.
  init(capacity: Int) { self.capacity = capacity }

  /// Clients that are told of new events.
  var clients: Int { state.withLockedValue { $0.clients.count } }

  /// Puts what is new in the newest snapshot of a hub on the board, and tells the clients if anything is.
  ///
  /// Who else calls waits, so that an older snapshot never comes after a newer one; the run is not held up.
  func refresh(from hub: MonitorHub) throws {
    let waiting: [AsyncStream<Void>.Continuation] = try shown.withLockedValue { shown in
      guard let snapshot = hub.latest else { return [] }
      var changed: [(topic: EventTopic, json: [UInt8])] = []
      for topic in EventTopic.allCases {
        if let shown, topic.isSame(shown, snapshot) { continue }
        if let json = try topic.json(of: snapshot) { changed.append((topic, json)) }
      }
      shown = snapshot
      return state.withLockedValue { state in
        for (topic, json) in changed {
          state.lastID += 1
          state.entries[topic] = Entry(
            id: state.lastID, frame: Self.frame(topic: topic, id: state.lastID, json: json))
        }
        return changed.isEmpty ? [] : Array(state.clients.values)
      }
    }
    for client in waiting { client.yield() }
  }

  /// Takes a client in; nil if there is no room for one.
  func subscribe() -> Subscription? {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let key: UInt64? = state.withLockedValue { state in
      guard !state.isClosed, state.clients.count < capacity else { return nil }
      state.nextClient += 1
      state.clients[state.nextClient] = continuation
      return state.nextClient
    }
    guard let key else { return nil }
    continuation.yield()
    return Subscription(signals: stream, key: key)
  }

  /// Lets a client go.
  func unsubscribe(_ subscription: Subscription) {
    let continuation = state.withLockedValue { $0.clients.removeValue(forKey: subscription.key) }
    continuation?.finish()
  }

  /// Wakes all clients, so that they send a sign of life.
  func wake() {
    let waiting = state.withLockedValue { Array($0.clients.values) }
    for client in waiting { client.yield() }
  }

  /// The events that a client has not had, in the order of their numbers. Their bytes are shared by all clients.
  func next(after position: inout Position) -> [ByteBuffer] {
    let news = state.withLockedValue { state in
      state.entries.values.filter { $0.id > position.last }.sorted { $0.id < $1.id }
    }
    position.last = news.last?.id ?? position.last
    return news.map(\.frame)
  }

  /// Ends the signals of all clients, and takes no more in.
  func close() {
    let waiting: [AsyncStream<Void>.Continuation] = state.withLockedValue { state in
      state.isClosed = true
      defer { state.clients = [:] }
      return Array(state.clients.values)
    }
    for client in waiting { client.finish() }
  }

  /// An event as it goes over the wire (HTML standard, section 9.2.6). The JSON is one line.
  private static func frame(topic: EventTopic, id: UInt64, json: [UInt8]) -> ByteBuffer {
    var bytes = ByteBuffer()
    bytes.writeString("event: \(topic.rawValue)\nid: \(id)\ndata: ")
    bytes.writeBytes(json)
    bytes.writeString("\n\n")
    return bytes
  }
}
