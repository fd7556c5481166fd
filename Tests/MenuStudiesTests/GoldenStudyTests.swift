import Foundation
import L0Trigger
import MenuStudies
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite(
  "Studies on the golden streams of L0",
  .enabled(
    if: FileManager.default.fileExists(atPath: RepositoryPaths.goldenL0("stress.pcap.gz")),
    "the golden data lie beside the package"))
struct GoldenStudyTests {
  private static func study(_ name: String, _ menus: [L0Menu]) throws -> StudyResult {
    var options = L0Emulator.Options()
    options.tracesOutcomes = true
    let emulator = L0Emulator(menus: menus, options: options)
    var study = MenuStudy(menus: menus)
    let reader = try CaptureReader(inputs: [CaptureInput(path: RepositoryPaths.goldenL0("\(name).pcap.gz"))])
    while let batch = try reader.next() {
      emulator.add(batch, batch.datagrams.indices)
      study.add(emulator.take())
    }
    emulator.finish()
    study.add(emulator.take())
    #expect(StudyFixture.sumsHold(study.result))
    #expect(study.result.books.closes)
    return study.result
  }

  private static func menu(_ name: String) throws -> L0Menu {
    try L0RegisterForm.load(path: RepositoryPaths.goldenL0("\(name).menu.json"))
  }

  @Test("a menu does not differ from itself", arguments: ["stress", "boundary"])
  func same(name: String) throws {
    let menu = try Self.menu(name)
    let result = try Self.study(name, [menu, menu])
    let difference = result.differences[0]
    #expect(difference.both == result.menus[0].triggers.sent)
    #expect(difference.both > 500)
    #expect(difference.lost.total + difference.gained.total + difference.changed.total == 0)
    let areSame = result.menus[0] == result.menus[1]
    #expect(areSame)
  }

  @Test("each change of the kaon menu is found at its step")
  func steps() throws {
    let menu = try Self.menu("clean2018")
    var tight = menu
    tight.timeCuts = Array(repeating: 32, count: 7)
    var slow = menu
    slow.primitiveDT = 20
    // Without dead time, what one menu sends does not hold back what the other does.
    var plain = menu
    plain.primitiveDT = 0
    var scaled = plain
    for place in scaled.masks.indices {
      scaled.masks[place].downscaling = L0Downscaling(scaled.masks[place].downscaling.numerator * 2)
    }
    let result = try Self.study("clean2018", [menu, tight, slow, plain, scaled])
    func difference(_ first: Int, _ second: Int) throws -> MenuDifference {
      result.differences[try #require(result.pairs.firstIndex { $0 == (first, second) })]
    }
    func total(_ difference: MenuDifference, _ steps: DifferenceStep...) -> UInt64 {
      steps.reduce(0) { $0 + difference.lost[$1] + difference.gained[$1] + difference.changed[$1] }
    }

    // Line 1 is not scaled down.
    let cuts = try difference(0, 1)
    #expect(cuts.lines[1].lost[.timeCut] > 1000)
    #expect(cuts.lines[1].lost[.downscaling] == 0)
    #expect(total(cuts, .noLine, .noEntry, .noPrimitive, .maskBit, .source) == 0)

    let dead = try difference(0, 2).lines[1]
    #expect(dead.lost.total > 100)
    #expect(dead.lost.total == dead.lost[.deadTime])
    #expect(dead.gained.total == dead.gained[.deadTime])

    let downscaling = try difference(3, 4)
    #expect(downscaling.lost.total > 1000)
    #expect(downscaling.lost[.downscaling] + downscaling.lost.total / 100 >= downscaling.lost.total)
    #expect(total(downscaling, .noLine, .noEntry, .noPrimitive, .timeCut, .maskBit, .source) == 0)
  }
}
