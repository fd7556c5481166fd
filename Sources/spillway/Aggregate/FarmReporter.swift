import Aggregation
import Alerting
import EventBuilding
import Foundation
import L0Trigger
import NA62Formats
import TriggerPipeline

/// Tells an aggregator what a session counts, as a node of a farm. The session waits for it at its start and at its end
/// alone.
actor FarmReporter {
  /// How long an answer is waited for at the start.
  private static let patience = Duration.seconds(5)
  /// Time from one showing of the burst under way to the next.
  private static let period = Duration.milliseconds(500)

  private let link: NodeLink
  private let address: String
  private let drops: @Sendable () -> UInt64?
  private var place: FarmBurst?
  private var settledBursts = 0
  private var nextShow = ContinuousClock.now
  private var wasRefused = false
  /// Where the farm is; nil where nobody said.
  nonisolated let farm: FarmBurst?

  /// Connects to the aggregator; nil where none is asked for.
  ///
  /// - Throws: `Failure`, where the aggregator refuses the node.
  init?(_ options: FarmOptions, hash: String, drops: @Sendable @escaping () -> UInt64?) async throws {
    guard let address = options.report, let shard = options.shard else { return nil }
    self.address = address
    self.drops = drops
    do {
      link = try await NodeLink.start(
        FarmEndpoint(address),
        NodeReport(
          .init(
            node: shard.node, nodes: shard.nodes, instance: String(UInt64.random(in: 0 ... .max), radix: 16),
            version: Spillway.version, configuration: hash)),
        key: options.reportKey.map { path throws(FarmError) in try FarmKey(file: path) })
    } catch let error as FarmError { throw Failure.usage("--report: \(error)") }
    switch await link.verdict(within: Self.patience) {
    case .accepted: farm = link.withReport { $0.farm }
    case .refused(let reason): throw Failure.usage("--report \(address): refused: \(reason)")
    case .none:
      farm = nil
      Terminal.note(
        "warning: no answer from an aggregator at \(address) within \(Self.patience.components.seconds) s: the run "
          + "goes on, and its counts go there once it answers")
    }
  }

  /// Takes a judged batch with the candidates that it raised, and the account with it.
  func take(
    _ judged: JudgedBatch, alerts: [AlertRecord], account: ReplayAccount, stored: BurstFileWriter.Books?
  ) throws {
    if let event = judged.batch.events.last {
      place = FarmBurst(
        run: event.run, burst: event.burst, isOpen: true, lastEvent: event.time.nanoseconds)
    }
    let isDue = ContinuousClock.now >= nextShow
    // The counts of L0 come with the end of the burst.
    let counts = isDue ? try RunPartial(account, stored: stored, l0: nil).data() : nil
    if isDue { nextShow = .now + Self.period }
    let (place, drops) = (place, isDue ? drops() : nil)
    let verdict = link.withReport { report in
      for alert in alerts { report.add(alert: AlertEncoder.line(alert)) }
      report.note(
        place: place, dataTime: max(0, judged.batch.watermark.nanoseconds), drops: drops)
      if let counts { report.show(counts: counts) }
      return report.verdict
    }
    say(verdict)
  }

  /// Takes the counts at the end of a segment.
  func settle(_ account: ReplayAccount, stored: BurstFileWriter.Books?, l0: L0Account?) throws {
    let partial = RunPartial(account, stored: stored, l0: l0)
    let (counts, bursts) = (try partial.data(), try partial.burstData(from: settledBursts))
    settledBursts = partial.bursts.count
    if let last = partial.bursts.last?.burst, last.run == place?.run, last.burst == place?.burst {
      place?.isOpen = false
    }
    let place = place
    link.withReport { report in
      report.settle(counts: counts, newBursts: bursts)
      if let place { report.note(place: place) }
    }
    nextShow = .now + Self.period
  }

  /// The run has ended: waits until all is told.
  func finish(within seconds: Double) async {
    link.withReport { $0.end() }
    guard await !link.finish(within: .seconds(seconds)) else { return }
    let verdict = link.withReport { $0.verdict }
    say(verdict)
    if verdict == .accepted || verdict == .none {
      Terminal.note(
        "warning: the aggregator at \(address) did not take the last counts within \(seconds) s: the run directory "
          + "has them, and 'spillway merge' adds them up")
    }
  }

  private func say(_ verdict: NodeReport.Verdict) {
    guard case .refused(let reason) = verdict, !wasRefused else {
      if verdict == .accepted { wasRefused = false }
      return
    }
    wasRefused = true
    Terminal.note("warning: the aggregator at \(address) takes no counts of this process: \(reason)")
  }
}

extension BurstTracker.Options {
  /// Begins where a farm is: a node that comes back numbers its bursts as the others do.
  mutating func join(_ farm: FarmBurst) {
    firstBurst = farm.isOpen ? farm.burst : farm.burst &+ 1
    openUntil = farm.isOpen ? DataTime(nanoseconds: min(max(0, farm.lastEvent), 1 << 62)) : nil
  }
}
