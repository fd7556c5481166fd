public import Alerting

/// Takes messages from the pipeline, keeps them in the outbox, and delivers them: one task for each sink, so that a
/// slow receiver holds up nobody else, and each sink gets its messages in order.
///
/// A message is delivered at least once: it leaves its queue only when the receiver has taken it, or has refused it
/// for good. A receiver that keeps the keys it has seen takes it exactly once.
public actor AlertDispatcher {
  /// How the dispatcher works.
  public struct Options: Sendable {
    /// What happens to a message when the hand-over is full.
    public enum WhenFull: Sendable {
      /// The caller waits: for recordings, which can wait.
      case wait
      /// It is lost, and counted: for a live source, which cannot.
      case count
    }

    /// Most messages on the way from the pipeline to the outbox.
    public var capacity: Int
    /// What happens when there are that many.
    public var whenFull: WhenFull
    /// How long to wait between attempts.
    public var backOff: BackOff
    /// Whether the run goes on from a checkpoint: then what was firing before is told again too.
    public var resumes: Bool
    /// The time of deliveries.
    public var clock: DeliveryClock

    /// Options; see the properties.
    public init(
      capacity: Int = 1024, whenFull: WhenFull = .wait, backOff: BackOff = BackOff(), resumes: Bool = false,
      clock: DeliveryClock = .system
    ) {
      self.capacity = max(1, capacity)
      self.whenFull = whenFull
      self.backOff = backOff
      self.resumes = resumes
      self.clock = clock
    }
  }

  /// How a sink does.
  public struct SinkState: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// What kind it is.
    public var type: String
    /// Its books.
    public var books: SinkBooks
    /// Failed attempts in a row; 0 when all is well.
    public var failures: Int
    /// Failed attempts of this dispatcher.
    public var retries: UInt64
    /// What was wrong the last time; nil when all is well.
    public var problem: String?
  }

  /// How the dispatcher does.
  public struct State: Sendable, Hashable {
    /// The sinks, in their order.
    public var sinks: [SinkState]
    /// Messages that were handed over and are not in the outbox yet.
    public var waiting: Int
    /// Messages that were lost because the hand-over was full.
    public var lost: UInt64
    /// Why the outbox does not work; nil when it does.
    public var failure: AlertDeliveryError?
  }

  private struct Progress {
    var failures = 0
    var retries: UInt64 = 0
    var problem: String?
    var isIdle = false
  }

  private let outbox: Outbox
  private let sinks: [NamedSink]
  private let options: Options
  private var buffer: [AlertMessage] = []
  private var submitted: UInt64 = 0
  private var stored: UInt64 = 0
  private var lost: UInt64 = 0
  private var failure: AlertDeliveryError?
  private var tasks: [Task<Void, Never>] = []
  private var isStopping = false
  private var progress: [String: Progress] = [:]
  /// Callers that wait for room, or for the outbox.
  private var waiters: [CheckedContinuation<Void, Never>] = []
  private let writerWork = WakeUp()
  private let work: [String: WakeUp]
  private let hurry: [String: WakeUp]
  private let done = WakeUp()

  /// A dispatcher that does nothing until it is started.
  public init(outbox: Outbox, sinks: [NamedSink], options: Options = Options()) {
    self.outbox = outbox
    self.sinks = sinks
    self.options = options
    work = Dictionary(sinks.map { ($0.name, WakeUp()) }) { first, _ in first }
    hurry = Dictionary(sinks.map { ($0.name, WakeUp()) }) { first, _ in first }
  }

  // MARK: From the pipeline

  /// Begins to deliver, with what an earlier run has left in the outbox first.
  public func start() async throws {
    guard tasks.isEmpty, !isStopping else { return }
    let after = options.resumes ? 0 : try await outbox.newest()
    tasks.append(Task { await self.write() })
    for sink in sinks {
      progress[sink.name] = Progress()
      tasks.append(Task { await self.run(sink, firingAfter: after) })
    }
  }

  /// Hands messages over, and returns before they are in the outbox.
  ///
  /// Where the hand-over is full it waits for room, or counts them as lost (``Options/whenFull``).
  ///
  /// - Throws: `AlertDeliveryError` once the outbox does not work any more, as on a full disk.
  public func submit(_ messages: [AlertMessage]) async throws {
    for message in messages {
      while failure == nil, buffer.count >= options.capacity, options.whenFull == .wait { await change() }
      if let failure { throw failure }
      guard buffer.count < options.capacity else {
        lost += 1
        continue
      }
      buffer.append(message)
      submitted += 1
      // Later messages of the same call may have to wait until these are stored.
      if buffer.count == options.capacity { await writerWork.set() }
    }
    if !messages.isEmpty { await writerWork.set() }
  }

  /// Returns when all that was handed over so far is in the outbox: to be called before a checkpoint is written.
  ///
  /// - Throws: `AlertDeliveryError` where the outbox does not work.
  public func sync() async throws {
    let target = submitted
    while failure == nil, stored < target { await change() }
    if let failure { throw failure }
  }

  /// Delivers what is left, at most for so long, and stops. What is then left stays in the outbox.
  public func finish(within deadline: Duration) async -> State {
    isStopping = true
    let end = options.clock.now() + deadline
    await writerWork.set()
    // Who waits for a next attempt makes it now.
    for sink in sinks {
      await hurry[sink.name]?.set()
      await work[sink.name]?.set()
    }
    while !isFinished {
      let left = end - options.clock.now()
      guard left > .zero else { break }
      await done.wait(atMost: left, options.clock)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
    tasks = []
    for sink in sinks { await sink.sink.close() }
    return await state()
  }

  private var isFinished: Bool {
    failure != nil || (buffer.isEmpty && progress.values.allSatisfy(\.isIdle))
  }

  /// How it does: for the dashboard.
  public func state() async -> State {
    var books: [String: SinkBooks] = [:]
    var problem = failure
    do { books = try await outbox.books() } catch { problem = problem ?? Self.error(error) }
    return State(
      sinks: sinks.map { sink in
        let progress = progress[sink.name] ?? Progress()
        return SinkState(
          name: sink.name, type: sink.type, books: books[sink.name] ?? SinkBooks(),
          failures: progress.failures,
          retries: progress.retries, problem: progress.problem)
      }, waiting: buffer.count, lost: lost, failure: problem)
  }

  // MARK: To the outbox

  private func write() async {
    while !Task.isCancelled {
      guard !buffer.isEmpty else {
        await done.set()
        await writerWork.wait(options.clock)
        continue
      }
      let batch = Array(buffer.prefix(256))
      do {
        // Not to be cut off by a stop: a message that was handed over is kept.
        _ = try await Task { try await outbox.enqueue(batch) }.value
      } catch { return await fail(error) }
      for sink in sinks { progress[sink.name]?.isIdle = false }
      buffer.removeFirst(batch.count)
      stored += UInt64(batch.count)
      release()
      for sink in sinks { await work[sink.name]?.set() }
    }
  }

  private func fail(_ error: any Error) async {
    guard !(error is CancellationError) else { return }
    failure = failure ?? Self.error(error)
    release()
    await done.set()
  }

  private func change() async { await withCheckedContinuation { waiters.append($0) } }

  private func release() {
    let released = waiters
    waiters = []
    for waiter in released { waiter.resume() }
  }

  private static func error(_ error: any Error) -> AlertDeliveryError {
    error as? AlertDeliveryError ?? AlertDeliveryError("the outbox failed: \(error)")
  }

  // MARK: To a sink

  private func run(_ sink: NamedSink, firingAfter: Int64) async {
    guard let work = work[sink.name], let hurry = hurry[sink.name] else { return }
    let clock = options.clock
    var again = sink.sink.repeatInterval.map { clock.now() + $0 }
    // After a refusal of several messages: so many are tried alone, to find the one that was meant.
    var alone = 0
    do {
      while !Task.isCancelled {
        if let interval = sink.sink.repeatInterval, let time = again, clock.now() >= time {
          again = clock.now() + interval
          let firing = try await outbox.firing(sink: sink.name, after: firingAfter)
          if !firing.isEmpty { note(await sink.sink.tellAgain(firing), sink) }
        }
        let batch = try await outbox.pending(sink: sink.name, limit: alone > 0 ? 1 : sink.sink.batchLimit)
        guard !batch.isEmpty else {
          // Something may have come between the look and now; then the work is set, and the wait is none.
          if buffer.isEmpty { progress[sink.name]?.isIdle = true }
          await done.set()
          await work.wait(atMost: again.map { max(.zero, $0 - clock.now()) }, clock)
          continue
        }
        let outcome = await sink.sink.deliver(batch)
        note(outcome, sink)
        switch outcome {
        case .delivered:
          alone = max(0, alone - batch.count)
          try await Task { try await outbox.markDelivered(sink: sink.name, batch) }.value
        case .refused(let reason):
          guard batch.count == 1 else {
            alone = batch.count
            continue
          }
          alone = max(0, alone - 1)
          try await Task { try await outbox.markRefused(sink: sink.name, batch, reason: reason) }.value
        case .failed(_, let retryAfter):
          let delay = options.backOff.delay(attempt: progress[sink.name]?.failures ?? 1, sink: sink.name)
          let asked = min(retryAfter ?? .zero, options.backOff.maximum)
          await hurry.wait(atMost: max(delay, asked), clock)
        }
      }
    } catch { await fail(error) }
  }

  private func note(_ outcome: DeliveryOutcome, _ sink: NamedSink) {
    var state = progress[sink.name] ?? Progress()
    switch outcome {
    case .delivered: (state.failures, state.problem) = (0, nil)
    case .refused(let reason): (state.failures, state.problem) = (0, reason)
    case .failed(let reason, _):
      state.failures += 1
      state.retries += 1
      state.problem = reason
    }
    progress[sink.name] = state
  }
}
