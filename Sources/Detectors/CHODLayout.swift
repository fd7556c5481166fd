import Configuration

/// How the 128 slabs of CHOD are cabled (`l1.md` 8.1): every group of 16 readout channels reads four slabs
/// with consecutive numbers, at channels 0, 4, 8 and 12 of the group.
struct CHODLayout {
  var channelMap: ContiguousArray<Int32>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["groups", "firstChannelAt2"])
    let late = try mapping.required("firstChannelAt2").distinctIntegers(in: 0...31)
    channelMap = .unmapped(512)
    var slabs: Set<Int> = []
    var groups: Set<Int> = []
    for row in try mapping.required("groups").sequence() {
      let values = try row.sequence(count: 3)
      let group = try values[0].int(in: 0...31)
      let start = try values[1].int(in: 0...127)
      let step = try values[2].int(in: -1...1)
      guard groups.insert(group).inserted else { throw values[0].error("the group \(group) stands twice") }
      guard step != 0 else { throw values[2].error("expected a step of 1 or -1, found 0") }
      for slot in 0..<4 {
        let slab = start + step * slot
        guard (0...127).contains(slab), slabs.insert(slab).inserted else {
          throw row.error("slab \(slab) is outside 0...127 or already read by another group")
        }
        let channel = slot == 0 && late.contains(group) ? 2 : 4 * slot
        channelMap[16 * group + channel] = Int32(slab)
      }
    }
  }
}
