import L1Trigger

/// Weight and drift time of a straw by distance, in steps of 0.02 mm.
struct DriftTable: ~Copyable {
  private static let count = 256

  /// What is known of a distance.
  private struct Step: BitwiseCopyable {
    /// 1/σ² of the distance, mm⁻².
    var weight: Float
    /// Drift time, ns, and its change with the distance, ns/mm.
    var time: Float
    var slope: Float
    /// 1/σ² of the drift time, ns⁻².
    var timeWeight: Float
  }

  private let steps: UnsafeMutablePointer<Step>

  init() {
    steps = .allocate(capacity: Self.count)
    func time(_ i: Int) -> Float { Float(StrawGeometry.driftTime(min(Double(i) * 0.02, 4.94))) }
    for i in 0..<Self.count {
      let sigma = StrawGeometry.resolution(Double(i) * 0.02)
      let weight = Float(1 / (sigma * sigma))
      let slope = (time(i + 1) - time(max(i - 1, 0))) * (i == 0 ? 50 : 25)
      let rate = max(slope, 1)
      (steps + i).initialize(
        to: Step(weight: weight, time: time(i), slope: slope, timeWeight: weight / (rate * rate)))
    }
  }

  deinit { steps.deallocate() }

  /// The nearest step of a distance that is not negative; what is not a number is that of 5 mm.
  @inline(__always)
  private func place(_ radius: Float) -> Int {
    // The bits of a number from 2²³ on are those of the integer next to it.
    Int(truncatingIfNeeded: ((radius < 5 ? radius : 5) * 50 + 0x1p23).bitPattern & 255)
  }

  /// 1/σ² in mm⁻² at a distance in mm.
  @inline(__always)
  func weight(_ radius: Float) -> Float { steps[place(radius)].weight }

  /// Drift time in ns at a distance in mm, and 1/σ² of it.
  @inline(__always)
  func drift(_ radius: Float) -> (time: Float, weight: Float) {
    let i = place(radius)
    let step = steps[i]
    return (step.time + (radius - Float(i) * 0.02) * step.slope, step.timeWeight)
  }
}
