import Configuration
import Detectors
import Testing

@Suite struct L1DetectorMapsTests {
  private let maps: L1DetectorMaps

  init() throws { maps = try L1DetectorMaps.load(path: ConfigurationPaths.yaml) }

  @Test func mapsTheKnownNumbersOfChannels() {
    #expect(maps.chod.count == 512 && maps.chod.count { $0 >= 0 } == 128)
    #expect(maps.newCHOD.count == 512 && maps.newCHOD.count { $0 >= 0 } == 304)
    #expect(maps.muv3.count == 512 && maps.muv3.count { $0 >= 0 } == 296)
    #expect(maps.straw.count == 8192 && maps.straw.count { $0 >= 0 } == 7680)
    #expect(maps.lav.count == 6144 && maps.lav.count { $0 >= 0 } == 4992)
    #expect(maps.ircSac.count == 512 && maps.ircSac.count { $0 >= 0 } == 16)
    #expect(maps.rich.count == 2560 && maps.rich[..<2048].count { $0 >= 0 } == 1952)
    #expect(maps.richPosition.count == 976)
    #expect(maps.strawMezzanineT0.count == 512)
  }

  @Test func chodSlabsFollowTheirGroups() {
    #expect(Array(maps.chod[0...4]) == [63, -1, -1, -1, 62])
    #expect(maps.chod[16 * 4] == -1 && maps.chod[16 * 4 + 2] == 112 && maps.chod[16 * 4 + 4] == 113)
    #expect(maps.chod[16 * 27 + 12] == 15)
    #expect(Set(maps.chod.filter { $0 >= 0 }) == Set(0..<128))
  }

  @Test func newCHODHasTwoPMTsPerTile() {
    #expect(maps.newCHOD[192] == 101 && maps.newCHOD[200] == 151)
    #expect(maps.newCHOD[16 * 27 + 5] == 221 && maps.newCHOD[16 * 27 + 6] == -1)
    #expect(maps.newCHOD[16 * 18] == 401 && maps.newCHOD[16 * 22] == 301)
    #expect(maps.newCHOD[..<192].allSatisfy { $0 == -1 })
    let all = Set(maps.newCHOD.filter { $0 >= 0 })
    #expect(all.count == 304)
    for quadrant in 1...4 {
      for tile in 1...38 {
        let value = Int32(100 * quadrant + tile)
        #expect(all.contains(value) && all.contains(value + 50))
      }
    }
  }

  @Test func muv3IsABijectionToTilesAndPMTs() {
    let mapped = maps.muv3.filter { $0 >= 0 }
    let tiles = (0..<152).filter { ![65, 66, 77, 78].contains($0) }.map(Int32.init)
    #expect(Set(mapped) == Set(tiles + tiles.map { $0 + 200 }))
    #expect(mapped.count == Set(mapped).count)
    #expect(maps.muv3[384...].allSatisfy { $0 == -1 })
    #expect(maps.muv3[0] == 150 && maps.muv3[8] == 350 && maps.muv3[16 * 21 + 7] == 119)
    for channel in 0..<384 where maps.muv3[channel] >= 0 {
      let partner = (channel & 8) == 0 ? 200 : -200
      #expect(maps.muv3[channel ^ 8] == maps.muv3[channel] + Int32(partner))
    }
  }

  @Test func strawFollowsItsFormula() {
    #expect(Array(maps.straw[0..<4]) == [487, 365, 486, 364])
    #expect(maps.straw[15] == 480)
    #expect(maps.straw[8191] == 7320)
    #expect(maps.straw[16 * 11..<16 * 12].allSatisfy { $0 == -1 })
    let mapped = maps.straw.filter { $0 >= 0 }
    #expect(Set(mapped).count == mapped.count)
    #expect(mapped.allSatisfy { $0 < 7808 })
  }

  @Test func strawHasTheOffsetsOf2018() {
    #expect(maps.strawStationT0 == -6405.33)
    #expect(maps.strawMagicT0 == 24.2)
    #expect(maps.strawMezzanineT0[0] == 8.90 && maps.strawMezzanineT0[511] == -7.93)
  }

  @Test func lavHasTwoThresholdsPerBlock() {
    #expect(maps.lav[0] == 10000 && maps.lav[1] == 1_010_000)
    #expect(maps.lav[6143] == 1_123_153)
    #expect(maps.lav[2 * 160] == -1)
    for channel in stride(from: 0, to: 6144, by: 2) where maps.lav[channel] >= 0 {
      #expect(maps.lav[channel + 1] == maps.lav[channel] + 1_000_000)
    }
  }

  @Test func ircAndSACHaveFourCountersEach() {
    for first in [0, 64] {
      for counter in 0..<4 {
        #expect(maps.ircSac[first + 8 * counter + 2] == Int32(counter))
        #expect(maps.ircSac[first + 8 * counter + 3] == Int32(1000 + counter))
      }
    }
  }

  @Test func richCoversBothDisks() {
    #expect(Array(maps.rich[0..<8]) == [5407, 5404, 5402, 5401, 5406, 5405, 5403, 5400])
    #expect(maps.rich[512] == 11007 && maps.rich[1024] == 105407 && maps.rich[1536] == 111007)
    #expect(maps.rich[488...511].allSatisfy { $0 == -1 })
    #expect(Set(maps.rich[..<2048].filter { $0 >= 0 }).count == 1952)
    #expect(maps.richPosition[0] == SIMD2(-261, 93.53))
    #expect(maps.richPosition[975] == SIMD2(36, -265))
    #expect(Set(maps.richPosition).count == 976)
  }
}

@Suite(.enabled(if: ConfigurationPaths.hasNA62, "NA62's files are not at hand"))
struct NA62FilesTests {
  @Test func yamlMapsEqualNA62sFilesEntryByEntry() throws {
    let ours = try L1DetectorMaps.load(path: ConfigurationPaths.yaml)
    let theirs = try L1DetectorMaps.readNA62(directory: ConfigurationPaths.na62)
    #expect(ours.chod == theirs.chod)
    #expect(ours.newCHOD == theirs.newCHOD)
    #expect(ours.muv3 == theirs.muv3)
    #expect(ours.straw == theirs.straw)
    #expect(ours.lav == theirs.lav)
    #expect(ours.ircSac == theirs.ircSac)
    #expect(ours.rich[..<2048] == theirs.rich[..<2048])
    #expect(ours.rich[2048...] == theirs.rich[2048...])
    #expect(ours.richPosition == theirs.richPosition)
    #expect(ours.strawStationT0 == theirs.strawStationT0)
    #expect(ours.strawMagicT0 == theirs.strawMagicT0)
    #expect(ours.strawMezzanineT0 == theirs.strawMezzanineT0)
  }
}
