import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import PacketCapture
import SpillwayTestSupport
import Testing

/// A line of the golden vectors (`l1.md` section 11).
private struct VectorLine: Decodable {
  struct Settings: Decodable {
    var processID: Int
    var enable: Int
    var logic: Int
    var flag: Int
    var downscale: Int
    var dsFactor: UInt32
    var refTimeSource: Int
    var window: Double
    var xx: UInt32
  }
  struct Mask: Decodable {
    var mask: Int
    var reduction: UInt32
    var algos: [String: Settings]
  }
  struct Fragment: Decodable {
    var source: SourceID
    var board: UInt8
    var payload: [UInt8]

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      let name = try list.decode(String.self)
      source = SourceID(rawValue: UInt8(name.dropFirst(2), radix: 16) ?? 0)
      board = try list.decode(UInt8.self)
      payload = VectorLine.bytes(try list.decode(String.self))
    }
  }
  struct Answer: Decodable {
    var l1Word: String
    var maskWords: [Int]
    var requestZeroSuppressed: Int
    var l1BlockPrefilledAA: String
  }

  var kind: String
  var activeL0MaskIDs: [Int]?
  var bypassProbability: Double?
  var reductionFactor: UInt32?
  var downscaleFactor: UInt32?
  var flagMode: Int?
  var autoFlagFactor: UInt32?
  var referenceTimeSourceID: Int?
  var sources: [String: Int]?
  var masks: [Mask]?
  var timestamp: UInt32?
  var fragments: [Fragment]?
  var expect: Answer?

  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    func value(_ digit: UInt8) -> UInt8 { digit <= 57 ? digit - 48 : (digit | 32) - 87 }
    return stride(from: 0, to: digits.count - 1, by: 2).map { value(digits[$0]) << 4 | value(digits[$0 + 1]) }
  }

  func configuration() throws -> L1Configuration {
    var out = L1Configuration()
    out.dataBlockMasks = try #require(activeL0MaskIDs)
    out.bypassProbability = try #require(bypassProbability)
    out.reductionFactor = try #require(reductionFactor)
    out.downscaleFactor = try #require(downscaleFactor)
    out.flagMode = try #require(flagMode) != 0
    out.autoFlagFactor = try #require(autoFlagFactor)
    out.referenceSource = try #require(referenceTimeSourceID)
    for entry in try #require(masks) {
      out.masks[entry.mask].reduction = entry.reduction
      for (name, given) in entry.algos {
        let algorithm = try #require(L1Algorithm.allCases.first { $0.name == name })
        var settings = L1AlgorithmSettings()
        settings.processID = given.processID
        settings.isEnabled = given.enable != 0
        settings.isPositive = given.logic != 0
        settings.isFlagged = given.flag != 0
        settings.isDownscaled = given.downscale != 0
        settings.downscaling = given.dsFactor
        settings.reference = given.refTimeSource
        settings.window = given.window
        settings.xx = given.xx
        out.masks[entry.mask][algorithm] = settings
      }
    }
    return out
  }

  func layout() throws -> EventLayout {
    let given = try #require(sources).map {
      EventLayout.Source(
        id: SourceID(rawValue: UInt8($0.key.dropFirst(2), radix: 16) ?? 0), fragments: $0.value)
    }
    return EventLayout(sources: given.sorted { $0.id < $1.id } + [.init(id: .l1, fragments: 1)])
  }
}

/// Where the data block may have bytes that NA62's code leaves unwritten: byte 6 of a mask's header, and the
/// data words of the algorithms.
private func unwrittenPlaces(_ configuration: L1Configuration) -> Set<Int> {
  var places: Set<Int> = []
  var offset = 12
  for number in configuration.dataBlockMasks {
    places.insert(offset + 6)
    offset += 8
    for algorithm in L1Algorithm.allCases where configuration.masks[number][algorithm].isEnabled {
      let size = algorithm == .straw ? 52 : 16
      places.formUnion((offset + 8)..<(offset + size))
      offset += size
    }
  }
  return places
}

@Suite("Golden vectors")
struct GoldenVectorTests {
  @Test(
    "every word, mask word, zero-suppression flag and data block is that of NA62's code",
    arguments: StrawScratch.allCases)
  func vectors(_ scratch: StrawScratch) throws {
    let text = try readWholeFileDecompressed(RepositoryPaths.fixture("vectors.jsonl.gz"))
    let decoder = JSONDecoder()
    let lines = try text.split(separator: 10).map { try decoder.decode(VectorLine.self, from: Data($0)) }
    var current: (configuration: L1Configuration, layout: EventLayout, processor: L1Processor)?
    var events = 0
    var configurations = 0
    for line in lines {
      guard line.kind == "event" else {
        var configuration = try line.configuration()
        configuration.strawScratch = scratch
        let layout = try line.layout()
        let processor = try L1Processor(
          configuration: configuration, layout: layout, maps: L1Fixture.maps())
        current = (configuration, layout, processor)
        configurations += 1
        continue
      }
      let (configuration, layout, processor) = try #require(current)
      events += 1
      let timestamp = try #require(line.timestamp)
      let packets = try #require(line.fragments).map {
        ScriptedPacket(
          $0.source, board: $0.board, first: UInt32(events), [$0.payload], timestamp: timestamp)
      }
      let batch = L1Fixture.batch(packets, layout: layout, blockSize: configuration.dataBlockByteCount)
      let event = try #require(batch.events.first, "event \(events) is not complete")
      let (evaluation, decision) = try #require(processor.process(batch).first)
      let answer = try #require(line.expect)
      #expect(decision.word.rawValue == UInt8(answer.l1Word.dropFirst(2), radix: 16), "event \(events)")
      let masks = (0..<16).map { Int(decision.masks >> UInt16($0) & 1) }
      #expect(masks == answer.maskWords, "event \(events)")
      #expect(decision.isZeroSuppressed == (answer.requestZeroSuppressed != 0), "event \(events)")
      let block = L1DataBlock.encode(
        event: event, evaluation: evaluation, decision: decision, configuration: configuration)
      let golden = VectorLine.bytes(answer.l1BlockPrefilledAA)
      try #require(block.count == golden.count, "event \(events)")
      let fragment = try #require(batch.fragments.last)
      #expect(Int(fragment.length) == golden.count)
      let mayBeUnwritten = decision.writesBlock ? unwrittenPlaces(configuration) : Set(golden.indices)
      let wrong = golden.indices.filter { i in
        block[i] != golden[i] && !(golden[i] == 0xAA && block[i] == 0 && mayBeUnwritten.contains(i))
      }
      #expect(wrong.isEmpty, "event \(events): bytes of the data block differ")
      if !decision.writesBlock { #expect(Set(golden) == [0xAA], "event \(events)") }
    }
    #expect(events == 76)
    #expect(configurations == 7)
  }
}
