import L0Trigger
import Testing

@Suite("downscalings in a menu")
struct DownscalingTextTests {
  @Test(
    "a factor is read exactly",
    arguments: [
      ("1", 1, 1), ("100", 100, 1), ("4294967295", 4_294_967_295, 1), ("2.5", 5, 2), ("5/2", 5, 2),
      ("10/4", 5, 2), ("1.0", 1, 1), ("100.000000000000", 100, 1),
      ("3.333333333", 3_333_333_333, 1_000_000_000),
      ("1.000000002", 500_000_001, 500_000_000), ("42949672.95", 858_993_459, 20), ("7/7", 1, 1),
    ] as [(String, UInt32, UInt32)])
  func reads(text: String, numerator: UInt32, denominator: UInt32) throws {
    let downscaling = try #require(L0Downscaling(text: text))
    #expect(downscaling.numerator == numerator)
    #expect(downscaling.denominator == denominator)
    #expect(L0Downscaling(text: downscaling.text) == downscaling)
  }

  @Test(
    "what is no factor of at least 1 is refused",
    arguments: [
      "", "0", "0.5", "0/1", "1/2", "5/0", "-1", "+1", "1e3", "2.", ".5", "2,5", "1/2/3", "1/", "/2", " 1",
      "4294967296", "1.0000000001", "4294967295.5", "99999999999999999999.5", "a", "٣", "0x10",
    ])
  func refuses(text: String) {
    #expect(L0Downscaling(text: text) == nil)
  }

  @Test("equal factors are equal values")
  func lowestTerms() {
    #expect(L0Downscaling(numerator: 10, denominator: 4) == L0Downscaling(numerator: 5, denominator: 2))
    #expect(L0Downscaling(numerator: 300, denominator: 3) == L0Downscaling(100))
    #expect(L0Downscaling(numerator: 1, denominator: 2) == L0Downscaling(1))
    #expect(L0Downscaling(numerator: 0, denominator: 0) == L0Downscaling(1))
  }
}
