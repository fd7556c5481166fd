import Configuration
import Detectors
import Foundation
import NA62Formats
import Testing

/// The error of the YAML file after replacing `old`, which must stand in it, by `new`.
private func problem(replacing old: String, by new: String) throws -> String? {
  let text = try ConfigurationFile.text(path: ConfigurationPaths.yaml)
  let range = try #require(text.range(of: old))
  do {
    _ = try DetectorConfiguration(
      node: YAMLNode.parse(text: text.replacingCharacters(in: range, with: new), file: "d.yaml"))
    return nil
  } catch {
    #expect(error.file == "d.yaml" && error.line != nil)
    return "\(error.keyPath): \(error.problem)" + (error.suggestion.map { " (\($0))" } ?? "")
  }
}

@Suite struct DetectorConfigurationTests {
  @Test func readsNameAndSources() throws {
    let configuration = try DetectorConfiguration.load(path: ConfigurationPaths.yaml)
    #expect(configuration.name == "na62-2018")
    #expect(configuration.sources.l0.map(\.boards) == [6, 12, 32, 1, 5, 1, 1, 1, 1])
    #expect(configuration.maps == (try L1DetectorMaps.load(path: ConfigurationPaths.yaml)))
  }

  @Test func aFileThatExtendsAnotherHasItsMapsAndTheSourcesThatItLists() throws {
    let directory = URL(fileURLWithPath: ConfigurationPaths.yaml).deletingLastPathComponent().path
    let base = try DetectorConfiguration.load(path: ConfigurationPaths.yaml)
    let lkr = try DetectorConfiguration.load(path: directory + "/na62-2018-lkr.yaml")
    #expect(lkr.name == "na62-2018-lkr" && lkr.maps == base.maps)
    #expect(lkr.sources.l0 == base.sources.l0 && lkr.sources.l1 == [.init(id: .lkr, boards: 432)])
    for (text, problem) in [
      ("extends: nowhere.yaml\nsources: {}", "nowhere.yaml"),
      ("extends: na62-2018-lkr.yaml\nsources: {}", "extends another one"),
      ("extends: x.yaml\nextends: x.yaml\nsources: {}", "is repeated"),
      ("extends: na62-2018.yaml", "missing"),
      ("extends: na62-2018.yaml\nsources: {}\nchod: {}", "unknown key"),
      ("extends: na62-2018.yaml\nsources: {l1: [{id: 0x10, boards: 3}]}", "stands twice"),
      ("extends: [1]\nsources: {}", "expected"),
    ] {
      let error = #expect(throws: ConfigurationError.self) {
        try DetectorConfiguration(
          node: YAMLNode.parse(
            text: "format: spillway-detectors/1\nname: a\n" + text, file: directory + "/a.yaml"))
      }
      #expect(error?.description.contains(problem) == true, "\(error?.description ?? "") for \(text)")
    }
  }

  @Test(arguments: [
    ("emptyCovers:", "emptyCover:", "straw.emptyCover: unknown key (emptyCovers)"),
    ("24.2 ns", "24.2", "straw.magicT0: the unit is missing, expected the unit ns"),
    ("24.2 ns", "24.2 ps", "straw.magicT0: wrong unit 'ps', expected the unit ns (ns)"),
    ("unit: ns", "unit: us", "straw.mezzanineT0.unit: expected the unit ns, found 'us'"),
    ("oddBase: 56", "oddBase: 40", "straw.oddBase: expected a whole number from 56 to 114, found 40"),
    (
      "- [0, 63, -1]", "- [0, 1, -1]",
      "chod.groups[0]: slab -1 is outside 0...127 or already read by another group"
    ),
    ("- [0, 63, -1]", "- [0, 63, 0]", "chod.groups[0][2]: expected a step of 1 or -1, found 0"),
    ("- [1, 59, -1]", "- [0, 59, -1]", "chod.groups[1][0]: the group 0 stands twice"),
    ("[150, 41, 74", "[41, 41, 74", "muv3.groups[0].tiles[1]: tile 41 is already read elsewhere"),
    ("group: 1, tiles", "group: 0, tiles", "muv3.groups[1].group: the group 0 stands twice"),
    ("quadrant: 4", "quadrant: 1", "newCHOD.quadrants[1]: the quadrant 1 stands twice"),
    ("[18, 19, 20", "[12, 19, 20", "newCHOD.quadrants[1]: the group 12 is already read by another quadrant"),
    ("[5, 6, 7]", "[4, 6, 7]", "lav.stations[1]: the board 4 stands twice"),
    ("irc: 64", "irc: 8", "ircSac.firstChannels.irc: the channels of IRC and SAC overlap"),
    ("[7, 4, 2, 1", "[7, 7, 2, 1", "rich.pmtOrder: the number 7 stands twice"),
    ("[-29, 6, 12]", "[-29, 6, 11]", "rich.supercellRows: expected 122 supercells in all, found 121"),
    ("spillway-detectors/1", "2", "format: expected 'spillway-detectors/1', found '2'"),
    ("boards: 12}", "boards: 0}", "sources.l0[1].boards: expected a whole number from 1 to 65535, found 0"),
    ("id: 0x10", "id: 0x04", "sources: the source 0x04 stands twice"),
    ("Source: 0x40", "Source: 0x24", "sources: the timestamp source 0x24 is not an L0 source"),
  ])
  func refusesAWrongTableAndNamesThePlace(old: String, new: String, expected: String) throws {
    #expect(try problem(replacing: old, by: new) == expected)
  }
}
