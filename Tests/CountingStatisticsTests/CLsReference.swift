/// Exact CLs limits with a known background, made with scipy on the planning machine
/// (`stat-reference-values.json`, block `cls_exact_known_background`; six decimals).
enum CLsReference {
  static let backgrounds = [0, 0.016, 0.5, 1, 3, 7.03, 10]

  struct Row: Sendable {
    var confidenceLevel: Double
    var observed: Int
    var limits: [Double]
  }

  /// One row per level and count, one limit per background.
  static let rows: [Row] = [
    Row(
      confidenceLevel: 0.9, observed: 0,
      limits: [2.302585, 2.302585, 2.302585, 2.302585, 2.302585, 2.302585, 2.302585]),
    Row(
      confidenceLevel: 0.9, observed: 1,
      limits: [3.88972, 3.873879, 3.508196, 3.271812, 2.838921, 2.581322, 2.50797]),
    Row(
      confidenceLevel: 0.9, observed: 2,
      limits: [5.32232, 5.306321, 4.843267, 4.442913, 3.522752, 2.914884, 2.745226]),
    Row(
      confidenceLevel: 0.9, observed: 3,
      limits: [6.680783, 6.664783, 6.183594, 5.711491, 4.362388, 3.314435, 3.020329]),
    Row(
      confidenceLevel: 0.9, observed: 5,
      limits: [9.274674, 9.258674, 8.7747, 8.275782, 6.437135, 4.35798, 3.712473]),
    Row(
      confidenceLevel: 0.9, observed: 10,
      limits: [15.406641, 15.390641, 14.906641, 14.406641, 12.407332, 8.62528, 6.630187]),
    Row(
      confidenceLevel: 0.9, observed: 20,
      limits: [27.045101, 27.029101, 26.545101, 26.045101, 24.045101, 20.015149, 17.050011]),
    Row(
      confidenceLevel: 0.95, observed: 0,
      limits: [2.995732, 2.995732, 2.995732, 2.995732, 2.995732, 2.995732, 2.995732]),
    Row(
      confidenceLevel: 0.95, observed: 1,
      limits: [4.743865, 4.728018, 4.358091, 4.113003, 3.643262, 3.343866, 3.254941]),
    Row(
      confidenceLevel: 0.95, observed: 2,
      limits: [6.295794, 6.279795, 5.815611, 5.410005, 4.443163, 3.754763, 3.55186]),
    Row(
      confidenceLevel: 0.95, observed: 3,
      limits: [7.753657, 7.737657, 7.256285, 6.782383, 5.39545, 4.239054, 3.892746]),
    Row(
      confidenceLevel: 0.95, observed: 5,
      limits: [10.513035, 10.497035, 10.013059, 9.514057, 7.663059, 5.467703, 4.734595]),
    Row(
      confidenceLevel: 0.95, observed: 10,
      limits: [16.962219, 16.946219, 16.462219, 15.962219, 13.962845, 10.157882, 8.082529]),
    Row(
      confidenceLevel: 0.95, observed: 20,
      limits: [29.062019, 29.046019, 28.562019, 28.062019, 26.062019, 22.032061, 19.066397]),
  ]
}
