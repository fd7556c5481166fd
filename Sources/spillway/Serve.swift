import ArgumentParser
import Monitoring

/// `spillway serve`.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve the dashboard of a run that has ended.",
    discussion: """
      Shows what the dashboard of 'replay --serve' or 'listen --serve' showed at the end of the run. Serves until \
      SIGINT (Ctrl-C) or SIGTERM.

      Examples:
        spillway serve runs/8000
        spillway serve runs/8000 --serve 0.0.0.0:8462 --serve-token token.txt
      """)

  @Argument(help: ArgumentHelp("The run directory.", valueName: "run"))
  var run: String

  @OptionGroup var server: ServerOptions

  func run() async throws {
    let snapshot = try SavedSnapshot.read(run)
    var options = server
    if options.serve == nil { options.serve = "\(MonitorConfiguration.defaultPort)" }
    guard let configuration = try options.configuration() else { return }
    let hub = MonitorHub()
    hub.publish(snapshot)
    let server = try await LiveServer(configuration: configuration, hub: hub, displays: nil)
    await server.finish(waits: true)
  }
}
