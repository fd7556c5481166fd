import EventBuilding
import L1Trigger
import NA62Formats
import SpillwayTestSupport
import Testing

/// A configuration whose mask 0 accepts each event, and whose mask 1 rejects it.
private func simple(_ change: (inout L1Configuration) -> Void) -> L1Configuration {
  var reject = L1Fixture.vetoes([.chod])
  reject[.chod].isPositive = true
  var configuration = L1Fixture.configuration([0: L1Fixture.vetoes([.chod]), 1: reject])
  change(&configuration)
  return configuration
}

private let accept = L0TPRecord.physics(1)
private let reject = L0TPRecord.physics(2)
private let periodic = L0TPRecord.trigger(L0Word(rawValue: 1), .periodic)
private let pulser = L0TPRecord.trigger(.gtkPulser, .periodic)
private let startOfBurst = L0TPRecord.trigger(.startOfBurst, .physics, flags: 1)

@Suite("Counters over all masks")
struct CounterTests {
  @Test("global reduction keeps every n-th event, periodic ones and autopass included; special ones pass")
  func globalReduction() throws {
    let configuration = simple {
      $0.reductionFactor = 3
      $0.autoFlagFactor = 2
    }
    let records = [accept, accept, accept, periodic, startOfBurst, periodic, startOfBurst, pulser, pulser]
    #expect(try L1Fixture.words(records, configuration) == [0, 0, 1, 0, 0x20, 0xA0, 0x20, 0, 0x20])
    let off = simple { $0.reductionFactor = 0 }
    #expect(try L1Fixture.words([accept, accept], off) == [1, 1])
  }

  @Test("global downscaling counts accepted events and cuts bypassed and autopass events with them")
  func globalDownscaling() throws {
    let configuration = simple { $0.downscaleFactor = 3 }
    let records = [
      periodic, accept, periodic, accept, reject, accept, periodic, accept, startOfBurst, pulser,
    ]
    #expect(try L1Fixture.words(records, configuration) == [0x20, 0, 0, 0, 0, 1, 0x20, 0, 0x20, 0x20])
    let auto = simple {
      $0.downscaleFactor = 2
      $0.autoFlagFactor = 1
    }
    #expect(try L1Fixture.words([reject, accept, reject, accept], auto) == [0x80, 0, 0, 0x81])
    let off = simple { $0.downscaleFactor = 0 }
    #expect(try L1Fixture.words([accept, accept], off) == [1, 1])
  }

  @Test("autopass marks every n-th event of all, and in flag mode every event")
  func autopass() throws {
    let configuration = simple { $0.autoFlagFactor = 3 }
    let records = [reject, startOfBurst, reject, accept, periodic, pulser, reject, reject, startOfBurst]
    #expect(try L1Fixture.words(records, configuration) == [0, 0x20, 0x80, 1, 0x20, 0xA0, 0, 0, 0xA0])
    let all = simple { $0.flagMode = true }
    #expect(try L1Fixture.words([reject, accept, periodic], all) == [0x80, 0x81, 0xA0])
  }

  @Test(
    "special triggers are kept unlooked at, without zero suppression",
    arguments: [0x22, 0x23, 0x24, 0x25, 0x30, 0x32] as [UInt8])
  func special(_ word: UInt8) throws {
    for type in [L0DataType.physics, .periodic, .control, []] {
      let batch = try L1Fixture.batch([.trigger(L0Word(rawValue: word), type, flags: 3)])
      let verdict = try #require(L1Fixture.decide(batch, simple { _ in }).first)
      #expect(verdict.decision.word == .bypass)
      #expect(verdict.decision.masks == 0)
      #expect(!verdict.decision.isZeroSuppressed)
      #expect(verdict.decision.writesBlock)
      #expect(verdict.evaluation.plan.path == .special)
    }
  }

  @Test("error triggers and other words are no special triggers", arguments: [0x26, 0x27, 0x31] as [UInt8])
  func notSpecial(_ word: UInt8) throws {
    let record = L0TPRecord.trigger(L0Word(rawValue: word), .physics, flags: 1)
    #expect(try L1Fixture.words([record], simple { _ in }) == [1])
  }

  @Test("a GTK pulser is kept unlooked at where it is periodic")
  func gtkPulser() throws {
    let both = L0TPRecord.trigger(.gtkPulser, [.periodic, .physics], flags: 1)
    let batch = try L1Fixture.batch([pulser, both, .trigger(.gtkPulser, .control, flags: 1)])
    let verdicts = try L1Fixture.decide(batch, simple { _ in })
    #expect(verdicts.map(\.decision.word.rawValue) == [0x20, 0x20, 0x20])
    #expect(verdicts.map(\.evaluation.plan.path) == [.bypass, .bypass, .masks])
    #expect(verdicts.map(\.decision.isZeroSuppressed) == [true, true, true])
    #expect(verdicts.map(\.decision.masks) == [0, 0, 0])
  }

  @Test("physics events with the periodic or control bit go through the masks and carry the bypass bit")
  func bypassBit() throws {
    let records = [L0DataType.periodic, .control].map {
      L0TPRecord.trigger(L0Word(rawValue: 1), $0.union(.physics), flags: 1)
    }
    #expect(try L1Fixture.words(records, simple { _ in }) == [0x21, 0x21])
  }

  @Test("special, reduced and bypassed events do not count for a mask's reduction")
  func reductionCountsLookedAt() throws {
    let configuration = simple { $0.masks[0].reduction = 2 }
    let both = L0TPRecord.trigger(.gtkPulser, [.periodic, .physics], flags: 1)
    #expect(
      try L1Fixture.words([accept, startOfBurst, both, accept, accept, accept], configuration)
        == [0, 0x20, 0x20, 1, 0, 1])
  }

  @Test("the bypass lottery draws with its probability, the same for the same seed")
  func lottery() throws {
    let batch = try L1Fixture.batch([L0TPRecord](repeating: reject, count: 400))
    func bypassed(_ probability: Double, _ seed: UInt64) -> [Bool] {
      var head = L1Head(
        simple {
          $0.bypassProbability = probability
          $0.bypassSeed = seed
        })
      return batch.events.map { head.plan($0).path == .bypass }
    }
    #expect(!bypassed(0, 1).contains(true))
    #expect(!bypassed(1, 1).contains(false))
    #expect(bypassed(0.25, 1) == bypassed(0.25, 1))
    #expect(bypassed(0.25, 1) != bypassed(0.25, 2))
    let drawn = bypassed(0.25, 1).count { $0 }
    #expect((70...130).contains(drawn))
  }

  @Test("events that are dropped leave no data block, and kept ones one of the size announced")
  func dataBlockSize() throws {
    let configuration = simple {
      $0.dataBlockMasks = [1, 0]
      $0.reductionFactor = 2
    }
    let batch = try L1Fixture.batch([accept, accept])
    let verdicts = try L1Fixture.decide(batch, configuration)
    #expect(verdicts.map(\.decision.writesBlock) == [false, true])
    let blocks = zip(batch.events, verdicts).map {
      L1DataBlock.encode(
        event: $0, evaluation: $1.evaluation, decision: $1.decision, configuration: configuration)
    }
    #expect(blocks.map(\.count) == [60, 60])
    #expect(Set(blocks[0]) == [0])
    #expect(blocks[1][3] == 2)
    #expect(blocks[1][12...14] == [1, 0, 1])
    #expect(blocks[1][36...38] == [1, 1, 0])
  }
}
