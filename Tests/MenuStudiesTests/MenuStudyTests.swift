import L0Trigger
import MenuStudies
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

@Suite("What two menus do differently")
struct MenuStudyTests {
  /// Studies the plain menu and a changed one on coincidences of RICH and CHOD.
  private static func difference(
    _ stream: PrimitiveStream = StudyFixture.coincidences(), first: L0Menu = StudyFixture.menu(),
    _ change: (inout L0Menu) -> Void
  ) -> (result: StudyResult, difference: MenuDifference) {
    let result = StudyFixture.study([first, StudyFixture.menu(change)], stream.packets())
    #expect(StudyFixture.sumsHold(result))
    #expect(result.books.closes)
    return (result, result.differences[0])
  }

  /// Triggers of `coincidences`: those in the last group are not processed.
  private static let triggers: UInt64 = 92

  @Test("the same menu twice gives no difference")
  func same() {
    let (result, difference) = Self.difference { $0.name = "same" }
    #expect(result.menus[0].triggers.sent == Self.triggers)
    #expect(difference.both == Self.triggers)
    #expect(difference.lost.total + difference.gained.total + difference.changed.total == 0)
    #expect(difference.otherFineTime == 0)
    #expect(difference.lostExamples.elements.isEmpty)
  }

  @Test("a line that is off is lost at the first step")
  func noLine() {
    let (_, difference) = Self.difference { $0.masks[0].isEnabled = false }
    #expect(difference.lost[.noLine] == Self.triggers)
    #expect(difference.lost.total == Self.triggers)
    #expect(difference.lines[0].lost[.noLine] == Self.triggers)
  }

  @Test("another reference detector without primitives has no entries")
  func noEntry() {
    let (_, difference) = Self.difference { $0.referenceDetector = .lkr }
    #expect(difference.lost[.noEntry] == Self.triggers)
    #expect(difference.lost.total == Self.triggers)
  }

  @Test("a detector that sees nothing is no matching primitive")
  func noPrimitive() {
    let (_, difference) = Self.difference { $0.masks[0].condition[.lkr, 14] = .required }
    #expect(difference.lost[.noPrimitive] == Self.triggers)
    #expect(difference.lost.total == Self.triggers)
  }

  @Test("a primitive outside a tighter cut is lost to the time cut; the cut is strict")
  func timeCut() {
    let (_, lost) = Self.difference { $0.timeCuts[0] = 40 }
    #expect(lost.lost[.timeCut] == Self.triggers)
    #expect(lost.lost.total == Self.triggers)
    let (_, kept) = Self.difference { $0.timeCuts[0] = 41 }
    #expect(kept.both == Self.triggers)
  }

  @Test("a veto that a tighter cut weakens is gained at the time cut")
  func gainedByCut() {
    func veto(_ menu: inout L0Menu) {
      menu.masks[0].condition = StudyFixture.condition([(.rich, 14)], forbidden: [(.chod, 14)])
    }
    let (_, difference) = Self.difference(first: StudyFixture.menu(veto)) { menu in
      veto(&menu)
      menu.timeCuts[0] = 40
    }
    #expect(difference.gained[.timeCut] == Self.triggers)
    #expect(difference.gained.total == Self.triggers)
    #expect(difference.lost.total == 0)
  }

  @Test("a bit that is not set is lost at the mask bit")
  func maskBit() {
    let (_, difference) = Self.difference { $0.masks[0].condition[.chod, 13] = .required }
    #expect(difference.lost[.maskBit] == Self.triggers)
    #expect(difference.lost.total == Self.triggers)
  }

  @Test("a bit that is forbidden is lost at the mask bit")
  func forbidden() {
    let (_, difference) = Self.difference { $0.masks[0].condition[.rich, 14] = .forbidden }
    #expect(difference.lost[.maskBit] == Self.triggers)
    #expect(difference.lost.total == Self.triggers)
  }

  @Test("downscaling by 4 loses three of four")
  func downscaling() {
    let (result, difference) = Self.difference { $0.masks[0].downscaling = L0Downscaling(4) }
    #expect(difference.both == Self.triggers / 4)
    #expect(difference.lost[.downscaling] == Self.triggers - Self.triggers / 4)
    #expect(difference.lost.total == difference.lost[.downscaling])
    #expect(result.menus[1].beforeAndAfterDownscaling(0) == (Self.triggers, Self.triggers / 4))
  }

  @Test("a longer dead time loses every second trigger, and is counted as a loss of the line")
  func deadTime() {
    let (result, difference) = Self.difference { $0.primitiveDT = 150 }
    #expect(difference.lost[.deadTime] == Self.triggers / 2)
    #expect(difference.lost.total == Self.triggers / 2)
    #expect(result.menus[1].deadTimeLosses(0) == Self.triggers / 2)
    #expect(result.menus[1].triggers.rejectedDeadTime == Self.triggers / 2)
    #expect(result.menus[0].deadTimeLosses(0) == 0)
  }

  @Test("triggers of a pulser are gained from another source, without a packet")
  func source() throws {
    let (result, difference) = Self.difference { menu in
      menu.periodics = [.init(period: 10000, word: 0x30, start: 0, end: 8000)]
    }
    #expect(difference.gained[.source] > 0)
    #expect(difference.gained.total == difference.gained[.source])
    #expect(result.menus[1].otherSources == difference.gained.total)
    let example = try #require(difference.gainedExamples.elements.first)
    #expect(example.packet == nil)
    #expect(example.second.isEmpty)
  }

  @Test("a second line on the same triggers changes them; the step is that of the line")
  func changed() throws {
    let (result, difference) = Self.difference { menu in
      menu.masks.append(.init(number: 5, name: "all", condition: StudyFixture.condition([(.rich, 14)])))
    }
    #expect(difference.both == Self.triggers)
    #expect(difference.changed[.noLine] == Self.triggers)
    #expect(difference.changed.total == Self.triggers)
    #expect(difference.lines[5].gained[.noLine] == Self.triggers)
    #expect(difference.lines[0].both == Self.triggers)
    let example = try #require(difference.changedExamples.elements.first)
    #expect((example.first.text, example.second.text) == ("0", "0 5"))
    let counts = result.menus[1]
    #expect(counts.overlaps[0, 5] == Self.triggers)
    #expect((counts.inclusive(0), counts.pure(0)) == (Self.triggers, 0))
    #expect(counts.proportional(0) == Double(Self.triggers) / 2)
    #expect(counts.proportionalError(0) == (Double(Self.triggers) / 4).squareRoot())
  }

  @Test("a line that matched after the menu had fired in the clock period is at the same timestamp")
  func sameTimestamp() {
    var stream = PrimitiveStream(frames: 10)
    for timestamp in stride(from: UInt32(300), to: 1500, by: 100) {
      stream.add(1, at: timestamp, fineTime: 10)
      stream.add(0, at: timestamp, fineTime: 10)
      stream.add(1, at: timestamp, fineTime: 200)
      stream.add(3, at: timestamp, fineTime: 200)
    }
    func lines(_ menu: inout L0Menu, isFirstOn: Bool) {
      menu.masks[0].isEnabled = isFirstOn
      menu.masks.append(
        .init(number: 1, name: "", condition: StudyFixture.condition([(.rich, 14), (.muv3, 14)])))
    }
    let (_, difference) = Self.difference(
      stream, first: StudyFixture.menu { lines(&$0, isFirstOn: false) }
    ) { lines(&$0, isFirstOn: true) }
    #expect(difference.both == 12)
    #expect(difference.changed.total == 12)
    #expect(difference.lines[1].lost[.sameTimestamp] == 12)
    #expect(difference.lines[0].gained[.noLine] == 12)
  }

  @Test("examples are the first, with their packets")
  func examples() throws {
    let (_, difference) = Self.difference { $0.masks[0].isEnabled = false }
    let times = (0..<10).map { (place: UInt32) in 300 + 100 * place }
    #expect(difference.lostExamples.elements.map(\.timestamp) == times)
    // The RICH sends the second of the seven packets of each frame.
    let numbers = (0..<10).map { (place: UInt32) in (300 + 100 * place) / 256 * 7 + 2 }
    #expect(difference.lostExamples.elements.compactMap(\.packet?.number) == numbers)
    #expect(difference.lostExamples.elements.allSatisfy { $0.burst == 1 && $0.first.text == "0" })
  }

  @Test("the live time is that of the frames")
  func liveTime() {
    let (result, _) = Self.difference { $0.name = "same" }
    #expect(result.menus[0].alignment.groups == 40)
    #expect(abs(result.menus[0].liveTime - 40 * 256 * 24.951059536e-9) < 1e-15)
  }

  @Test("the error of a difference counts only what differs")
  func error() {
    let difference = CountDifference(lost: 9, gained: 16, both: 1000)
    #expect(difference.value == 7)
    #expect(difference.error == 5)
    #expect(difference.errorIfIndependent == (2025.0).squareRoot())
  }
}

@Suite("Laws of a study")
struct StudyLawTests {
  /// Three bursts, the data times far apart.
  private static let packets: [ScriptedPacket] = (0..<3).flatMap { burst in
    StudyFixture.random(seed: UInt64(burst) + 7).packets(at: Int64(burst) * 16_000_000_000)
  }

  @Test("the results of the bursts, added in any order, are that of the run")
  func merges() throws {
    let menus = StudyFixture.menus(8)
    let slices = StudyFixture.slices(menus, Self.packets, step: 50)
    var whole = MenuStudy(menus: menus)
    whole.add(slices)
    let bursts = Dictionary(grouping: slices, by: \.burst)
    #expect(bursts.keys.sorted() == [1, 2, 3, 4])
    for order in [[1, 2, 3], [3, 1, 2], [2, 3, 1]] as [[UInt32]] {
      var sum = StudyResult(menuCount: menus.count)
      // The stream ends with a slice of a burst that has not begun.
      for burst in order + [4] {
        var study = MenuStudy(menus: menus)
        study.add(try #require(bursts[burst]))
        sum += study.result
      }
      let isSame = sum == whole.result
      #expect(isSame)
    }
    #expect(whole.result.bursts == 3)
    #expect(whole.result.differences.contains { $0.changed.total > 0 })
    #expect(StudyFixture.sumsHold(whole.result))
  }

  @Test("the size of batches changes nothing", arguments: [5, 64])
  func batches(step: Int) {
    let menus = StudyFixture.menus(8)
    let result = StudyFixture.study(menus, Self.packets, step: step)
    let isSame = result == StudyFixture.study(menus, Self.packets)
    #expect(isSame)
    #expect(result.menus.allSatisfy { $0.triggers.sent > 50 })
  }

  @Test("two menus alone give what they give in a set of 16")
  func alone() throws {
    let menus = StudyFixture.menus(16)
    let all = StudyFixture.study(menus, Self.packets)
    for (first, second) in [(0, 1), (2, 4), (1, 6), (9, 11), (3, 7)] {
      let alone = StudyFixture.study([menus[first], menus[second]], Self.packets)
      let areSame = alone.menus == [all.menus[first], all.menus[second]]
      #expect(areSame, "\(first) \(second)")
      let place = try #require(all.pairs.firstIndex { $0 == (first, second) })
      let isSame = alone.differences[0] == all.differences[place]
      #expect(isSame, "\(first) \(second)")
    }
    #expect(StudyFixture.sumsHold(all))
    // Menus that are eight places apart are the same.
    for number in 0..<8 {
      let place = try #require(all.pairs.firstIndex { $0 == (number, number + 8) })
      let difference = all.differences[place]
      #expect(difference.both == all.menus[number].triggers.sent)
      #expect(difference.lost.total + difference.gained.total + difference.changed.total == 0)
    }
  }

  @Test("a line matches the triggers that it made")
  func judge() {
    let menus = StudyFixture.menus(8)
    for slice in StudyFixture.slices(menus, Self.packets) {
      for (menu, triggers) in zip(menus, slice.triggers) {
        let judge = L0LineJudge(menu)
        for trigger in triggers {
          LinePattern(trigger).forEach {
            #expect(judge.failure(of: $0, on: trigger, sentBy: judge) == nil, "\(menu.name) \(trigger)")
          }
        }
      }
    }
  }
}
