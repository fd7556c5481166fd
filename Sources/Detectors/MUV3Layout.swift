import Configuration

/// How the 148 tiles of MUV3 are cabled (`l1.md` 8.4): in a group of 16 readout channels the first PMTs of
/// 8 tiles are followed by their second PMTs. There are 24 groups; channels 384...511 do not exist.
struct MUV3Layout {
  var channelMap: ContiguousArray<Int32>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["groups"])
    channelMap = .unmapped(512)
    var groups: Set<Int> = []
    var tiles: Set<Int> = []
    for item in try mapping.required("groups").sequence() {
      let row = try item.mapping()
      try row.rejectUnknown(keys: ["group", "tiles"])
      let groupNode = try row.required("group")
      let group = try groupNode.int(in: 0...23)
      guard groups.insert(group).inserted else { throw groupNode.error("the group \(group) stands twice") }
      for (slot, tileNode) in try row.required("tiles").sequence(count: 8).enumerated() {
        let tile = try tileNode.int(in: -1...151)
        guard tile >= 0 else { continue }
        guard tiles.insert(tile).inserted else {
          throw tileNode.error("tile \(tile) is already read elsewhere")
        }
        channelMap[16 * group + slot] = Int32(tile)
        channelMap[16 * group + slot + 8] = Int32(tile + 200)
      }
    }
  }
}
