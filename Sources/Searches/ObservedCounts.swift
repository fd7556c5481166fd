/// What a scan counts in its windows: the events of its file, or the counts of a run.
enum ObservedCounts: Sendable {
  /// Events by their masses in MeV/c².
  case events(ScanObservation)
  /// Counts of a run.
  case run(CountsTable)

  /// The count in the window around a point.
  func count(at point: SIMD2<Double>) throws(ScanError) -> Int {
    switch self {
    case .events(let observation): return observation.events.count { observation.holds($0, at: point) }
    case .run(let table):
      if let count = table.count(at: point) { return count }
      throw ScanError(
        "\(table.source): no counts near \(ScanText.masses(point)) MeV/c2; scan the masses that the selection scans"
      )
    }
  }

  /// The positions of a scan in one mass, with those where the count jumps from one side to the other: the events'
  /// masses, and both sides of each jump.
  func positions(_ masses: [Double]) throws(ScanError) -> [Double] {
    guard case .events(let observation) = self, let first = masses.first, let last = masses.last else {
      return masses
    }
    let all = (masses + observation.events.map(\.x).filter { first <= $0 && $0 <= last }).sorted()
    var positions = all
    for (a, b) in zip(all, all.dropFirst()) {
      let (left, right) = (try count(at: SIMD2(a, 0)), try count(at: SIMD2(b, 0)))
      guard left != right else { continue }
      var (low, high) = (a, b)
      while high - low > 1e-9 * high {
        let middle = 0.5 * (low + high)
        guard middle > low, middle < high else { break }
        if try count(at: SIMD2(middle, 0)) == left { low = middle } else { high = middle }
      }
      positions += [low, high]
    }
    return positions.sorted()
  }
}

/// Why a scan cannot be made, in one line.
public struct ScanError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public let description: String

  init(_ description: String) { self.description = description }
}
