import Alerting
import Detectors
import EventBuilding
import L1Trigger
import PacketCapture
import Reconstruction
import Selections

/// One worker of the stage that reconstructs and selects, with its own memory and counts. What it finds in an
/// event depends on the event alone; its counts merge with those of the other workers.
struct SelectionWorker {
  /// Reconstructed events that are held at most: few, so that they stay in the cache.
  private static let reconstructedLimit = 16
  /// Scenes made of a batch, at most: they are for people, who need not see every one.
  private static let sceneLimit = 4

  private let setup: SelectionSetup
  private let layout: EventLayout
  private let reconstructor: Reconstructor?
  private let filler: SelectionEventFiller?
  private let keepsScenes: Bool
  private var reconstructed = ReconstructedBatch()
  private var event: SelectionEvent?
  private(set) var engine: SelectionEngine
  private(set) var timing: SelectionTiming

  init(setup: SelectionSetup, layout: EventLayout, maps: L1DetectorMaps, keepsScenes: Bool) {
    self.setup = setup
    self.keepsScenes = keepsScenes
    self.layout = layout
    reconstructor = setup.reconstruction.map {
      Reconstructor(configuration: $0, layout: layout, maps: maps)
    }
    filler = setup.reconstruction.map { SelectionEventFiller(configuration: $0) }
    engine = SelectionEngine(setup.set)
    timing = SelectionTiming(selections: setup.set.selections.count)
  }

  /// Looks at a batch: at all its events with what L0 and L1 say of them, and at those that are ready.
  mutating func findings(in judged: JudgedBatch) throws -> SelectionFindings {
    var findings = SelectionFindings()
    let events = judged.batch.events
    findings.selected.reserveCapacity(events.count)
    for i in events.indices {
      let input = SelectionInput(
        event: events[i], evaluation: judged.evaluations[i], decision: judged.decisions[i])
      reset(input)
      let place = SelectionFindings.Place(eventsBefore: i, step: .event)
      var selected: UInt64 = 0
      for s in setup.immediate {
        try process(s, events[i], judged.batch, place, &findings.findings, &selected)
      }
      if !input.isKept {
        // They do not enter; the cut flows count them.
        for s in setup.reconstructed {
          try process(s, events[i], judged.batch, place, &findings.findings, &selected)
        }
      }
      findings.selected.append(selected)
    }
    // Not one event at a time in between: each of the two loops keeps its code and tables in the cache.
    let immediate = findings.findings
    findings.findings = []
    findings.late.reserveCapacity(judged.ready.count)
    for ready in judged.ready { try look(at: ready, &findings) }
    findings.findings = Self.merged(findings.findings, immediate)
    return findings
  }

  /// Two lists in the order of their places as one.
  private static func merged(
    _ a: [SelectionFindings.Finding], _ b: [SelectionFindings.Finding]
  ) -> [SelectionFindings.Finding] {
    guard !a.isEmpty else { return b }
    guard !b.isEmpty else { return a }
    var merged: [SelectionFindings.Finding] = []
    merged.reserveCapacity(a.count + b.count)
    var next = 0
    for finding in a {
      while next < b.count, b[next].place < finding.place {
        merged.append(b[next])
        next += 1
      }
      merged.append(finding)
    }
    return merged + b[next...]
  }

  private mutating func reset(_ input: SelectionInput) {
    if event == nil { event = SelectionEvent(input) } else { event?.reset(input) }
  }

  private mutating func look(at ready: ReadyEvent, _ findings: inout SelectionFindings) throws {
    guard let reconstructor, let filler else { return }
    let begin = StageClock.nanoseconds
    // To empty the lists costs as much for many events as for one.
    if reconstructed.eventCount >= Self.reconstructedLimit { reconstructed.removeAll() }
    let place = reconstructed.eventCount
    reconstructor.begin(ready.event, of: ready.batch, into: &reconstructed)
    reset(SelectionInput(event: ready.event, evaluation: ready.evaluation, decision: ready.decision))
    if var filled = event.take() {
      filler.fill(&filled, reconstructed, place)
      // What the other detectors say is left until a selection comes to it.
      filled.awaited = ready.calorimeter != nil ? .all : .readBeforeL1
      event = filled
    }
    var last = StageClock.nanoseconds
    var reconstruction = last &- begin
    let when = SelectionFindings.Place(eventsBefore: ready.eventsBefore, step: .ready)
    var selected: UInt64 = 0
    let before = findings.findings.count
    for s in setup.reconstructed {
      var adding: UInt64 = 0
      var wanted = try process(s, ready.event, ready.batch, when, &findings.findings, &selected)
      while !wanted.isEmpty {
        let start = StageClock.nanoseconds
        add(wanted, of: ready, place)
        adding &+= StageClock.nanoseconds &- start
        wanted = try process(s, ready.event, ready.batch, when, &findings.findings, &selected)
      }
      reconstruction &+= adding
      let now = StageClock.nanoseconds
      timing.selections[s].add(now &- last &- adding)
      last = now
    }
    timing.reconstruction.add(reconstruction)
    timing.all.add(last &- begin)
    findings.late.append(SelectionFindings.Late(event: ready.event, selected: selected))
    if keepsScenes, findings.findings.count > before, findings.scenes.count < Self.sceneLimit,
      let configuration = setup.reconstruction
    {
      let scene = EventScene(ready, reconstructor, configuration, setup.set)
      if scene.sealedBy.isEmpty { findings.scenes.append(scene) }
    }
    findings.books.events += 1
    if ready.isComplete { findings.books.complete += 1 } else { findings.books.withoutL1Data += 1 }
  }

  /// Adds parts of what the detectors say of the event at hand, at `place` of those reconstructed.
  private mutating func add(_ parts: DetectorParts, of ready: ReadyEvent, _ place: Int) {
    guard let reconstructor, let filler, var filled = event.take() else { return }
    let added = reconstructor.add(
      parts, of: ready.event, of: ready.batch, calorimeter: ready.calorimeter, to: &reconstructed)
    filler.add(added, to: &filled, reconstructed, place)
    // Also what was asked for and cannot be had, so that nobody waits for it.
    filled.awaited.subtract(added.union(parts))
    event = filled
  }

  /// Evaluates a selection on the event at hand, and notes what it may tell of it; gives what it wants first.
  @discardableResult
  private mutating func process(
    _ s: Int, _ built: BuiltEvent, _ batch: EventBatch, _ place: SelectionFindings.Place,
    _ findings: inout [SelectionFindings.Finding], _ selected: inout UInt64
  ) throws -> DetectorParts {
    guard let event else { return [] }
    let wanted = try engine.process(event, selection: s)
    guard wanted.isEmpty else { return wanted }
    let outcome = engine.outcomes[s]
    guard outcome.isSelected, !outcome.isSealed else { return [] }
    let selection = setup.set.selections[s]
    if !selection.isBlind, s < 64 { selected |= 1 << UInt64(s) }
    guard selection.raisesAlert, selection.isOpen(outcome) else { return [] }
    findings.append(
      SelectionFindings.Finding(
        selection: s, event: built, decision: event.input.decision, packets: packets(of: built, batch),
        quantities: quantities(s, event.input), counts: selection.counts(outcome),
        regions: outcome.regions, place: place))
    return []
  }

  private func quantities(_ s: Int, _ input: SelectionInput) -> [AlertRecord.Quantity] {
    let said = setup.set.selections[s].quantities(in: input).map { quantity in
      let value: AlertRecord.Quantity.Value =
        switch quantity.value {
        case .number(let number): .number(number)
        case .integer(let integer): .integer(integer)
        case .flag(let flag): .flag(flag)
        }
      return AlertRecord.Quantity(quantity.name, value)
    }
    let names = Set(said.map(\.name))
    let found = (engine.values(selection: s) ?? []).filter { $0.value.isFinite && !names.contains($0.name) }
    return said + found.map { AlertRecord.Quantity($0.name, .number($0.value)) }
  }

  private func packets(of event: BuiltEvent, _ batch: EventBatch) -> [PacketReference] {
    let first = Int(event.firstFragment)
    var packets: [PacketReference] = []
    packets.reserveCapacity(layout.fragmentCount)
    for place in first..<(first + layout.fragmentCount) where !batch.fragments[place].isVirtual {
      packets.append(batch.fragments[place].packet)
    }
    packets.sort()
    var different: [PacketReference] = []
    for packet in packets where packet != different.last { different.append(packet) }
    return different
  }

  /// What it has counted since the last call, with the sealed events.
  mutating func finish() -> SelectionRun {
    let sealed = engine.takeSealed()
    defer {
      engine = SelectionEngine(setup.set)
      timing = SelectionTiming(selections: setup.set.selections.count)
    }
    return SelectionRun(engine: engine, timing: timing, sealed: sealed)
  }
}

extension SelectionRun {
  /// Adds what another worker, or another segment, has counted; throws, changing nothing, where it counts other selections.
  public mutating func merge(_ other: SelectionRun) throws {
    try engine.merge(other.engine)
    timing.merge(other.timing)
    sealed += other.sealed
    sealed.sort { ($0.run, $0.burst, $0.event, $0.selection) < ($1.run, $1.burst, $1.event, $1.selection) }
    // All are counted; of each selection the first ones are kept.
    var kept: [String: Int] = [:]
    sealed.removeAll { event in
      kept[event.selectionHash, default: 0] += 1
      return kept[event.selectionHash, default: 0] > SealedPartial.most
    }
  }
}
