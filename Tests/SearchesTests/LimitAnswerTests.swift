import Configuration
import CountingStatistics
import Foundation
import Searches
import Testing

@Suite("The limit calculator")
struct LimitAnswerTests {
  private func answer(
    _ observed: Int, _ background: UncertainQuantity, methods: [IntervalMethod] = IntervalMethod.allCases,
    efficiency: UncertainQuantity = .one, sensitivity: UncertainQuantity? = nil, level: Double = 0.9
  ) throws -> LimitAnswer {
    try LimitAnswer(
      counts: [(observed, background, efficiency)], sensitivity: sensitivity,
      confidenceLevel: level, methods: methods, isExpectedWanted: true)
  }

  private func upper(_ answer: LimitAnswer, _ method: IntervalMethod) throws -> Double {
    try #require(answer.intervals.first { $0.method == method }).result.get().upper
  }

  @Test(
    "The published limits of NA62 whose inputs are all known: K+ to pi+ nu nu of 2016, and of 2016 with 2017")
  func publishedLimits() throws {
    let first = try answer(
      1, UncertainQuantity(0.152), sensitivity: UncertainQuantity(3.15e-10), level: 0.95)
    #expect(abs(try upper(first, .cls) * 3.15e-10 - 14.5e-10) < 0.05e-10)
    #expect(abs(try upper(first, .feldmanCousins) * 3.15e-10 - 15.7e-10) < 0.1e-10)
    let second = try answer(3, UncertainQuantity(1.65), sensitivity: UncertainQuantity(3.462e-11))
    #expect(abs(try upper(second, .cls) * 3.462e-11 - 1.79e-10) < 0.005e-10)
    #expect(abs(try upper(second, .feldmanCousins) * 3.462e-11 - 2.00e-10) < 0.02e-10)
  }

  @Test("A' to mu mu: one event over 0.016 has p = 0.01587, and 2.15 or 2.41 standard deviations")
  func darkPhotonEvent() throws {
    let seen = try answer(1, UncertainQuantity(0.016))
    #expect(abs(seen.significances[0].pValue - 0.01587) < 5e-6)
    #expect(abs((seen.significances[0].zOneSided ?? 0) - 2.15) < 0.005)
    #expect(abs((seen.significances[0].zTwoSided ?? 0) - 2.41) < 0.005)
    #expect(abs(try upper(seen, .cls) - 3.874) < 5e-4)
  }

  @Test("No event: 2.302585 at 90 % whatever the background and however uncertain")
  func noEvents() throws {
    for background in [
      try UncertainQuantity(0), try UncertainQuantity(12), try UncertainQuantity(1, uncertainty: 0.5),
      try UncertainQuantity(auxiliaryCount: 3, ratio: 2),
    ] {
      #expect(abs(try upper(answer(0, background), .cls) - 2.302585) < 1e-6, "\(background)")
    }
  }

  @Test("Half the efficiency is twice the limit; an uncertain sensitivity is an uncertain efficiency")
  func efficiencyAndSensitivity() throws {
    let whole = try answer(2, UncertainQuantity(0.92), methods: [.cls])
    let half = try answer(2, UncertainQuantity(0.92), methods: [.cls], efficiency: UncertainQuantity(0.5))
    #expect(abs(try upper(half, .cls) / upper(whole, .cls) - 2) < 1e-9)
    let asEfficiency = try answer(
      2, UncertainQuantity(0.92), methods: [.cls], efficiency: UncertainQuantity(1, uncertainty: 0.1))
    let asSensitivity = try answer(
      2, UncertainQuantity(0.92), methods: [.cls], sensitivity: UncertainQuantity(1e-11, uncertainty: 1e-12))
    #expect(try upper(asEfficiency, .cls) == upper(asSensitivity, .cls))
    #expect(try upper(asEfficiency, .cls) > upper(whole, .cls))
  }

  @Test("Each interval says method, tail, ordering and level; what a method cannot do stands in its place")
  func everyNumberKnowsItsOrigin() throws {
    let seen = try answer(
      3, UncertainQuantity(1, uncertainty: 0.3), efficiency: UncertainQuantity(0.9, uncertainty: 0.1))
    let json = seen.value.json()
    for key in ["\"method\"", "\"tail\"", "\"ordering\"", "\"confidence_level\"", "\"schema\""] {
      #expect(json.contains(key), "\(key)")
    }
    // The profile construction has no uncertain efficiency.
    let refused = try #require(seen.intervals.first { $0.method == .feldmanCousinsProfile })
    #expect(throws: StatisticsError.self) { try refused.result.get() }
    #expect(seen.text().contains("fc-profile: not given: efficiency"))
    #expect(try JSONSerialization.jsonObject(with: Data(json.utf8)) is [String: Any])
  }

  @Test("Another level gives another number, by every method", arguments: IntervalMethod.allCases)
  func levelMatters(method: IntervalMethod) throws {
    // Profiled CLs need an auxiliary count.
    let background =
      try method == .clsProfiled
      ? UncertainQuantity(auxiliaryCount: 12, ratio: 10) : UncertainQuantity(1.2)
    let at90 = try upper(answer(3, background, methods: [method]), method)
    let at95 = try upper(answer(3, background, methods: [method], level: 0.95), method)
    #expect(at95 > at90 * 1.05)
  }

  @Test(
    "Channels without events or background combine as 1/SES = Σ 1/SES; a method that knows one channel says so"
  )
  func combination() throws {
    let none = try UncertainQuantity(0)
    let parts: [(observed: Int, background: UncertainQuantity, efficiency: UncertainQuantity)] = [
      (0, none, try UncertainQuantity(0.1)), (0, none, try UncertainQuantity(0.35)),
    ]
    let both = try LimitAnswer(counts: parts, confidenceLevel: 0.9, methods: [.cls, .feldmanCousins])
    #expect(abs(try upper(both, .cls) - 2.302585 / 0.45) < 1e-5)
    #expect(both.text().contains("fc: not given: method is fc: expected cls, asymptotic or profile"))
    #expect(both.value.json().contains("channel 2"))
  }

  @Test("Inputs without meaning are refused by name")
  func refusals() throws {
    let one = try UncertainQuantity(1)
    #expect(throws: StatisticsError.self) { try answer(-1, one) }
    #expect(throws: StatisticsError.self) { try answer(1, one, efficiency: UncertainQuantity(0)) }
    #expect(throws: StatisticsError.self) { try answer(1, one, efficiency: UncertainQuantity(1.1)) }
    #expect(throws: StatisticsError.self) { try answer(1, one, sensitivity: UncertainQuantity(0)) }
    for level in [0, 1, -0.5, Double.nan] {
      #expect(throws: StatisticsError.self) { try answer(1, one, level: level) }
    }
  }

  @Test("The workspace has the channel, its constraints and its count as HistFactory names them")
  func workspace() throws {
    let seen = try answer(
      4, UncertainQuantity(0.5, uncertainty: 0.1, shape: .auxiliaryCount), methods: [.cls],
      efficiency: UncertainQuantity(0.8, uncertainty: 0.08, shape: .logNormal))
    let object = try JSONSerialization.jsonObject(with: Data(seen.workspace().value.json().utf8))
    let root = try #require(object as? [String: Any])
    #expect(root["version"] as? String == "1.0.0")
    let observations = try #require(root["observations"] as? [[String: Any]])
    #expect(observations[0]["data"] as? [Double] == [4])
    let channel = try #require((root["channels"] as? [[String: Any]])?.first)
    let samples = try #require(channel["samples"] as? [[String: Any]])
    func modifiers(_ sample: Int) -> [String] {
      (samples[sample]["modifiers"] as? [[String: Any]] ?? []).compactMap { $0["type"] as? String }
    }
    #expect(modifiers(0) == ["normfactor", "normsys"])
    #expect(modifiers(1) == ["shapesys"])
    #expect(samples[0]["data"] as? [Double] == [0.8])
    #expect(samples[1]["data"] as? [Double] == [0.5])
  }
}
