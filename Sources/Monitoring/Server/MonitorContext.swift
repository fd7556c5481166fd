import Hummingbird
import NIOCore

/// What is known of a request beside itself: its connection.
struct MonitorContext: InitializableFromSource {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) { channel = source.channel }

  /// The client's address.
  var address: String { channel.remoteAddress?.ipAddress ?? "unknown" }
}
