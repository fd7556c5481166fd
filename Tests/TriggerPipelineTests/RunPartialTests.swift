import Alerting
import Configuration
import EventBuilding
import Foundation
import L0Trigger
import L1Trigger
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import Selections
import SpillwayTestSupport
import Testing

@testable import TriggerPipeline

/// What a run has counted, stored and merged: nothing may be lost, and no order may change a byte.
@Suite("Partials of a run")
struct RunPartialTests {
  private static let menu = Result { try TriggerMenu.load(path: RepositoryPaths.menu("kaon-2018.yaml")) }

  private static func setup() throws -> SelectionSetup {
    try SelectionSetup(
      set: PhysicsSelectionSet.load(
        paths: ["k3pi", "kpi4e", "first-counting"].map {
          RepositoryPaths.path("Configs/selections/\($0).yaml")
        }),
      reconstruction: RepositoryPaths.path("Configs/reconstruction/na62-2018.yaml"))
  }

  /// Everything that is written from the counts.
  private struct Files: Equatable {
    var rates: String
    var hlt: String
    var counts: String
    var summary: String
    var sealed: [String]
    var l0: String

    init(_ account: ReplayAccount, _ l0: L0Account?, _ menu: L1Menu) throws {
      let report = try ReplayReport(account: account, menu: menu)
      rates = try report.ratesCSV()
      hlt = report.hltCSV()
      counts = report.counts().json()
      summary = try report.summary().json()
      sealed = try report.sealed().map {
        "\($0.result.json()) \($0.text) \($0.count) \($0.events.map { $0.configValue.json() })"
      }
      self.l0 =
        try l0.map {
          let report = L0Report(account: $0)
          return try report.linesCSV() + report.primitivesCSV() + report.summary().json()
        } ?? ""
    }
  }

  private static func run(
    _ packets: [PipelineFixture.Packet], firstBurst: UInt32, _ setup: SelectionSetup, shard: EventShard? = nil
  ) async throws -> (ReplayAccount, L0Account) {
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let path = "\(directory)/stream.pcap"
      try PipelineFixture.write(packets, to: path)
      let menu = try menu.get()
      let (l1, lines) = (try #require(menu.l1), try #require(menu.l0))
      var configuration = l1.configuration
      // Its counter is never reset, so parts that run alone could not be those of the whole.
      configuration.autoFlagFactor = 0
      var options = TriggerPipeline.Options()
      options.workers = 2
      options.builder.burst.firstBurst = firstBurst
      options.builder.shard = shard
      let pipeline = TriggerPipeline(
        configuration: configuration, layout: l1.layout, maps: l1.detectors.maps, options: options,
        selections: setup)
      let account = NIOLockedValueBox(
        ReplayAccount(selections: setup, identity: RunIdentity(input: "test", configurationHash: "")))
      let l0 = NIOLockedValueBox(L0Account(menus: [lines]))
      var l0Options = L0Pipeline.Options()
      l0Options.emulator.monitorsPrimitives = true
      let run = try await pipeline.run(
        source: {
          let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: CaptureOptions())
          return { try reader.next() }
        },
        l0: TriggerPipeline.L0Branch(pipeline: L0Pipeline(menus: [lines], options: l0Options)) { output in
          l0.withLockedValue { $0.add(output) }
        },
        take: { judged in
          _ = try account.withLockedValue {
            try $0.add(judged, wallClock: .fixed(DataTime(nanoseconds: 0)))
          }
        })
      try account.withLockedValue { try $0.add(run) }
      return (account.withLockedValue { $0 }, l0.withLockedValue { $0 })
    }
  }

  private static func restored(
    _ partial: RunPartial, _ sealed: [SealedPartial], _ setup: SelectionSetup
  ) throws -> (ReplayAccount, L0Account?) {
    let lines = try #require(try menu.get().l0)
    return (
      try ReplayAccount(
        selections: setup, identity: RunIdentity(input: "test", configurationHash: ""), restoring: partial,
        sealed: sealed), partial.l0.flatMap { L0Account(menus: [lines], restoring: $0) }
    )
  }

  @Test("what was stored gives the same files, and the same bytes again")
  func readsBack() async throws {
    let setup = try Self.setup()
    let menu = try #require(try Self.menu.get().l1)
    let (account, l0) = try await Self.run(
      Array(PipelineFixture.threeBursts().joined()), firstBurst: 1, setup)
    try #require(account.selections?.sealed.isEmpty == false)
    let partial = RunPartial(account, stored: nil, l0: l0)
    let stored = try partial.data()
    let read = try RunPartial(data: stored, bursts: partial.burstData())
    #expect(read == partial)
    #expect(try read.data() == stored)
    let sealed = try account.sealedPartials.map {
      try SealedPartial(selection: $0.selection, selectionHash: $0.selectionHash, bursts: 3, bytes: $0.bytes)
    }
    #expect(sealed == account.sealedPartials)
    #expect(sealed.allSatisfy { $0.bytes.count <= $0.size })
    let (again, againL0) = try Self.restored(read, sealed, setup)
    #expect(try Files(again, againL0, menu) == Files(account, l0, menu))
    #expect(again.closes)
    #expect(RunPartial(again, stored: nil, l0: againL0) == partial)
    #expect(again.sealedPartials == account.sealedPartials)
  }

  @Test("bursts that ran apart, merged in any order, give the bytes of the run of all of them")
  func mergesToTheWhole() async throws {
    let setup = try Self.setup()
    let menu = try #require(try Self.menu.get().l1)
    let bursts = try PipelineFixture.threeBursts()
    let (account, l0) = try await Self.run(Array(bursts.joined()), firstBurst: 1, setup)
    var parts: [(RunPartial, [SealedPartial])] = []
    for (index, packets) in bursts.enumerated() {
      let (account, l0) = try await Self.run(packets, firstBurst: UInt32(index + 1), setup)
      #expect(account.bursts.map(\.burst.burst) == [UInt32(index + 1)])
      parts.append((RunPartial(account, stored: nil, l0: l0), account.sealedPartials))
    }
    let whole = try Files(account, l0, menu)
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]] {
      var (sum, sealed) = parts[order[0]]
      for index in order.dropFirst() {
        try sum.merge(parts[index].0)
        for place in sealed.indices { try sealed[place].merge(parts[index].1[place]) }
      }
      let (merged, mergedL0) = try Self.restored(sum, sealed, setup)
      let files = try Files(merged, mergedL0, menu)
      #expect(files.rates == whole.rates)
      #expect(files.hlt == whole.hlt)
      #expect(files.counts == whole.counts)
      #expect(files.sealed == whole.sealed)
      #expect(files.summary == whole.summary)
    }
  }

  @Test("the shares of the nodes of a farm, merged in any order, give the bytes of the run of one machine")
  func sharesMergeToTheWhole() async throws {
    let setup = try Self.setup()
    let menu = try #require(try Self.menu.get().l1)
    let packets = Array(try PipelineFixture.threeBursts().joined())
    let (account, l0) = try await Self.run(packets, firstBurst: 1, setup)
    let whole = try Files(account, l0, menu)
    for nodes: UInt32 in [1, 2, 3, 5] {
      var parts: [(partial: RunPartial, sealed: [SealedPartial])] = []
      for node in 0..<nodes {
        let shard = try #require(EventShard(node: node, of: nodes))
        let (account, l0) = try await Self.run(packets, firstBurst: 1, setup, shard: shard)
        #expect(account.closes)
        #expect(nodes == 1 || account.builder.otherNode.fragments > 0)
        #expect(nodes == 1 || account.builder.otherNode.l1Fragments > 0)
        // One node emulates L0.
        parts.append(
          (RunPartial(account, stored: nil, l0: node == 0 ? l0 : nil), account.sealedPartials))
      }
      for order in [Array(parts.indices), parts.indices.reversed()] {
        var (sum, sealed) = parts[order[0]]
        for index in order.dropFirst() {
          try sum.merge(node: parts[index].partial)
          for place in sealed.indices { try sealed[place].merge(parts[index].sealed[place]) }
        }
        #expect(sum.closes)
        let (merged, mergedL0) = try Self.restored(sum, sealed, setup)
        #expect(merged.closes)
        let files = try Files(merged, mergedL0, menu)
        #expect(files.rates == whole.rates)
        #expect(files.hlt == whole.hlt)
        #expect(files.counts == whole.counts)
        #expect(files.sealed == whole.sealed)
        #expect(files.l0 == whole.l0)
      }
    }
  }

  @Test("the bursts of two nodes are one list, each burst once, also where one has missed some")
  func sharesWithGaps() async throws {
    let setup = try Self.setup()
    let (account, _) = try await Self.run(
      Array(PipelineFixture.threeBursts().joined()), firstBurst: 1, setup)
    let all = RunPartial(account, stored: nil, l0: nil)
    var first = all
    var second = all
    first.bursts.remove(at: 1)
    second.bursts.removeLast()
    try first.merge(node: second)
    #expect(first.bursts.map(\.burst.burst) == [1, 2, 3])
    #expect(first.bursts[0].burst.events == 2 * all.bursts[0].burst.events)
    #expect(first.bursts[2] == all.bursts[2])
    #expect(first.rates.bursts == 3)
    #expect(first.rates.liveTicks == all.rates.liveTicks)
    #expect(first.events == 2 * all.events)
  }

  @Test("bursts of primitives that ran apart, merged, give the tables of L0 of the run of all of them")
  func mergesL0() async throws {
    var lines = try #require(try Self.menu.get().l0)
    // Counters of downscalings else run on from burst to burst.
    lines.resetsDownscaling = true
    let menu = lines
    let first = try PipelineFixture.packets(RepositoryPaths.replay("l0-2018.pcap.gz"))
    let second = first.map { packet in
      PipelineFixture.Packet(
        time: packet.time + 20_000_000_000, frame: packet.frame, originalLength: packet.originalLength)
    }
    func run(_ packets: [PipelineFixture.Packet], firstBurst: UInt32) async throws -> L0Account {
      try await RepositoryPaths.withTemporaryDirectory { directory in
        let path = "\(directory)/stream.pcap"
        try PipelineFixture.write(packets, to: path)
        var options = L0Pipeline.Options()
        options.emulator.monitorsPrimitives = true
        options.emulator.firstBurst = firstBurst
        let account = NIOLockedValueBox(L0Account(menus: [menu]))
        try await L0Pipeline(menus: [menu], options: options).run(
          source: {
            let reader = try CaptureReader(inputs: [CaptureInput(path: path)], options: CaptureOptions())
            return { try reader.next() }
          }, take: { output in account.withLockedValue { $0.add(output) } })
        return account.withLockedValue { $0 }
      }
    }
    let whole = RunPartial(l0: try await run(first + second, firstBurst: 1))
    try #require(whole.l0?.bursts == 2)
    let parts = [
      RunPartial(l0: try await run(first, firstBurst: 1)),
      RunPartial(l0: try await run(second, firstBurst: 2)),
    ]
    for order in [[0, 1], [1, 0]] {
      var sum = parts[order[0]]
      try sum.merge(parts[order[1]])
      if let a = sum.l0, let b = whole.l0 {
        #expect(a.menuCounters == b.menuCounters)
        #expect(a.alignmentCounters == b.alignmentCounters)
        #expect(a.books == b.books)
        #expect(a.capture == b.capture)
        #expect(a.sentByLine == b.sentByLine)
        #expect(a.bursts == b.bursts)
        #expect(a.statistics.groups == b.statistics.groups)
        for i in a.statistics.detectors.indices {
          let (x, y) = (a.statistics.detectors[i], b.statistics.detectors[i])
          #expect(x.packets == y.packets)
          #expect(x.missing == y.missing)
          #expect(x.multiplicity == y.multiplicity)
          #expect(x.bits == y.bits)
          #expect(x.unsorted == y.unsorted)
          // The last slot of the memory, which the hardware does not clear between bursts.
          #expect(x.overwritten <= y.overwritten + 1 && y.overwritten <= x.overwritten + 1)
          #expect(x.timeDifferences == y.timeDifferences)
        }
      }
      let account = try #require(L0Account(menus: [menu], restoring: sum))
      #expect(try L0Report(account: account).linesCSV().contains(",") && account.closes)
    }
  }

  @Test("the same burst twice, and other selections, are refused")
  func refused() async throws {
    let setup = try Self.setup()
    let (account, l0) = try await Self.run(PipelineFixture.threeBursts()[1], firstBurst: 1, setup)
    var partial = RunPartial(account, stored: nil, l0: l0)
    let error = #expect(throws: PartialError.self) { try partial.merge(partial) }
    #expect(error?.description.hasPrefix("both hold burst 1 of run 0") == true)
    var other = partial
    other.bursts = []
    other.selections?.hash = "another"
    #expect(throws: PartialError.self) { try partial.merge(other) }
    other.selections = nil
    #expect(throws: PartialError.self) { try partial.merge(other) }
  }

  @Test("stored counts that were changed are refused, and never trap")
  func hostile() async throws {
    let setup = try Self.setup()
    let (account, l0) = try await Self.run(PipelineFixture.threeBursts()[1], firstBurst: 1, setup)
    let partial = RunPartial(account, stored: nil, l0: l0)
    let text = String(decoding: try partial.data(), as: UTF8.self)
    for (old, new) in [
      ("\"alerts\":", "\"alerts\":99999999999999999"), ("\"wordBits\":[", "\"wordBits\":[1,"),
      ("spillway.partial/1", "spillway.partial/9"), ("\"masks\":[", "\"masks\":[{},"),
      ("\"rejected\":[", "\"rejected\":[7,"), ("\"tally\":\"", "\"tally\":\"0*99999999999 "),
      ("{", ""), ("\"tally\":\"", "\"tally\":\"99999999999999999"), ("\"kept\":", "\"kept\":99"),
    ] {
      let changed = try #require(text.range(of: old)).lowerBound
      let data = Data(
        (text[..<changed] + text[changed...].replacing(old, with: new, maxReplacements: 1)).utf8)
      #expect(throws: PartialError.self, "\(new)") { try RunPartial(data: data, bursts: []) }
    }
    var random = SplitMix64(seed: 7)
    let bytes = try partial.data()
    for _ in 0..<200 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      guard let read = try? RunPartial(data: damaged, bursts: partial.burstData()) else { continue }
      _ = try? Self.restored(read, account.sealedPartials, setup)
    }
    for _ in 0..<200 {
      var damaged = account.sealedPartials[0].bytes
      damaged[Int(random.next() % UInt64(min(64, damaged.count)))] = UInt8(truncatingIfNeeded: random.next())
      if let read = try? SealedPartial(
        selection: "a", selectionHash: account.sealedPartials[0].selectionHash, bursts: 1, bytes: damaged)
      {
        _ = read.size
      }
    }
  }

  @Test("the room for what is sealed follows from the declaration and the number of bursts")
  func room() throws {
    let set = try Self.setup().set
    let selection = try #require(set.selections.first { $0.isBlind })
    let empty = PhysicsAccumulator(selection)
    func size(_ bursts: Int) -> Int { SealedPartial(empty, [], values: 5, bursts: bursts).size }
    #expect(size(0) == size(63))
    #expect(size(64) > size(63))
    let account = ReplayAccount(
      selections: try Self.setup(), identity: RunIdentity(input: "", configurationHash: ""))
    #expect(account.sealedPartials.allSatisfy { $0.bytes.count < $0.size })
  }

  @Test(arguments: [[], [0], [0, 0, 0], [1, 0, 0, 7, 7, .max, .max - 1, 0]])
  func countListsComeBack(_ values: [UInt64]) throws {
    let data = try JSONEncoder().encode([CountList(values)])
    #expect(try JSONDecoder().decode([CountList].self, from: data) == [CountList(values)])
  }
}
