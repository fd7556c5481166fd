import Testing

@testable import Reconstruction

@Suite struct ClosestApproachTests {
  @Test func skewLinesAreAsFarAsTheirCommonNormalIsLong() {
    // The first along x at z = 0, the second along y at z = 3.
    let found = ClosestApproach(
      SIMD3(-5, 0, 0), along: SIMD3(2, 0, 0), SIMD3(1, 7, 3), along: SIMD3(0, -0.5, 0))
    #expect(found.first == SIMD3(1, 0, 0) && found.second == SIMD3(1, 0, 3) && found.distance == 3)
    #expect(found.middle == SIMD3(1, 0, 1.5))
  }

  @Test func parallelLinesKeepTheirDistance() {
    let found = ClosestApproach(
      SIMD3(1, 2, 0), along: SIMD3(0, 0, 1), SIMD3(4, 6, 0), along: SIMD3(0, 0, 2))
    #expect(found.distance == 5 && found.first == SIMD3(1, 2, 0))
  }
}
