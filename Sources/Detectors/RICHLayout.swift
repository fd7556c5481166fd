import Configuration

/// How the 1952 PMTs of RICH are cabled and where they stand (`l1.md` 8.8).
///
/// Boards 0...3 read the two disks, upper and lower half: 61 supercells of 8 PMTs. Board 4 reads one OR
/// per supercell. PMTs stand on a hexagonal grid: x in steps of 9 mm, y in steps of 9 sqrt(3) mm.
struct RICHLayout {
  var channelMap: ContiguousArray<Int32>
  var positions: ContiguousArray<SIMD2<Float>>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: [
      "pmtOrder", "upper", "lower", "orChannelsAt4", "supercellRows", "supercellStep", "pmtOffsets",
    ])
    let order = try mapping.required("pmtOrder").distinctIntegers(count: 8, in: 0...7)
    let halves = [
      try mapping.required("upper").distinctIntegers(count: 61, in: 0...60),
      try mapping.required("lower").distinctIntegers(count: 61, in: 0...60),
    ]
    let late = try mapping.required("orChannelsAt4").distinctIntegers(in: 0...63)
    channelMap = .unmapped(2560)
    for board in 0..<4 {
      let prefix = (board / 2) * 100_000 + (board % 2) * 10000
      for (slot, supercell) in halves[board % 2].enumerated() {
        for (channel, pmt) in order.enumerated() {
          channelMap[512 * board + 8 * slot + channel] = Int32(prefix + 100 * supercell + pmt)
        }
        let group = 16 * board + slot / 4
        let channel = 8 * group + slot % 4 + (late.contains(group) ? 4 : 0)
        channelMap[2048 + channel] = Int32(prefix + 100 * supercell + 10)
      }
    }
    positions = try Self.positions(mapping)
  }

  private static func positions(_ mapping: YAMLMapping) throws(ConfigurationError) -> ContiguousArray<
    SIMD2<Float>
  > {
    let grid = -1000...1000
    let step = try mapping.required("supercellStep").integers(count: 2, in: grid)
    var offsets: [[Int]] = []
    for item in try mapping.required("pmtOffsets").sequence(count: 8) {
      offsets.append(try item.integers(count: 2, in: grid))
    }
    let rows = try mapping.required("supercellRows")
    var positions: ContiguousArray<SIMD2<Float>> = []
    for item in try rows.sequence() {
      let row = try item.sequence(count: 3)
      let x = try row[0].int(in: grid)
      let y = try row[1].int(in: grid)
      for number in 0..<(try row[2].int(in: 1...122)) {
        for offset in offsets {
          let column = x + number * step[0] + offset[0]
          let line = y + number * step[1] + offset[1]
          positions.append(SIMD2(Float(9 * column), Self.height(line)))
        }
      }
    }
    guard positions.count == 976 else {
      throw rows.error("expected 122 supercells in all, found \(positions.count / 8)")
    }
    return positions
  }

  /// Height of a line of the grid in mm, with two decimals as in NA62's file.
  private static func height(_ line: Int) -> Float {
    Float((Double(line) * 9 * 3.0.squareRoot() * 100).rounded() / 100)
  }
}
