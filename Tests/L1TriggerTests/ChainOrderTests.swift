import EventBuilding
import L1Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

/// A transliteration of `l1.md` 6.4, kept apart from the trigger's own code.
private struct ReferenceChain {
  var word: UInt8 = 0
  var passes = false
  var timeout = false
  var allDisabled = false
  var flagged = false

  init(
    _ mask: L1Mask, results: [L1Algorithm: UInt8], configured: Set<SourceID>, isListed: Bool, isReduced: Bool
  ) {
    let order: [L1Algorithm] = [.chod, .ktag, .lav, .ircSac, .straw, .muv3, .newCHOD]
    let enabled = Set(order.filter { mask[$0].isEnabled })
    let flagging = enabled.filter { mask[$0].isFlagged }
    let n = enabled.count
    if n == 0 { allDisabled = true }
    if isListed, enabled.reduce(0, { $0 + mask[$1].processID }) != n * (n - 1) / 2 { timeout = true }
    var passed: Set<L1Algorithm> = []
    var pid = 0
    var loops = 0
    whileLoop: while loops != 10, !isReduced, pid != n {
      for a in order {
        if enabled.contains(a), mask[a].processID == pid, configured.contains(a.source) {
          pid += 1
          let result = results[a] ?? 0
          let isMet = a == .straw ? UInt32(result) & mask[a].xx == mask[a].xx : result != 0
          if isMet == mask[a].isPositive { passed.insert(a) }
        }
        if enabled.contains(a), !passed.contains(a), pid != 0, !mask[a].isFlagged {
          loops += 1
          break whileLoop
        }
      }
      loops += 1
    }
    if loops == 10, pid != n { timeout = true }
    for a in passed { word |= 1 << UInt8(a.rawValue) }
    let cut = enabled.subtracting(flagging)
    if !isReduced, enabled.isEmpty || enabled.isSubset(of: passed) || cut.isSubset(of: passed) {
      passes = true
      flagged = !flagging.isEmpty
    }
  }
}

private func orderings(_ items: [L1Algorithm], upTo size: Int) -> [[L1Algorithm]] {
  var out: [[L1Algorithm]] = []
  func extend(_ prefix: [L1Algorithm]) {
    if !prefix.isEmpty { out.append(prefix) }
    guard prefix.count < size else { return }
    for item in items where !prefix.contains(item) { extend(prefix + [item]) }
  }
  extend([])
  return out
}

/// Runs many masks on one event that fires all of them.
private func evaluate(
  _ masks: [L1Mask], _ batch: EventBatch
) throws -> [(word: UInt8, passes: Bool, evaluation: L1Evaluation)] {
  var out: [(word: UInt8, passes: Bool, evaluation: L1Evaluation)] = []
  for start in stride(from: 0, to: masks.count, by: 16) {
    let part = masks[start..<min(start + 16, masks.count)]
    let configuration = L1Fixture.configuration(
      Dictionary(uniqueKeysWithValues: part.enumerated().map { ($0, $1) }))
    let result = try #require(L1Fixture.decide(batch, configuration).first)
    for i in part.indices {
      let evaluation = result.evaluation
      out.append((evaluation.words[i - start], evaluation.passing & 1 << UInt16(i - start) != 0, evaluation))
    }
  }
  return out
}

@Suite("Order of a mask's chain")
struct ChainOrderTests {
  @Test("a chain without flags passes only if its order is a rotation of the code's, up to 4 algorithms")
  func rotations() throws {
    let code = L1Algorithm.decisionOrder
    let all = orderings(code, upTo: 4)
    #expect(all.count == 7 + 42 + 210 + 840)
    let batch = try L1Fixture.batch([.physics(0xFFFF)])
    let results = try evaluate(all.map(L1Fixture.vetoes), batch)
    var rotations = 0
    for (order, result) in zip(all, results) {
      let sorted = code.filter(order.contains)
      let isRotation = sorted.indices.contains { Array(sorted[$0...] + sorted[..<$0]) == order }
      if isRotation { rotations += 1 }
      #expect(result.passes == isRotation, "\(order.map(\.name))")
    }
    #expect(rotations == 7 + 21 * 2 + 35 * 3 + 35 * 4)
  }

  @Test("all seven rotations of the whole chain pass, and the built-in order of NA62's defaults does not")
  func wholeChain() throws {
    let code = L1Algorithm.decisionOrder
    var masks = code.indices.map { L1Fixture.vetoes(Array(code[$0...] + code[..<$0])) }
    masks.append(L1Fixture.vetoes([.ktag, .chod, .lav]))
    let results = try evaluate(masks, L1Fixture.batch([.physics(0xFFFF)]))
    #expect(results.map(\.passes) == [true, true, true, true, true, true, true, false])
  }

  @Test("an algorithm that fails ends the chain: those behind it do not run")
  func firstFailureEnds() throws {
    var mask = L1Fixture.vetoes([.chod, .ktag, .lav])
    mask[.ktag].isPositive = true
    let result = try #require(
      L1Fixture.decide(L1Fixture.batch([.physics(1)]), L1Fixture.configuration([0: mask])).first)
    #expect(result.decision.word.isEmpty)
    #expect(result.evaluation.words[0] == 1)
    #expect(result.evaluation.info.state(.ktag).contains(.processed))
    #expect(!result.evaluation.info.state(.lav).contains(.processed))
  }

  @Test("random masks are judged as the specification says", arguments: 1...12)
  func randomMasks(_ seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    let code = L1Algorithm.decisionOrder
    // Sources that are not configured; L0TP stays.
    let missing = L1Fixture.layout.sources.map(\.id).filter {
      $0 != .l0tp && $0 != .l1 && generator.oneIn(12)
    }
    let layout = EventLayout(sources: L1Fixture.layout.sources.filter { !missing.contains($0.id) })
    let batch = try L1Fixture.batch(
      [.physics(0xFFFF)], layout: layout,
      edges: [
        .chod: generator.oneIn(2) ? [] : [L1Fixture.edge(3)],
        .ircSacNewCHOD: generator.oneIn(2)
          ? [] : [L1Fixture.edge(4, shift: -5), L1Fixture.edge(4, isLeading: false)],
      ])
    let event = try #require(batch.events.first)
    for _ in 0..<4 {
      var configuration = L1Fixture.configuration([:])
      for number in 0..<16 {
        var mask = L1Mask()
        let chosen = code.shuffled(using: &generator).prefix(generator.below(5))
        let order = generator.oneIn(2) ? Array(chosen) : code.filter(chosen.contains)
        for (place, algorithm) in order.enumerated() {
          mask[algorithm].isEnabled = true
          mask[algorithm].isPositive = generator.oneIn(3)
          mask[algorithm].isFlagged = generator.oneIn(4)
          mask[algorithm].processID = generator.oneIn(10) ? generator.below(4) : place
          // One window for all masks: an algorithm runs with that of the first mask that reaches it.
          mask[algorithm].window = 10
          if algorithm == .straw { mask[algorithm].xx = UInt32(generator.below(2)) }
          if algorithm == .muv3 { mask[algorithm].xx = UInt32(generator.below(3)) }
        }
        mask.reduction = generator.oneIn(5) ? 2 : 1
        if generator.oneIn(3) { configuration.dataBlockMasks.append(number) }
        configuration.masks[number] = mask
      }
      let worker = try L1Worker(configuration: configuration, layout: layout, maps: L1Fixture.maps())
      var head = L1Head(configuration)
      let evaluation = worker.evaluate(event, of: batch, plan: head.plan(event))
      var results: [L1Algorithm: UInt8] = [:]
      for algorithm in code { results[algorithm] = evaluation.info.results[algorithm.rawValue] }
      var timeout = false
      var flagged = false
      var allDisabled = false
      for (number, mask) in configuration.masks.enumerated() {
        let chain = ReferenceChain(
          mask, results: results, configured: Set(layout.sources.map(\.id)),
          isListed: configuration.dataBlockMasks.contains(number), isReduced: mask.reduction == 2)
        #expect(evaluation.words[number] == chain.word, "mask \(number)")
        #expect((evaluation.passing & 1 << UInt16(number) != 0) == chain.passes, "mask \(number)")
        timeout = timeout || chain.timeout
        flagged = flagged || chain.flagged
        allDisabled = allDisabled || chain.allDisabled
      }
      #expect(evaluation.timeout == timeout)
      #expect(evaluation.flagged == flagged)
      #expect(evaluation.allDisabled == allDisabled)
    }
  }
}
