import PacketCapture
import NIOConcurrencyHelpers
import TriggerPipeline

/// Reads the inputs of a command for its pipeline: shows what was noticed before once they are open, and what
/// was noticed while reading at the end.
final class InputReader: Sendable {
  private let notes: [String]
  private let open: @Sendable () throws -> any PacketSource
  private let problems = NIOLockedValueBox<[CaptureWarning]>([])

  /// A reader.
  ///
  /// - Parameters:
  ///   - notes: warnings that wait until the inputs are open: behind an error they would only hide it.
  ///   - open: opens the inputs.
  init(notes: [String], open: @Sendable @escaping () throws -> any PacketSource) {
    self.notes = notes
    self.open = open
  }

  /// Opens the inputs; returns what gives the packets, a batch at a time.
  func start() throws -> (() throws -> PacketBatch?) {
    let source = try open()
    for note in notes { Terminal.note("warning: \(note)") }
    return { [self] in
      let batch = try source.next()
      if batch == nil { problems.withLockedValue { $0 = source.warnings } }
      return batch
    }
  }

  /// As `run(_:)`; SIGINT and SIGTERM stop the feed, so that results are written. A second signal ends the program.
  func run(
    stopping feed: PacketFeed,
    _ pipeline: (@Sendable @escaping () throws -> (() throws -> PacketBatch?)) async throws -> Void
  ) async throws {
    Signals.handle { feed.stop() }
    defer { Signals.release() }
    try await run(pipeline)
    if feed.wasStopped {
      Terminal.note(
        feed.isLive
          ? "stopped; the results are of the packets received until then"
          : "stopped by a signal; the results are of the packets until then")
    }
    if let pace = feed.pace { Terminal.note(pace.description) }
  }

  /// Runs a pipeline on the inputs, and shows what was noticed.
  func run(_ pipeline: (@Sendable @escaping () throws -> (() throws -> PacketBatch?)) async throws -> Void)
    async throws
  {
    do {
      try await pipeline { try self.start() }
    } catch let error as CaptureError {
      throw Failure.usage(error)
    }
    Terminal.progress("")
    for warning in problems.withLockedValue({ $0 }) { Terminal.note("warning: \(warning)") }
  }
}
