import NA62Formats

/// When recorded packets are due if they are replayed at a finite speed: a pure state machine that is told the
/// time of a monotonic clock and says how many packets to release, or until when to wait.
///
/// A packet is due at start + (t − t₀) / speed, each from the start and never from the packet before, so that
/// nothing adds up. A packet with a time before that of an earlier one is due together with it. A jump of the data
/// time by more than ``longestGap``, forwards or backwards, is a break of the recording (or a damaged time), which
/// is not waited for: the packet behind it is due with the one before.
public struct ReplayClock: Sendable {
  /// What to do now.
  public enum Step: Hashable, Sendable {
    /// Release this many packets; the first of them is late by so many ns.
    case release(count: Int, lateNanoseconds: Int64)
    /// Release nothing before this time of the monotonic clock, in ns.
    case wait(until: Int64)
  }

  /// Speeds that are possible, in data time for real time.
  public static let speeds = 0.001...1000
  /// Longest time between two packets that is waited for, in ns of data time.
  public static let longestGap: Int64 = 600_000_000_000
  /// Least time between two releases in ns, so that packets go in batches however fast they come.
  public static let grain: Int64 = 100_000

  /// How far the stream has come.
  private struct Position {
    /// Data time of the newest packet.
    var newest: Int64
    /// Data time since the first packet, breaks left out.
    var elapsed: Int64 = 0
    var breaks = 0

    mutating func advance(to time: Int64) {
      let (gap, overflow) = time.subtractingReportingOverflow(newest)
      if overflow || gap > ReplayClock.longestGap || gap < -ReplayClock.longestGap {
        newest = time
        breaks += 1
      } else if gap > 0 {
        newest = time
        let sum = elapsed.addingReportingOverflow(gap)
        elapsed = sum.overflow ? .max : sum.partialValue
      }
    }
  }

  private let speed: Double
  private var start: Int64 = 0
  private var position: Position?
  private var lastRelease: Int64?

  /// A clock that starts with the first packet; a speed outside ``speeds`` is taken to their limit.
  public init(speed: Double) {
    self.speed = min(max(speed, Self.speeds.lowerBound), Self.speeds.upperBound)
  }

  /// Data time of the packets released, from the first to the last, breaks left out, in ns.
  public var elapsedNanoseconds: Int64 { position?.elapsed ?? 0 }
  /// Breaks that were not waited for.
  public var breaks: Int { position?.breaks ?? 0 }
  /// How long it should have taken to release what was released, in ns.
  public var plannedNanoseconds: Int64 { plan(elapsedNanoseconds) }
  /// Time of the monotonic clock from the first release to the last, in ns.
  public var takenNanoseconds: Int64 { lastRelease.map { $0 &- start } ?? 0 }

  /// What to do with packets that wait, all of them behind those released before.
  ///
  /// - Parameters:
  ///   - packets: the packets that wait, in their order.
  ///   - now: the time of the monotonic clock in ns.
  public mutating func step(_ packets: ArraySlice<Datagram>, now: Int64) -> Step {
    guard let first = packets.first else { return .release(count: 0, lateNanoseconds: 0) }
    if position == nil { start = now }
    var reached = position ?? Position(newest: first.time.nanoseconds)
    var count = 0
    var late: Int64 = 0
    let earliest = lastRelease.map { $0 &+ Self.grain } ?? now
    for packet in packets {
      var next = reached
      next.advance(to: packet.time.nanoseconds)
      let due = due(next.elapsed)
      if due > now {
        // What little is due waits for more.
        if count == 0 || earliest > now { return .wait(until: count == 0 ? max(due, earliest) : earliest) }
        break
      }
      if count == 0 { late = now &- due }
      reached = next
      count += 1
    }
    position = reached
    lastRelease = now
    return .release(count: count, lateNanoseconds: late)
  }

  private func plan(_ elapsed: Int64) -> Int64 { Int64(min(Double(elapsed) / speed, 4e18)) }

  private func due(_ elapsed: Int64) -> Int64 {
    let sum = start.addingReportingOverflow(plan(elapsed))
    return sum.overflow ? .max : sum.partialValue
  }
}
