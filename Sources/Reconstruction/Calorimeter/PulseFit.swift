import Detectors
import NA62Formats

/// The fit of a pulse to the eight samples of a channel: pedestal, height and time, by least squares about a time
/// that is found step by step. Its weights are tabulated for each ns.
struct PulseFit {
  /// Times of the peak that are tabulated, ns from the trigger's timestamp.
  private static let range = -100...50
  /// Steps at most.
  private static let steps = 4

  /// What the samples have to be multiplied with for the height, and for the height times the difference of the
  /// pulse's time from the tabulated one.
  private struct Row: BitwiseCopyable {
    var height: SIMD8<Float>
    var slope: SIMD8<Float>
  }
  /// By time.
  private let rows: ContiguousArray<Row>

  init() { rows = ContiguousArray(Self.range.map { Self.weights(peak: Double($0)) }) }

  /// Height, and height times the change of the time, about a tabulated time.
  @inline(__always)
  private func solve(_ place: Int, _ s: SIMD8<Float>) -> SIMD2<Float> {
    let row = rows[place]
    // Both sums at once.
    let (h, c) = (row.height * s, row.slope * s)
    let (a, b) = (h.lowHalf + h.highHalf, c.lowHalf + c.highHalf)
    let pairs = SIMD4(lowHalf: a.lowHalf + a.highHalf, highHalf: b.lowHalf + b.highHalf)
    return pairs.evenHalf + pairs.oddHalf
  }

  /// Time of a sample, ns from the trigger's timestamp.
  static func time(ofSample sample: Int) -> Double {
    Double(sample - LKrGeometry.peakSample) * ClockTicks.strawPeriod
  }

  /// The rows of the least-squares solution for the height and for the height times the change of the time.
  private static func weights(peak: Double) -> Row {
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
    return Row(height: row(1), slope: row(2))
  }

  /// Where the fit begins: most pulses are near the trigger's time; for the others a parabola through the largest
  /// sample and those beside it.
  @inline(__always)
  private func start(_ s: SIMD8<Float>, _ reference: Float) -> Float {
    let place = Int(min(max(reference, 0), Float(Self.range.upperBound))) - Self.range.lowerBound
    let solution = solve(place, s)
    if abs(solution.y) < 12 * solution.x {
      return Float(place + Self.range.lowerBound) + solution.y / solution.x
    }
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
      let solution = solve(place, s)
      found = solution.x
      guard found > 0 else { return (0, centre) }
      let step = solution.y / found
      time = centre + min(max(step, -25), 25)
      if abs(step) < 0.75 { break }
    }
    return (found, time)
  }
}
