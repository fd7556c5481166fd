/// What a shower in LKr looks like: how it spreads over cells, and its pulse in time (`detectors.md` 12.3, 12.4, C).
public enum LKrShower {
  /// Distance up to which a shower spreads, mm: shares add up to 1 within it.
  public static let radius = 110.0
  /// Steps of the profile, mm.
  private static let step = 5.0
  /// Share of the energy in a cell at a distance of its middle, in steps of 5 mm up to 110 mm, at 10 GeV.
  private static let profile = [
    0.394201, 0.369179, 0.25378, 0.109275, 0.051163, 0.028622, 0.017714, 0.011794, 0.008272, 0.006043,
    0.00458, 0.003536, 0.002816, 0.002328, 0.001917, 0.001621, 0.00137, 0.001167, 0.001012, 0.000877,
    0.000762, 0.000677, 0.000596,
  ]
  /// Height of a pulse from 100 ns before its peak, in steps of 10 ns; later it stays at the last.
  private static let pulse = [
    0.0, 0.0001, 0.0027, 0.0172, 0.0691, 0.1853, 0.3704, 0.5948, 0.8056, 0.9503, 1.0, 0.9548, 0.8358, 0.6762,
    0.5071, 0.3508, 0.2245, 0.1263, 0.0599, 0.0179, -0.0092, -0.0226, -0.0289, -0.0312, -0.0317, -0.0316,
    -0.0315, -0.0316, -0.0318, -0.0321, -0.0324, -0.0327, -0.0329, -0.0332,
  ]
  /// Until when a pulse is followed, ns: the undershoot lasts to about 2.8 µs.
  public static let pulseEnd = 2800.0

  /// Height of a pulse, relative to its peak, at a time in ns from it.
  public static func height(_ time: Double) -> Double {
    let place = (time + 100) / 10
    guard place > 0, time < pulseEnd else { return 0 }
    let i = Int(place)
    guard i + 1 < pulse.count else { return pulse[pulse.count - 1] }
    return pulse[i] + (pulse[i + 1] - pulse[i]) * (place - Double(i))
  }

  /// Share of the energy, as yet not normalised, in a cell whose middle is at a distance in mm from the shower; 0
  /// beyond ``radius``.
  public static func share(_ distance: Double) -> Double {
    let place = distance / step
    guard place >= 0, place < Double(profile.count - 1) else { return 0 }
    let i = Int(place)
    return profile[i] + (profile[i + 1] - profile[i]) * (place - Double(i))
  }
}
