/// µ → e ν ν by the V - A current, for muons that are not polarised: the square of the matrix element is
/// (p_µ · p of the electron's neutrino) (p_e · p of the muon's neutrino), textbook.
enum MuonDecay {
  static func density(_ energies: ThreeEnergies, muonMass: Double, electronMass: Double) -> Double {
    let neutrino = energies.second
    return neutrino * (muonMass * muonMass - 2 * muonMass * neutrino - electronMass * electronMass)
  }

  /// The decay of a µ⁺; that of a µ⁻ is its mirror image.
  static let plot = DalitzPlot(
    parentMass: Species.muonPlus.mass, (.positron, Species.positron.mass), (.neutrinoE, 0),
    (.antineutrinoMu, 0), density: .muon)
}
