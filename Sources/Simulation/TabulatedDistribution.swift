/// A distribution by its density in bins of equal width.
///
/// It draws in one step by aliases (Walker 1977, in the form of Vose 1991): each column of equal probability
/// holds a bin, and above it a part of another one.
struct TabulatedDistribution: Sendable {
  /// A column.
  private struct Column {
    /// The part of the column that is its own bin's.
    var own: Double
    /// Where its own bin begins, and where the other one does.
    var low: Double
    var otherLow: Double
  }

  private let step: Double
  private let columns: [Column]

  /// The distribution whose density is `density`, not normalised, from `low` to `high`, in at least one bin.
  init(low: Double, high: Double, bins: Int, _ density: (Double) -> Double) {
    let bins = max(bins, 1)
    let step = (high - low) / Double(bins)
    self.step = step
    func begin(_ bin: Int) -> Double { low + Double(bin) * step }
    let contents = (0..<bins).map { max(density(begin($0) + 0.5 * step), 0) }
    let sum = contents.reduce(0, +)
    var shares = contents.map { sum > 0 ? $0 / sum * Double(bins) : 1 }
    var columns = (0..<bins).map { Column(own: 1, low: begin($0), otherLow: begin($0)) }
    var small = shares.indices.filter { shares[$0] < 1 }
    var large = shares.indices.filter { shares[$0] >= 1 }
    while let needy = small.last, let rich = large.last {
      small.removeLast()
      columns[needy].own = shares[needy]
      columns[needy].otherLow = begin(rich)
      shares[rich] -= 1 - shares[needy]
      if shares[rich] < 1 {
        large.removeLast()
        small.append(rich)
      }
    }
    self.columns = columns
  }

  /// A number.
  @inline(__always)
  func draw(_ random: inout SimulationRandom) -> Double {
    let place = random.uniform() * Double(columns.count)
    let number = min(Int(place), columns.count - 1)
    let column = columns[number]
    let low = place - Double(number) < column.own ? column.low : column.otherLow
    return low + step * random.uniform()
  }
}
