import Alerting
import Foundation

/// JSON lines at the end of a file.
final class FileDelivery: DeliverySink {
  let batchLimit = 64
  private let sink: JSONLinesSink
  /// The last lines of an earlier run: one that was written is not written again.
  private let written: Set<String>

  /// Opens the file, and ends a line that was cut off by the end of an earlier run.
  init(path: String) throws {
    let tail = Self.tail(path)
    sink = try JSONLinesSink(path: path, append: true)
    written = Set(tail.split(separator: "\n").map(String.init))
    if !tail.isEmpty, !tail.hasSuffix("\n") { try sink.deliver([""]) }
  }

  func deliver(_ messages: [OutboxMessage]) async -> DeliveryOutcome {
    do {
      try sink.deliver(messages.map(\.body).filter { !written.contains($0) })
      return .delivered
    } catch { return .failed("\(error)") }
  }

  func close() async { try? sink.close() }

  /// The end of a file, more than one delivery is long.
  private static func tail(_ path: String) -> String {
    guard let file = FileHandle(forReadingAtPath: path), let size = try? file.seekToEnd() else { return "" }
    defer { try? file.close() }
    let limit: UInt64 = 4 << 20
    try? file.seek(toOffset: size > limit ? size - limit : 0)
    let data = (try? file.readToEnd()) ?? Data()
    return String(decoding: data, as: UTF8.self)
  }
}
