/// The intensity over the burst, relative to its flat top: a trapezium times a ripple of the mains.
public struct SpillShape: Sendable, Equatable {
  /// Length of the burst in ns.
  public var duration: Double
  /// Time in ns in which the intensity rises from 0.
  public var rise: Double
  /// Time in ns in which it falls back to 0 at the end.
  public var fall: Double
  /// Frequency of the ripple in Hz.
  public var rippleFrequency: Double
  /// Amplitude of the ripple, 0 to 1.
  public var rippleAmplitude: Double

  /// A spill of the given shape.
  public init(
    duration: Double, rise: Double, fall: Double, rippleFrequency: Double, rippleAmplitude: Double
  ) {
    self.duration = duration
    self.rise = rise
    self.fall = fall
    self.rippleFrequency = rippleFrequency
    self.rippleAmplitude = rippleAmplitude
  }

  /// The relative intensity at `time` ns after the start of burst; 0 outside the burst.
  public func intensity(at time: Double) -> Double {
    guard time >= 0, time < duration else { return 0 }
    var value = 1.0
    if time < rise { value = time / rise }
    if duration - time < fall { value = min(value, (duration - time) / fall) }
    return value * (1 + rippleAmplitude * CMath.sin(2 * Double.pi * rippleFrequency * time * 1e-9))
  }
}
