/// What clients may take from the monitor before they are turned away.
public struct MonitorLimits: Sendable, Hashable {
  /// Connections at a time; further ones get 503 and are closed.
  public var connections = 256
  /// Event streams at a time; further ones get 503.
  public var streams = 64
  /// Bytes of the request line, and of all header fields.
  public var headerBytes = 16 * 1024
  /// Header fields.
  public var headerFields = 64
  /// Bytes of a body, where one is taken at all.
  public var bodyBytes = 4096
  /// Time from the connection to the end of the first request's head, and from a head to the end of its body.
  public var requestTime: Duration = .seconds(10)
  /// Time between two requests of a connection.
  public var idleTime: Duration = .seconds(60)
  /// Time for which a client may take nothing of what it is sent.
  public var stallTime: Duration = .seconds(30)
  /// Wrong tokens of one address before it has to wait.
  public var failures = 5
  /// Time after which an address has one more try.
  public var failureRecovery: Duration = .seconds(12)
  /// Least time between two states of an event stream.
  public var streamInterval: Duration = .milliseconds(250)
  /// Time after which a stream without events gets a sign of life.
  public var keepAlive: Duration = .seconds(15)
  /// Time for clients to end when the monitor stops.
  public var stopTime: Duration = .seconds(2)

  /// The limits that hold where nothing else is said.
  public init() {}
}
