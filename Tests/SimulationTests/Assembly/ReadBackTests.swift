import L0Trigger
import NA62Formats
import Testing

@testable import Simulation

/// What is sent, read back by the decoders, is what the detectors saw.
@Suite struct ReadBackTests {
  @Test func fragmentsGiveBackTheHitsInTheWindows() throws {
    let setup = try AssemblyFixture.setup()
    let outputs = try AssemblyFixture.outputs(setup)
    var expected: [String: Int] = [:]
    var triggers: [UInt32: UInt32] = [:]
    for trigger in outputs.flatMap(\.triggers) {
      triggers[trigger.event] = trigger.record.timestamp
      for hit in trigger.hits where hit.detector != .lkr {
        let source = Self.source(hit.detector)
        expected["\(trigger.event) \(source.rawValue) \(hit.channel)", default: 0] += 1
      }
    }
    var found: [String: Int] = [:]
    for output in outputs {
      for packets in output.packets {
        let storage = packets.batch.bytes
        let bytes = storage.span.bytes
        for datagram in packets.batch.datagrams where datagram.destinationPort == 58913 {
          let payload = bytes.extracting(
            datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength))
          let rejection = L0MEP.validate(payload, isConfigured: { _ in true })
          #expect(rejection == nil)
          guard let header = L0MEPHeader(payload), header.source != .l0tp else { continue }
          L0MEP.forEachFragment(of: payload, header: header) { fragment in
            guard triggers[fragment.event] != nil else { return }
            let data = payload.extracting(
              fragment.payloadOffset..<(fragment.payloadOffset + fragment.payloadLength))
            for channel in Self.leadingChannels(header, data, fragment.timestamp) {
              found["\(fragment.event) \(header.source.rawValue) \(channel)", default: 0] += 1
            }
          }
        }
      }
    }
    #expect(expected.count > 500)
    #expect(found == expected)
  }

  @Test func primitivesOfThePacketsAreThoseOfTheMaker() throws {
    let setup = try AssemblyFixture.setup(intensity: 0.05, milliseconds: 0.2)
    var maker = PrimitiveMaker(
      configuration: setup.response, maps: setup.detectors.maps, bits: setup.l0.bits)
    var primitives = FramePrimitives()
    var count = 0
    for product in AssemblyFixture.products(setup) {
      var index = 0
      for k in 0..<setup.burst.framesPerSlice {
        let frame = UInt32(product.slice * setup.burst.framesPerSlice + k)
        maker.makePrimitives(frame: frame, hits: product.hits, into: &primitives)
        for detector in L0Detector.allCases {
          let datagram = product.packets.datagrams[index]
          index += 1
          let storage = product.packets.bytes
          let payload = storage.span.bytes.extracting(
            datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength))
          guard let header = MTPHeader(payload) else { throw FormatError("no header", at: index) }
          #expect(L0Detector(source: header.source) == detector)
          var found: [Primitive] = []
          MTP.forEachPrimitive(of: payload, header: header) { found.append($0) }
          #expect(found == primitives[detector])
          count += found.count
        }
      }
    }
    #expect(count > 100)
  }

  @Test func withoutChainsOfL1EveryEventIsKeptAndWithoutLKrNothingIsAskedFor() throws {
    let good = try AssemblyFixture.setup(milliseconds: 0.5, lkr: false)
    let setup = try SimulationSetup(
      burst: good.burst, signal: good.signal, response: good.response, detectors: good.detectors, l0: good.l0,
      l1: nil, seed: 7, stretch: 2e9...2.0005e9)
    var counts = SimulationCounts()
    for output in try AssemblyFixture.outputs(setup) { counts += output.counts }
    #expect(counts.triggers > 0 && counts.kept == counts.events && counts.events == counts.triggers + 2)
    #expect(counts.datagrams[2] == 0 && counts.unfinishedEvents == 0 && counts.bursts == 1)
  }

  private static func source(_ detector: SimulatedDetector) -> SourceID {
    switch detector {
    case .ktag: .ktag
    case .lav: .lav
    case .straw: .straw
    case .chod: .chod
    case .rich: .rich
    case .irc, .sac, .newCHOD: .ircSacNewCHOD
    case .muv3: .muv3
    case .lkr: .lkr
    }
  }

  private static func leadingChannels(_ header: L0MEPHeader, _ data: RawSpan, _ timestamp: UInt32) -> [Int] {
    if header.source == .straw {
      var edges = ScratchList<SRB.Edge>()
      let status = SRB.decode(data, timestamp: timestamp, into: &edges)
      #expect(status == .good)
      return (0..<edges.count).filter { edges[$0].isLeading }.map { Int(edges[$0].channel) }
    }
    var edges = ScratchList<TDCEdge>()
    let result = TEL62.decode(data, timestamp: timestamp, into: &edges)
    #expect(result.status == .good)
    return (0..<edges.count).filter { edges[$0].isLeading }.map {
      512 * Int(header.subID) + Int(edges[$0].channel)
    }
  }
}
