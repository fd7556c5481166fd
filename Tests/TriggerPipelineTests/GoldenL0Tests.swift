import Configuration
import Foundation
import L0Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import NIOConcurrencyHelpers
import Testing
import TriggerPipeline

/// What a stream of primitives gives through the pipeline.
struct L0Outcome: Sendable, Equatable {
  var table: String
  var counters: String
  var report: String

  init(_ paths: [String], menus: [L0Menu], batch: Int = 0) async throws {
    try await self.init(menus: menus, batch: batch) { try ReplayInput(arguments: paths, filter: nil).open() }
  }

  init(
    menus: [L0Menu], batch: Int = 0, source: @Sendable @escaping () throws -> any PacketSource
  ) async throws {
    var options = L0Pipeline.Options()
    options.batchDatagrams = batch
    options.emulator.monitorsPrimitives = true
    let state = NIOLockedValueBox((account: L0Account(menus: menus), text: L0DecisionTable.header))
    try await L0Pipeline(menus: menus, options: options).run(source: {
      let source = try source()
      return { try source.next() }
    }) { output in
      state.withLockedValue { state in
        state.account.add(output)
        for slice in output.slices { state.text += L0DecisionTable().rows(of: slice, menu: 0) }
      }
    }
    let (account, text) = state.withLockedValue { ($0.account, $0.text) }
    table = text
    counters = account.counters(menu: 0).json()
    let lines = L0Report(account: account)
    report = try lines.linesText() + lines.primitivesCSV() + lines.booksText()
    #expect(account.closes)
    #expect(account.books.pending == 0)
  }
}

@Suite("Golden L0 streams")
struct GoldenL0Tests {
  private func check(_ outcome: L0Outcome, triggers: String, counters: String) throws {
    let comparison = DecisionComparison(
      expected: try PipelineFixture.table(triggers), actual: outcome.table)
    #expect(comparison.differences == [])
    #expect(comparison.rows > 500)
    #expect(comparison.columns == 47)
    let expected = try YAMLNode.load(path: counters).mapping()
    let actual = try YAMLNode.parse(text: outcome.counters, file: "counters").mapping()
    for entry in expected.entries {
      let found = try actual.required(entry.key)
      if let list = try? entry.value.sequence() {
        #expect(try found.sequence().map { try $0.int() } == list.map { try $0.int() }, "\(entry.key)")
      } else {
        #expect(try found.int() == entry.value.int(), "\(entry.key)")
      }
    }
    #expect(expected.entries.count > 20)
  }

  @Test("the stream of corner cases gives every trigger and counter of the firmware")
  func boundary() async throws {
    let menu = try L0Menu.load(path: RepositoryPaths.path("Tests/Fixtures/l0/boundary.menu.json"))
    try check(
      try await L0Outcome([RepositoryPaths.replay("l0-boundary.pcap.gz")], menus: [menu]),
      triggers: RepositoryPaths.path("Tests/Fixtures/l0/boundary.triggers.csv.gz"),
      counters: RepositoryPaths.path("Tests/Fixtures/l0/boundary.counters.json"))
  }

  @Test(
    "the whole golden streams give every trigger and counter",
    .enabled(if: RepositoryPaths.hasGolden, "the golden data do not lie beside the package"),
    arguments: ["boundary", "clean2018", "stress"])
  func wholeStreams(_ name: String) async throws {
    let menu = try L0Menu.load(path: RepositoryPaths.goldenL0("\(name).menu.json"))
    try check(
      try await L0Outcome([RepositoryPaths.goldenL0("\(name).pcap.gz")], menus: [menu]),
      triggers: RepositoryPaths.goldenL0("\(name).triggers.csv.gz"),
      counters: RepositoryPaths.goldenL0("\(name).counters.json"))
  }

  @Test("a stream gives the same bytes for any batch size, cut into files, and with 15 other menus")
  func invariance() async throws {
    let path = RepositoryPaths.replay("l0-boundary.pcap.gz")
    let menu = try L0Menu.load(path: RepositoryPaths.path("Tests/Fixtures/l0/boundary.menu.json"))
    let whole = try await L0Outcome([path], menus: [menu])
    for batch in [1, 256] { #expect(try await L0Outcome([path], menus: [menu], batch: batch) == whole) }
    var others = [menu]
    for i in 1..<16 {
      var other = menu
      other.fineTimeBits = i % 4
      other.timeCuts[i % 7] = Int16(i)
      other.deltaPacket = i % 3
      others.append(other)
    }
    #expect(try await L0Outcome([path], menus: others) == whole)
    try await RepositoryPaths.withTemporaryDirectory { directory in
      let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
      var writers: [CaptureWriter] = []
      var count = 0
      while let batch = try reader.next() {
        for datagram in batch.datagrams {
          // Files of 1 to 900 packets.
          if [0, 1, 8, 300, 301, 950].contains(count) {
            writers.append(try CaptureWriter(path: "\(directory)/\(9 - writers.count).pcap"))
          }
          let frame = batch.bytes[datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
          try writers.last?.write(frame: frame, time: datagram.time)
          count += 1
        }
      }
      for writer in writers { try writer.close() }
      #expect(writers.count > 3)
      let cut = try await L0Outcome([directory], menus: [menu])
      #expect(cut.table == whole.table)
    }
  }
}
