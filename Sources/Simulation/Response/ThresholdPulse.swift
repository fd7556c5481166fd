/// The edges of a pulse at two thresholds: a straight rise, then an exponential fall (`detectors.md` section 8).
struct ThresholdPulse {
  let pulse: ResponseConfiguration.Pulse
  let settings: ResponseConfiguration.Channels
  /// Logarithms of what the pulse has to fall below for the trailing edge, at the low and the high threshold.
  private let endsOfPulse: (low: Double, high: Double)

  init(pulse: ResponseConfiguration.Pulse, settings: ResponseConfiguration.Channels) {
    self.pulse = pulse
    self.settings = settings
    endsOfPulse = (CMath.log(pulse.low - pulse.hysteresis), CMath.log(pulse.high - pulse.hysteresis))
  }

  /// Height in mV for an energy that a shower leaves, in GeV; it spreads with the root of the energy.
  func height(_ energy: Double, _ draws: inout ResponseDraws) -> Double {
    guard energy > 0 else { return 0 }
    return pulse.amplitude * max(0, energy + draws.gauss(pulse.energySpread * energy.squareRoot()))
  }

  /// Leading and trailing edges from the start of a pulse at the low and the high threshold, in ns; meaningless
  /// at a threshold that the height does not reach.
  func edges(height: Double) -> (
    low: (leading: Double, trailing: Double), high: (leading: Double, trailing: Double)
  ) {
    let slope = pulse.rise / height
    let logarithm = CMath.log(height)
    return (
      (slope * pulse.low, pulse.rise + pulse.decay * (logarithm - endsOfPulse.low)),
      (slope * pulse.high, pulse.rise + pulse.decay * (logarithm - endsOfPulse.high))
    )
  }

  /// Appends the hits of the two channels of a counter, of which one may be missing (-1).
  func respond(
    height: Double, low: Int32, high: Int32, time: Double, event: UInt64, particle: Int32,
    _ draws: inout ResponseDraws, _ hits: inout HitList
  ) {
    guard height > pulse.low, draws.chance(settings.efficiency) else { return }
    let start = time + draws.gauss(settings.resolution)
    let edges = edges(height: height)
    if low >= 0 {
      hits.append(
        channel: low, leading: start + edges.low.leading, trailing: start + edges.low.trailing,
        amplitude: Float(height), event: event, particle: particle)
    }
    if high >= 0, height > pulse.high {
      hits.append(
        channel: high, leading: start + edges.high.leading, trailing: start + edges.high.trailing,
        amplitude: Float(height), event: event, particle: particle)
    }
  }
}
