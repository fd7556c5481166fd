import EventBuilding
import Foundation
import Glibc
import L1Trigger
import NA62Formats
import PacketCapture

/// Inputs to begin with: the packets of captures, cut down, and what the encoders write.
struct Seeds {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  private let directory: String
  private var count = 0

  /// Writes the seeds into a directory that is there.
  static func write(to directory: String, captures: [String]) throws {
    var seeds = Seeds(directory: directory)
    for path in captures {
      try seeds.add(capture: path)
      try seeds.add(primitives: path)
    }
    try seeds.addMenus()
    try seeds.addEncoded()
    print("\(seeds.count) seeds")
  }

  private init(directory: String) { self.directory = directory }

  private mutating func put(_ target: String, _ bytes: [UInt8]) throws {
    count += 1
    let path = "\(directory)/seed-\(target)-\(count)"
    guard let file = fopen(path, "wb") else { throw Problem(description: "\(path): cannot be written") }
    defer { fclose(file) }
    let all = [Target.number(of: target)] + bytes
    guard all.withUnsafeBytes({ fwrite($0.baseAddress, 1, $0.count, file) }) == all.count else {
      throw Problem(description: "\(path): writing failed")
    }
  }

  private static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.appendLittle(UInt16(truncatingIfNeeded: bytes.count))
    return out + bytes
  }

  private mutating func add(capture path: String) throws {
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    var perSource: [UInt8: Int] = [:]
    var events: [UInt32: [SourceID: [UInt8]]] = [:]
    while let batch = try reader.next() {
      let storage = batch.bytes
      for datagram in batch.datagrams where datagram.destinationPort == 58913 {
        let range = datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength)
        let packet = Array(storage[range])
        guard let header = L0MEPHeader(packet.span.bytes) else { continue }
        perSource[header.source.rawValue, default: 0] += 1
        let isFirst = perSource[header.source.rawValue, default: 0] <= 2
        if isFirst {
          try put("l0mep", packet)
          try put("dissector", [0] + packet)
          let frame = storage[datagram.frameOffset..<(datagram.frameOffset + datagram.frameLength)]
          try put("frames", [0, 0] + Self.chunk(Array(frame)))
        }
        L0MEP.forEachFragment(of: packet.span.bytes, header: header) { fragment in
          guard fragment.event < 4 else { return }
          let payload = Array(
            packet[fragment.payloadOffset..<(fragment.payloadOffset + fragment.payloadLength)])
          if events[fragment.event, default: [:]][header.source]?.count ?? 0 < payload.count {
            events[fragment.event, default: [:]][header.source] = payload
          }
        }
      }
    }
    for (number, fragments) in events.sorted(by: { $0.key < $1.key }) {
      try add(event: number, fragments)
    }
  }

  /// One fragment of each source as an event for the trigger, as a stored event, and apart.
  private mutating func add(event number: UInt32, _ fragments: [SourceID: [UInt8]]) throws {
    let timestamp: UInt32 = 0x0100_8000
    for kind: UInt8 in 0..<4 {
      var input: [UInt8] = [kind]
      for source in Target.layout.sources where source.id != .l1 {
        var encoder = L0MEPEncoder(firstEvent: number, source: source.id, subID: 1)
        guard encoder.append(payload: fragments[source.id] ?? [], timestamp: timestamp) else { continue }
        input += [0] + Self.chunk(encoder.bytes)
      }
      try put("trigger", input)
    }
    var sources: [StoredEventEncoder.Source] = []
    for (source, payload) in fragments.sorted(by: { $0.key < $1.key }) {
      switch source {
      case .l0tp:
        try put("l0tp", payload)
        try put("dissector", [1] + payload)
      case .straw:
        try put("srb", [0, 1, 0, 0x80] + payload)
        try put("dissector", [3] + payload)
      default:
        try put("tel62", [0, 1, 0, 0x80] + payload)
        try put("dissector", [2] + payload)
      }
      sources.append(.init(id: source, fragments: [.l0(subID: 1, timestamp: timestamp, payload: payload)]))
    }
    let cream = L1Packet.encode(
      event: number, source: .lkr, timestamp: timestamp, subID: 0x21, l0Word: .gtkPulser,
      payload: [UInt8](repeating: 7, count: 16))
    sources.append(.init(id: .lkr, stage: .l1, fragments: [.l1(bytes: cream)]))
    try put("l1packet", cream + cream)
    try put("dissector", [4] + cream)
    let stored = try StoredEventEncoder().encode(
      StoredEventHeader(
        event: number, burst: 1, timestamp: timestamp, triggerWord: 0x23, fineTime: 128),
      sources: sources)
    try put("event", stored)
    try put("dissector", [5] + stored)
    try put("burst", BurstFile.encode(run: 8000, burst: 1, events: [stored]).bytes)
  }

  /// Packets of primitives: apart, as streams, and as raw files.
  private mutating func add(primitives path: String) throws {
    let reader = try CaptureReader(inputs: [CaptureInput(path: path)])
    var packets: [[UInt8]] = []
    while let batch = try reader.next() {
      for datagram in batch.datagrams where datagram.destinationPort == MTP.port {
        packets.append(Array(batch.bytes[datagram.payloadOffset...].prefix(datagram.payloadLength)))
      }
    }
    for packet in packets.prefix(28) {
      try put("mtp", packet)
      try put("dissector", [7] + packet)
    }
    let choices: [UInt16] = [0, 0x48, 0x89, 0x1C0, 0x1E08, 0xA00B, 0x4011, 0xE1D1]
    for (i, choice) in choices.enumerated() {
      var stream: [UInt8] = []
      stream.appendLittle(choice)
      stream.appendLittle(choice &* 3)
      for packet in packets.dropFirst(140 * i).prefix(105) where stream.count < 15000 {
        // Source and time stay as they are.
        stream += [3] + Self.chunk(packet)
      }
      if stream.count > 4 { try put("l0", stream) }
      let some = Array(packets.dropFirst(70 * i).prefix(70))
      guard !some.isEmpty else { continue }
      func of(_ source: SourceID) -> [UInt8] { some.filter { $0[3] == source.rawValue }.flatMap { $0 } }
      try put(
        "primitives",
        [UInt8(i)] + Self.chunk(of(.chod)) + Self.chunk(of(.rich)) + Self.chunk(of(.muv3)) + of(.lkr))
    }
  }

  private mutating func addMenus() throws {
    for name in ["kaon-2016", "kaon-2018", "dump-2021"] {
      let text = try readWholeFileDecompressed("Configs/menus/\(name).yaml")
      try put("l0menu", Array(text))
      // A line for each condition.
      for line in String(decoding: text, as: UTF8.self).split(separator: "\n") {
        guard let range = line.range(of: "condition: ") else { continue }
        try put("condition", [4] + Array(line[range.upperBound...].prefix { $0 != "," && $0 != "}" }.utf8))
      }
    }
    try put("l0menu", Array(try readWholeFileDecompressed("Tests/Fixtures/l0/boundary.menu.json")))
    for text in ["any", "LKr[8] & !RICH[0]", "!MUV3 & RICH & Q2 & !LKr30"] {
      try put("condition", [4] + Array(text.utf8))
    }
  }

  private mutating func addEncoded() throws {
    for level in EOBTriggerRecord.Level.allCases {
      let record = EOBTriggerRecord(level: level, node: 1, timestamp: 9).bytes
      try put("eob", record)
      let event = try StoredEventEncoder().encode(
        StoredEventHeader(event: 5, burst: 1, timestamp: 9, triggerWord: 0x23, fineTime: 0),
        sources: [
          .init(id: .l1, fragments: [.l0(subID: 0, timestamp: 9, payload: [0, 0, 0, 0])]),
          .init(id: .nstd, fragments: [.l0(subID: 0, timestamp: 9, payload: [0, 0, 0, 0])]),
        ])
      try put("eob", [9, 0] + Self.chunk(record) + Self.chunk(record) + event)
    }
    let trigger = L1DataRequest.Trigger(
      timestamp: 1, fineTime: 2, isZeroSuppressed: true, word: 3, event: 4)
    try put("request", L1DataRequest(address: 1, triggers: [trigger, trigger]).bytes())
    var block: [UInt8] = [12, 128, 0, 0, 0, 1, 0, 1, 0, 16, 0, 100]
    block += [UInt8](repeating: 1, count: 200)
    try put("l1block", block)
    try put("dissector", [6] + block)
    var builder = UDPFrameBuilder()
    let payload = [UInt8](repeating: 5, count: 100)
    var frames: [UInt8] = [0]
    for frame in builder.fragments(payload: payload, mtu: 60) { frames += [0] + Self.chunk(frame) }
    try put("frames", frames)
    builder.vlanTags = [1, 2]
    builder.ipOptions = [1, 1, 1, 1]
    let tagged = builder.frame(payload: payload)
    try put("frames", [0, 0] + Self.chunk(tagged))
    try put("frames", [0, 7] + Self.chunk(Array(tagged.dropLast(20))))
    var pieces: [UInt8] = []
    for (i, flags) in [UInt8(0), 0, 16].enumerated() {
      pieces += [flags, UInt8(i), 0] + Self.chunk([UInt8](repeating: UInt8(i), count: 28))
    }
    try put("reassembler", pieces)
    var file: [UInt8] = [0xD4, 0xC3, 0xB2, 0xA1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]
    file += [1, 0, 0, 0, 2, 0, 0, 0, UInt8(tagged.count), 0, 0, 0, UInt8(tagged.count), 0, 0, 0] + tagged
    try put("capture", file)
  }
}
