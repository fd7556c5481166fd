/// The z axis of the event display: straight between knots, so that the long decay volume takes less room than the
/// detectors behind it.
struct DisplayAxis {
  /// z in m, and the share of the width up to there.
  private static let knots: [(z: Double, place: Double)] = [
    (100, 0), (182, 0.28), (220, 0.62), (237, 0.74), (250, 1),
  ]
  /// Marks in m.
  static let marks: [Double] = [100, 120, 140, 160, 180, 190, 200, 210, 220, 230, 240, 245, 250]
  /// Where the scale changes, in mm: a straight line of the laboratory has a bend there.
  static let bends: [Double] = knots.map { $0.z * 1000 }
  /// Ends in mm.
  static let range = 100_000.0...250_000.0
  let left: Double
  let width: Double

  /// The place of a z in mm, kept within the ends.
  func place(_ z: Double) -> Double {
    let z = min(max(z, Self.range.lowerBound), Self.range.upperBound) / 1000
    for (a, b) in zip(Self.knots, Self.knots.dropFirst()) where z <= b.z {
      return left + width * (a.place + (z - a.z) / (b.z - a.z) * (b.place - a.place))
    }
    return left + width
  }
}
