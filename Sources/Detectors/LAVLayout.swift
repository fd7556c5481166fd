import Configuration

/// How the lead-glass blocks of the 12 LAV stations are cabled (`l1.md` 8.7): one board per station, the
/// low threshold of a block at an even channel, the high threshold at the next one.
struct LAVLayout {
  var channelMap: ContiguousArray<Int32>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["stations"])
    channelMap = .unmapped(6144)
    var seen: Set<Int> = []
    for item in try mapping.required("stations").sequence() {
      let row = try item.mapping()
      try row.rejectUnknown(keys: ["boards", "blocksPerLayer", "bananas", "layers"])
      let boards = try row.required("boards").distinctIntegers(in: 0...11)
      let perLayer = try row.required("blocksPerLayer").int(in: 4...256)
      let bananas = try row.required("bananas").int(in: 1...64)
      let layers = try row.required("layers").int(in: 1...9)
      for board in boards {
        guard seen.insert(board).inserted else { throw item.error("the board \(board) stands twice") }
        for channel in 0..<512 {
          let index = channel / 2
          let layer = index / perLayer
          let banana = (index % perLayer) / 4
          guard layer < layers, banana < bananas else { continue }
          let block = layer * 1000 + banana * 10 + index % 4
          channelMap[512 * board + channel] = Int32((channel % 2) * 1_000_000 + (board + 1) * 10000 + block)
        }
      }
    }
  }
}
