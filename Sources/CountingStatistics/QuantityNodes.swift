#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A quantity with an uncertainty as a few values with weights, for sums that are repeated often.
enum QuantityNodes {
  struct Node {
    var value: Double
    var weight: Double
  }

  /// Values in equal steps of a variable in which the density falls smoothly to nothing at both ends, where such
  /// a sum is as good as the integral. A Gaussian is cut off at 0.
  static func of(_ quantity: UncertainQuantity) -> [Node] {
    guard !quantity.isKnown else { return [Node(value: quantity.value, weight: 1)] }
    var nodes: [Node] = []
    if let (shape, rate) = quantity.gammaParameters {
      let width = 1 / shape.squareRoot()
      // In t = ln(x / mode) the lower tail falls as exp(k t), the upper as exp(-k exp(t)).
      let low = -(7 * width + 20 * width * width)
      let step = (7 * width - low) / 32
      for k in 0...32 {
        let t = low + Double(k) * step
        nodes.append(Node(value: shape / rate * exp(t), weight: exp(shape * (t - exp(t) + 1))))
      }
    } else {
      for k in -11...11 {
        let pull = Double(k) * 0.6
        let value =
          quantity.shape == .logNormal
          ? quantity.value * exp(pull * quantity.uncertainty / quantity.value)
          : quantity.value + pull * quantity.uncertainty
        if value > 0 { nodes.append(Node(value: value, weight: exp(-0.5 * pull * pull))) }
      }
    }
    let sum = nodes.reduce(0) { $0 + $1.weight }
    return nodes.map { Node(value: $0.value, weight: $0.weight / sum) }
  }
}
