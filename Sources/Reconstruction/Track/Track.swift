/// A straight line through a plane of a known z: x, y in mm and dx/dz, dy/dz.
public struct TrackLine: Sendable, Hashable, BitwiseCopyable {
  /// x and y, mm.
  public var position: SIMD2<Double>
  /// dx/dz and dy/dz.
  public var slope: SIMD2<Double>

  /// A line.
  @inlinable
  public init(position: SIMD2<Double> = .zero, slope: SIMD2<Double> = .zero) {
    self.position = position
    self.slope = slope
  }
}

/// Covariance of x, y (mm) and dx/dz, dy/dz (`Tx`, `Ty`).
public struct LineCovariance: Sendable, Hashable, BitwiseCopyable {
  /// Position with position.
  public var xx = 0.0, xy = 0.0, yy = 0.0
  /// Position with slope.
  public var xTx = 0.0, xTy = 0.0, yTx = 0.0, yTy = 0.0
  /// Slope with slope.
  public var txTx = 0.0, txTy = 0.0, tyTy = 0.0

  /// All zero.
  @inlinable
  public init() {}
}

/// Covariance of x, y (mm), dx/dz, dy/dz (`Tx`, `Ty`) and q/p in (GeV/c)⁻¹ (`Q`).
public struct TrackCovariance: Sendable, Hashable, BitwiseCopyable {
  /// Position with position.
  public var xx = 0.0, xy = 0.0, yy = 0.0
  /// Position with slope.
  public var xTx = 0.0, xTy = 0.0, yTx = 0.0, yTy = 0.0
  /// Slope with slope.
  public var txTx = 0.0, txTy = 0.0, tyTy = 0.0
  /// q/p with position and slope.
  public var xQ = 0.0, yQ = 0.0, txQ = 0.0, tyQ = 0.0
  /// q/p with itself.
  public var qq = 0.0

  /// All zero.
  @inlinable
  public init() {}
}

/// One track, all of its columns together; see ``TrackColumns``.
public struct Track: Sendable, Hashable, BitwiseCopyable {
  /// The line before the magnet, at ``TrackColumns/upstreamZ``.
  public var upstream = TrackLine()
  /// The line behind the magnet, at ``TrackColumns/downstreamZ``.
  public var downstream = TrackLine()
  /// Charge over momentum, (GeV/c)⁻¹.
  public var inverseMomentum = 0.0
  /// The same from the two straight pieces, before the fit.
  public var inverseMomentumBeforeFit = 0.0
  /// Covariance of `upstream` and `inverseMomentum`.
  public var covariance = TrackCovariance()
  /// Covariance of `downstream`.
  public var downstreamCovariance = LineCovariance()
  /// Time from the trigger's, ns.
  public var time: Float = 0
  /// Standard deviation of the time, ns.
  public var timeError: Float = 0
  /// Chi-squared of the fit.
  public var chi2: Float = 0
  /// Its degrees of freedom.
  public var degreesOfFreedom: Int16 = 0
  /// Straws of the track.
  public var hitCount: UInt8 = 0
  /// Straws that better tracks of the event have too.
  public var sharedHits: UInt8 = 0
  /// Views with a straw of the track: bit 4 chamber + view, views v, u, x, y.
  public var views: UInt16 = 0

  /// No track.
  @inlinable
  public init() {}

  /// Charge, 1 or −1.
  @inlinable public var charge: Int { inverseMomentum < 0 ? -1 : 1 }
  /// Momentum, GeV/c.
  @inlinable public var momentum: Double { 1 / abs(inverseMomentum) }
  /// Momentum before the fit, GeV/c.
  @inlinable public var momentumBeforeFit: Double { 1 / abs(inverseMomentumBeforeFit) }
  /// Standard deviation of the momentum, GeV/c.
  @inlinable public var momentumError: Double {
    covariance.qq.squareRoot() / (inverseMomentum * inverseMomentum)
  }
  /// Number of views with a straw.
  @inlinable public var viewCount: Int { views.nonzeroBitCount }
  /// Number of chambers with at least two views with a straw.
  @inlinable public var chamberCount: Int { Self.chamberCount(ofViews: views) }
  /// The momentum vector before the magnet, GeV/c.
  @inlinable public var momentumVector: SIMD3<Double> {
    Self.vector(slope: upstream.slope, inverseMomentum: inverseMomentum)
  }

  /// Number of chambers with at least two views with a straw, for views as in ``views``.
  @inlinable
  public static func chamberCount(ofViews views: UInt16) -> Int {
    (0..<4).reduce(0) { $0 + (((views >> UInt16(4 * $1)) & 15).nonzeroBitCount >= 2 ? 1 : 0) }
  }

  /// The momentum of slopes and q/p, GeV/c.
  @inlinable
  public static func vector(slope: SIMD2<Double>, inverseMomentum: Double) -> SIMD3<Double> {
    let z = 1 / (abs(inverseMomentum) * (1 + slope.x * slope.x + slope.y * slope.y).squareRoot())
    return SIMD3(slope.x * z, slope.y * z, z)
  }

  /// x and y in mm where the track is at z (mm): by the line before the magnet up to its plane `magnet`, and by
  /// that behind it from there on.
  @inlinable
  public func extrapolate(to z: Double, magnet: Double) -> SIMD2<Double> {
    z < magnet
      ? upstream.position + (z - TrackColumns.upstreamZ) * upstream.slope
      : downstream.position + (z - TrackColumns.downstreamZ) * downstream.slope
  }
}
