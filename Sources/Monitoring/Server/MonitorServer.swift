import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import ServiceLifecycle

/// The web server of a run: dashboard, API, event stream and metrics.
///
/// It reads what the run puts into its ``MonitorHub``, and cannot hold it up: it takes the newest snapshot when it
/// comes to it.
public struct MonitorServer: Sendable {
  private let configuration: MonitorConfiguration
  private let hub: MonitorHub
  private let displays: any CandidateDisplays
  private let registry: PrometheusRegistry

  /// A server for a hub.
  /// - Parameter registry: where its metrics are kept. A program that gives it to `MetricsSystem.bootstrap` as well
  ///   has its own metrics at `/metrics` too.
  /// - Throws: ``MonitorError`` where it would not be safe to listen.
  public init(
    configuration: MonitorConfiguration, hub: MonitorHub, displays: any CandidateDisplays = NoDisplays(),
    registry: PrometheusRegistry = PrometheusRegistry()
  ) throws(MonitorError) {
    try configuration.check()
    self.configuration = configuration
    self.hub = hub
    self.displays = displays
    self.registry = registry
  }

  /// Listens and answers until the task is cancelled; then no connection is taken any more, streams end, answers
  /// under way are finished, and after ``MonitorLimits/stopTime`` what is left is cut.
  /// - Parameter onReady: called once with the URL when it listens.
  /// - Throws: ``MonitorError`` if it cannot listen.
  public func run(onReady: @escaping @Sendable (String) async -> Void = { _ in }) async throws {
    let limits = configuration.limits
    let board = EventBoard(capacity: limits.streams)
    let connections = ConnectionCount(limit: limits.connections)
    let responder = MonitorResponder(
      configuration: configuration, hub: hub, board: board, displays: displays,
      gatekeeper: Gatekeeper(configuration: configuration), connections: connections, registry: registry,
      metrics: SnapshotMetrics(registry: registry))
    let isReady = AsyncStream.makeStream(of: Void.self)
    let application = Application(
      responder: responder, server: try builder(connections),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), backlog: 1024),
      onServerRunning: { channel in
        await onReady(url(port: channel.localAddress?.port ?? configuration.port))
        isReady.continuation.finish()
      },
      logger: Logger(label: "spillway.monitor") { _ in SwiftLogNoOpLogHandler() })
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(services: [application], logger: application.logger))
    let server = Task {
      defer { isReady.continuation.finish() }
      try await group.run()
    }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { await post(to: board) }
      tasks.addTask { await keepAlive(board) }
      defer { tasks.cancelAll() }
      try await withTaskCancellationHandler {
        do {
          try await server.value
        } catch let error as ServiceGroupError {
          // An end that was asked for.
          guard Task.isCancelled else { throw error }
        } catch is CancellationError {
        } catch let error as MonitorError {
          throw error
        } catch {
          throw MonitorError.cannotBind(
            address: configuration.authority(port: configuration.port), reason: Self.reason(error))
        }
      } onCancel: {
        Task {
          // Before it listens it cannot be asked to stop gracefully.
          for await _ in isReady.stream {}
          board.close()
          await group.triggerGracefulShutdown()
        }
        Task {
          try? await Task.sleep(for: limits.stopTime)
          server.cancel()
        }
      }
    }
  }

  /// Puts the newest snapshot on the board, at most as often as streams may change, while somebody looks.
  private func post(to board: EventBoard) async {
    for await _ in hub.changes() {
      if board.clients > 0 { try? board.refresh(from: hub) }
      try? await Task.sleep(for: configuration.limits.streamInterval)
      if Task.isCancelled { return }
    }
  }

  private func keepAlive(_ board: EventBoard) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: configuration.limits.keepAlive)
      board.wake()
    }
  }

  private func url(port: Int) -> String {
    "\(configuration.tls == nil ? "http" : "https")://\(configuration.authority(port: port))/"
  }

  private func builder(_ connections: ConnectionCount) throws(MonitorError) -> HTTPServerBuilder {
    let limits = configuration.limits
    let http = HTTP1Channel.Configuration(
      additionalChannelHandlers: [RequestDeadline(limits: limits)],
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
        maxHeaderFieldCount: limits.headerFields))
    guard let tls = configuration.tls else {
      return HTTPServerBuilder { responder in
        GuardedChannel(
          base: HTTP1Channel(responder: responder, configuration: http), count: connections,
          isEncrypted: false)
      }
    }
    let encryption = try Self.encryption(tls)
    return HTTPServerBuilder { responder in
      GuardedChannel(
        base: try TLSChannel(
          HTTP1Channel(responder: responder, configuration: http), tlsConfiguration: encryption),
        count: connections, isEncrypted: true)
    }
  }

  private static func encryption(_ tls: MonitorConfiguration.TLS) throws(MonitorError) -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(tls.certificate)
      guard !chain.isEmpty else { throw MonitorError.badCertificate("\(tls.certificate): no certificate") }
      let key = try NIOSSLPrivateKey(file: tls.key, format: .pem)
      return TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    } catch let error as MonitorError {
      throw error
    } catch {
      throw .badCertificate(
        "\(tls.certificate), \(tls.key): expected PEM files with a certificate and its key (\(error))")
    }
  }

  /// What the system says of a failure, without numbers of files and lines.
  private static func reason(_ error: any Error) -> String {
    if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
    return "\(error)".split(separator: "\n").first.map(String.init) ?? "unknown"
  }
}
