public import Configuration

/// The nominal beam that missing masses and transverse momenta refer to.
public struct BeamLine: Hashable, Sendable {
  /// Size of the momentum in MeV/c.
  public let momentum: Double
  /// dx/dz.
  public let slopeX: Double
  /// dy/dz.
  public let slopeY: Double
  /// Where the numbers come from.
  public let provenance: Provenance

  /// The direction, of length 1.
  var direction: SIMD3<Double> {
    let length = (1 + slopeX * slopeX + slopeY * slopeY).squareRoot()
    return SIMD3(slopeX / length, slopeY / length, 1 / length)
  }

  /// Momentum and energy of a kaon: x, y, z, E in MeV.
  var kaon: SIMD4<Double> {
    let p = direction * momentum
    let mass = ParticleMass.kaon.value
    return SIMD4(p.x, p.y, p.z, (momentum * momentum + mass * mass).squareRoot())
  }

  var effective: ConfigValue {
    .map(
      [
        .init("momentum", Bounds.value(momentum, .momentum)), .init("slope_x", Bounds.value(slopeX, .angle)),
        .init("slope_y", Bounds.value(slopeY, .angle)),
      ] + provenance.entries)
  }
}

extension Provenance {
  /// Reads the keys `trust` (a word) and `source` of a mapping; throws if one is missing, or the word unknown.
  public init(reading map: YAMLMapping) throws(ConfigurationError) {
    self = try CountingReader(usesWords: true).provenance(map)
  }

  /// The keys and values of selection files of schema 2.
  public var entries: [ConfigValue.Entry] {
    [.init("trust", .string(trust.word)), .init("source", .string(source))]
  }
}
