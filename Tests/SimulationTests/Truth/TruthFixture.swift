import Foundation
import L0Trigger
import NA62Formats

@testable import Simulation

/// Hand-made truth.
enum TruthFixture {
  static let header = TruthHeader(
    version: "0.1.0",
    configurations: [
      .init(kind: "burst", name: "kaon \"2018\"\n\u{1}\\µ", sha256: "00ff"),
      .init(kind: "menu", name: "kaon-2018", sha256: "abcd"),
    ], seed: .max, intensity: 0.1, spill: 4.8e9, window: 0...1e8)

  static func counts(_ values: [SimulatedDetector: UInt32]) -> TruthHitCounts {
    var counts = TruthHitCounts()
    for (detector, value) in values { counts[detector] = value }
    return counts
  }

  static let decay = TruthDecay(
    burst: 3, number: .max, time: 123_456_789.123_45, channel: "K+ -> pi+ pi0", vertexZ: 123_456.7894,
    particles: [
      .init(
        pdg: 321, parent: -1, momentum: Vector3(0.09, -0.001_234_56, 75), origin: Vector3(0, -0.5, 102_400),
        time: 0),
      .init(
        pdg: 211, parent: 0, momentum: Vector3(-1e-9, 1e9, 40), origin: Vector3(1, 2, 1e14), time: -3.000_05),
    ], hits: counts([.ktag: 18, .straw: 30, .lkr: 1]))

  static let trigger = TruthTrigger(
    burst: 3, event: 17, timestamp: .max, fineTime: 255, dataType: [.physics, .control], word: 63,
    flags: 0x8001, l1: .init(word: 0x41, masks: 0x0102),
    decays: [
      .init(
        decay: 4,
        hits: [
          .init(detector: .ktag, channel: 0, particle: 0), .init(detector: .ktag, channel: 8, particle: 0),
          .init(detector: .straw, channel: 8191, particle: 2),
        ]), .init(decay: nil, hits: [.init(detector: .muv3, channel: 5, particle: -1)]),
    ])

  static let totals = TruthTotals(
    burst: 3, triggers: 9, strayDecays: 1,
    channels: [.init(name: "K+ -> mu+ nu", generated: 100, fiducial: 60, written: 100)])

  static let records: [TruthRecord] = [.header(header), .decay(decay), .trigger(trigger), .totals(totals)]

  static func encoded(_ record: TruthRecord) -> [UInt8] {
    var encoder = TruthEncoder()
    encoder.append(record)
    return encoder.bytes
  }

  static func decoded(_ line: some Collection<UInt8>) throws -> TruthRecord {
    var decoder = TruthDecoder()
    return try Array(line).withUnsafeBufferPointer { try decoder.decode($0) }
  }

  static func decoded(_ text: String) throws -> TruthRecord { try decoded(Array(text.utf8)) }

  /// A file for a test, removed afterwards.
  static func withFile<Value>(_ name: String = "truth.jsonl", _ body: (String) throws -> Value) throws
    -> Value
  {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
      "spillway-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory.appendingPathComponent(name).path)
  }

  static func event(_ number: UInt64, time: Double, channel: String, decayZ: Double = .infinity)
    -> SimulatedEvent
  {
    SimulatedEvent(
      number: number, time: time, channel: channel,
      particles: [
        SimulatedParticle(
          species: .kaonPlus, parent: -1, momentum: FourMomentum(mass: 0.493677, momentum: Vector3(0, 0, 75)),
          origin: Vector3(0, 0, 102_400), time: 0, decayZ: decayZ)
      ])
  }

  static func record(timestamp: UInt32, flags: UInt16 = 1) -> L0TriggerRecord {
    L0TriggerRecord(timestamp: timestamp, fineTime: 0, dataType: .physics, word: 1, flags: flags)
  }
}
