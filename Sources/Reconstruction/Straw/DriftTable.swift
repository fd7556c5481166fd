import L1Trigger

/// Weight and drift time of a straw by distance, in steps of 0.02 mm.
struct DriftTable: ~Copyable {
  private static let count = 256
  private let weights: UnsafeMutablePointer<Float>
  private let times: UnsafeMutablePointer<Float>

  init() {
    weights = .allocate(capacity: Self.count)
    times = .allocate(capacity: Self.count)
    for i in 0..<Self.count {
      let sigma = StrawGeometry.resolution(Double(i) * 0.02)
      (weights + i).initialize(to: Float(1 / (sigma * sigma)))
      (times + i).initialize(to: Float(StrawGeometry.driftTime(min(Double(i) * 0.02, 4.94))))
    }
  }

  deinit {
    weights.deallocate()
    times.deallocate()
  }

  /// The step of a distance; any finite or infinite value will do.
  @inline(__always)
  private func place(_ radius: Float) -> Int {
    Int(min(max(radius, 0), 5) * 50)
  }

  /// 1/σ² in mm⁻² at a distance in mm.
  @inline(__always)
  func weight(_ radius: Float) -> Float { weights[place(radius)] }

  /// Drift time in ns at a distance in mm.
  @inline(__always)
  func time(_ radius: Float) -> Float {
    let i = place(radius)
    return times[i] + (radius - Float(i) * 0.02) * slope(radius)
  }

  /// Change of the drift time with the distance, ns/mm.
  @inline(__always)
  func slope(_ radius: Float) -> Float {
    let i = place(radius)
    return (times[i + 1] - times[max(i - 1, 0)]) * (i == 0 ? 50 : 25)
  }
}
