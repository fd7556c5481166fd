import CountingStatistics
import Detectors
import SpillwayTestSupport
import Testing

@testable import Selections

@Suite struct PhysicsAccumulatorTests {
  /// Cuts that random events pass now and then, overlapping regions, a scan and histograms at several stages.
  private static func lines(chi2: Int = 4, isBlind: Bool = true, blindRegion: Bool = true) -> [String] {
    [
      "topology: vertex", "roles: [{ name: a, charge: +1, mass: pi }, { name: b, charge: -1, mass: pi }]",
      "variables: { m: { invariant_mass: [a, b] } }", "cuts:",
      cut("veto", "variable: event.lav_hits, max: 1"), cut("chi2", "variable: vertex.chi2, max: \(chi2)"),
      cut("eop", "variable: tracks.eop, require: { min: 1 }, above: 0.3"), "regions:",
      "  - { name: SR, blind: \(blindRegion), interval: { vertex.z_tax: { above: 6 m, below: 40 m } }, trust: chosen, source: t }",
      "  - { name: CR, interval: { vertex.z_tax: { above: -4 m, below: 50 m } }, trust: chosen, source: t }",
      "  - { name: far, interval: { vertex.z: { above: 150 m } }, trust: chosen, source: t }",
      "exclusive: [[SR, CR]]",
      "scans:", "  - name: s",
      "    axes: [{ variable: m, masses: { from: 280 MeV/c2, to: 400 MeV/c2, step: 10 MeV/c2 }, window: { half_width: 12 MeV/c2 } }]",
      "    trust: chosen", "    source: t", "histograms:",
      "  - { name: m, axes: [{ variable: m, bins: 20, from: 270 MeV/c2, to: 400 MeV/c2 }] }",
      "  - { name: early, after: veto, axes: [{ variable: m, bins: 20, from: 270 MeV/c2, to: 400 MeV/c2 }, { variable: vertex.z, bins: 5, from: 90 m, to: 190 m }] }",
      "counting: { regions: [SR], background: { events: 0.5, trust: illustrative, source: t } }",
      "blind: \(isBlind)",
    ]
  }

  private func events(_ count: Int, seed: UInt64) -> [SelectionEvent] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in .random(&random) }
  }

  private func account(_ selection: PhysicsSelection, _ events: [SelectionEvent]) throws -> PhysicsAccount {
    var account = PhysicsAccount(selection)
    var workspace = SelectionWorkspace([selection])
    for event in events {
      let outcome = selection.evaluate(event, &workspace)
      let built = event.input.event
      try account.add(
        outcome, values: workspace.values,
        period: PhysicsAccumulator.period(run: built.run, burst: built.burst))
    }
    return account
  }

  @Test func booksClose() throws {
    let selection = try physics(Self.lines())
    let account = try account(selection, events(3000, seed: 1))
    for part in [account.open, account.sealed, try account.unblinded()] {
      #expect(part.isClosed)
      #expect(part.flow.isClosed)
    }
    let whole = try account.unblinded()
    #expect(whole.flow.seen == 3000)
    #expect(whole.flow.selected > 100)
    #expect(whole.regions.map(\.events).allSatisfy { $0 > 10 })
    // SR and CR exclude each other; what lay in both is told.
    #expect(whole.ambiguous == whole.regions[0].events)
    #expect(whole.histograms[0].entries == whole.flow.selected)
    #expect(whole.histograms[1].entries == whole.flow.steps[1].passed)
    #expect(UInt64(whole.counting?.observed ?? 0) == whole.regions[0].events)
    // The counts by burst add up to the counts.
    #expect(whole.bursts.total(0) == whole.flow.selected)
    #expect(whole.bursts.total(1) == whole.regions[0].events)
    for index in whole.regions.indices {
      #expect(whole.bursts.total(2 + index) == whole.regions[index].events)
    }
  }

  @Test func mergedShardsEqualTheWholeInAnyOrder() throws {
    let selection = try physics(Self.lines())
    var random = SplitMix64(seed: 2)
    let events = events(600, seed: 3)
    let whole = try account(selection, events)
    for _ in 0..<10 {
      var shards = [[SelectionEvent]](repeating: [], count: Int.random(in: 1...5, using: &random))
      for event in events { shards[Int.random(in: shards.indices, using: &random)].append(event) }
      var merged = PhysicsAccount(selection)
      for shard in shards.shuffled(using: &random) { try merged.merge(try account(selection, shard)) }
      #expect(merged == whole)
    }
  }

  @Test func openAndSealedTogetherAreAll() throws {
    let blind = try account(try physics(Self.lines()), events(1500, seed: 4))
    let open = try account(try physics(Self.lines(isBlind: false)), events(1500, seed: 4))
    #expect(open.sealed.flow.seen == 0)
    #expect(blind.sealed.flow.seen > 10)
    let unblinded = try blind.unblinded()
    #expect(unblinded.flow == open.open.flow)
    #expect(unblinded.regions == open.open.regions)
    #expect(unblinded.histograms == open.open.histograms)
    #expect(unblinded.scans == open.open.scans)
    #expect(unblinded.counting == open.open.counting)
  }

  @Test func sealedRecordsGiveTheSealedPartBack() throws {
    let selection = try physics(Self.lines())
    var workspace = SelectionWorkspace([selection])
    var rebuilt = PhysicsAccumulator(selection)
    let events = events(800, seed: 5)
    for (index, event) in events.enumerated() {
      let outcome = selection.evaluate(event, &workspace)
      let record = SealedCandidate(selection, outcome, event, workspace)
      #expect((record != nil) == outcome.isSealed)
      if let record {
        let restored = try #require(
          SealedCandidate(
            restoring: selection, selectionHash: record.selectionHash, run: record.run, burst: record.burst,
            event: record.event, timestamp: record.timestamp, regions: record.regions,
            isAmbiguous: record.outcome.isAmbiguous, values: record.values.map(\.value)))
        try rebuilt.add(index % 2 == 0 ? record : restored)
        #expect(record.regions.contains("SR") || !outcome.isSelected || outcome.regions & 1 == 0)
        #expect(record.configValue.json().contains("\"selection\":\"sample\""))
      }
    }
    #expect(rebuilt == (try account(selection, events).sealed))
    let other = try physics(Self.lines(chi2: 3))
    var wrong = PhysicsAccumulator(other)
    let sealed = events.lazy.compactMap { event in
      SealedCandidate(selection, selection.evaluate(event, &workspace), event, workspace)
    }
    let first = try #require(sealed.first)
    #expect(throws: SelectionError.differentSelections("sample", "sample")) { try wrong.add(first) }
    func restored(_ hash: String, _ regions: [String], _ values: [Double]) -> SealedCandidate? {
      SealedCandidate(
        restoring: selection, selectionHash: hash, run: 1, burst: 1, event: 1, timestamp: 1, regions: regions,
        isAmbiguous: false, values: values)
    }
    let values = first.values.map(\.value)
    #expect(restored(selection.hash, ["SR"], values) != nil)
    #expect(restored(other.hash, ["SR"], values) == nil)
    #expect(restored(selection.hash, ["XR"], values) == nil)
    #expect(restored(selection.hash, ["SR"], values.dropLast()) == nil)
  }

  @Test func openPartDoesNotKnowOfSealedEvents() throws {
    let selection = try physics(Self.lines())
    var workspace = SelectionWorkspace([selection])
    let all = events(1500, seed: 6)
    let open = all.filter { !selection.evaluate($0, &workspace).isSealed }
    let few = all.enumerated().filter { index, event in
      index % 3 == 0 || !selection.evaluate(event, &workspace).isSealed
    }.map(\.element)
    let accounts = try [all, open, few].map { try account(selection, $0) }
    #expect(accounts[0].open == accounts[1].open)
    #expect(accounts[0].open == accounts[2].open)
    #expect(accounts[1].sealed.flow.seen == 0)
    // The blind region holds nothing that is open, in any of its numbers.
    #expect(accounts[0].open.regions[0].events == 0)
    #expect(accounts[0].open.counting?.observed == 0)
  }

  @Test func anyCandidateInTheBlindRegionSealsTheEvent() throws {
    let selection = try physics(Self.lines())
    var event = SelectionEvent.sample
    event[.lavHits] = 0
    let a = event.add(charge: 1, SIMD3(0, 0, 10_000))
    let b = event.add(charge: -1, SIMD3(0, 40, 10_000))
    event.tracks[.eop, a] = 1
    for (chi2, zTAX) in [(1.0, 45_000.0), (2, 20_000)] {
      let vertex = event.appendVertex()
      event.addMember(track: a)
      event.addMember(track: b)
      event.vertices[.chi2, vertex] = chi2
      event.vertices[.zTAX, vertex] = zTAX
      event.vertices[.z, vertex] = 120_000
    }
    let outcome = selection.run(event).outcome
    #expect(outcome.container == 0)
    #expect(outcome.regions == 0b10)
    #expect(outcome.isSealed)
  }

  @Test func blindSelectionWithoutBlindRegionSealsAllItSelects() throws {
    let selection = try physics(Self.lines(blindRegion: false))
    let account = try account(selection, events(1000, seed: 7))
    #expect(account.open.flow.selected == 0)
    #expect(account.sealed.flow.selected == account.sealed.flow.seen)
    #expect(account.sealed.flow.seen > 0)
  }

  @Test func shownFlowWithholdsWhatLinksToOtherTotals() throws {
    let account = try account(try physics(Self.lines()), events(500, seed: 8))
    let shown = ShownCutFlow(account.open.flow, isBlind: true)
    #expect(shown.seen == nil && shown.entered == nil && shown.notEntered == nil)
    #expect(shown.steps[0].failed == nil && shown.steps[0].unavailable == nil)
    #expect(shown.steps[1].failed == account.open.flow.steps[1].failed)
    #expect(ShownCutFlow(account.open.flow, isBlind: false).seen == account.open.flow.seen)
  }

  @Test func blindReportHidesEveryCountOfSealedEvents() throws {
    let selection = try physics(Self.lines())
    let account = try account(selection, events(1000, seed: 11))
    func text(_ part: PhysicsAccumulator, _ isBlind: Bool) -> String { part.report(isBlind: isBlind).json() }
    let blind = text(account.open, true)
    #expect(blind.contains(#"{"name":"SR","events":"(blind)"}"#))
    #expect(blind.contains(#""observed":"(blind)""#))
    #expect(blind.contains(#""seen":"(blind)","not_entered":"(blind)","entered":"(blind)""#))
    #expect(!blind.contains(#"{"name":"CR","events":"(blind)"}"#))
    // The scan is over all selected events, so it is open; that of the signal region alone is not.
    #expect(!blind.contains(#""events":"(blind)"}],"histograms""#))
    let whole = text(try account.unblinded(), false)
    #expect(!whole.contains("(blind)"))
    #expect(whole.contains(#""seen":1000"#))
    let shipped = try Shipped.selection("Kpi4e")
    #expect(text(PhysicsAccumulator(shipped), true).contains(#""events":"(blind)"}],"histograms""#))
    let all = PhysicsAccumulator(try physics(Self.lines(blindRegion: false)))
    #expect(text(all, true).contains(#""events":"(blind)"}],"histograms""#))
  }

  @Test func accumulatorsOfDifferentSelectionsDoNotMerge() throws {
    var first = try account(try physics(Self.lines()), events(50, seed: 9))
    let second = try account(try physics(Self.lines(chi2: 3)), events(50, seed: 9))
    let before = first
    #expect(throws: SelectionError.differentSelections("sample", "sample")) { try first.merge(second) }
    #expect(first == before)
  }

  @Test func selectionInSwiftIsBlindUnlessItSaysOtherwise() throws {
    struct Fast: EventSelection {
      let experiment: CountingExperiment
      let conditionLabels = ["a track above 60 GeV/c"]
      func verdict(on event: SelectionEvent) -> SelectionVerdict {
        let isFast = (0..<event.tracks.count).contains { event.tracks[.momentum, $0] > 60_000 }
        return isFast ? .selected : .failed(condition: 0)
      }
    }
    let selection = Fast(experiment: try CountingExperiment(name: "fast", background: 1))
    #expect(selection.isBlind)
    var event = SelectionEvent.sample
    var account = Blinded(selection)
    try account.add(selection.verdict(on: event), isBlind: selection.isBlind)
    event.add(charge: 1, SIMD3(0, 0, 61_000))
    try account.add(selection.verdict(on: event), isBlind: selection.isBlind)
    #expect(account.open.flow.seen == 1)
    #expect(account.open.counting.observed == 0)
    #expect(try account.unblinded().counting.observed == 1)
  }

  @Test func engineDoesWhatEachSelectionDoes() throws {
    let file =
      physicsFile(Self.lines())
      + physicsFile(Self.lines(chi2: 2, isBlind: false), name: "open")
      .split(separator: "\n").dropFirst(3).joined(separator: "\n")
    let set = try PhysicsSelectionSet.parse(text: file, file: "t")
    var engines = [SelectionEngine(set), SelectionEngine(set)]
    let events = events(400, seed: 10)
    for (index, event) in events.enumerated() {
      try engines[index % 2].process(event)
      let outcomes = engines[index % 2].outcomes
      #expect(outcomes[0] == set.selections[0].run(event).outcome)
      // Values are those of the selection that was processed last; no alert may tell of a sealed event.
      #expect((engines[index % 2].values(selection: 1) != nil) == (outcomes[1].stage >= 0))
      if outcomes[0].isSealed { #expect(engines[index % 2].values(selection: 0) == nil) }
    }
    try engines[0].merge(engines[1])
    #expect(engines[0].accounts[0] == (try account(set.selections[0], events)))
    #expect(engines[0].accounts[1] == (try account(set.selections[1], events)))
    let sealed = engines[0].takeSealed()
    #expect(UInt64(sealed.count) == engines[0].accounts[0].sealed.flow.seen)
    #expect(sealed.allSatisfy { $0.selection == "sample" })
    #expect(engines[0].takeSealed().isEmpty)
    let other = SelectionEngine(try Shipped.all())
    #expect(throws: SelectionError.self) { try engines[0].merge(other) }
  }

  /// Selections that come to LKr in a cut, in a histogram of an early stage, in a derived number, in a region.
  @Test(arguments: [
    ("", ""),
    (
      "histograms:",
      "  - { name: e, after: chi2, axes: [{ variable: event.lkr_energy, bins: 5, from: 0 GeV, to: 1 GeV }] }"
    ),
    ("histograms:", "  - { name: e, after: chi2, axes: [{ variable: most, bins: 5, from: 0, to: 1 }] }"),
    (
      "regions:",
      "  - { name: LKr, interval: { event.lkr_energy: { above: 0.03 GeV } }, trust: chosen, source: t }"
    ),
  ])
  func selectionsThatComeToLKrCountWhatTheyCountWithItAtOnce(heading: String, line: String) throws {
    var lines = Self.lines(isBlind: false)
    if !line.isEmpty {
      lines.removeAll { $0.contains("eop") }
      lines[2] = "variables: { m: { invariant_mass: [a, b] }, most: { largest: tracks.eop } }"
      lines.insert(line, at: try #require(lines.firstIndex(of: heading)) + 1)
    }
    let set = try PhysicsSelectionSet.parse(text: physicsFile(lines), file: "t")
    var (whole, late) = (SelectionEngine(set), SelectionEngine(set))
    var (asked, spared) = (0, 0)
    for event in events(600, seed: 15) {
      #expect(try whole.process(event, selection: 0).isEmpty)
      var bare = event
      bare[.lkrEnergy] = .nan
      for track in 0..<bare.tracks.count { bare.tracks[.eop, track] = .nan }
      bare.awaited = [.showers, .calorimeter]
      let before = late.accounts
      if try late.process(bare, selection: 0).isEmpty {
        spared += 1
      } else {
        asked += 1
        #expect(late.accounts == before)
        #expect(try late.process(event, selection: 0).isEmpty)
      }
      #expect(late.outcomes == whole.outcomes)
    }
    #expect(asked > 30 && spared > 30)
    #expect(late.accounts == whole.accounts)
  }

  /// The event without what it awaits.
  private func bare(_ event: SelectionEvent, _ awaited: DetectorParts) -> SelectionEvent {
    var bare = event
    bare.awaited = awaited
    for quantity in EventQuantity.allCases where !quantity.parts.isDisjoint(with: awaited) {
      bare[quantity] = .nan
    }
    for quantity in TrackQuantity.allCases where !quantity.parts.isDisjoint(with: awaited) {
      for track in 0..<bare.tracks.count { bare.tracks[quantity, track] = .nan }
    }
    for quantity in VertexQuantity.allCases where !quantity.parts.isDisjoint(with: awaited) {
      for vertex in 0..<bare.vertices.count { bare.vertices[quantity, vertex] = .nan }
    }
    return bare
  }

  @Test func partsThatAreFilledWhereTheyAreAskedForCountTheSame() throws {
    let set = try Shipped.all()
    var (whole, late) = (SelectionEngine(set), SelectionEngine(set))
    var random = SplitMix64(seed: 16)
    var asked: DetectorParts = []
    var spared = 0
    for var event in events(1500, seed: 17) {
      // Numbers that some of the early cuts let pass.
      for quantity in EventQuantity.allCases { event[quantity] = .random(in: -3...6, using: &random) }
      for quantity in TrackQuantity.allCases {
        for track in 0..<event.tracks.count where event.tracks[quantity, track].isNaN {
          event.tracks[quantity, track] = Double(Int.random(in: -1...5, using: &random))
        }
      }
      for quantity in VertexQuantity.allCases {
        for vertex in 0..<event.vertices.count where event.vertices[quantity, vertex].isNaN {
          event.vertices[quantity, vertex] = .random(in: 0...12, using: &random)
        }
      }
      var awaited = DetectorParts.all
      for index in set.selections.indices {
        #expect(try whole.process(event, selection: index).isEmpty)
        while true {
          let before = late.accounts[index]
          let wanted = try late.process(bare(event, awaited), selection: index)
          guard !wanted.isEmpty else { break }
          // It asks for what is not there, and counts nothing.
          #expect(wanted.isSubset(of: awaited))
          #expect(late.accounts[index] == before)
          guard wanted.isSubset(of: awaited) else { break }
          awaited.subtract(wanted)
          asked.formUnion(wanted)
        }
      }
      if !awaited.isEmpty { spared += 1 }
      #expect(late.outcomes == whole.outcomes)
    }
    #expect(asked.isSuperset(of: [.hodoscopes, .times, .showers]) && spared > 300)
    #expect(late.accounts == whole.accounts)
  }

  @Test func unblindedEngineSealsNothing() throws {
    let set = try PhysicsSelectionSet.parse(text: physicsFile(Self.lines()), file: "t")
    var blind = SelectionEngine(set)
    var open = SelectionEngine(set, unblinded: ["sample"])
    for event in events(400, seed: 13) {
      try blind.process(event)
      try open.process(event)
    }
    #expect(open.takeSealed().isEmpty)
    #expect(try open.accounts[0].open == blind.accounts[0].unblinded())
    #expect(blind.reports()[0].json().contains("(blind)"))
    #expect(!open.reports()[0].json().contains("(blind)"))
    #expect(throws: SelectionError.self) { try open.merge(blind) }
  }

  @Test func workspaceGrowsToTheSelection() throws {
    let selection = try physics(Self.lines())
    var small = SelectionWorkspace([])
    for event in events(20, seed: 14) {
      #expect(selection.evaluate(event, &small) == selection.run(event).outcome)
    }
  }

  @Test func fluxFollowsTheCount() throws {
    let flux = try #require(try Shipped.selection("K3pi").flux)
    // 1000 events of the control line, 400 / (0.154 x 0.05583).
    #expect(abs(flux.exposure(events: 1000) / 4.65238e7 - 1) < 1e-5)
  }
}
