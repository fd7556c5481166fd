/// The mass hypotheses of roles; values of the Particle Data Group.
public enum ParticleMass: String, CaseIterable, Hashable, Sendable {
  /// The electron.
  case electron = "e"
  /// The muon.
  case muon = "mu"
  /// The charged pion.
  case pion = "pi"
  /// The charged kaon.
  case kaon = "K"
  /// The proton.
  case proton = "p"

  /// The mass in MeV/c2.
  public var value: Double {
    switch self {
    case .electron: 0.51099895
    case .muon: 105.6583755
    case .pion: 139.57039
    case .kaon: 493.677
    case .proton: 938.27208816
    }
  }
}
