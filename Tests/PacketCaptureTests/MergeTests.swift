import NA62Formats
import PacketCapture
import Testing

@Suite struct MergeTests {
  @Test(arguments: [1, 64], [1024, 1 << 20])
  func inputsAreTakenInOrderOfTimeAndThenOfInput(openFiles: Int, slabSize: Int) throws {
    let scratch = try Scratch()
    var random = SplitMix(state: 7)
    var expected: [(UInt32, Int, String)] = []
    var paths: [String] = []
    for file in 0..<6 {
      let seconds = (0..<50).map { _ in UInt32.random(in: 1...200, using: &random) }.sorted()
      let packets = seconds.enumerated().map { index, time in
        expected.append((time, file, "\(file)/\(index)"))
        return Packet(seconds: time, frame: frame("\(file)/\(index)"))
      }
      paths.append(try scratch.file("\(file)", try file == 3 ? gzipped(pcap(packets)) : pcap(packets)))
    }
    let order = expected.enumerated().sorted {
      ($0.element.0, $0.element.1, $0.offset) < ($1.element.0, $1.element.1, $1.offset)
    }
    var options = CaptureOptions()
    options.maximumOpenFiles = openFiles
    options.slabSize = slabSize
    let all = try Everything(paths, options)
    #expect(texts(all.payloads) == order.map(\.element.2))
    #expect(all.books.packets == 300)
  }

  @Test func manyFilesNeedFewDescriptors() throws {
    let scratch = try Scratch()
    let paths = try (0..<3000).map { n in
      try scratch.file("f\(n)", pcap([Packet(seconds: UInt32(n + 1), frame: frame("\(n)"))]))
    }
    let all = try Everything(paths.reversed())
    #expect(texts(all.payloads) == (0..<3000).map(String.init))
  }

  @Test func theSizeOfBatchesChangesNothing() throws {
    let scratch = try Scratch()
    let packets = (1...200).map {
      Packet(seconds: UInt32($0), frame: frame(String(repeating: "a", count: $0 * 7)))
    }
    let path = try scratch.file("a", pcap(packets))
    let whole = try Everything([path])
    for most in [1, 3, 1000] {
      var options = CaptureOptions()
      options.slabSize = 1 << 10
      options.maximumDatagramsPerBatch = most
      let parts = try Everything([path], options)
      #expect(parts.payloads == whole.payloads && parts.books == whole.books)
    }
  }

  @Test func aFilterCountsWhatItRefuses() throws {
    let scratch = try Scratch()
    let packets = (1...10).map { n in
      Packet(seconds: UInt32(n), frame: frame("\(n)") { $0.destinationPort = n % 2 == 0 ? 100 : 200 })
    }
    let all = try Everything(
      [try scratch.file("a", pcap(packets))], CaptureOptions(filter: "udp dst port 100"))
    #expect(texts(all.payloads) == ["2", "4", "6", "8", "10"])
    #expect(all.books.filtered == 5)
    #expect(all.datagrams[0].packet.number == 2)
  }

  @Test func batchesGoBackToThePool() throws {
    let scratch = try Scratch()
    let packets = (1...400).map {
      Packet(seconds: UInt32($0), frame: frame(String(repeating: "a", count: 900)))
    }
    var options = CaptureOptions()
    options.slabSize = 16 << 10
    let reader = try CaptureReader(
      inputs: [CaptureInput(path: try scratch.file("a", pcap(packets)))], options: options)
    var addresses: Set<UInt> = []
    var batches = 0
    while let batch = try reader.next() {
      batches += 1
      addresses.insert(batch.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) })
    }
    #expect(batches > 20)
    #expect(addresses.count <= 3)
  }
}
