import SpillwayTestSupport
import Testing

@testable import Aggregation

@Suite("Messages of a farm")
struct FarmFrameTests {
  @Test(arguments: [[], [[]], [[1, 2, 3]], [[], [7], [UInt8](repeating: 9, count: 1000)]])
  func comesBack(_ parts: [[UInt8]]) throws {
    #expect(try FarmFrame.decode(FarmFrame.encode(parts)) == parts)
  }

  @Test("bytes that are no message are refused, whatever they are")
  func hostile() throws {
    let whole = FarmFrame.encode([[1, 2, 3], [4]])
    for length in 0..<whole.count {
      #expect(throws: FarmError.self) { try FarmFrame.decode(Array(whole[0..<length])) }
    }
    #expect(throws: FarmError.self) { try FarmFrame.decode(whole + [0]) }
    var other = whole
    other[4] = 2
    let error = #expect(throws: FarmError.self) { try FarmFrame.decode(other) }
    #expect(error?.description.contains("version 2, expected 1") == true)
    // Lengths and counts that would not fit.
    for at in 8..<whole.count {
      var damaged = whole
      damaged[at] = 0xFF
      _ = try? FarmFrame.decode(damaged)
    }
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      var damaged = whole
      damaged[Int(random.next() % UInt64(whole.count))] = UInt8(truncatingIfNeeded: random.next())
      _ = try? FarmFrame.decode(damaged)
      _ = try? NodeMessage(damaged)
      _ = try? FarmReply(damaged)
    }
  }
}
