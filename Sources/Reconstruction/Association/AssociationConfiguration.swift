/// What is joined to tracks and events, and within which windows: the key `association` of a file of
/// `Configs/reconstruction`. Lengths in mm, times in ns, energies in GeV, momenta in GeV/c.
public struct AssociationConfiguration: Sendable, Equatable {
  /// KTAG.
  public struct KTAG: Sendable, Equatable {
    /// Half of the width of a candidate in time.
    public var cluster: Float
    /// Least number of sectors of a candidate.
    public var sectors: Int
    /// How far from the downstream time a candidate may be.
    public var search: Float
  }

  /// CHOD.
  public struct CHOD: Sendable, Equatable {
    /// How far from a track's time a slab may be.
    public var search: Float
    /// How far the two slabs of a track may be apart.
    public var pair: Float
    /// How far from a slab a track may pass.
    public var tolerance: Double
    /// Light path, ns/mm.
    public var lightDelay: Double
    /// Mean light path, which time offsets take away.
    public var lightOffset: Double
    /// Spread of the time of a slab.
    public var resolution: Float
    /// How far from the event's time a hit counts.
    public var window: Float
  }

  /// A hodoscope of tiles with two photomultipliers.
  public struct Tiles: Sendable, Equatable {
    /// How far from a track's time a tile may be.
    public var search: Float
    /// How far apart the photomultipliers of a tile may be.
    public var pair: Float
    /// How far from a tile a track may pass, whatever its momentum.
    public var tolerance: Double
    /// Spread behind matter: displacement in x and y times momentum, mm GeV/c, and how many times that a track may
    /// be away.
    public var scattering: Double
    /// How many times the displacement.
    public var spreads: Double
    /// How far from the event's time a tile counts.
    public var window: Float
  }

  /// RICH.
  public struct RICH: Sendable, Equatable {
    /// Focal length of the mirrors.
    public var focalLength: Double
    /// Radius and mean number of hits of a ring at the speed of light.
    public var electronRing: Double
    /// Mean number of hits of it.
    public var hits: Double
    /// Shifts in x of the rings on the Jura and the Saleve disk.
    public var shifts: SIMD2<Float>
    /// Radius of a disk.
    public var diskRadius: Double
    /// Resolution of one hit.
    public var resolution: Double
    /// Hits of a disk that are no ring's, for each mm².
    public var background: Double
    /// How far from the time of CHOD or NewCHOD, or else from that of STRAW, a ring may be.
    public var search: Float
    /// How far from the time of STRAW.
    public var strawSearch: Float
    /// How far from the ring's time its hits may be.
    public var window: Float
    /// Least number of hits of a ring.
    public var ringHits: Int
  }

  /// LAV, with its two thresholds.
  public struct LAV: Sendable, Equatable {
    /// How far from the event's time a block counts.
    public var window: Float
    /// Thresholds in mV.
    public var low: Float
    /// The higher one.
    public var high: Float
    /// Latest crossing of the high one after that of the low one.
    public var rise: Float
  }

  /// LKr.
  public struct LKr: Sendable, Equatable {
    /// Energy of a count.
    public var gain: Float
    /// Least difference of the largest and the smallest sample, counts.
    public var leastRange: Int
    /// Least energy of a seed.
    public var seedEnergy: Float
    /// A seed is larger than this times the mean of the cells around it, and `seedOffset`.
    public var seedRatio: Float
    /// See `seedRatio`.
    public var seedOffset: Float
    /// Least energy that is expected in a cell that counts for the energy of a cluster.
    public var cellEnergy: Float
    /// Factor of all energies.
    public var scale: Float
    /// How far from a track its cluster may be.
    public var trackDistance: Float
    /// How far from a track's time.
    public var trackTime: Float
    /// How far from all tracks an extra cluster is.
    public var extraDistance: Float
    /// How far from the event's time a cluster counts.
    public var window: Float
    /// Windows of extra clusters by energy.
    public var extraWindows: [ExtraWindow]
  }

  /// How far from the event's time an extra cluster of less than an energy counts: so many times the spread
  /// 0.56 + 1.53/E − 0.233/√E ns (`physics.md` 2.2, C).
  public struct ExtraWindow: Sendable, Equatable {
    /// Energy.
    public var below: Float
    /// Spreads.
    public var spreads: Float
    /// The least window.
    public var least: Float
  }

  /// Where a track is in a detector: beyond a radius, within another and within a rectangle, about a centre in x.
  public struct Acceptance: Sendable, Equatable {
    /// x of the centre of the hole.
    public var holeX: Double
    /// Radius of the hole; half of a side of a square one.
    public var hole: Double
    /// Whether the hole is square.
    public var isSquare: Bool
    /// Outer radius; infinite for none.
    public var radius: Double
    /// Half of the sides of the square, or apothem of the octagon; infinite for none.
    public var half: Double
    /// Whether `half` is that of an octagon.
    public var isOctagon: Bool
  }

  /// The parts.
  public var ktag: KTAG
  /// CHOD.
  public var chod: CHOD
  /// NewCHOD.
  public var newCHOD: Tiles
  /// MUV3.
  public var muv3: Tiles
  /// RICH.
  public var rich: RICH
  /// LAV.
  public var lav: LAV
  /// How far from the event's time hits of IRC and SAC count.
  public var ircWindow: Float
  /// That of SAC.
  public var sacWindow: Float
  /// LKr.
  public var lkr: LKr
  /// How far from the trigger's a track's time may be to count for the event's.
  public var downstreamWindow: Float
  /// Acceptances, in the order of ``TrackAcceptance``.
  public var acceptance: [Acceptance]
}
