import Detectors

/// How a shower spreads over the cells around it, by its place in its own cell; lengths in cells.
struct ShowerShape {
  /// Steps of the place in the cell, from the middle to the edge.
  private static let steps = 10
  private static let bins = 64
  /// Share of the energy in a cell by the square of its distance in cells.
  private let shares: ContiguousArray<Float>
  /// Steps of `shares` for a unit.
  private static let density: Float = 64
  /// Sum of the shares by place, for both coordinates.
  private let sums: ContiguousArray<Float>
  /// Where a shower is, 0 to 0.5, by the barycentre of 3 × 3 cells, for each place in the other coordinate.
  private let places: ContiguousArray<Float>
  /// Largest barycentre in `places`.
  private static let largest: Float = 0.6

  init() {
    let cell = LKrGeometry.cell
    let limit = LKrShower.radius / cell
    let count = Int(limit * limit * Double(Self.density)) + 2
    shares = ContiguousArray(
      (0...count).map { Float(LKrShower.share((Double($0) / Double(Self.density)).squareRoot() * cell)) })
    func share(_ dx: Double, _ dy: Double) -> Double {
      LKrShower.share((dx * dx + dy * dy).squareRoot() * cell)
    }
    var sums: ContiguousArray<Float> = []
    var places: ContiguousArray<Float> = []
    for j in 0...Self.steps {
      let v = 0.5 * Double(j) / Double(Self.steps)
      var barycentres: [Double] = []
      for i in 0...Self.steps {
        let u = 0.5 * Double(i) / Double(Self.steps)
        var sum = 0.0
        var (inner, moment) = (0.0, 0.0)
        for x in -6...6 {
          for y in -6...6 {
            let part = share(Double(x) - u, Double(y) - v)
            sum += part
            guard abs(x) <= 1, abs(y) <= 1 else { continue }
            inner += part
            moment += part * Double(x)
          }
        }
        sums.append(Float(sum))
        barycentres.append(moment / inner)
      }
      // The inverse of the rising function, step by step.
      for bin in 0...Self.bins {
        let b = Double(Self.largest) * Double(bin) / Double(Self.bins)
        let above = barycentres.firstIndex { $0 >= b } ?? Self.steps
        guard above > 0 else {
          places.append(0)
          continue
        }
        let (low, high) = (barycentres[above - 1], barycentres[above])
        let part = min((b - low) / (high - low), 1)
        places.append(Float(0.5 * (Double(above - 1) + part) / Double(Self.steps)))
      }
    }
    self.sums = sums
    self.places = places
  }

  /// Share of the energy in a cell at a distance from the shower, as yet not normalised.
  @inline(__always)
  func share(_ dx: Float, _ dy: Float) -> Float {
    let place = (dx * dx + dy * dy) * Self.density
    let i = Int(place)
    guard i + 1 < shares.count else { return 0 }
    return shares[i] + (shares[i + 1] - shares[i]) * (place - Float(i))
  }

  /// Sum of the shares of a shower at a place in its cell.
  @inline(__always)
  func sum(_ u: Float, _ v: Float) -> Float {
    let x = min(abs(u) * 2, 1) * Float(Self.steps)
    let y = min(abs(v) * 2, 1) * Float(Self.steps)
    let i = min(Int(x), Self.steps - 1)
    let j = min(Int(y), Self.steps - 1)
    let (a, b) = (x - Float(i), y - Float(j))
    let row = j * (Self.steps + 1) + i
    let next = row + Self.steps + 1
    return (1 - b) * ((1 - a) * sums[row] + a * sums[row + 1])
      + b * ((1 - a) * sums[next] + a * sums[next + 1])
  }

  /// Where a shower is in its cell, −0.5 to 0.5, by the barycentre of 3 × 3 cells about it, in cells, and its place in
  /// the other coordinate.
  @inline(__always)
  func place(barycentre: Float, other: Float) -> Float {
    let size = min(abs(barycentre), Self.largest * 0.9999) / Self.largest * Float(Self.bins)
    let i = Int(size)
    let row = Int(min(abs(other) * 2, 1) * Float(Self.steps) + 0.5) * (Self.bins + 1) + i
    let value = places[row] + (places[row + 1] - places[row]) * (size - Float(i))
    return barycentre < 0 ? -value : value
  }
}
