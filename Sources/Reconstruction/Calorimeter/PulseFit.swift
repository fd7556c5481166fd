import Detectors
import NA62Formats

/// The fit of a pulse to the eight samples of a channel: pedestal, height and time, by least squares about a time
/// that is found step by step. Its weights are tabulated for each ns.
struct PulseFit {
  /// Times of the peak that are tabulated, ns from the trigger's timestamp.
  private static let range = -100...50
  /// Steps at most.
  private static let steps = 4

  /// By time: what the samples have to be multiplied with for the height, and for the height times the difference
  /// of the pulse's time from the tabulated one.
  private let height: ContiguousArray<SIMD8<Float>>
  private let slope: ContiguousArray<SIMD8<Float>>

  init() {
    var height: ContiguousArray<SIMD8<Float>> = []
    var slope: ContiguousArray<SIMD8<Float>> = []
    for time in Self.range {
      let rows = Self.weights(peak: Double(time))
      height.append(rows.height)
      slope.append(rows.slope)
    }
    self.height = height
    self.slope = slope
  }

  /// Time of a sample, ns from the trigger's timestamp.
  static func time(ofSample sample: Int) -> Double {
    Double(sample - LKrGeometry.peakSample) * ClockTicks.strawPeriod
  }

  /// The rows of the least-squares solution for the height and for the height times the change of the time.
  private static func weights(peak: Double) -> (height: SIMD8<Float>, slope: SIMD8<Float>) {
    var columns = [SIMD8<Double>](repeating: SIMD8(repeating: 1), count: 3)
    for i in 0..<8 {
      let t = time(ofSample: i) - peak
      columns[1][i] = LKrShower.height(t)
      // Over 10 ns, so that the corners of the tabulated pulse do no harm.
      columns[2][i] = (LKrShower.height(t - 5) - LKrShower.height(t + 5)) / 10
    }
    // Gram and Schmidt from both ends: what is left of a column without the other two, over its square, is its row.
    func row(_ k: Int) -> SIMD8<Float> {
      let others = (0..<3).filter { $0 != k }
      let a = columns[others[0]]
      let aa = (a * a).sum()
      let b = columns[others[1]] - a * ((a * columns[others[1]]).sum() / aa)
      let bb = (b * b).sum()
      var rest = columns[k] - a * ((a * columns[k]).sum() / aa)
      if bb > 1e-9 { rest -= b * ((b * rest).sum() / bb) }
      let square = (rest * rest).sum()
      return square > 1e-9 ? SIMD8<Float>(rest / square) : .zero
    }
    return (row(1), row(2))
  }

  /// Where the fit begins: most pulses are near the trigger's time; for the others a parabola through the largest
  /// sample and those beside it.
  @inline(__always)
  private func start(_ s: SIMD8<Float>, _ reference: Float) -> Float {
    let place = Int(min(max(reference, 0), Float(Self.range.upperBound))) - Self.range.lowerBound
    let found = (height[place] * s).sum()
    let change = (slope[place] * s).sum()
    if abs(change) < 12 * found { return Float(place + Self.range.lowerBound) + change / found }
    var peak = 0
    for i in 1..<8 where s[i] > s[peak] { peak = i }
    var time = Float(Self.time(ofSample: peak))
    if peak > 0, peak < 7 {
      let curvature = s[peak - 1] - 2 * s[peak] + s[peak + 1]
      if curvature < 0 { time += 12.5 * (s[peak - 1] - s[peak + 1]) / curvature }
    }
    return time
  }

  /// Height in counts and time in ns from the trigger's timestamp, of which `reference` is the trigger's.
  @inline(__always)
  func fit(_ samples: SIMD8<UInt16>, reference: Float) -> (height: Float, time: Float) {
    let s = SIMD8<Float>(samples)
    var time = start(s, reference)
    let (low, high) = (Float(Self.range.lowerBound), Float(Self.range.upperBound))
    var found: Float = 0
    for _ in 0..<Self.steps {
      // To the nearest, by cutting off what is behind the point.
      let place = Int(min(max(time, low), high) - low + 0.5)
      let centre = Float(place + Self.range.lowerBound)
      found = (height[place] * s).sum()
      let change = (slope[place] * s).sum()
      guard found > 0 else { return (0, centre) }
      let step = change / found
      time = centre + min(max(step, -25), 25)
      if abs(step) < 0.75 { break }
    }
    return (found, time)
  }
}
