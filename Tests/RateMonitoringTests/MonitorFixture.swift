import EventBuilding
import Foundation
import L1Trigger
import NA62Formats
import NIOConcurrencyHelpers
import PacketCapture
import SpillwayTestSupport
import TriggerPipeline

@testable import RateMonitoring

/// Runs packets through the pipeline with a monitor behind it.
enum MonitorFixture {
  /// One UDP datagram of a stream, taken apart so that a test can break it.
  struct Packet: Sendable {
    var scripted: ScriptedPacket

    /// Source and board of a packet of fragments.
    var board: (source: SourceID, number: UInt8)? {
      guard scripted.port == 58913 else { return nil }
      return scripted.payload.withUnsafeBytes { bytes in
        L0MEPHeader(RawSpan(_unsafeBytes: bytes)).map { ($0.source, $0.subID) }
      }
    }

    /// Source of a packet of primitives.
    var primitives: SourceID? {
      guard scripted.port == MTP.port else { return nil }
      return scripted.payload.withUnsafeBytes { bytes in
        MTPHeader(RawSpan(_unsafeBytes: bytes)).map(\.source)
      }
    }
  }

  /// Bins that are short enough for a burst of 50 ms.
  static var bins: RateMonitoringConfiguration {
    var configuration = RateMonitoringConfiguration()
    configuration.binSeconds = 0.002
    configuration.burstSeconds = 0.05
    configuration.silenceSeconds = 0.006
    return configuration
  }

  /// The datagrams of a shipped stream, read once.
  static func packets(_ name: String) throws -> [Packet] {
    let reader = try CaptureReader(inputs: [CaptureInput(path: RepositoryPaths.replay(name))])
    var packets: [Packet] = []
    while let batch = try reader.next() {
      for datagram in batch.datagrams {
        let payload = Array(
          batch.bytes[datagram.payloadOffset..<(datagram.payloadOffset + datagram.payloadLength)])
        packets.append(
          Packet(
            scripted: ScriptedPacket(
              payload, at: datagram.time.nanoseconds, port: datagram.destinationPort,
              host: datagram.destinationAddress)))
      }
    }
    return packets
  }

  /// 50 ms of a kaon burst, without the data that are read after L1.
  static let kaon = Result { try packets("kaon-2018.pcap.gz").filter { $0.scripted.port != 58915 } }

  /// The same burst so many times, 10 s apart; `change` says what becomes of each packet: its burst from 1 on, the time
  /// in it in s, the packet.
  static func bursts(_ count: Int, _ change: (Int, Double, Packet) -> [Packet] = { [$2] }) throws -> [Packet]
  {
    let packets = try kaon.get()
    let begin = packets.first?.scripted.nanoseconds ?? 0
    return (1...count).flatMap { burst in
      packets.flatMap { packet in
        var shifted = packet
        shifted.scripted.nanoseconds += Int64(burst - 1) * 10_000_000_000
        return change(burst, Double(packet.scripted.nanoseconds - begin) * 1e-9, shifted)
      }
    }
  }

  static let kaonMenu = Result { try L1Menu.load(path: RepositoryPaths.menu("kaon-2018.yaml")) }

  /// Runs packets, in batches of so many, through pipeline and monitor.
  static func run(
    _ packets: [Packet], _ configuration: RateMonitoringConfiguration, batch size: Int = 1000,
    events: Int = 256, workers: Int = 1, firstBurst: UInt32 = 1
  ) async throws -> (findings: [RateFinding], monitor: RateMonitor) {
    let menu = try kaonMenu.get()
    var options = TriggerPipeline.Options()
    options.workers = workers
    options.batchEvents = events
    options.builder.burst.firstBurst = firstBurst
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options)
    var monitored = RateMonitor.Options()
    monitored.builder.burst.firstBurst = firstBurst
    let monitor = try RateMonitor(configuration: configuration, layout: menu.layout, options: monitored)
    let state = NIOLockedValueBox((monitor: monitor, findings: [RateFinding]()))
    try await pipeline.run(
      source: {
        var next = 0
        return {
          guard next < packets.count else { return nil }
          let end = min(packets.count, next + size)
          let batch = PacketBatch(packets[next..<end].map(\.scripted), first: UInt32(next + 1))
          next = end
          _ = try state.withLockedValue { try $0.monitor.add(batch) }
          return batch
        }
      },
      take: { judged in try state.withLockedValue { $0.findings += try $0.monitor.add(judged) } })
    return try state.withLockedValue {
      $0.findings += try $0.monitor.finish()
      return ($0.findings, $0.monitor)
    }
  }
}
