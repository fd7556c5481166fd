import L1Trigger

/// A straw with a drift time, as a picture shows it.
public struct StrawHitPoint: Sendable, Hashable {
  /// The chamber, 0 to 3.
  public var chamber: Int
  /// The view: v, u, x, y.
  public var view: Int
  /// The wire across the view, mm.
  public var position: Double
  /// z of the layer, mm.
  public var z: Double
}

extension StrawHits {
  /// The hits in the order of the views.
  var points: [StrawHitPoint] {
    (0..<starts[StrawPlanes.viewCount]).map { i in
      let hit = hits[i]
      let (chamber, view) = (Int(hit.view) / 4, Int(hit.view) % 4)
      // The depth of a hit is counted from the chamber's centre.
      return StrawHitPoint(
        chamber: chamber, view: view, position: Double(hit.wire),
        z: StrawGeometry.chamberZ[chamber] + Double(hit.depth))
    }
  }
}
