import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends connections that take their time: one whose request does not come, comes byte by byte, or whose answer is
/// not taken. It also ends a connection behind an answer with `Connection: close`.
///
/// Whatever a connection waits for, it has one deadline, which single bytes do not put off.
final class RequestDeadline: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: MonitorLimits
  private var timer: Scheduled<Void>?
  private var isReading = false
  private var isAnswering = false
  private var isStream = false
  private var closesAfterAnswer = false
  private var isInputClosed = false

  init(limits: MonitorLimits) { self.limits = limits }

  func channelActive(context: ChannelHandlerContext) {
    arm(limits.requestTime, context)
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { disarm() }

  func channelInactive(context: ChannelHandlerContext) {
    disarm()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      isReading = true
      arm(limits.requestTime, context)
    case .body: break
    case .end:
      isReading = false
      disarm()
    }
    context.fireChannelRead(data)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      isInputClosed = true
      // Nobody closes half of a stream of events to go on reading it.
      if isStream { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      isAnswering = true
      isStream = head.headerFields[.contentType] == "text/event-stream"
      closesAfterAnswer = head.headerFields[.connection] == "close"
      context.write(data, promise: promise)
      if isStream, isInputClosed { context.close(promise: nil) }
    case .body: context.write(data, promise: promise)
    case .end:
      isAnswering = false
      guard closesAfterAnswer else {
        if !isReading { arm(limits.idleTime, context) }
        context.write(data, promise: promise)
        return
      }
      // A request that was refused may still be on its way: the answer goes first, then the connection.
      let written = context.eventLoop.makePromise(of: Void.self)
      promise.map { written.futureResult.cascade(to: $0) }
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.futureResult.whenComplete { _ in bound.value.close(promise: nil) }
      context.writeAndFlush(data, promise: written)
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { arm(.seconds(2), context) }
    context.close(mode: mode, promise: promise)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      if isAnswering, !isReading { disarm() }
    } else {
      arm(limits.stallTime, context)
    }
    context.fireChannelWritabilityChanged()
  }

  private func disarm() {
    timer?.cancel()
    timer = nil
  }

  private func arm(_ time: Duration, _ context: ChannelHandlerContext) {
    disarm()
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    timer = context.eventLoop.scheduleTask(in: TimeAmount(time)) {
      let (handler, context) = bound.value
      handler.expire(context)
    }
  }

  private func expire(_ context: ChannelHandlerContext) {
    timer = nil
    if isReading, !isAnswering {
      let head = HTTPResponse(
        status: .requestTimeout, headerFields: [.connection: "close", .contentLength: "0"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
    context.close(promise: nil)
  }
}
