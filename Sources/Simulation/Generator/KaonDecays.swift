/// A way for a K⁺ to decay.
public enum KaonChannel: String, Sendable, Hashable, CaseIterable {
  /// K⁺ → µ⁺ν.
  case muonNeutrino = "mu+ nu"
  /// K⁺ → π⁺π⁰.
  case twoPions = "pi+ pi0"
  /// K⁺ → π⁺π⁺π⁻.
  case threePions = "pi+ pi+ pi-"
  /// K⁺ → π⁺π⁰π⁰.
  case threePionsNeutral = "pi+ pi0 pi0"
  /// K⁺ → π⁰e⁺ν (Ke3).
  case electron3 = "pi0 e+ nu"
  /// K⁺ → π⁰µ⁺ν (Kµ3).
  case muon3 = "pi0 mu+ nu"
  /// K⁺ → π⁺νν̄.
  case pionNeutrinos = "pi+ nu nubar"
  /// K⁺ → π⁺e⁺e⁻e⁺e⁻, without the pole of the π⁰.
  case pionElectrons = "pi+ e+ e- e+ e-"
  /// K⁺ → π⁺aa, a → e⁺e⁻.
  case axions = "pi+ a a"
  /// K⁺ → π⁺S, S → A'A', A' → e⁺e⁻.
  case darkScalar = "pi+ S"

  /// The branching fraction: PDG (physics.md 5, trust M); πνν̄ and π4e as predicted (physics.md 3, trust V);
  /// 0 for decays to new particles.
  public var branchingFraction: Double {
    switch self {
    case .muonNeutrino: 0.6356
    case .twoPions: 0.2067
    case .threePions: 0.05583
    case .threePionsNeutral: 0.01760
    case .electron3: 0.0507
    case .muon3: 0.03352
    case .pionNeutrinos: 8.4e-11
    case .pionElectrons: 7.2e-11
    case .axions, .darkScalar: 0
    }
  }

  /// The decay as the event's truth names it. Literals, so that naming an event needs no memory.
  var title: String {
    switch self {
    case .muonNeutrino: "K+ -> mu+ nu"
    case .twoPions: "K+ -> pi+ pi0"
    case .threePions: "K+ -> pi+ pi+ pi-"
    case .threePionsNeutral: "K+ -> pi+ pi0 pi0"
    case .electron3: "K+ -> pi0 e+ nu"
    case .muon3: "K+ -> pi0 mu+ nu"
    case .pionNeutrinos: "K+ -> pi+ nu nubar"
    case .pionElectrons: "K+ -> pi+ e+ e- e+ e-"
    case .axions: "K+ -> pi+ a a"
    case .darkScalar: "K+ -> pi+ S"
    }
  }
}

/// Masses of the new particles that a K⁺ may decay to, in GeV/c². They decay where they are made.
public struct NewParticleMasses: Sendable, Equatable {
  /// The axion-like particle: above 2 m(e) and below (m(K) - m(π))/2.
  public var axion: Double
  /// The dark scalar: above twice the dark photon and below m(K) - m(π).
  public var darkScalar: Double
  /// The dark photon that the scalar decays to: above 2 m(e).
  public var darkPhoton: Double

  /// The given masses; nil where a decay with them is not possible.
  public init?(axion: Double, darkScalar: Double, darkPhoton: Double) {
    let free = Species.kaonPlus.mass - Species.pionPlus.mass
    let pair = 2 * Species.electron.mass
    guard axion > pair, 2 * axion < free, darkPhoton > pair, darkScalar > 2 * darkPhoton, darkScalar < free
    else {
      return nil
    }
    self.axion = axion
    self.darkScalar = darkScalar
    self.darkPhoton = darkPhoton
  }
}

/// Decays of K⁺ in its own frame.
struct KaonDecays: Sendable {
  private let masses: NewParticleMasses
  private let threePions: DalitzPlot
  private let threePionsNeutral: DalitzPlot
  private let electron3: DalitzPlot
  private let muon3: DalitzPlot
  private let pionNeutrinos: DalitzPlot
  private let axions: DalitzPlot
  private let pionElectrons: PhaseSpace

  /// nil if a decay is not possible, which the masses exclude.
  init?(masses: NewParticleMasses) {
    let kaon = Species.kaonPlus.mass
    let charged = (Species.pionPlus, Species.pionPlus.mass)
    let neutral = (Species.pionZero, Species.pionZero.mass)
    let electron = Species.electron.mass
    guard
      let threePions = DalitzPlot(
        parentMass: kaon, charged, charged, (.pionMinus, charged.1), density: .threePions(.charged)),
      let threePionsNeutral = DalitzPlot(
        parentMass: kaon, neutral, neutral, charged, density: .threePions(.neutral)),
      let electron3 = DalitzPlot(
        parentMass: kaon, (.positron, electron), (.neutrinoE, 0), neutral, density: .semileptonic(.electron)),
      let muon3 = DalitzPlot(
        parentMass: kaon, (.muonPlus, Species.muonPlus.mass), (.neutrinoMu, 0), neutral,
        density: .semileptonic(.muon)),
      let pionNeutrinos = DalitzPlot(
        parentMass: kaon, (.neutrinoE, 0), (.antineutrinoE, 0), charged, density: .semileptonic(.neutrinos)),
      let axions = DalitzPlot(
        parentMass: kaon, (.axion, masses.axion), (.axion, masses.axion), charged, density: .flat),
      let pionElectrons = PhaseSpace(
        parentMass: kaon,
        products: [
          charged, (.positron, electron), (.electron, electron), (.positron, electron), (.electron, electron),
        ])
    else { return nil }
    self.masses = masses
    self.threePions = threePions
    self.threePionsNeutral = threePionsNeutral
    self.electron3 = electron3
    self.muon3 = muon3
    self.pionNeutrinos = pionNeutrinos
    self.axions = axions
    self.pionElectrons = pionElectrons
  }

  /// Adds the products in the frame of the K⁺.
  func decay(_ channel: KaonChannel, _ random: inout SimulationRandom, _ products: inout DecayProducts) {
    let kaon = Species.kaonPlus.mass
    let pion = Species.pionPlus.mass
    switch channel {
    case .muonNeutrino:
      products.addPair(
        .muonPlus, Species.muonPlus.mass, .neutrinoMu, 0, of: kaon, along: random.direction())
    case .twoPions:
      products.addPair(
        .pionPlus, pion, .pionZero, Species.pionZero.mass, of: kaon, along: random.direction())
    case .darkScalar:
      products.addPair(.pionPlus, pion, .darkScalar, masses.darkScalar, of: kaon, along: random.direction())
    case .threePions: threePions.decay(&random, &products)
    case .threePionsNeutral: threePionsNeutral.decay(&random, &products)
    case .electron3: electron3.decay(&random, &products)
    case .muon3: muon3.decay(&random, &products)
    case .pionNeutrinos: pionNeutrinos.decay(&random, &products)
    case .axions: axions.decay(&random, &products)
    case .pionElectrons: pionElectrons.decay(&random, &products)
    }
  }
}
