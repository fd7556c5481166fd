public import Alerting
public import Foundation

/// Makes sinks of what a file of rules says.
public enum AlertSinks {
  /// The sinks, ready to deliver.
  ///
  /// - Parameters:
  ///   - specifications: the sinks of a file of rules.
  ///   - directory: what a path of a `file` sink is relative to: the run directory.
  ///   - environment: where secrets lie that are named by a variable.
  /// - Throws: `AlertDeliveryError` or `AlertingError`: a file that cannot be opened, a secret that is not there.
  public static func make(
    _ specifications: [AlertSinkSpecification], directory: String,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> [NamedSink] {
    try specifications.map { specification in
      let name = specification.name
      let sink: any DeliverySink =
        switch specification.kind {
        case .file(let path): try FileDelivery(path: path.hasPrefix("/") ? path : "\(directory)/\(path)")
        case .terminal: TerminalDelivery(environment: environment)
        case .webhook(let endpoint, let secret):
          try WebhookDelivery(endpoint, secret: secret, sink: name, environment: environment)
        case .alertmanager(let endpoint, let resend, let hold):
          try AlertmanagerDelivery(endpoint, resend: resend, hold: hold, sink: name, environment: environment)
        case .email(let command, let from, let to): SendmailDelivery(command: command, from: from, to: to)
        }
      return NamedSink(name: name, type: specification.type, sink: sink)
    }
  }
}
