import Alerting
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Sends one request after the other to one address.
///
/// No redirect is followed: what is sent may be for nobody else. The address is shown by its host only, since the
/// rest may be a key.
struct HTTPPoster: Sendable {
  private let owner: Owner
  private let url: Secret
  private let host: String
  private let token: Secret?
  private let timeout: TimeAmount

  /// - Throws: `AlertDeliveryError`.
  init(
    _ endpoint: AlertSinkSpecification.Endpoint, path: String = "", sink: String,
    environment: [String: String]
  ) throws {
    let what = "sink '\(sink)'"
    var address = try Secret(endpoint.url, "\(what): the address", environment: environment).value
    token = try endpoint.token.map { try Secret($0, "\(what): the token", environment: environment) }
    if let problem = AlertAddress.problem(address, hasToken: token != nil) {
      throw AlertDeliveryError("\(what): \(problem.what); \(problem.advice)")
    }
    host = URLComponents(string: address)?.host ?? "?"
    if !path.isEmpty {
      while address.hasSuffix("/") { address.removeLast() }
      address += path
    }
    url = try Secret(.literal(address), "\(what): the address", environment: [:])
    timeout = .nanoseconds(endpoint.timeout)
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow,
      timeout: .init(connect: timeout, read: timeout, write: timeout), decompression: .disabled)
    if let authorities = endpoint.authorities {
      // Read now, so that a wrong path is told at the start and not with the first alert.
      do { _ = try NIOSSLCertificate.fromPEMFile(authorities) } catch {
        throw AlertDeliveryError(
          "\(what): ca_file: cannot read certificates from \(authorities); check the path")
      }
      var tls = TLSConfiguration.makeClientConfiguration()
      tls.trustRoots = .file(authorities)
      configuration.tlsConfiguration = tls
    }
    configuration.httpVersion = .http1Only
    configuration.connectionPool.retryConnectionEstablishment = false
    owner = Owner(configuration)
  }

  /// Sends JSON. What is answered by 2xx is delivered; by 4xx, but for those that mean "later", refused.
  func post(_ body: String, headers: [(String, String)]) async -> DeliveryOutcome {
    var request = HTTPClientRequest(url: url.value)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.headers.add(name: "User-Agent", value: "spillway")
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token.value)") }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(string: body))
    do {
      let response = try await owner.client.execute(request, timeout: timeout)
      let answer = await Self.beginning(of: response.body)
      return Self.outcome(
        status: Int(response.status.code), retryAfter: response.headers.first(name: "Retry-After"),
        "\(host) answered \(response.status.code)\(answer.isEmpty ? "" : ": \(answer)")")
    } catch { return .failed("\(host): \(OneLine.text(Self.reason(error), limit: 200))") }
  }

  /// What a status means.
  static func outcome(status: Int, retryAfter: String?, _ text: String) -> DeliveryOutcome {
    switch status {
    case 200..<300: return .delivered
    case 408, 425, 429: break
    case 400..<500: return .refused(text)
    default: break
    }
    let seconds = retryAfter.flatMap { Int($0) }.map { Duration.seconds(min(max($0, 0), 86_400)) }
    return .failed(text, retryAfter: seconds)
  }

  /// The first words of an answer. The connection goes back only when all was read, so a long one is cut off.
  private static func beginning(of body: HTTPClientResponse.Body) async -> String {
    var text = ByteBuffer()
    do {
      for try await var part in body {
        text.writeBuffer(&part)
        if text.readableBytes > 65_536 { break }
      }
    } catch { return "" }
    return OneLine.text(String(buffer: text), limit: 200)
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
      "no answer within the timeout"
    case let error as HTTPClientError where error == .connectTimeout: "no connection within the timeout"
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case let error as NIOConnectionError:
      error.connectionErrors.first.map { reason($0.error) } ?? "no connection: the name is not known"
    default: "\(error)"
    }
  }

  func close() async { try? await owner.client.shutdown() }

  /// Shuts its client down when it goes, as where another sink could not be made: a client that is only let go traps.
  private final class Owner: Sendable {
    let client: HTTPClient

    init(_ configuration: HTTPClient.Configuration) {
      client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    deinit { client.shutdown { _ in } }
  }
}
