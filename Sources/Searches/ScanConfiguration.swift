public import Configuration
public import Selections
public import Simulation

/// A search for a new particle whose mass is not known: what it would yield, where it was looked for, and what was
/// seen. It is read from a file of `Configs/scans` (`Docs/Scans.md`).
public struct ScanConfiguration: Sendable, Hashable {
  /// The version of the file format that this code reads.
  public static let schema = "spillway.scan/1"

  /// What is scanned.
  public enum Model: Sendable, Hashable {
    /// A dark photon from a beam dump over its mass and ε.
    case darkPhoton(DarkPhotonSearch)
    /// A decay of K⁺ to new particles over their masses.
    case kaonDecay(KaonDecaySearch)
  }

  /// Its name.
  public let name: String
  /// What it is, in a sentence; may be empty.
  public let description: String
  /// The confidence level of its limits.
  public let confidenceLevel: Double
  /// What is scanned.
  public var model: Model
  /// What was seen.
  public let observation: ScanObservation
  /// The file as it takes effect.
  public var effective: ConfigValue {
    var entries: [ConfigValue.Entry] = [
      .init("schema", .string(Self.schema)), .init("name", .string(name)),
      .init("description", .string(description)), .init("confidence_level", .double(confidenceLevel)),
    ]
    switch model {
    case .darkPhoton(let search): entries.append(.init("dark_photon", search.effective))
    case .kaonDecay(let search): entries.append(.init("kaon_decay", search.effective))
    }
    return .map(entries + [.init("observation", observation.effective)])
  }
  /// SHA-256 of the file as it takes effect.
  public var hash: String { effective.sha256 }
}

/// A number with where it comes from.
public struct SourcedNumber: Sendable, Hashable {
  /// The number.
  public let value: Double
  /// Where it comes from.
  public let provenance: Provenance

  var effective: ConfigValue { .map([.init("value", .double(value))] + provenance.entries) }
}

/// Dark photons A' from protons on a dump, in one pair of leptons.
public struct DarkPhotonSearch: Sendable, Hashable {
  /// The pair that is looked for.
  public let channel: DumpProduction.Channel
  /// Protons on the dump.
  public let protons: SourcedNumber
  /// How dark photons are made, and where they may decay.
  public let production: Production
  /// The masses.
  public var masses: ScanGrid
  /// The mixings ε.
  public var mixings: ScanGrid
  /// Acceptance × efficiency for decays in the decay range.
  public let acceptance: Acceptance

  /// Bremsstrahlung of protons on the dump (physics.md 4.1), with what is left out of it.
  public struct Production: Sendable, Hashable {
    /// Momentum of the protons in GeV/c.
    public let protonMomentum: Double
    /// Where the dark photons are made, along z, in mm.
    public let dump: Double
    /// Where decays count, along z, in mm.
    public let decays: ClosedRange<Double>
    /// Least energy in GeV.
    public let leastEnergy: Double
    /// The largest transverse momentum in GeV/c.
    public let largestTransverseMomentum: Double
    /// The largest angle to the protons in rad; infinite for any.
    public let largestAngle: Double
    /// Where these choices come from.
    public let provenance: Provenance

    var effective: ConfigValue {
      var entries: [ConfigValue.Entry] = [
        .init("proton_momentum", .string("\(protonMomentum) GeV/c")),
        .init("dump", .string("\(dump / 1000) m")),
        .init(
          "decays",
          .list([.string("\(decays.lowerBound / 1000) m"), .string("\(decays.upperBound / 1000) m")])),
        .init("least_energy", .string("\(leastEnergy) GeV")),
        .init("largest_transverse_momentum", .string("\(largestTransverseMomentum) GeV/c")),
      ]
      if largestAngle.isFinite {
        entries.append(.init("largest_angle", .string("\(largestAngle * 1000) mrad")))
      }
      return .map(entries + provenance.entries)
    }
  }

  var effective: ConfigValue {
    .map([
      .init("channel", .string(channel.rawValue)), .init("protons", protons.effective),
      .init("production", production.effective), .init("masses", masses.effective(unit: "MeV/c2")),
      .init("mixings", mixings.effective(unit: nil)), .init("acceptance", acceptance.effective),
    ])
  }
}

/// K⁺ → π⁺ a a over m(a), or K⁺ → π⁺ S, S → A'A' over the plane of m(S) and m(A').
public struct KaonDecaySearch: Sendable, Hashable {
  /// The decay.
  public enum Decay: String, Sendable, Hashable, CaseIterable {
    /// Two axions.
    case axions = "K+ -> pi+ a a"
    /// A scalar that decays to two dark photons.
    case scalar = "K+ -> pi+ S"

    /// The particles whose masses are scanned.
    public var particles: [String] { self == .axions ? ["a"] : ["S", "A'"] }
    /// The largest first mass in MeV/c²: half of m(K) - m(π), or all of it.
    var largestMass: Double {
      let free = (Species.kaonPlus.mass - Species.pionPlus.mass) * 1000
      return self == .axions ? free / 2 : free
    }
  }

  /// The decay.
  public let decay: Decay
  /// Kaon decays in the data.
  public let kaons: SourcedNumber
  /// The masses in MeV/c² along each axis.
  public let axes: [ScanGrid]
  /// Acceptance × efficiency for decays in the fiducial range, in the window of the point.
  public let acceptance: Acceptance

  /// The points in MeV/c²: of a plane those where S can decay to two A'. The second is 0 on a line.
  public var points: [SIMD2<Double>] {
    guard axes.count > 1 else { return axes[0].values.map { SIMD2($0, 0) } }
    return axes[0].values.flatMap { first in
      axes[1].values.filter { $0 <= first / 2 }.map { SIMD2(first, $0) }
    }
  }

  var effective: ConfigValue {
    .map([
      .init("decay", .string(decay.rawValue)), .init("kaons", kaons.effective),
      .init("masses", .list(axes.map { $0.effective(unit: "MeV/c2") })),
      .init("acceptance", acceptance.effective),
    ])
  }
}
