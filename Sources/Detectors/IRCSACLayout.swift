import Configuration

/// How the four counters of IRC and of SAC are cabled (`l1.md` 8.2): the low threshold of counter c at
/// channel 8 c + 2 of the detector's block, the high threshold, + 1000, at the next one.
struct IRCSACLayout {
  var channelMap: ContiguousArray<Int32>

  init(node: YAMLNode) throws(ConfigurationError) {
    let mapping = try node.mapping()
    try mapping.rejectUnknown(keys: ["firstChannels"])
    let detectors = try mapping.required("firstChannels").mapping()
    try detectors.rejectUnknown(keys: ["sac", "irc"])
    channelMap = .unmapped(512)
    for name in ["sac", "irc"] {
      let firstNode = try detectors.required(name)
      let first = try firstNode.int(in: 0...480)
      for counter in 0..<4 {
        let channel = first + 8 * counter + 2
        guard channelMap[channel] < 0, channelMap[channel + 1] < 0 else {
          throw firstNode.error("the channels of IRC and SAC overlap")
        }
        channelMap[channel] = Int32(counter)
        channelMap[channel + 1] = Int32(1000 + counter)
      }
    }
  }
}
