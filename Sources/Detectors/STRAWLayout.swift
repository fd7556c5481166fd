import Configuration

/// How the straws are cabled (`l1.md` 8.5), and the time offsets of STRAW (8.6).
///
/// Eight SRBs read a chamber, two of them a view. An SRB has 16 covers, a cover 16 channels, which read
/// eight straws in each of the two layers of one half of the view.
struct STRAWLayout {
  var channelMap: ContiguousArray<Int32>
  var stationT0: Double
  var magicT0: Double
  var mezzanineT0: ContiguousArray<Double>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: [
      "oddBase", "evenBase", "evenBaseY", "emptyCovers", "stationT0", "magicT0", "mezzanineT0",
    ])
    let oddBase = try mapping.required("oddBase").int(in: 56...114)
    let evenBase = try mapping.required("evenBase").int(in: 56...114)
    let evenBaseY = try mapping.required("evenBaseY").int(in: 56...114)
    let empty = try mapping.required("emptyCovers").distinctIntegers(in: 0...15)
    channelMap = .unmapped(8192)
    for srb in 0..<32 {
      let isOdd = srb % 2 == 1
      let view = (srb % 8) / 2
      let base = isOdd ? oddBase : view == 3 ? evenBaseY : evenBase
      for cover in 0..<16 where isOdd || !empty.contains(cover) {
        let lowest = base - 16 * (cover % 4) - 8 * (cover / 8)
        guard lowest >= 0 else {
          throw node.error("SRB \(srb), cover \(cover) would read straw \(lowest)", advice: "check the bases")
        }
        for channel in 0..<16 {
          let place = Self.place(srb: srb, cover: cover, channel: channel, lowest: lowest)
          channelMap[256 * srb + 16 * cover + channel] = Int32(place)
        }
      }
    }
    stationT0 = try mapping.required("stationT0").quantity(unit: "ns", in: -1e6...1e6)
    magicT0 = try mapping.required("magicT0").quantity(unit: "ns", in: -1e6...1e6)
    mezzanineT0 = []
    let table = try mapping.required("mezzanineT0").mapping()
    try table.rejectUnknown(keys: ["unit", "rows"])
    let unit = try table.required("unit")
    guard try unit.string() == "ns" else { throw unit.error("expected the unit ns, found \(unit.summary)") }
    for row in try table.required("rows").sequence(count: 32) {
      for value in try row.sequence(count: 16) { mezzanineT0.append(try value.double(in: -1e6...1e6)) }
    }
  }

  /// Position (16 chamber + 4 view + 2 half + layer) 122 + straw of one channel.
  private static func place(srb: Int, cover: Int, channel: Int, lowest: Int) -> Int {
    let chamber = srb / 8
    let view = (srb % 8) / 2
    let half = cover & 4 == 0 ? 1 : 0
    let first = half
    let other = 1 - half
    let straw: Int
    let layer: Int
    if (half == 0) == (view % 2 == 0) {
      straw = lowest + channel / 2
      switch channel {
      case 0: layer = first
      case 1: layer = other
      default: layer = channel % 2 == 0 ? other : first
      }
    } else {
      straw = lowest + 7 - channel / 2
      switch channel {
      case 14: layer = other
      case 15: layer = first
      default: layer = channel % 2 == 0 ? first : other
      }
    }
    return (16 * chamber + 4 * view + 2 * half + layer) * 122 + straw
  }
}
