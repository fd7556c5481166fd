/// A rectangle across the beam, in mm.
public struct DetectorBox: Sendable, Hashable, BitwiseCopyable {
  /// Lowest x and y.
  public var low: SIMD2<Double>
  /// Highest x and y.
  public var high: SIMD2<Double>

  /// A rectangle between two corners.
  public init(low: SIMD2<Double>, high: SIMD2<Double>) {
    self.low = low
    self.high = high
  }

  /// A rectangle by distances from the axes, on the side of the given signs.
  init(x: (Double, Double), y: (Double, Double), signX: Double, signY: Double) {
    let a = SIMD2(signX * x.0, signY * y.0)
    let b = SIMD2(signX * x.1, signY * y.1)
    self.init(low: pointwiseMin(a, b), high: pointwiseMax(a, b))
  }

  /// The smallest rectangle that holds both.
  func union(_ other: DetectorBox) -> DetectorBox {
    DetectorBox(low: pointwiseMin(low, other.low), high: pointwiseMax(high, other.high))
  }

  /// The square of the distance of a point, mm²; 0 inside.
  @inlinable
  public func distanceSquared(_ point: SIMD2<Double>) -> Double {
    let outside = pointwiseMax(pointwiseMax(low - point, point - high), SIMD2(repeating: 0))
    return (outside * outside).sum()
  }
}
