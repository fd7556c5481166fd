import HummingbirdCore
import Logging
import NIOConcurrencyHelpers
import NIOCore

/// How many connections are open, and how many were turned away.
final class ConnectionCount: Sendable {
  private struct State: Sendable {
    var open = 0
    var refused: UInt64 = 0
  }

  private let state = NIOLockedValueBox(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Connections that are open.
  var open: Int { state.withLockedValue { $0.open } }
  /// Connections turned away.
  var refused: UInt64 { state.withLockedValue { $0.refused } }

  /// Takes a place; false if there is none.
  func enter() -> Bool {
    state.withLockedValue { state in
      guard state.open < limit else {
        state.refused += 1
        return false
      }
      state.open += 1
      return true
    }
  }

  /// Gives a place back.
  func leave() { state.withLockedValue { $0.open -= 1 } }
}

/// Closes a connection for which there is no place before anything of it is read, with a short answer where it is
/// in clear.
final class ConnectionGuard: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let answer =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"

  private let count: ConnectionCount
  private let isEncrypted: Bool
  private var hasPlace = false

  init(count: ConnectionCount, isEncrypted: Bool) {
    self.count = count
    self.isEncrypted = isEncrypted
  }

  func handlerAdded(context: ChannelHandlerContext) { hasPlace = count.enter() }

  func handlerRemoved(context: ChannelHandlerContext) {
    if hasPlace { count.leave() }
    hasPlace = false
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    guard !hasPlace else { return }
    if !isEncrypted {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.answer)), promise: nil)
    }
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if hasPlace { context.fireChannelRead(data) }
  }
}

/// A child channel behind a ``ConnectionGuard``.
struct GuardedChannel<Base: ServerChildChannel>: ServerChildChannel {
  let base: Base
  let count: ConnectionCount
  let isEncrypted: Bool

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(
        ConnectionGuard(count: count, isEncrypted: isEncrypted))
    }.flatMap { base.setup(channel: channel, logger: logger) }
  }

  func handle(value: Base.Value, logger: Logger) async { await base.handle(value: value, logger: logger) }
}
