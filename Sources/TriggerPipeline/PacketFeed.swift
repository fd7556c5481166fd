public import PacketCapture
import Pages
import NIOConcurrencyHelpers

/// The first stage of a pipeline: takes packets from a source and passes them on, at once or as they fall due,
/// until the source ends or it is told to stop.
///
/// The speed changes only when packets come and in which batches, so it changes no result.
public final class PacketFeed: Sendable {
  /// How well the due times were kept.
  public struct Pace: Sendable, CustomStringConvertible {
    /// Data time of the packets, from the first to the last, in s.
    public var dataSeconds: Double
    /// Time from the first release to the last, in s.
    public var seconds: Double
    /// The time that it should have been, in s.
    public var plannedSeconds: Double
    /// How late each packet was at most: as late as the first of those released with it.
    public var lateness = StageTiming()
    /// Breaks of data time that were not waited for.
    public var breaks: Int

    /// One line for a person.
    public var description: String {
      func text(_ value: Double?) -> String { value.map(TextTable.number) ?? "-" }
      let gaps =
        breaks == 0
        ? ""
        : "; \(breaks) jumps of data time by more than \(ReplayClock.longestGap / 1_000_000_000) s not waited for"
      return
        "\(text(dataSeconds)) s of data in \(text(seconds)) s, planned \(text(plannedSeconds)) s; late by "
        + "p50 / p99 in µs: \(text(lateness.quantile(0.5))) / \(text(lateness.quantile(0.99)))" + gaps
    }
  }

  private struct State {
    var isStopping = false
    var wasStopped = false
    var pace: Pace?
  }

  /// Longest wait in one piece, in ns: so soon is a stop noticed.
  private static let longestWait: Int64 = 50_000_000
  /// Data time for real time; nil where packets are passed on as fast as they are taken.
  public let speed: Double?
  private let live: LiveControl?
  private let stopsAtBurstEnd: Bool
  private let state = NIOLockedValueBox(State())

  /// A feed.
  ///
  /// - Parameter speed: data time for real time; nil passes packets on as fast as they are taken.
  public init(speed: Double? = nil) {
    self.speed = speed
    live = nil
    stopsAtBurstEnd = false
  }

  /// A feed of what an interface receives. It has a thread of its own, which waits for packets.
  ///
  /// - Parameters:
  ///   - live: the stop of the capture: what was received by then is still passed on.
  ///   - stopsAtBurstEnd: whether a stop waits for the end of the burst under way.
  public init(live: LiveControl, stopsAtBurstEnd: Bool = false) {
    speed = nil
    self.live = live
    self.stopsAtBurstEnd = stopsAtBurstEnd
  }

  /// Ends the stream: behind the batch that is under way, or behind what an interface has received by now.
  public func stop() {
    state.withLockedValue {
      $0.isStopping = true
      if live != nil { $0.wasStopped = true }
    }
    if stopsAtBurstEnd { live?.stopAtBurstEnd() } else { live?.stop() }
  }

  /// Whether the stream was stopped before its end was seen.
  public var wasStopped: Bool { state.withLockedValue { $0.wasStopped } }

  /// How well the due times were kept, once the stream has ended; nil without a speed.
  public var pace: Pace? { state.withLockedValue { $0.pace } }

  /// Whether the stream comes from an interface, whose source waits for packets.
  public var isLive: Bool { live != nil }

  private var isStopping: Bool { state.withLockedValue { $0.isStopping } }

  /// Passes on the packets of a source.
  ///
  /// - Parameters:
  ///   - source: makes the function that gives the next packets.
  ///   - isWanted: whether anybody still takes packets, asked while waiting.
  ///   - deliver: takes a batch; `false` if nobody wants more.
  /// - Throws: what the source throws.
  public func run(
    source: @Sendable () throws -> (() throws -> PacketBatch?), isWanted: @Sendable () -> Bool = { true },
    deliver: @Sendable (PacketBatch) async -> Bool
  ) async throws {
    if live != nil {
      return try await withTaskExecutorPreference(CaptureThread()) {
        let next = try source()
        while isWanted(), !Task.isCancelled, let batch = try next() {
          guard await deliver(batch) else { return }
        }
      }
    }
    let next = try source()
    guard let speed else {
      while let batch = try take(next) {
        guard await deliver(batch) else { return }
      }
      return
    }
    var clock = ReplayClock(speed: speed)
    var lateness = StageTiming()
    defer {
      let pace = Pace(
        dataSeconds: Double(clock.elapsedNanoseconds) * 1e-9, seconds: Double(clock.takenNanoseconds) * 1e-9,
        plannedSeconds: Double(clock.plannedNanoseconds) * 1e-9, lateness: lateness, breaks: clock.breaks)
      state.withLockedValue { $0.pace = pace }
    }
    while let batch = try take(next) {
      let count = batch.datagrams.count
      var begin = 0
      repeat {
        // Who stops does not wait for the rest of what was read; with it the books close.
        if isStopping {
          guard await deliver(batch.part(begin..<count)) else { return }
          break
        }
        let now = Int64(clamping: StageClock.nanoseconds)
        switch clock.step(batch.datagrams[begin...], now: now) {
        case .release(let released, let late):
          lateness.add(UInt64(max(0, late)), number: UInt64(released))
          guard await deliver(batch.part(begin..<(begin + released))) else { return }
          begin += released
        case .wait(let until):
          try? await Task.sleep(
            for: .nanoseconds(min(max(0, until &- now), Self.longestWait)), tolerance: .zero)
          guard isWanted(), !Task.isCancelled else { return }
        }
      } while begin < count
    }
  }

  /// The next batch, unless the feed was stopped.
  private func take(_ next: () throws -> PacketBatch?) throws -> PacketBatch? {
    let isStopped = state.withLockedValue {
      if $0.isStopping { $0.wasStopped = true }
      return $0.isStopping
    }
    return isStopped ? nil : try next()
  }
}
