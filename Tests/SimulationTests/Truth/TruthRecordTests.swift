import Configuration
import Foundation
import PacketCapture
import Testing

@testable import Simulation

@Suite struct TruthRecordTests {
  @Test(arguments: TruthFixture.records.indices) func recordsAreReadAsTheyWereWritten(_ place: Int) throws {
    let record = TruthFixture.records[place]
    let line = TruthFixture.encoded(record)
    #expect(line.last == 0x0A && line.filter { $0 == 0x0A }.count == 1)
    let read = try TruthFixture.decoded(line.dropLast())
    #expect(read == record)
    #expect(TruthFixture.encoded(read) == line)
  }

  @Test func linesAreJSONWithTypeAndSchema() throws {
    for record in TruthFixture.records {
      let value = try JSONSerialization.jsonObject(with: Data(TruthFixture.encoded(record)))
      let object = try #require(value as? [String: Any])
      #expect(object["schema"] as? String == "spillway.truth/1")
      #expect(object["event_type"] != nil)
    }
  }

  @Test func aDecayIsWrittenAsDocumented() throws {
    var decay = TruthFixture.decay
    decay.particles[1] = .init(
      pdg: 211, parent: 0, momentum: Vector3(-0.1, 0.25, 40), origin: Vector3(1, 2, 3), time: 0.5)
    decay.number = 7
    let text = String(decoding: TruthFixture.encoded(.decay(decay)), as: UTF8.self)
    #expect(
      text == #"{"event_type":"decay","schema":"spillway.truth/1","burst":3,"decay":7,"time":123456789.1235,"#
        + #""channel":"K+ -> pi+ pi0","z":123456.789,"particles":[[321,-1,0.09,-0.001235,75,0,-0.5,102400,0],"#
        + #"[211,0,-0.1,0.25,40,1,2,3,0.5]],"hits":{"ktag":18,"straw":30,"lkr":1}}"# + "\n")
  }

  @Test func roundedNumbersStayAsTheyAre() {
    var random = SimulationRandom(seed: 1, purpose: .noise, index: 0)
    for _ in 0..<20_000 {
      let size = 3 * Double(random.next() % 7) - 9
      let value = random.uniform(-1, 1) * CMath.pow(10, size)
      for scale in [TruthScale.time, TruthScale.place, TruthScale.momentum] {
        let once = TruthScale.rounded(value, scale)
        #expect(TruthScale.rounded(once, scale) == once)
        #expect(abs(once - value) <= 0.5 / scale + 2 * value.ulp.magnitude)
      }
    }
  }

  @Test func decaysOfAnySizeAreReadAsTheyWereWritten() throws {
    var random = SimulationRandom(seed: 2, purpose: .noise, index: 0)
    func any() -> Double { random.uniform(-1, 1) * CMath.pow(10, random.uniform(-8, 13)) }
    func vector() -> Vector3 { Vector3(any(), any(), any()) }
    for number in 0..<500 {
      let particles = (0..<Int(random.next() % 12)).map { place in
        TruthDecay.Particle(
          pdg: Int32(truncatingIfNeeded: random.next()), parent: Int32(place) - 1, momentum: vector(),
          origin: vector(), time: any())
      }
      var hits = TruthHitCounts()
      for detector in SimulatedDetector.allCases { hits[detector] = UInt32(random.next() % 3) }
      let decay = TruthDecay(
        burst: 1, number: random.next(), time: any(), channel: "c\(number % 5)",
        vertexZ: number % 3 == 0 ? nil : any(), particles: particles, hits: hits)
      #expect(try TruthFixture.decoded(TruthFixture.encoded(.decay(decay)).dropLast()) == .decay(decay))
    }
  }

  @Test(arguments: [
    ("", "the line ends"), ("{", "the key 'event_type'"), (#"{"event_type":"x"}"#, "header, decay"),
    (#"{"event_type":"decay","schema":"spillway.truth/2"}"#, "spillway.truth/1"),
    (#"{"event_type":"totals","schema":"spillway.truth/1","burst":1}"#, "missing"),
    (#"{"event_type":"totals","schema":"spillway.truth/1","burst":1,"burst":1}"#, "twice"),
    (#"{"event_type":"totals","schema":"spillway.truth/1","brst":1}"#, "unknown key"),
    (
      #"{"event_type":"totals","schema":"spillway.truth/1","burst":-1}"#,
      "a whole number from 0 to 4294967295"
    ),
    (#"{"event_type":"totals","schema":"spillway.truth/1","burst":01}"#, "a whole number"),
    (#"{"event_type":"totals","schema":"spillway.truth/1","burst":1.5}"#, "a whole number"),
    (#"{"event_type":"totals","schema":"spillway.truth/1","burst":99999999999999999999}"#, "a whole number"),
  ])
  func whatIsNotExpectedIsNamed(_ line: String, _ expected: String) {
    #expect {
      try TruthFixture.decoded(line)
    } throws: { error in
      (error as? TruthSyntaxError)?.problem.contains(expected) == true
    }
  }

  @Test func errorsSayFileLineKeyAndWhatToDo() throws {
    try TruthFixture.withFile { path in
      let good = TruthFixture.records.flatMap(TruthFixture.encoded)
      let bad = Array(
        String(decoding: TruthFixture.encoded(.decay(TruthFixture.decay)), as: UTF8.self)
          .replacing("[321,-1", with: "[321,5").utf8)
      try Data(good + bad).write(to: URL(fileURLWithPath: path))
      let reader = try TruthReader(path: path)
      #expect(reader.header == TruthFixture.header)
      for record in TruthFixture.records.dropFirst() { #expect(try reader.next() == record) }
      #expect {
        try reader.next()
      } throws: { error in
        "\(error)".hasPrefix(
          "\(path):5: particles[0]: expected a parent before the particle, or -1; found 5; give")
      }
    }
  }

  /// Any change of bytes gives a record or an error in one line; it never traps.
  @Test func hostileLinesGiveARecordOrOneLineOfError() {
    var random = SimulationRandom(seed: 3, purpose: .noise, index: 0)
    let lines = TruthFixture.records.map { Array(TruthFixture.encoded($0).dropLast()) }
    let alphabet = Array(#"{}[]",:0123456789-+.eEunltrsa\ "#.utf8) + [0, 0x0A, 0x80, 0xFF]
    var errors = 0
    for round in 0..<10_000 {
      var line = lines[round % lines.count]
      for _ in 0...(random.next() % 3) {
        guard !line.isEmpty else { break }
        let place = Int(random.next() % UInt64(line.count))
        switch random.next() % 4 {
        case 0: line[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: line[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
        case 2: line.remove(at: place)
        default: line.removeSubrange(place...)
        }
      }
      do {
        _ = try TruthFixture.decoded(line)
      } catch let error as TruthSyntaxError {
        errors += 1
        let text = ConfigurationError(file: "f", line: 1, keyPath: error.key, problem: error.problem)
          .description
        if text.contains("\n") || error.problem.isEmpty { Issue.record("not one line: \(text)") }
      } catch {
        Issue.record("another error: \(error)")
      }
    }
    #expect(errors > 5000)
  }

  @Test(arguments: ["truth.jsonl", "truth.jsonl.gz", "truth.jsonl.zst"])
  func filesAreReadBackHoweverTheyAreCompressed(_ name: String) throws {
    try TruthFixture.withFile(name) { path in
      let writer = try TruthWriter(path: path, header: TruthFixture.header)
      for number in 0..<2000 {
        try writer.add(
          events: [TruthFixture.event(UInt64(number), time: Double(number) * 1000, channel: "K+ -> mu+ nu")],
          hitCounts: [], burst: 1)
        if number % 100 == 0 { try writer.advance(horizon: Double(number) * 1000) }
      }
      try writer.close()
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      #expect(
        data.prefix(2)
          == (name.hasSuffix(".gz")
            ? Data([0x1F, 0x8B]) : name.hasSuffix(".zst") ? Data([0x28, 0xB5]) : Data("{\"".utf8)))
      let reader = try TruthReader(path: path)
      var count = 0
      while let record = try reader.next() {
        if case .decay(let decay) = record {
          #expect(decay.number == UInt64(count))
          count += 1
        }
      }
      #expect(count == 2000)
      #expect(reader.lineNumber == 2002)
    }
  }

  @Test func linesThatAreTooLongAreRefused() throws {
    try TruthFixture.withFile { path in
      try Data(TruthFixture.records.flatMap(TruthFixture.encoded)).write(to: URL(fileURLWithPath: path))
      #expect(throws: CaptureError.tooLarge(path: "\(path): line 1", limit: 100)) {
        try TruthReader(path: path, maximumLineLength: 100)
      }
    }
  }

  @Test(arguments: ["", "\n", "no truth\n"]) func whatIsNoTruthIsRefused(_ text: String) throws {
    try TruthFixture.withFile { path in
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(throws: ConfigurationError.self) { try TruthReader(path: path) }
    }
  }
}
