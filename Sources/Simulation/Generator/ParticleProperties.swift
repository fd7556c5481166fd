/// Masses and lifetimes. Masses of K, π, µ, e and p as in the reference (physics.md 5); lifetimes of the
/// Particle Data Group, 2022.
extension Species {
  /// The mass in GeV/c²; 0 for photons, neutrinos and the new particles, whose masses are configuration.
  public var mass: Double {
    switch self {
    case .electron, .positron: 0.000510999
    case .muonMinus, .muonPlus: 0.105658
    case .pionPlus, .pionMinus: 0.139570
    case .pionZero: 0.134977
    case .kaonPlus, .kaonMinus: 0.493677
    case .proton: 0.938272
    case .photon, .neutrinoE, .antineutrinoE, .neutrinoMu, .antineutrinoMu: 0
    case .darkPhoton, .darkScalar, .axion: 0
    }
  }

  /// The mean life times the speed of light, in mm; nil for what is stable on the way through the detector,
  /// and for what decays where it is made.
  public var decayLength: Double? {
    switch self {
    case .muonMinus, .muonPlus: 658_638.4
    case .pionPlus, .pionMinus: 7804.5
    case .kaonPlus, .kaonMinus: 3711
    default: nil
    }
  }

  /// The antiparticle; itself for a neutral boson.
  var antiparticle: Species {
    switch self {
    case .electron: .positron
    case .positron: .electron
    case .muonMinus: .muonPlus
    case .muonPlus: .muonMinus
    case .neutrinoE: .antineutrinoE
    case .antineutrinoE: .neutrinoE
    case .neutrinoMu: .antineutrinoMu
    case .antineutrinoMu: .neutrinoMu
    case .pionPlus: .pionMinus
    case .pionMinus: .pionPlus
    case .kaonPlus: .kaonMinus
    case .kaonMinus: .kaonPlus
    // Antiprotons are not modelled: nothing here makes one.
    case .photon, .pionZero, .proton, .darkPhoton, .darkScalar, .axion: self
    }
  }
}

/// Constants of nature.
enum Physics {
  /// The speed of light in mm/ns.
  static let lightSpeed = 299.792458
  /// ħc in GeV mm.
  static let hbarC = 1.973269804e-13
  /// The fine-structure constant.
  static let alpha = 1 / 137.036
  /// Mass of the ρ in GeV/c² (PDG).
  static let rhoMass = 0.77526
  /// Width of the ρ in GeV (PDG).
  static let rhoWidth = 0.1491
}
