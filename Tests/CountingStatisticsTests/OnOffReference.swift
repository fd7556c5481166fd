/// Reference values of `stat-reference-values.json`, made with ROOT 6.40 (RooStats), pyhf 0.7.6 and scipy 1.17.1 on
/// the planning machine.
enum OnOffReference {
  /// Block `on_off_significance`: on, off, τ, Z_Bi, Z of Li and Ma (4 decimals).
  static let significances: [(on: Double, off: Double, ratio: Double, binomial: Double, liMa: Double)] = [
    (4, 5, 5, 1.6643, 1.9473), (6, 18.78, 14.44, 2.63, 2.8153), (9, 17.83, 4.69, 1.8171, 1.9889),
    (17, 40.11, 10.56, 4.4582, 4.5748), (50, 55, 2, 2.9332, 3.0232), (67, 15, 0.5, 2.8943, 3.0429),
    (200, 10, 0.1, 2.2009, 2.3823), (523, 2327, 5.99, 5.9325, 5.9515),
    (498_426, 493_434, 1, 5.0114, 5.0125), (2_119_449, 23_671_193, 11.21, 5.1626, 5.1628),
  ]

  /// Block `asimov`: signal, background, its uncertainty, Z (4 to 6 decimals).
  static let asimov: [(signal: Double, background: Double, sigma: Double, z: Double, decimals: Double)] = [
    (10, 10, 0, 2.779548, 1e-6), (10, 10, 3, 1.896906, 1e-6), (5, 1, 0, 3.3913, 1e-4),
    (5, 1, 0.3, 3.1103, 1e-4),
  ]

  struct Model: Sendable {
    var observed: Int
    var background: Double
    var sigma: Double
    var profileLower: Double?
    var profileUpper: Double
    var bayesUpper: Double
    var asymptoticCLs: Double?
    var expected: [Double] = []
  }

  /// Block `poisson_background_on_off_model`, all at 90 %; expected at -1, 0 and +1 σ. RooStats' own precision is
  /// that of its scans; the block says that pyhf agrees to 0.02.
  static let models = [
    Model(observed: 0, background: 0.5, sigma: 0.1, profileUpper: 1.353, bayesUpper: 2.303),
    Model(
      observed: 3, background: 1, sigma: 0.3, profileUpper: 5.838, bayesUpper: 5.668, asymptoticCLs: 5.037,
      expected: [1.741, 2.805, 4.747]),
    Model(
      observed: 5, background: 5, sigma: 1, profileUpper: 4.854, bayesUpper: 5.291, asymptoticCLs: 4.856,
      expected: [3.202, 4.856, 7.621]),
    Model(
      observed: 20, background: 7.03, sigma: 0.94, profileLower: 6.272, profileUpper: 21.38,
      bayesUpper: 20.004,
      asymptoticCLs: 19.371, expected: [3.95, 5.936, 9.178]),
  ]

  /// What pyhf 0.7.6 gives for the same with the tolerance of its fits at 1e-14 (its default leaves 1e-5).
  static let converged = (
    cls: 0.05251552464679199,
    expected: [
      0.002606404454166076, 0.013820639506532858, 0.06445515300441822, 0.23526089907941114,
      0.5730416500456178,
    ]
  )

  /// Block `pyhf_documented_2bin`: signal, background, uncertainty, observed.
  static let bins: [(Double, Double, Double, Int)] = [(12, 50, 3, 51), (11, 52, 7, 48)]
  static let cls = 0.05251497050134021
  static let expectedCLs = [
    0.002606259976511937, 0.013820049586273454, 0.06445319214502952, 0.23525640835220843, 0.5730361689830058,
  ]
  static let limit = 1.0115693725820667
  static let expectedLimits = [
    0.5598799768032072, 0.7570233224881677, 1.0623468800031994, 1.5011691614896479, 2.050787727072015,
  ]
}
