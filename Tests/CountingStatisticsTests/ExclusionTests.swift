import Foundation
import Testing

@testable import CountingStatistics

/// A curve whose answers are known: a parabola in ln(coupling) around ln 1e-6, as exponent.
private struct Bell: YieldCurve {
  var height: Double
  func yield(coupling: Double) -> Double {
    let x = log(coupling / 1e-6)
    return height * exp(-x * x)
  }
}

private struct Broken: YieldCurve {
  func yield(coupling: Double) -> Double { coupling > 1e-6 ? .nan : 1 }
}

@Suite("Exclusion over a coupling")
struct ExclusionTests {
  private let range = 1e-9...1e-3

  @Test("the greatest yield is found", arguments: [0.5, 7, 1e9])
  func greatest(height: Double) throws {
    let profile = try YieldProfile(Bell(height: height), couplings: range)
    #expect(isClose(profile.greatestYield, height, relative: 1e-10))
    #expect(isClose(profile.greatestCoupling, 1e-6, relative: 1e-5))
  }

  @Test("both edges are where the yield is the limit", arguments: [2.3, 6.99, 1e-3])
  func edges(limit: Double) throws {
    let interval = try #require(try YieldProfile(Bell(height: 7), couplings: range).interval(limit: limit))
    let width = log(7 / limit).squareRoot()
    #expect(isClose(interval.lower, 1e-6 * exp(-width), relative: 1e-9))
    #expect(isClose(interval.upper, 1e-6 * exp(width), relative: 1e-9))
    #expect(!interval.isLowerOpen && !interval.isUpperOpen)
  }

  @Test("a yield below the limit everywhere excludes nothing")
  func nothing() throws {
    #expect(try YieldProfile(Bell(height: 2), couplings: range).interval(limit: 2.3) == nil)
  }

  @Test("an exclusion that leaves the range says so")
  func open() throws {
    let interval = try #require(
      try YieldProfile(Bell(height: 7), couplings: 1e-6...1e-5).interval(limit: 2.3))
    #expect(interval.isLowerOpen && !interval.isUpperOpen)
    #expect(interval.lower == 1e-6)
  }

  @Test("impossible inputs are refused")
  func refused() throws {
    #expect(throws: StatisticsError.self) { try YieldProfile(Broken(), couplings: range) }
    #expect(throws: StatisticsError.self) { try YieldProfile(Bell(height: -1), couplings: range) }
    #expect(throws: StatisticsError.self) { try YieldProfile(Bell(height: 1), couplings: 0...1) }
    #expect(throws: StatisticsError.self) {
      try YieldProfile(Bell(height: 1), couplings: range, sampleCount: 2)
    }
    let profile = try YieldProfile(Bell(height: 7), couplings: range)
    #expect(throws: StatisticsError.self) { try profile.interval(limit: 0) }
    #expect(throws: StatisticsError.self) { try profile.interval(limit: .nan) }
  }

  /// Heights that fall from 10 at position 0 to 0 at ±10.
  private func tracer(_ positions: [Double]) throws -> ContourTracer<Bell> {
    try ContourTracer(positions: positions, couplings: range) { Bell(height: max(0, 10 - abs($0))) }
  }

  @Test("a contour closes where the greatest yield is the limit")
  func closes() throws {
    let contour = try tracer(stride(from: -9.5, through: 9.5, by: 1).map { $0 }).contour { _ in 2.5 }
    #expect(contour.islands.count == 1)
    let island = try #require(contour.islands.first)
    let (first, last) = (try #require(island.first), try #require(island.last))
    #expect(abs(first.position + 7.5) < 1e-5 && abs(last.position - 7.5) < 1e-5)
    #expect(first.interval.lower == first.interval.upper && last.interval.lower == last.interval.upper)
    #expect(zip(island, island.dropFirst()).allSatisfy { $0.position < $1.position })
    let outline = try #require(contour.outlines.first)
    #expect(try #require(outline.first) == #require(outline.last))
    #expect(contour.interval(at: 8) == nil)
    let middle = try #require(contour.interval(at: 0.5))
    #expect(isClose(middle.upper, 1e-6 * exp(log(9.5 / 2.5).squareRoot()), relative: 1e-9))
  }

  @Test("a limit that nothing reaches in the middle makes two parts")
  func islands() throws {
    let contour = try tracer((-9...9).map(Double.init)).contour { abs($0) < 1.5 ? 100 : 2.5 }
    #expect(contour.islands.count == 2)
    #expect(contour.interval(at: 0) == nil)
    // The limit jumps there, so that the border is a vertical line and no tip.
    let left = try #require(contour.islands.first?.last)
    #expect(abs(left.position + 1.5) < 1e-5 && left.interval.upper > 2 * left.interval.lower)
  }

  @Test("a higher limit excludes less")
  func monotonic() throws {
    let tracer = try tracer((-9...9).map(Double.init))
    let areas = try [2.3, 3.9, 5.3, 9.9, 11].map { limit in try tracer.contour { _ in limit }.area }
    #expect(zip(areas, areas.dropFirst()).allSatisfy(>))
    #expect(areas.last == 0)
  }
}
