import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers requests.
struct MonitorResponder: HTTPResponder {
  let configuration: MonitorConfiguration
  let hub: MonitorHub
  let board: EventBoard
  let displays: any CandidateDisplays
  let gatekeeper: Gatekeeper
  let connections: ConnectionCount
  let registry: PrometheusRegistry
  let metrics: SnapshotMetrics

  /// Longest path and query.
  private static let pathLength = 2048

  func respond(to request: Request, context: MonitorContext) async throws -> Response {
    let start = ContinuousClock.now
    var response = try await answer(request, context)
    if request.method == .head { response = response.createHeadResponse() }
    SecurityHeaders.add(to: &response.headers)
    Timer(label: "spillway_http_request_seconds", factory: registry)
      .recordNanoseconds(Int64((ContinuousClock.now - start) / .nanoseconds(1)))
    Counter(
      label: "spillway_http_requests_total", dimensions: [("code", "\(response.status.code)")],
      factory: registry
    ).increment()
    return response
  }

  private func answer(_ request: Request, _ context: MonitorContext) async throws -> Response {
    if let refusal = gatekeeper.refuseHost(of: request) { return refusal }
    guard request.uri.string.utf8.count <= Self.pathLength else {
      return Problem.response(.uriTooLong, "the path has more than \(Self.pathLength) bytes")
    }
    guard request.uri.string.hasPrefix("/") else {
      return Problem.response(
        .badRequest, "expected a path that begins with /: this is no proxy", [.connection: "close"])
    }
    guard let route = MonitorRoute(path: request.uri.path) else {
      return Problem.response(
        .notFound, "there is nothing here; /api/v1/openapi.json lists what there is", closing(request))
    }
    let allowed = (route.methods + ["OPTIONS"]).joined(separator: ", ")
    if request.method == .options {
      return Response(status: .noContent, headers: [.allow: allowed])
    }
    guard route.methods.contains(request.method.rawValue) else {
      var fields = closing(request)
      fields[.allow] = allowed
      return Problem.response(.methodNotAllowed, "allowed here: \(allowed)", fields)
    }
    guard request.method == .post || !hasBody(request) else {
      return Problem.response(
        .contentTooLarge, "a \(request.method.rawValue) has no body", [.connection: "close"])
    }
    if !route.isOpen, let refusal = gatekeeper.refuse(request, from: context.address) {
      guard route == .page, refusal.status == .unauthorized else { return refusal }
      return Response(status: .seeOther, headers: [.location: "/login"])
    }
    return try await answer(request, route, context)
  }

  private func answer(
    _ request: Request, _ route: MonitorRoute, _ context: MonitorContext
  ) async throws -> Response {
    switch route {
    case .page: return file(.page, for: request)
    case .login:
      guard gatekeeper.hasToken else {
        return Problem.response(.notFound, "there is no token to log in with")
      }
      return request.method == .post ? try await logIn(request, context) : file(.login, for: request)
    case .logout: return gatekeeper.refuseForeign(request) ?? gatekeeper.logOut(request)
    case .asset(let name):
      guard let asset = StaticFile.assets[name] else { return Problem.response(.notFound, "no such file") }
      return file(asset, for: request)
    case .library(let name): return library(name, for: request)
    case .document(let topic):
      guard let snapshot = hub.latest else { return Self.notYet() }
      guard let json = try topic.json(of: snapshot) else {
        return Problem.response(.notFound, "this run has none: it is of one machine")
      }
      return Self.bytes(json, "application/json")
    case .snapshot:
      guard let snapshot = hub.latest else { return Self.notYet() }
      return Self.bytes(try DocumentEncoder.json(snapshot), "application/json")
    case .events: return try events(request, context)
    case .display(let id):
      guard let picture = await displays.display(of: id) else {
        return Problem.response(.notFound, "there is no picture of this candidate")
      }
      var response = Self.bytes(Array(picture.utf8), "image/svg+xml")
      if let name = HTTPField.Name("Content-Security-Policy") {
        response.headers[name] = SecurityHeaders.picturePolicy
      }
      return response
    case .openAPI: return file(.openAPI, for: request)
    case .metrics: return numbers(request)
    case .health: return health(request)
    }
  }

  private func logIn(_ request: Request, _ context: MonitorContext) async throws -> Response {
    if let refusal = gatekeeper.refuseForeign(request) { return refusal }
    let type = request.headers[.contentType]?.split(separator: ";").first
    guard type == "application/x-www-form-urlencoded" else {
      return Problem.response(
        .unsupportedMediaType, "expected application/x-www-form-urlencoded", [.connection: "close"])
    }
    guard let body = await form(of: request) else {
      return Problem.response(
        .contentTooLarge, "more than \(configuration.limits.bodyBytes) bytes", [.connection: "close"])
    }
    let fields = body.split(separator: "&").map { $0.split(separator: "=", maxSplits: 1) }
    let field = fields.first { $0.first == "token" && $0.count == 2 }?.last ?? ""
    let token = field.replacing("+", with: " ").removingPercentEncoding ?? ""
    return gatekeeper.logIn(token, from: context.address)
  }

  /// The body of a form; nil if it is too long.
  private func form(of request: Request) async -> String? {
    var bytes = ByteBuffer()
    do {
      for try await part in request.body {
        guard bytes.readableBytes + part.readableBytes <= configuration.limits.bodyBytes else { return nil }
        bytes.writeImmutableBuffer(part)
      }
    } catch { return nil }
    return String(buffer: bytes)
  }

  private func events(_ request: Request, _ context: MonitorContext) throws -> Response {
    var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-store"]
    // Proxies that hold back what they pass on are asked not to.
    if let name = HTTPField.Name("X-Accel-Buffering") { headers[name] = "no" }
    guard request.method != .head else { return Response(status: .ok, headers: headers) }
    guard let subscription = board.subscribe() else {
      return Problem.response(
        .serviceUnavailable, "too many event streams are open", [.retryAfter: "5"])
    }
    let board = board
    context.channel.closeFuture.whenComplete { _ in board.unsubscribe(subscription) }
    do {
      // The board stands still while nobody looks.
      try board.refresh(from: hub)
    } catch {
      board.unsubscribe(subscription)
      throw error
    }
    let body = ResponseBody { writer in
      defer { board.unsubscribe(subscription) }
      try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
      var position = EventBoard.Position()
      for await _ in subscription.signals {
        let news = board.next(after: &position)
        try await writer.write(contentsOf: news.isEmpty ? [ByteBuffer(string: ": alive\n\n")] : news)
      }
      try await writer.finish(nil)
    }
    return Response(status: .ok, headers: headers, body: body)
  }

  private func numbers(_ request: Request) -> Response {
    Meter(label: "spillway_http_streams", factory: registry).set(board.clients)
    Meter(label: "spillway_http_connections", factory: registry).set(connections.open)
    metrics.count("spillway_http_refused_total", Double(connections.refused))
    metrics.collect(hub.latest)
    let format = PrometheusText.Format(accept: request.headers[.accept])
    let text = PrometheusText.render(registry, as: format)
    return Self.bytes(Array(text.utf8), format.mediaType)
  }

  private func health(_ request: Request) -> Response {
    let isAsked = request.uri.query?.split(separator: "&").contains { $0 == "ready" || $0 == "ready=1" }
    guard isAsked == true else { return Self.bytes(Array(#"{"status":"ok"}"#.utf8), "application/json") }
    guard let snapshot = hub.latest else { return Self.notYet() }
    guard snapshot.status.state != .failed else {
      return Problem.response(.serviceUnavailable, "the run has ended by an error")
    }
    return Self.bytes(Array(#"{"status":"ready"}"#.utf8), "application/json")
  }

  private func library(_ name: String, for request: Request) -> Response {
    guard let bytes = FileManager.default.contents(atPath: configuration.library + "/" + name) else {
      return Problem.response(.notFound, "the chart library is not in \(configuration.library)")
    }
    return file(StaticFile(name, Array(bytes)), for: request)
  }

  private func file(_ file: StaticFile, for request: Request) -> Response {
    var headers: HTTPFields = [.contentType: file.mediaType, .eTag: file.tag, .cacheControl: "no-cache"]
    let known = request.headers[.ifNoneMatch]?.split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    if known?.contains(where: { $0 == file.tag || $0 == "W/" + file.tag || $0 == "*" }) == true {
      headers[.contentType] = nil
      return Response(status: .notModified, headers: headers)
    }
    return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: file.bytes))
  }

  private func hasBody(_ request: Request) -> Bool {
    if request.headers[.transferEncoding] != nil { return true }
    guard let length = request.headers[.contentLength] else { return false }
    return length != "0"
  }

  /// A refusal of a request with a body closes the connection, so that the body is not waited for.
  private func closing(_ request: Request) -> HTTPFields {
    hasBody(request) ? [.connection: "close"] : [:]
  }

  private static func notYet() -> Response {
    Problem.response(.serviceUnavailable, "the run has not shown anything yet", [.retryAfter: "1"])
  }

  private static func bytes(_ bytes: [UInt8], _ mediaType: String) -> Response {
    Response(
      status: .ok, headers: [.contentType: mediaType],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
