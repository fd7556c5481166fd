import CZeroMQ
import Glibc

/// A socket of ZeroMQ, to be used and closed by the thread that made it.
struct FarmSocket: ~Copyable {
  /// What it is for.
  enum Role {
    /// Answers many nodes.
    case aggregator
    /// Talks to one aggregator, again and again where that is away.
    case node
  }

  private let context: UnsafeMutableRawPointer
  private let socket: UnsafeMutableRawPointer
  private let role: Role

  private init(context: UnsafeMutableRawPointer, socket: UnsafeMutableRawPointer, role: Role) {
    self.context = context
    self.socket = socket
    self.role = role
  }

  /// A socket that is bound or connected to an address as `tcp://127.0.0.1:8463`.
  ///
  /// - Throws: `FarmError`.
  static func open(_ role: Role, _ endpoint: String, key: FarmKey?) throws(FarmError) -> FarmSocket {
    guard let context = zmq_ctx_new() else { throw failure(endpoint, "no context of ZeroMQ") }
    guard let socket = zmq_socket(context, role == .aggregator ? ZMQ_ROUTER : ZMQ_DEALER) else {
      let error = failure(endpoint, "no socket of ZeroMQ")
      zmq_ctx_term(context)
      throw error
    }
    let opened = FarmSocket(context: context, socket: socket, role: role)
    try opened.start(endpoint, key)
    return opened
  }

  private func start(_ endpoint: String, _ key: FarmKey?) throws(FarmError) {
    set(ZMQ_LINGER, 0)
    // What waits is bounded: a few messages for each peer, none of them longer than a message of ours.
    set(ZMQ_SNDHWM, 16)
    set(ZMQ_RCVHWM, 16)
    setLong(ZMQ_MAXMSGSIZE, Int64(FarmFrame.mostBytes))
    // A peer that has vanished is noticed, and the connection made again.
    set(ZMQ_HEARTBEAT_IVL, 1000)
    set(ZMQ_HEARTBEAT_TIMEOUT, 3000)
    set(ZMQ_RECONNECT_IVL_MAX, 1000)
    switch role {
    case .aggregator:
      if let key {
        set(ZMQ_CURVE_SERVER, 1)
        setText(ZMQ_CURVE_SECRETKEY, key.secretKey ?? "")
      }
      guard zmq_bind(socket, endpoint) == 0 else { throw Self.failure(endpoint, "cannot be bound") }
    case .node:
      // Nothing is queued for an aggregator that is not there.
      set(ZMQ_IMMEDIATE, 1)
      if let key {
        let own = try FarmKey()
        setText(ZMQ_CURVE_SERVERKEY, key.publicKey)
        setText(ZMQ_CURVE_PUBLICKEY, own.publicKey)
        setText(ZMQ_CURVE_SECRETKEY, own.secretKey ?? "")
      }
      guard zmq_connect(socket, endpoint) == 0 else {
        throw Self.failure(endpoint, "is no address to connect to")
      }
    }
  }

  deinit {
    zmq_close(socket)
    zmq_ctx_term(context)
  }

  private static func failure(_ endpoint: String, _ what: String) -> FarmError {
    FarmError("\(endpoint): \(what) (\(String(cString: zmq_strerror(zmq_errno()))))")
  }

  // An option that a system's library does not know keeps its default.
  private func set(_ option: Int32, _ value: Int32) {
    withUnsafeBytes(of: value) { _ = zmq_setsockopt(socket, option, $0.baseAddress, $0.count) }
  }

  private func setLong(_ option: Int32, _ value: Int64) {
    withUnsafeBytes(of: value) { _ = zmq_setsockopt(socket, option, $0.baseAddress, $0.count) }
  }

  private func setText(_ option: Int32, _ value: String) {
    _ = zmq_setsockopt(socket, option, value, value.utf8.count)
  }

  /// The address that it is bound to; the port is told where any free one was asked for.
  var endpoint: String {
    var text = [CChar](repeating: 0, count: 256)
    var length = text.count
    guard zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, &text, &length) == 0 else { return "" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Waits for a message; whether there is one.
  func wait(milliseconds: Int) -> Bool {
    var item = zmq_pollitem_t(socket: socket, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0)
    return zmq_poll(&item, 1, milliseconds) > 0
  }

  /// Sends a message, to the peer `to` where there are several; false where it does not go now.
  func send(_ bytes: [UInt8], to peer: [UInt8] = []) -> Bool {
    if role == .aggregator {
      guard zmq_send(socket, peer, peer.count, ZMQ_DONTWAIT | ZMQ_SNDMORE) >= 0 else { return false }
    }
    return zmq_send(socket, bytes, bytes.count, ZMQ_DONTWAIT) >= 0
  }

  /// The next message that has come, with the peer that it is from; nil where none has. A message of more frames than
  /// it should have is empty.
  func receive() -> (peer: [UInt8], bytes: [UInt8])? {
    var frames: [[UInt8]] = []
    var count = 0
    var hasMore = true
    while hasMore {
      guard let (frame, more) = frame() else { return nil }
      count += 1
      if count <= 2 { frames.append(frame) }
      hasMore = more
    }
    switch role {
    case .aggregator: return (frames[0], count == 2 ? frames[1] : [])
    case .node: return ([], count == 1 ? frames[0] : [])
    }
  }

  private func frame() -> (bytes: [UInt8], hasMore: Bool)? {
    var message = zmq_msg_t()
    zmq_msg_init(&message)
    defer { zmq_msg_close(&message) }
    guard zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0 else { return nil }
    let bytes = zmq_msg_data(&message).map {
      [UInt8](UnsafeRawBufferPointer(start: $0, count: zmq_msg_size(&message)))
    }
    return (bytes ?? [], zmq_msg_more(&message) == 1)
  }
}

/// A time in ms that does not go back.
enum FarmClock {
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
