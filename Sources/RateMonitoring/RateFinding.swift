public import NA62Formats

/// Something that the rates say is wrong, or right again.
public struct RateFinding: Sendable, Hashable {
  /// What is wrong.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// A detector without primitives while others go on.
    case deadDetector = "dead-detector"
    /// A board without packets while others go on.
    case lostBoard = "lost-board"
    /// A board or an identifier bit with a far larger share than before.
    case hotChannel = "hot-channel"
    /// A rate above its band.
    case stepUp = "step-up"
    /// A rate below its band.
    case stepDown = "step-down"
    /// More packets lost, or not to be read, than is tolerated.
    case packetLoss = "packet-loss"
    /// No packets at all inside a burst.
    case noData = "no-data"
  }

  /// The line.
  public var line: RateLine
  /// What is wrong.
  public var kind: Kind
  /// Whether it begins; else it is over.
  public var isFiring: Bool
  /// Counts seen in the exposure.
  public var observed: UInt64
  /// Counts expected in it.
  public var expected: Double
  /// The exposure in s of data time.
  public var seconds: Double
  /// ln of the p-value, or the sum of log likelihood ratios, that decided; 0 where it is over.
  public var statistic: Double
  /// False alarms of this condition on this line, per s of data time, at most.
  public var falseAlarmRate: Double
  /// Run number, or 0.
  public var run: UInt32
  /// Burst.
  public var burst: UInt32
  /// Data time at which it was decided: the end of a bin or of a burst.
  public var dataTime: DataTime

  /// One line for a person.
  public var text: String {
    guard isFiring else { return "\(line.name): \(title) is over (run \(run), burst \(burst))" }
    let share = expected > 0 ? ", \(Self.short(Double(observed) / expected)) of what is expected" : ""
    return "\(line.name): \(title): \(observed) in \(Self.short(seconds)) s, expected \(Self.short(expected))"
      + "\(share) (run \(run), burst \(burst))"
  }

  /// What is wrong, in words.
  private var title: String {
    switch kind {
    case .deadDetector: "no primitives while the other detectors go on"
    case .lostBoard: "no packets while the other boards go on"
    case .hotChannel: "far more than its share"
    case .stepUp: "rate above its band"
    case .stepDown: "rate below its band"
    case .packetLoss: "losses above the tolerance"
    case .noData: "no packets inside a burst"
    }
  }

  /// Three digits, without an exponent where a person would not write one.
  static func short(_ value: Double) -> String {
    guard value != 0, value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var (scale, digits) = (1.0, abs(value))
    while digits < 100, scale < 1e9 { (scale, digits) = (scale * 10, digits * 10) }
    let rounded = (value * scale).rounded() / scale
    return rounded == rounded.rounded() && abs(rounded) < 1e15 ? "\(Int(rounded))" : "\(rounded)"
  }
}
