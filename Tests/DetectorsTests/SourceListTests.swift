import Configuration
import Detectors
import NA62Formats
import Testing

@Suite struct SourceListTests {
  @Test func parsesTheFarmsOptions() throws {
    let entries = try SourceList.parse(option: "0x04:6,0x10:12, 64:1", name: "L0DataSourceIDs")
    #expect(entries.map(\.id) == [.ktag, .lav, .l0tp])
    #expect(entries.map(\.boards) == [6, 12, 1])
    #expect(try SourceList.parse(option: "", name: "L1DataSourceIDs").isEmpty)
  }

  @Test(arguments: [
    "0x04", "0x04:", ":6", "0x100:1", "0x04:0", "0x04:-1", "0x04:6,", "x:1", "4:1:1", "0x+4:1", "4:99999",
  ])
  func refusesABrokenOption(option: String) {
    #expect(throws: ConfigurationError.self) { try SourceList.parse(option: option, name: "L0DataSourceIDs") }
  }

  @Test func separatesVirtualSources() throws {
    let list = try SourceList(l0: [.init(id: .l0tp, boards: 1), .init(id: .l1, boards: 1)])
    #expect(list.physicalL0.map(\.id) == [.l0tp])
  }

  @Test func needsTheTimestampSourceAndOneBoardForVirtualOnes() {
    #expect(throws: ConfigurationError.self) { try SourceList(l0: [.init(id: .lav, boards: 12)]) }
    #expect(throws: ConfigurationError.self) {
      try SourceList(l0: [.init(id: .l0tp, boards: 1), .init(id: .l1, boards: 2)])
    }
    #expect(throws: ConfigurationError.self) {
      try SourceList(l0: [.init(id: .l0tp, boards: 1)], l1: [.init(id: .l0tp, boards: 1)])
    }
  }
}
