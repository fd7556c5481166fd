import EventBuilding
import L1Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

@Suite("Logic of one mask")
struct MaskLogicTests {
  @Test(
    "a veto passes where nothing is found and a positive algorithm does not, and the reverse",
    arguments: L1Algorithm.decisionOrder)
  func positiveAndVeto(_ algorithm: L1Algorithm) throws {
    let veto = L1Fixture.vetoes([algorithm])
    var positive = veto
    positive[algorithm].isPositive = true
    let empty = try L1Fixture.batch([.physics(3)])
    let configuration = L1Fixture.configuration([0: veto, 1: positive])
    let verdict = try #require(L1Fixture.decide(empty, configuration).first)
    #expect(verdict.decision.masks == 1)
    #expect(verdict.decision.word == .accepted)
    guard algorithm == .chod else { return }
    let hit = try L1Fixture.batch([.physics(3)], edges: [.chod: [L1Fixture.edge(500)]])
    #expect(try #require(L1Fixture.decide(hit, configuration).first).decision.masks == 2)
  }

  @Test(
    "a veto passes on bad data",
    arguments: [L1Algorithm.chod, .ktag, .lav, .ircSac, .muv3, .newCHOD])
  func badDataPassesVeto(_ algorithm: L1Algorithm) throws {
    let veto = L1Fixture.vetoes([algorithm])
    var positive = veto
    positive[algorithm].isPositive = true
    let batch = try L1Fixture.batch([.physics(3)], bad: [algorithm.source])
    let verdict = try #require(
      L1Fixture.decide(batch, L1Fixture.configuration([0: veto, 1: positive])).first)
    #expect(verdict.decision.masks == 1)
    #expect(verdict.evaluation.info.state(algorithm).contains(.badData))
    #expect(!verdict.evaluation.info.state(algorithm).contains(.processed))
  }

  @Test("only the masks that L0 fired are looked at, and only in physics events")
  func firedMasks() throws {
    let configuration = L1Fixture.configuration([2: L1Fixture.vetoes([.chod]), 5: L1Fixture.vetoes([.lav])])
    let control = L0TPRecord.trigger(L0Word(rawValue: 1), .control, flags: 0x24)
    let batch = try L1Fixture.batch([.physics(0x20), .physics(0x04), .physics(0), .physics(0x24), control])
    let verdicts = try L1Fixture.decide(batch, configuration)
    #expect(verdicts.map(\.decision.masks) == [0x20, 0x04, 0, 0x24, 0])
    #expect(verdicts.map(\.decision.word.rawValue) == [1, 1, 0, 1, 0x20])
  }

  @Test("a mask without algorithms accepts; reduced, it accepts not, and the event is kept all the same")
  func noAlgorithm() throws {
    var mask = L1Mask()
    mask.reduction = 2
    let batch = try L1Fixture.batch([.physics(8), .physics(8), .physics(0)])
    let verdicts = try L1Fixture.decide(batch, L1Fixture.configuration([3: mask]))
    #expect(verdicts.map(\.decision.word.rawValue) == [0x10, 0x11, 0])
    #expect(verdicts.map(\.decision.masks) == [0, 8, 0])
  }

  @Test("a mask of flagged algorithms alone keeps every event, and accepts those that pass")
  func flaggedOnly() throws {
    var failing = L1Fixture.vetoes([.chod, .ktag])
    for algorithm in [L1Algorithm.chod, .ktag] { failing[algorithm].isFlagged = true }
    var passing = failing
    failing[.ktag].isPositive = true
    let batch = try L1Fixture.batch([.physics(1), .physics(2)])
    let verdicts = try L1Fixture.decide(batch, L1Fixture.configuration([0: failing, 1: passing]))
    #expect(verdicts.map(\.decision.word.rawValue) == [0x40, 0x41])
    #expect(verdicts.map(\.decision.masks) == [0, 2])
    #expect(verdicts.map(\.evaluation.words[0]) == [1, 0])
    passing[.chod].isFlagged = false
    #expect(try L1Fixture.words([.physics(1)], L1Fixture.configuration([0: passing])) == [0x41])
  }

  @Test("a flagged algorithm never cuts, one that cuts takes the flag away with it")
  func flaggedWithCut() throws {
    var mask = L1Fixture.vetoes([.ktag, .lav])
    mask[.ktag].isFlagged = true
    mask[.ktag].isPositive = true
    #expect(try L1Fixture.words([.physics(1)], L1Fixture.configuration([0: mask])) == [0x40])
    mask[.lav].isPositive = true
    #expect(try L1Fixture.words([.physics(1)], L1Fixture.configuration([0: mask])) == [0])
  }

  @Test(
    "an algorithm whose source is not configured times out: the event is kept with bit 3",
    arguments: L1Algorithm.decisionOrder)
  func unconfiguredSource(_ algorithm: L1Algorithm) throws {
    let layout = L1Fixture.layout(without: algorithm.source)
    let batch = try L1Fixture.batch([.physics(1), .physics(2)], layout: layout)
    let mask = L1Fixture.vetoes([algorithm])
    let verdicts = try L1Fixture.decide(batch, L1Fixture.configuration([0: mask]))
    #expect(verdicts.map(\.decision.word.rawValue) == [0x08, 0x11])
    #expect(verdicts.first?.evaluation.timeout == true)
    #expect(verdicts.first?.evaluation.passing == 0)
  }

  @Test("a chain that nothing begins times out, unless the mask is reduced")
  func noFirstAlgorithm() throws {
    var mask = L1Fixture.vetoes([.chod])
    mask[.chod].processID = 1
    mask.reduction = 2
    let words = try L1Fixture.words([.physics(1), .physics(1)], L1Fixture.configuration([0: mask]))
    #expect(words == [0, 0x08])
  }

  @Test("a listed mask with impossible places in the chain carries the timeout mark, reduced or not")
  func timeoutMark() throws {
    var mask = L1Fixture.vetoes([.chod])
    mask[.chod].processID = 1
    mask.reduction = 2
    var configuration = L1Fixture.configuration([0: mask])
    configuration.dataBlockMasks = [0]
    #expect(try L1Fixture.words([.physics(1), .physics(1)], configuration) == [0x08, 0x08])
  }

  @Test("a mask's reduction keeps every n-th event that fired it")
  func reduction() throws {
    var mask = L1Fixture.vetoes([.chod])
    mask.reduction = 3
    let records = [3, 2, 3, 2, 3, 3, 3, 3].map { L0TPRecord.physics($0) }
    let words = try L1Fixture.words(
      records, L1Fixture.configuration([0: mask, 1: L1Fixture.vetoes([.chod])]))
    #expect(words == [1, 1, 1, 1, 1, 1, 1, 1])
    let verdicts = try L1Fixture.decide(
      L1Fixture.batch(records), L1Fixture.configuration([0: mask, 1: L1Fixture.vetoes([.chod])]))
    #expect(verdicts.map { $0.decision.masks & 1 } == [0, 0, 0, 0, 1, 0, 0, 1])
    mask.reduction = 0
    #expect(try L1Fixture.words([.physics(1)], L1Fixture.configuration([0: mask])) == [1])
  }

  @Test("where several algorithms are downscaled, the counter and factor of the lowest one are used")
  func downscaling() throws {
    var mask = L1Fixture.vetoes([.chod, .ktag])
    for algorithm in [L1Algorithm.chod, .ktag] { mask[algorithm].isDownscaled = true }
    mask[.chod].downscaling = 2
    mask[.ktag].downscaling = 3
    let records = [L0TPRecord](repeating: .physics(1), count: 6)
    #expect(try L1Fixture.words(records, L1Fixture.configuration([0: mask])) == [0, 1, 0, 1, 0, 1])
    mask[.chod].isDownscaled = false
    #expect(try L1Fixture.words(records, L1Fixture.configuration([0: mask])) == [0, 0, 1, 0, 0, 1])
    // The lowest one rules even where only another one passed.
    mask[.chod].isDownscaled = true
    mask[.chod].isPositive = true
    mask[.chod].isFlagged = true
    #expect(
      try L1Fixture.decide(L1Fixture.batch(records), L1Fixture.configuration([0: mask]))
        .map(\.decision.word.rawValue) == [0x40, 0x40, 0x40, 0x40, 0x40, 0x40])
    // And even where it is not enabled.
    var single = L1Fixture.vetoes([.ktag])
    single[.ktag].isDownscaled = true
    single[.ktag].downscaling = 3
    single[.chod].isDownscaled = true
    single[.chod].downscaling = 2
    #expect(try L1Fixture.words(records, L1Fixture.configuration([0: single])) == [0, 1, 0, 1, 0, 1])
  }

  @Test("each mask counts its downscaling by itself")
  func downscalingPerMask() throws {
    var mask = L1Fixture.vetoes([.chod])
    mask[.chod].isDownscaled = true
    mask[.chod].downscaling = 2
    let records = [1, 2, 3, 3, 1].map { L0TPRecord.physics($0) }
    let verdicts = try L1Fixture.decide(
      L1Fixture.batch(records), L1Fixture.configuration([0: mask, 1: mask]))
    #expect(verdicts.map(\.decision.masks) == [0, 0, 3, 0, 1])
  }

  @Test("an algorithm runs once, with the parameters of the first mask that reaches it")
  func firstMaskRules() throws {
    var narrow = L1Mask()
    narrow[.chod].isEnabled = true
    narrow[.chod].processID = 0
    narrow[.chod].window = 1
    var wide = narrow
    wide[.chod].window = 10
    let edges = [SourceID.chod: [L1Fixture.edge(1, shift: 60)]]  // 5.8 ns late
    func masks(_ configuration: L1Configuration, _ flags: UInt16) throws -> UInt16 {
      let batch = try L1Fixture.batch([.physics(flags)], edges: edges)
      return try #require(L1Fixture.decide(batch, configuration).first).decision.masks
    }
    #expect(try masks(L1Fixture.configuration([0: narrow, 1: wide]), 3) == 0)
    #expect(try masks(L1Fixture.configuration([0: narrow, 1: wide]), 2) == 2)
    #expect(try masks(L1Fixture.configuration([0: wide, 1: narrow]), 3) == 3)
  }

  @Test("windows are strict")
  func strictWindow() throws {
    var mask = L1Mask()
    mask[.chod].isEnabled = true
    mask[.chod].processID = 0
    let edge = L1Fixture.edge(1, shift: 64)
    let distance = abs(
      edge.nanoseconds(from: L1Fixture.timestamp) - L1Fixture.edge(1).nanoseconds(from: L1Fixture.timestamp))
    let batch = try L1Fixture.batch([.physics(1)], edges: [.chod: [edge]])
    mask[.chod].window = distance
    #expect(try L1Fixture.decide(batch, L1Fixture.configuration([0: mask]))[0].decision.masks == 0)
    mask[.chod].window = distance.nextUp
    #expect(try L1Fixture.decide(batch, L1Fixture.configuration([0: mask]))[0].decision.masks == 1)
  }

  @Test("the MUV3 variants share one result: a later mask gets the answer of the variant that ran last")
  func sharedMUV3Result() throws {
    let maps = try L1Fixture.maps()
    let first = try #require(maps.muv3.firstIndex(of: 30))
    let second = try #require(maps.muv3.firstIndex(of: 230))
    // Both photomultipliers of one tile: tight, but neither left-right nor two tiles.
    let batch = try L1Fixture.batch(
      [.physics(0b1), .physics(0b10), .physics(0b111), .physics(0b101), .physics(0b1110)],
      edges: [.muv3: [L1Fixture.edge(first), L1Fixture.edge(second)]])
    func mask(_ xx: UInt32) -> L1Mask {
      var mask = L1Mask()
      mask[.muv3].isEnabled = true
      mask[.muv3].processID = 0
      mask[.muv3].xx = xx
      return mask
    }
    let configuration = L1Fixture.configuration([0: mask(0), 1: mask(1), 2: mask(0), 3: mask(7)])
    let verdicts = try L1Fixture.decide(batch, configuration)
    #expect(verdicts.map(\.decision.masks) == [1, 0, 0b001, 0b101, 0b1100])
  }
}
