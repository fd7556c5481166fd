/// The edges of a pulse at two thresholds: a straight rise, then an exponential fall (`detectors.md` section 8).
struct ThresholdPulse {
  let pulse: ResponseConfiguration.Pulse
  let settings: ResponseConfiguration.Channels

  /// Height in mV for an energy that a shower leaves, in GeV.
  func height(_ energy: Double, _ draws: inout ResponseDraws) -> Double {
    guard energy > 0 else { return 0 }
    let spread = pulse.energySpread / energy.squareRoot()
    return pulse.amplitude * energy * max(0, 1 + draws.gauss(spread))
  }

  /// Leading and trailing edge from the start of a pulse, in ns; `nil` below the threshold.
  func edges(height: Double, threshold: Double) -> (leading: Double, trailing: Double)? {
    guard height > threshold else { return nil }
    return (
      pulse.rise * threshold / height,
      pulse.rise + pulse.decay * CMath.log(height / (threshold - pulse.hysteresis))
    )
  }

  /// Appends the hits of the two channels of a counter, of which one may be missing (-1).
  func respond(
    height: Double, low: Int32, high: Int32, time: Double, event: UInt64, particle: Int32,
    _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    guard height > pulse.low, draws.chance(settings.efficiency) else { return }
    let start = time + draws.gauss(settings.resolution)
    for side in 0..<2 {
      let channel = side == 0 ? low : high
      guard channel >= 0 else { continue }
      let threshold = side == 0 ? pulse.low : pulse.high
      guard let edges = edges(height: height, threshold: threshold) else { continue }
      hits.append(
        channel: channel, leading: start + edges.leading, trailing: start + edges.trailing,
        amplitude: Float(height), event: event, particle: particle)
    }
  }
}
