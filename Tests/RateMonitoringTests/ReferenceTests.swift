import Configuration
import NA62Formats
import Testing
import TriggerPipeline

@testable import RateMonitoring

/// Bands of a run that was, and of a menu that will be.
struct ReferenceTests {
  private static func counts(_ lines: [RateLine: UInt64]) -> RateCounts {
    var counts = RateCounts(binNanoseconds: 1)
    for burst: UInt32 in 1...2 {
      let begin = Int64(burst) * 10_000_000_000
      var part = RateCounts.Burst(
        begin: DataTime(nanoseconds: begin), end: DataTime(nanoseconds: begin + 2_000_000_000), firstBin: 0)
      for (line, count) in lines {
        part.lines[line] = RateCounts.Line()
        part.lines[line]?.count = count
      }
      counts.bursts[.init(run: 8000, burst: burst)] = part
    }
    return counts
  }

  private static let run = counts([
    RateLine(.detector, "NewCHOD"): 1000, RateLine(.detector, "RICH"): 1500,
    RateLine(.l0, "old, \"one\""): 70,
    RateLine(.l1, "old, \"one\""): 7, RateLine(.stream, "events"): 80,
  ])

  @Test func theTableOfARunIsReadBack() throws {
    let rows = [RatesByBurst.header] + RatesByBurst.rows(of: Self.run)
    #expect(try RatesByBurst.counts(of: rows.joined(separator: "\n") + "\n", file: "r.csv") == Self.run)
  }

  @Test(arguments: [
    "1,2,3,1.0,l0,a,x,1.0", "1,2,3,-1.0,l0,a,5,1.0", "1,2,3,1.0,none,a,5,1.0", "1,2,3,1.0,l0,\"a,5,1.0",
    "1,2",
    "1,2,3,nan,l0,a,5,1.0", "1,2,3,1e300,l0,a,5,",
  ])
  func aRowThatIsNoneIsRefusedWithItsPlace(_ row: String) {
    #expect {
      try RatesByBurst.counts(of: "\(RatesByBurst.header)\n\(row)\n", file: "r.csv")
    } throws: {
      "\($0)".hasPrefix("r.csv:2: ")
    }
  }

  @Test(arguments: ["", "a", "a,b", "\"a,b\",c", "\"a \"\"b\"\"\",", ",,"])
  func fieldsAreReadAsTheyAreWritten(_ row: String) {
    #expect(CSV.fields(row)?.map(CSV.field).joined(separator: ",") == row)
  }

  @Test(arguments: ["\"a", "a\"b\"", "\"a\"b"])
  func aRowWithAStrayQuoteIsNone(_ row: String) { #expect(CSV.fields(row) == nil) }

  @Test func aPredictionTakesL0FromTheEmulatedMenuAndNothingBehindIt() throws {
    var reference = RateReference(from: Self.run)
    reference.intensity = RateLine(.detector, "NewCHOD")
    reference.predict(sent: [("new", 500), ("never", 0)])
    let bands = reference.configuration(name: "new menu", description: "").bands
    #expect(
      bands.map(\.line) == [
        RateLine(.detector, "NewCHOD"), RateLine(.detector, "RICH"), RateLine(.l0, "new"),
      ])
    #expect(bands[1].expectation == .relative(RateLine(.detector, "NewCHOD"), ratio: 1.5))
    #expect(bands[2].expectation == .relative(RateLine(.detector, "NewCHOD"), ratio: 0.25))
  }

  @Test func aMaskIsKnownByItsNumberToo() throws {
    let names = RateLineNames(masks: [1: "PNN", 3: "MT"])
    var configuration = RateMonitoringConfiguration()
    configuration.bands = [
      .init(
        line: RateLine(.l1, "mask 1"), expectation: .part(RateLine(.l0, "mask 1"), share: 0.1)),
      .init(line: RateLine(.algorithm, "mask 3 KTAG"), expectation: .rate(5)),
      .init(line: RateLine(.l0, "mask 7"), expectation: .rate(5)),
    ]
    let named = configuration.naming(names).bands
    #expect(named[0].line == RateLine(.l1, "PNN"))
    #expect(named[0].expectation == .part(RateLine(.l0, "PNN"), share: 0.1))
    #expect(named[1].line == RateLine(.algorithm, "MT KTAG"))
    #expect(named[2].line == RateLine(.l0, "mask 7"))
    try configuration.check(names: names, file: "bands.yaml")
    configuration.bands[2].line = RateLine(.l0, "PNM")
    #expect {
      try configuration.check(names: names, file: "bands.yaml")
    } throws: {
      "\($0)".contains("bands.yaml") && "\($0)".contains("PNN")
    }
  }
}
