@testable import Monitoring

/// Snapshots for tests.
enum Snapshots {
  /// A run in its second burst, with a blind and an open selection, an alarm, and something lost.
  static func standard(burst: UInt32 = 2, packets: UInt64 = 1000) -> MonitorSnapshot {
    MonitorSnapshot(
      status: RunStatus(
        source: .replay, state: .running, input: "k160.pcap", menu: "kaon-2018", run: 9001, burst: burst,
        bursts: UInt64(burst) - 1, dataTime: "2018-06-01T12:00:07.5Z", wallTime: "2026-11-23T23:00:01Z",
        startTime: "2026-11-23T23:00:00Z", speed: 1, isTest: true, configurationHash: "c0ffee",
        version: "0.7.0"),
      rates: RateDocument(
        binSeconds: 0.1, isBurstOpen: true,
        lines: [
          RateDocument.Line(
            name: "RICH", level: .detector,
            bursts: [
              RateDocument.Point(run: 9001, burst: 1, count: 9000, seconds: 4.5, dataTime: nil),
              RateDocument.Point(run: 9001, burst: 2, count: 10, seconds: 1, dataTime: nil),
            ], along: [1, 2, 3],
            band: RateDocument.Band(expected: 2100, low: 1900, high: 2300, origin: "run 9000"),
            condition: .normal, total: 9010),
          RateDocument.Line(
            name: "PNN \"a\\b\"", level: .l0, bursts: [], along: [], band: nil, condition: .dead, total: 0),
        ]),
      counts: CountsDocument(selections: [
        CountsDocument.Selection(
          name: "kpinunu", role: "signal", isBlind: true, events: nil, selected: nil, confidenceLevel: nil,
          method: nil, state: nil, history: []),
        CountsDocument.Selection(
          name: "k3pi", role: "normalisation", isBlind: false, events: 17, selected: 4,
          confidenceLevel: 0.9, method: "CLs",
          state: CountsDocument.Point(
            run: 9001, burst: 1, observed: 4, background: 0.5, upperLimit: .infinity, zOneSided: 2.5,
            anytimePValue: nil), history: []),
      ]),
      alerts: AlertDocument(
        total: 3,
        entries: [
          AlertDocument.Entry(
            id: "9001-1-17", rule: "candidate", kind: "candidate", severity: "warning", isFiring: nil,
            text: "k3pi: one event", dataTime: "2018-06-01T12:00:01Z", wallTime: "2026-11-23T23:00:00Z",
            run: 9001, burst: 1, event: 17, quantities: ["mass": "493.7"], hasDisplay: true,
            delivered: ["file"], pending: ["webhook"])
        ],
        rules: [AlertDocument.Rule(rule: "candidate", raised: 3, firing: 0)],
        sinks: [AlertDocument.Sink(name: "webhook", delivered: 2, pending: 1, failed: 4)]),
      health: HealthDocument(
        books: [
          HealthDocument.Account(
            item: "packets", entered: packets,
            columns: [
              HealthDocument.Column(name: "accepted", count: packets - 3, isLoss: false),
              HealthDocument.Column(name: "bad-length", count: 3, isLoss: true),
            ], closes: true)
        ],
        stages: [
          HealthDocument.Stage(name: "build", waiting: 1, capacity: 4, batches: 12, busySeconds: 0.25)
        ], kernelDrops: nil, interfaceDrops: nil, lateness: 125, alertsPending: 1, memory: 1 << 20,
        bytes: 1_400_000))
  }

  /// The same of a farm, whose second node has died.
  static func farm() -> MonitorSnapshot {
    var snapshot = standard()
    snapshot.status.source = .farm
    snapshot.nodes = NodesDocument(
      endpoint: "tcp://127.0.0.1:8463",
      nodes: [
        .init(
          node: 0, state: .running, age: 0.25, burst: 2, dataTime: "2018-06-01T12:00:07.5Z", lag: 0,
          bursts: 1,
          events: 500, openEvents: 20, alerts: 3, drops: 0),
        .init(
          node: 1, state: .lost, reason: "x", age: 12, burst: 2, lag: 11.5, bursts: 1, events: 400,
          droppedEvents: 7, restarts: 1, alertsLost: 1),
        .init(node: 2, state: .waiting),
      ], strangers: ["a sender was refused: not a message of a farm"])
    return snapshot
  }
}
