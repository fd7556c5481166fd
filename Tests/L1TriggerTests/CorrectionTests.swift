import EventBuilding
import L1Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

/// The masks that accept each event of a batch, without and with corrections.
private func masks(
  _ batch: EventBatch, _ configuration: L1Configuration, _ corrections: L1Corrections
) throws -> (faithful: [UInt16], corrected: [UInt16]) {
  var other = configuration
  other.corrections = corrections
  return (
    try L1Fixture.decide(batch, configuration).map(\.decision.masks),
    try L1Fixture.decide(batch, other).map(\.decision.masks)
  )
}

/// The words of events without edges, without and with corrections.
private func words(
  _ records: [L0TPRecord], _ configuration: L1Configuration, _ corrections: L1Corrections
) throws -> (faithful: [UInt8], corrected: [UInt8]) {
  var other = configuration
  other.corrections = corrections
  return (try L1Fixture.words(records, configuration), try L1Fixture.words(records, other))
}

/// A mask that requires one algorithm.
private func require(_ algorithm: L1Algorithm, _ change: (inout L1AlgorithmSettings) -> Void = { _ in })
  -> L1Mask
{
  var mask = L1Mask()
  mask[algorithm].isEnabled = true
  mask[algorithm].isPositive = true
  mask[algorithm].processID = 0
  change(&mask[algorithm])
  return mask
}

@Suite("Corrections of the chains and counters")
struct ChainCorrectionTests {
  @Test("every correction has one name and one bit, and none is on by default")
  func names() {
    let named = L1Corrections.named
    #expect(Set(named.map(\.name)).count == named.count)
    #expect(named.map(\.value.rawValue.nonzeroBitCount) == named.map { _ in 1 })
    #expect(named.reduce(into: L1Corrections()) { $0.formUnion($1.value) }.rawValue == 1 << named.count - 1)
    #expect(L1Configuration().corrections.isEmpty)
  }

  @Test("chain-order: a chain in any order passes if all pass, and ends at the first that fails")
  func chainOrder() throws {
    let orders: [[L1Algorithm]] = [
      [.ktag, .chod, .lav], [.newCHOD, .muv3, .straw, .ircSac, .lav, .ktag, .chod], [.chod, .ktag],
    ]
    let batch = try L1Fixture.batch([.physics(7)])
    let all = L1Fixture.configuration(
      Dictionary(uniqueKeysWithValues: orders.enumerated().map { ($0, L1Fixture.vetoes($1)) }))
    let answers = try masks(batch, all, .chainOrder)
    #expect(answers.faithful == [0b100])
    #expect(answers.corrected == [0b111])

    var failing = L1Fixture.vetoes([.lav, .ktag, .chod])
    failing[.ktag].isPositive = true
    var configuration = L1Fixture.configuration([0: failing])
    configuration.corrections = .chainOrder
    let verdict = try #require(L1Fixture.decide(L1Fixture.batch([.physics(1)]), configuration).first)
    #expect(verdict.decision.masks == 0)
    #expect(verdict.evaluation.words[0] == 1 << 3)
    #expect(verdict.evaluation.info.state(.ktag).contains(.processed))
    #expect(!verdict.evaluation.info.state(.chod).contains(.processed))
  }

  @Test("chain-order: a place that nothing takes ends in the timeout bit as before")
  func chainOrderTimeout() throws {
    var mask = L1Fixture.vetoes([.ktag])
    mask[.ktag].processID = 1
    let answers = try words([.physics(1)], L1Fixture.configuration([0: mask]), .chainOrder)
    #expect(answers.faithful == [0x08])
    #expect(answers.corrected == [0x08])
  }

  @Test("own-parameters: each mask has the answer of its own window")
  func ownParameters() throws {
    let narrow = require(.chod) { $0.window = 1 }
    let wide = require(.chod) { $0.window = 10 }
    // 5.8 ns late.
    let batch = try L1Fixture.batch(
      [.physics(3), .physics(3)], edges: [.chod: [L1Fixture.edge(1, shift: 60)]])
    let first = try masks(batch, L1Fixture.configuration([0: narrow, 1: wide]), .ownParameters)
    #expect(first.faithful == [0, 0])
    #expect(first.corrected == [0b10, 0b10])
    let second = try masks(batch, L1Fixture.configuration([0: wide, 1: narrow]), .ownParameters)
    #expect(second.faithful == [0b11, 0b11])
    #expect(second.corrected == [0b01, 0b01])
  }

  @Test("own-parameters: each mask has the answer of its own MUV3 variant")
  func ownVariant() throws {
    let maps = try L1Fixture.maps()
    let first = try #require(maps.muv3.firstIndex(of: 30))
    let second = try #require(maps.muv3.firstIndex(of: 230))
    // Tight, but neither left-right nor two tiles.
    let batch = try L1Fixture.batch(
      [.physics(0b111), .physics(0b1110)],
      edges: [.muv3: [L1Fixture.edge(first), L1Fixture.edge(second)]])
    let variants: [UInt32] = [0, 1, 0, 7]
    let configuration = L1Fixture.configuration(
      Dictionary(
        uniqueKeysWithValues: variants.enumerated().map { n, xx in (n, require(.muv3) { $0.xx = xx }) }))
    let answers = try masks(batch, configuration, .ownParameters)
    #expect(answers.faithful == [0b001, 0b1100])
    #expect(answers.corrected == [0b101, 0b0100])
  }

  @Test(
    "bad-data-keeps: an algorithm with bad data passes, required or not", arguments: L1Algorithm.decisionOrder
  )
  func badDataKeeps(_ algorithm: L1Algorithm) throws {
    var required = require(algorithm)
    if algorithm == .straw { required[.straw].xx = 1 }
    let configuration = L1Fixture.configuration([0: L1Fixture.vetoes([algorithm]), 1: required])
    let bad = try masks(
      L1Fixture.batch([.physics(3)], bad: [algorithm.source]), configuration, .badDataKeeps)
    #expect(bad.faithful == [0b01])
    #expect(bad.corrected == [0b11])
    let good = try masks(L1Fixture.batch([.physics(3)]), configuration, .badDataKeeps)
    #expect(good.corrected == good.faithful)
  }

  @Test("protect-periodic: the global counters drop no periodic and no control triggers")
  func protectPeriodic() throws {
    let other = [L0DataType.periodic, .control].map { L0TPRecord.trigger(L0Word(rawValue: 1), $0) }
    let records = [.physics(1), other[0], other[1], .physics(1), other[0], .physics(1)]
    var configuration = L1Fixture.configuration([0: L1Fixture.vetoes([.chod])])
    configuration.reductionFactor = 6
    let reduced = try words(records, configuration, .protectPeriodic)
    #expect(reduced.faithful == [0, 0, 0, 0, 0, 1])
    #expect(reduced.corrected == [0, 0x20, 0x20, 0, 0x20, 1])
    configuration.reductionFactor = 1
    configuration.downscaleFactor = 3
    let downscaled = try words(records, configuration, .protectPeriodic)
    #expect(downscaled.faithful == [0, 0, 0, 0, 0, 1])
    #expect(downscaled.corrected == [0, 0x20, 0x20, 0, 0x20, 1])
  }

  @Test("protect-autopass: the global counters drop no event that is marked for autopass")
  func protectAutopass() throws {
    let records = [L0TPRecord](repeating: .physics(1), count: 6)
    var configuration = L1Fixture.configuration([0: L1Fixture.vetoes([.chod])])
    configuration.autoFlagFactor = 2
    configuration.reductionFactor = 3
    let reduced = try words(records, configuration, .protectAutopass)
    #expect(reduced.faithful == [0, 0, 1, 0, 0, 0x81])
    #expect(reduced.corrected == [0, 0x81, 1, 0x81, 0, 0x81])
    configuration.reductionFactor = 1
    configuration.downscaleFactor = 3
    let downscaled = try words(records, configuration, .protectAutopass)
    #expect(downscaled.faithful == [0, 0, 1, 0, 0, 0x81])
    #expect(downscaled.corrected == [0, 0x81, 1, 0x81, 0, 0x81])
  }

  @Test("downscale-accepted: the global downscaling drops accepted events only")
  func downscaleAccepted() throws {
    var flagged = L1Fixture.vetoes([.chod])
    flagged[.chod].isFlagged = true
    flagged[.chod].isPositive = true
    var configuration = L1Fixture.configuration([0: L1Fixture.vetoes([.chod]), 1: flagged])
    configuration.downscaleFactor = 2
    let records: [L0TPRecord] = [.physics(1), .physics(2), .physics(3), .physics(1), .physics(2)]
    let answers = try words(records, configuration, .downscaleAccepted)
    // The third one is accepted and counts; the second and the fifth are kept for their flag alone.
    #expect(answers.faithful == [0, 0, 0x41, 0, 0])
    #expect(answers.corrected == [0, 0x40, 0x41, 0, 0x40])
  }

  @Test("every-downscaling: the factors of a mask multiply")
  func everyDownscaling() throws {
    var mask = L1Fixture.vetoes([.chod, .ktag])
    for algorithm in [L1Algorithm.chod, .ktag] { mask[algorithm].isDownscaled = true }
    mask[.chod].downscaling = 2
    mask[.ktag].downscaling = 3
    let records = [L0TPRecord](repeating: .physics(1), count: 12)
    let answers = try words(records, L1Fixture.configuration([0: mask]), .everyDownscaling)
    #expect(answers.faithful == [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    #expect(answers.corrected == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1])
    // One that is not enabled does not count.
    var single = L1Fixture.vetoes([.ktag])
    single[.ktag].isDownscaled = true
    single[.ktag].downscaling = 3
    single[.chod].isDownscaled = true
    single[.chod].downscaling = 2
    let alone = try words(Array(records.prefix(6)), L1Fixture.configuration([0: single]), .everyDownscaling)
    #expect(alone.faithful == [0, 1, 0, 1, 0, 1])
    #expect(alone.corrected == [0, 0, 1, 0, 0, 1])
  }
}

@Suite("Corrections of the algorithms")
struct AlgorithmCorrectionTests {
  @Test("reference-first: CHOD runs ahead of what refers to it")
  func referenceFirst() throws {
    var mask = require(.ircSac) {
      $0.window = 5
      $0.reference = 1
    }
    mask[.chod].window = 30
    // 19.5 ns behind the time of the L0TP, which is 12.5 ns.
    let late = [L1Fixture.edge(4, shift: 200), L1Fixture.edge(4, isLeading: false, shift: 201)]
    let chod = [SourceID.chod: [L1Fixture.edge(1, shift: 200)], .ircSacNewCHOD: late]
    let configuration = L1Fixture.configuration([0: mask])
    let answers = try masks(L1Fixture.batch([.physics(1)], edges: chod), configuration, .referenceFirst)
    #expect(answers.faithful == [0])
    #expect(answers.corrected == [1])
    // A mask in which CHOD itself refers to the L0TP comes first: faithfully there is no mean time then.
    let second = L1Fixture.configuration([0: require(.chod) { $0.window = 30 }, 1: mask])
    let shared = try masks(L1Fixture.batch([.physics(3)], edges: chod), second, .referenceFirst)
    #expect(shared.faithful == [0b01])
    #expect(shared.corrected == [0b11])
  }

  @Test("reference-first: without CHOD hits the L0TP gives the time", arguments: [false, true])
  func referenceFallback(_ isBad: Bool) throws {
    let mask = require(.ircSac) {
      $0.window = 5
      $0.reference = 1
    }
    let edges = [L1Fixture.edge(4), L1Fixture.edge(4, isLeading: false, shift: 1)]
    let batch = try L1Fixture.batch(
      [.physics(1)], edges: [.ircSacNewCHOD: edges], bad: isBad ? [.chod] : [])
    let answers = try masks(batch, L1Fixture.configuration([0: mask]), .referenceFirst)
    #expect(answers.faithful == [0])
    #expect(answers.corrected == [1])
  }

  @Test("reference-first with own-parameters: each mask has the mean time in its own CHOD window")
  func referenceOfEachMask() throws {
    func mask(_ window: Double) -> L1Mask {
      var mask = require(.ircSac) {
        $0.window = 5
        $0.reference = 1
      }
      mask[.chod].window = window
      return mask
    }
    let late = [L1Fixture.edge(4, shift: 200), L1Fixture.edge(4, isLeading: false, shift: 201)]
    let batch = try L1Fixture.batch(
      [.physics(3)], edges: [.chod: [L1Fixture.edge(1, shift: 200)], .ircSacNewCHOD: late])
    let configuration = L1Fixture.configuration([0: mask(1), 1: mask(30)])
    #expect(try masks(batch, configuration, .referenceFirst).corrected == [0])
    #expect(try masks(batch, configuration, [.referenceFirst, .ownParameters]).corrected == [0b10])
  }

  @Test("sector-by-board: permuted KTAG boards keep their sectors")
  func sectorByBoard() throws {
    let layout = EventLayout(
      sources: [
        .init(id: .ktag, fragments: 6), .init(id: .l0tp, fragments: 1), .init(id: .l1, fragments: 1),
      ])
    // FPGAs with a hit: sectors 0, 1, 2, 4, 5 by the numbers of the boards.
    let hits: [UInt8: [Int]] = [0: [0, 3], 1: [2], 3: [0, 3]]
    func batch(_ order: [UInt8]) throws -> EventBatch {
      var packets = [
        ScriptedPacket(.l0tp, first: 0, [L0TPRecord.physics(1).bytes], timestamp: L1Fixture.timestamp)
      ]
      for board in order {
        let edges = (hits[board] ?? []).map { L1Fixture.edge(128 * $0) }
        let payload = try TEL62Encoder(edges: edges, timestamp: L1Fixture.timestamp, subID: board).bytes()
        packets.append(
          ScriptedPacket(.ktag, board: board, first: 0, [payload], timestamp: L1Fixture.timestamp))
      }
      return L1Fixture.batch(packets, layout: layout)
    }
    let configuration = L1Fixture.configuration([0: require(.ktag)])
    let permuted = try masks(batch([1, 0, 3, 2, 4, 5]), configuration, .sectorByBoard)
    #expect(permuted.faithful == [0])
    #expect(permuted.corrected == [1])
    let inOrder = try masks(batch([0, 1, 2, 3, 4, 5]), configuration, .sectorByBoard)
    #expect(inOrder.faithful == [1])
    #expect(inOrder.corrected == [1])
  }

  @Test("mapped-only: CHOD does not count channels that are not mapped")
  func mappedCHOD() throws {
    let maps = try L1Fixture.maps()
    let unmapped = try #require(maps.chod.firstIndex(of: -1))
    let mapped = try #require(maps.chod.firstIndex(of: 5))
    let configuration = L1Fixture.configuration([0: require(.chod)])
    func answers(_ channels: [Int]) throws -> (faithful: [UInt16], corrected: [UInt16]) {
      let batch = try L1Fixture.batch([.physics(1)], edges: [.chod: channels.map { L1Fixture.edge($0) }])
      return try masks(batch, configuration, .mappedOnly)
    }
    let alone = try answers([unmapped])
    #expect(alone.faithful == [1])
    #expect(alone.corrected == [0])
    // Six hits are too many, five are not.
    let many = try answers([unmapped] + [Int](repeating: mapped, count: 5))
    #expect(many.faithful == [0])
    #expect(many.corrected == [1])
  }

  @Test("mapped-only: a MUV3 channel that is not mapped is no left tile")
  func mappedMUV3() throws {
    let maps = try L1Fixture.maps()
    let unmapped = try #require(maps.muv3.firstIndex(of: -1))
    let left = try #require(maps.muv3.firstIndex(of: 3))
    let right = try #require(maps.muv3.firstIndex(of: 8))
    let configuration = L1Fixture.configuration([0: require(.muv3) { $0.xx = 1 }])
    func answers(_ channels: [Int]) throws -> (faithful: [UInt16], corrected: [UInt16]) {
      let batch = try L1Fixture.batch([.physics(1)], edges: [.muv3: channels.map { L1Fixture.edge($0) }])
      return try masks(batch, configuration, .mappedOnly)
    }
    let odd = try answers([unmapped, right])
    #expect(odd.faithful == [1])
    #expect(odd.corrected == [0])
    #expect(try answers([left, right]).corrected == [1])
  }

  @Test("single-pairs: trailing edges behind one leading edge of LAV count once")
  func singleLAV() throws {
    let configuration = L1Fixture.configuration([0: require(.lav)])
    func answers(_ edges: [TDCEdge]) throws -> (faithful: [UInt16], corrected: [UInt16]) {
      try masks(L1Fixture.batch([.physics(1)], edges: [.lav: edges]), configuration, .singlePairs)
    }
    let leading = L1Fixture.edge(4)
    let trailing = (1...3).map { L1Fixture.edge(4, isLeading: false, shift: $0) }
    let repeated = try answers([leading] + trailing)
    #expect(repeated.faithful == [1])
    #expect(repeated.corrected == [0])
    let three = try answers(
      (1...3).flatMap {
        [L1Fixture.edge(4, shift: 2 * $0), L1Fixture.edge(4, isLeading: false, shift: 2 * $0 + 1)]
      })
    #expect(three.faithful == [1])
    #expect(three.corrected == [1])
  }

  @Test("single-pairs: repeated edges of a NewCHOD tile make one pair, whichever of them are near in time")
  func singleNewCHOD() throws {
    let maps = try L1Fixture.maps()
    let first = try #require(maps.newCHOD.firstIndex(of: 112))
    let second = try #require(maps.newCHOD.firstIndex(of: 162))
    let configuration = L1Fixture.configuration([0: require(.newCHOD)])
    func answers(_ edges: [TDCEdge]) throws -> (faithful: [UInt16], corrected: [UInt16]) {
      try masks(L1Fixture.batch([.physics(1)], edges: [.ircSacNewCHOD: edges]), configuration, .singlePairs)
    }
    let repeated = try answers(
      [first, first, second, second].enumerated().map { L1Fixture.edge($1, shift: $0) })
    #expect(repeated.faithful == [0])
    #expect(repeated.corrected == [1])
    // The first hit of the first photomultiplier is alone, 6 ns early; the others are a pair.
    let early = try answers([
      L1Fixture.edge(first, shift: -62), L1Fixture.edge(first), L1Fixture.edge(second),
    ])
    #expect(early.faithful == [1])
    #expect(early.corrected == [1])
  }
}
