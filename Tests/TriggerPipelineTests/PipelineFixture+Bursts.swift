import NA62Formats
import SpillwayTestSupport

extension PipelineFixture {
  /// A shipped stream as three bursts, a short one between two: two L0TP packets in the middle have an end-of-burst
  /// trigger, and what comes behind is later by more than a burst change takes.
  static func threeBursts() throws -> [[Packet]] {
    var packets = try packets(RepositoryPaths.replay("pi4e-2018.pcap.gz"))
    let header = 42 + L0MEPHeader.byteCount
    let processor = packets.indices.filter { i in
      let frame = packets[i].frame
      return frame.count > header + 32 && frame[36] == 0xE6 && frame[37] == 0x21
        && frame[45] == SourceID.l0tp.rawValue
    }
    var bursts: [[Packet]] = []
    var begin = 0
    for end in processor.dropFirst(processor.count / 2).prefix(2) {
      // Its last event: the flag of the fragment, and the word of the record.
      var offset = header
      for _ in 1..<max(1, packets[end].frame[48]) {
        offset += Int(packets[end].frame[offset]) | Int(packets[end].frame[offset + 1]) << 8
      }
      packets[end].frame[offset + 3] |= 0x80
      packets[end].frame[offset + L0Fragment.headerByteCount + 20] = L0Word.endOfBurst.rawValue
      for i in packets.indices where i > end { packets[i].time += 7_000_000_000 }
    }
    for end in processor.dropFirst(processor.count / 2).prefix(2) {
      bursts.append(Array(packets[begin...end]))
      begin = end + 1
    }
    return bursts + [Array(packets[begin...])]
  }
}
