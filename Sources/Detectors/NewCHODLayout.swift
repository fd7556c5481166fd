import Configuration

/// How the 304 PMTs of NewCHOD are cabled (`l1.md` 8.3): every quadrant has 38 tiles in five groups of 16
/// readout channels, which read 8 tiles each with their first and then their second PMT.
struct NewCHODLayout {
  var channelMap: ContiguousArray<Int32>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["quadrants", "tiles"])
    let tiles = try mapping.required("tiles").distinctIntegers(count: 38, in: 1...38)
    channelMap = .unmapped(512)
    var quadrants: Set<Int> = []
    var seen: Set<Int> = []
    for item in try mapping.required("quadrants").sequence() {
      let row = try item.mapping()
      try row.rejectUnknown(keys: ["quadrant", "groups"])
      let quadrant = try row.required("quadrant").int(in: 1...4)
      guard quadrants.insert(quadrant).inserted else {
        throw item.error("the quadrant \(quadrant) stands twice")
      }
      let groups = try row.required("groups").distinctIntegers(count: 5, in: 0...31)
      for (number, group) in groups.enumerated() {
        guard seen.insert(group).inserted else {
          throw item.error("the group \(group) is already read by another quadrant")
        }
        for channel in 0..<16 {
          let index = 8 * number + channel % 8
          guard index < tiles.count else { continue }
          channelMap[16 * group + channel] = Int32(100 * quadrant + tiles[index] + (channel < 8 ? 0 : 50))
        }
      }
    }
  }
}
