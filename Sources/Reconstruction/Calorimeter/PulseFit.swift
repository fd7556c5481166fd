import Detectors
import NA62Formats

/// The fit of a pulse to the eight samples of a channel: pedestal, height and time, by least squares about a time
/// that is found step by step. Its weights are tabulated for each ns.
struct PulseFit {
  /// Times of the peak that are tabulated, ns from the trigger's timestamp.
  private static let range = -100...50
  /// Steps at most.
  static let steps = 4

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

  /// A pulse that is being fitted.
  struct Pulse: BitwiseCopyable {
    var samples: SIMD8<Float>
    /// Height in counts; 0 for no pulse.
    var height: Float = 0
    /// Time in ns from the trigger's timestamp.
    var time: Float = 0
    /// The smallest and the largest sample, and where the first of those is.
    var smallest: Float
    var largest: Float
    var peak: Int

    @inline(__always)
    init(_ samples: SIMD8<UInt16>) {
      let s = SIMD8<Float>(samples)
      self.samples = s
      @inline(__always)
      func low<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar == Float { a.replacing(with: b, where: b .< a) }
      @inline(__always)
      func high<V: SIMD>(_ a: V, _ b: V) -> V where V.Scalar == Float { a.replacing(with: b, where: b .> a) }
      // The place counted from the end stands in the lowest bits: all are whole numbers, far below 2²⁴.
      let keys = s * 8 + SIMD8(7, 6, 5, 4, 3, 2, 1, 0)
      let (a, b) = (low(s.lowHalf, s.highHalf), high(keys.lowHalf, keys.highHalf))
      let (c, d) = (low(a.lowHalf, a.highHalf), high(b.lowHalf, b.highHalf))
      let key = Int(max(d.x, d.y))
      smallest = min(c.x, c.y)
      largest = Float(key >> 3)
      peak = 7 - key & 7
    }
  }

  /// Where the fit of a pulse begins: most are near the trigger's time; for the others a parabola through the largest
  /// sample and those beside it. Both are worked out, as which it is is hard to predict.
  @inline(__always)
  func start(_ pulse: Pulse, reference: Float) -> Float {
    let place = Int(min(max(reference, 0), Float(Self.range.upperBound))) - Self.range.lowerBound
    let solution = solve(place, pulse.samples)
    let near = Float(place + Self.range.lowerBound) + solution.y / solution.x
    let middle = min(max(pulse.peak, 1), 6)
    let s = SIMD4(pulse.samples[middle - 1], pulse.samples[middle], pulse.samples[middle + 1], 0)
    let curvature = s.x - 2 * s.y + s.z
    let shift = curvature < 0 && middle == pulse.peak ? 12.5 * (s.x - s.z) / curvature : 0
    let far = Float(Self.time(ofSample: pulse.peak)) + shift
    return abs(solution.y) < 12 * solution.x ? near : far
  }

  /// One step of the fit.
  ///
  /// - Returns: whether it has to be taken again.
  @inline(__always)
  func step(_ pulse: inout Pulse) -> Bool {
    let (low, high) = (Float(Self.range.lowerBound), Float(Self.range.upperBound))
    // To the nearest, by cutting off what is behind the point.
    let place = Int(min(max(pulse.time, low), high) - low + 0.5)
    let centre = Float(place + Self.range.lowerBound)
    let solution = solve(place, pulse.samples)
    let isPulse = solution.x > 0
    let step = isPulse ? solution.y / solution.x : 0
    pulse.height = isPulse ? solution.x : 0
    pulse.time = centre + min(max(step, -25), 25)
    return abs(step) >= 0.75
  }

  /// Height in counts and time in ns from the trigger's timestamp, of which `reference` is the trigger's.
  func fit(_ samples: SIMD8<UInt16>, reference: Float) -> (height: Float, time: Float) {
    var pulse = Pulse(samples)
    pulse.time = start(pulse, reference: reference)
    for _ in 0..<Self.steps {
      if !step(&pulse) { break }
    }
    return (pulse.height, pulse.time)
  }
}
