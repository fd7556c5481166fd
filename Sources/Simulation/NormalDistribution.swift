/// The normal distribution by layers of equal area (Marsaglia and Tsang, Journal of Statistical Software 5,
/// 2000): exact, and in 99 of 100 draws one random number, a multiplication and a comparison.
struct NormalDistribution: Sendable {
  private static let count = 256
  /// Where the tail begins: the abscissa at which 256 layers have equal areas.
  static let tail = 3.6541528853610088

  /// One layer: its half width, the part of it that lies wholly under the curve, and the density at both.
  struct Layer {
    let width: Double
    let inside: Double
    let density: Double
    let step: Double
  }

  /// The layers, from that with the tail upwards.
  let layers: [Layer]

  /// The distribution of mean 0 and width 1; its tables are made once.
  static let standard = NormalDistribution()

  private init() {
    func density(_ x: Double) -> Double { CMath.exp(-x * x / 2) }
    let area =
      Self.tail * density(Self.tail) + (Double.pi / 2).squareRoot() * CMath.erfc(Self.tail * 0.5.squareRoot())
    // Half widths; the first is that of a rectangle with the area of the lowest layer and the tail.
    var widths = [area / density(Self.tail), Self.tail]
    while widths.count < Self.count {
      let last = widths[widths.count - 1]
      widths.append((-2 * CMath.log(density(last) + area / last)).squareRoot())
    }
    widths.append(0)
    layers = (0..<Self.count).map { i in
      // In the lowest layer only what is beyond its width asks for the density: the tail, drawn otherwise.
      Layer(
        width: widths[i], inside: widths[i + 1], density: density(widths[i]),
        step: density(widths[i + 1]) - density(widths[i]))
    }
  }

  /// A number.
  @inline(__always)
  func draw(_ random: inout SimulationRandom) -> Double {
    let bits = random.next()
    // Eight bits for the layer, one for the sign, 53 others for the place.
    let layer = layers[Int(truncatingIfNeeded: bits & 0xFF)]
    let x = Double(bits >> 11) * 0x1p-53 * layer.width
    let size = x < layer.inside ? x : atEdge(Int(truncatingIfNeeded: bits & 0xFF), x, &random)
    return bits & 0x100 == 0 ? size : -size
  }

  /// The size of a number whose first draw fell on the edge of a layer.
  @inline(never)
  private func atEdge(_ first: Int, _ place: Double, _ random: inout SimulationRandom) -> Double {
    var number = first
    var x = place
    while true {
      let layer = layers[number]
      if x < layer.inside { return x }
      if number == 0 { return drawTail(&random) }
      if layer.density + random.uniform() * layer.step < CMath.exp(-x * x / 2) { return x }
      let bits = random.next()
      number = Int(truncatingIfNeeded: bits & 0xFF)
      x = Double(bits >> 11) * 0x1p-53 * layers[number].width
    }
  }

  /// A number beyond ``tail`` (Marsaglia 1964).
  func drawTail(_ random: inout SimulationRandom) -> Double {
    while true {
      let x = random.standardExponential() / Self.tail
      if 2 * random.standardExponential() > x * x { return Self.tail + x }
    }
  }
}
