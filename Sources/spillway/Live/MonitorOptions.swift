import Alerting
import ArgumentParser
import Configuration
import Foundation
import Monitoring
import RateMonitoring

/// The options of a command that shows a run while it goes on, and tells of it.
struct MonitorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What rates are compared with (YAML); without it they are counted and shown, and gross faults are found.",
      valueName: "file"),
    transform: ShippedFile.find)
  var bands: String?

  @Option(
    help: ArgumentHelp(
      "Rules of alerts (YAML) and where they go; without it the page shows candidates and faults.",
      valueName: "file"),
    transform: ShippedFile.find)
  var alerts: String?

  @Option(
    name: .customLong("alerts-patience"),
    help: ArgumentHelp("How long to try to deliver the last alerts at the end.", valueName: "seconds"))
  var patience = 10.0

  @OptionGroup var server: ServerOptions

  func validate() throws {
    if !(patience >= 0 && patience <= 86_400) {
      throw ValidationError("--alerts-patience \(patience): expected 0 to 86400 s")
    }
  }

  /// Whether anybody looks.
  var isWanted: Bool { bands != nil || alerts != nil || server.serve != nil }

  /// The bands.
  func monitoring() throws(ConfigurationError) -> RateMonitoringConfiguration {
    guard let bands else { return RateMonitoringConfiguration() }
    return try RateMonitoringConfiguration.load(path: bands)
  }

  /// The rules; without a file those that only the page is for.
  ///
  /// - Parameter hasSelections: whether there are candidates at all.
  func rules(hasSelections: Bool) throws(ConfigurationError) -> AlertRuleSet {
    guard let alerts else {
      return try AlertRuleSet.read(
        YAMLNode.parse(text: Self.shownRules(hasSelections: hasSelections), file: "built-in rules"))
    }
    return try AlertRuleSet.load(path: alerts)
  }

  /// What the page shows without a file of rules.
  private static func shownRules(hasSelections: Bool) -> String {
    let candidates =
      #"  - {name: candidates, on: candidate, selections: ["*"], deduplicate: selection, severity: information}"#
    let rates = "  - {name: rates, on: drift, severity: warning}"
    return (["schema: spillway.alerts/1", "rules:"] + (hasSelections ? [candidates] : []) + [rates])
      .joined(separator: "\n") + "\n"
  }
}

/// The options of the web server.
struct ServerOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Serve the dashboard, its API and /metrics here; beyond loopback with --serve-token only.",
      valueName: "[host:]port"))
  var serve: String?

  @Option(
    name: .customLong("serve-token"),
    help: ArgumentHelp("File with the token that opens the dashboard.", valueName: "file"))
  var token: String?

  @Option(
    name: .customLong("serve-certificate"),
    help: ArgumentHelp("Certificate (PEM) for TLS; with --serve-key.", valueName: "file"))
  var certificate: String?

  @Option(
    name: .customLong("serve-key"), help: ArgumentHelp("Private key (PEM) for TLS.", valueName: "file"))
  var key: String?

  @Option(
    name: .customLong("serve-name"), parsing: .upToNextOption,
    help: ArgumentHelp("Names by which browsers may ask for it.", valueName: "name"))
  var names: [String] = []

  @Flag(
    name: .customLong("keep-serving"),
    help: "Go on serving after the end of the run, until SIGINT or SIGTERM.")
  var keepServing = false

  func validate() throws {
    if (certificate == nil) != (key == nil) {
      throw ValidationError("--serve-certificate and --serve-key: give both, or none")
    }
    if serve == nil, token != nil || certificate != nil || !names.isEmpty {
      throw ValidationError("--serve-token, --serve-certificate, --serve-key, --serve-name: need --serve")
    }
  }

  private func accessToken() throws(MonitorError) -> AccessToken? {
    if let token { return try AccessToken(file: token) }
    return try ProcessInfo.processInfo.environment["SPILLWAY_TOKEN"].map { text throws(MonitorError) in
      try AccessToken(text, from: "SPILLWAY_TOKEN")
    }
  }

  /// The server's configuration; nil where none is wanted.
  func configuration() throws -> MonitorConfiguration? {
    guard let serve else { return nil }
    do throws(MonitorError) {
      let (host, port) = try MonitorConfiguration.address(serve)
      return MonitorConfiguration(
        host: host, port: port, token: try accessToken(),
        tls: certificate.flatMap { certificate in
          key.map { MonitorConfiguration.TLS(certificate: certificate, key: $0) }
        }, hostNames: names)
    } catch { throw Failure.usage(error) }
  }
}
