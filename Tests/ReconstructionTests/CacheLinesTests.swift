import Testing

@testable import Reconstruction

@Suite("Reading lines into the cache")
struct CacheLinesTests {
  @Test("reads what is there, whatever the range")
  func ranges() {
    var lines = CacheLines()
    for count in [0, 1, 63, 64, 65, 1000] {
      let bytes = [UInt8](repeating: 255, count: count)
      let ranges = [(0, count), (-70, 5000), (Int.max, 0), (count, count), (30, 20), (Int.min, Int.max)]
      for (begin, end) in ranges {
        lines.read(bytes.span.bytes, from: begin, to: end)
      }
    }
  }
}
