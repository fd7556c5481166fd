public import Configuration
public import NA62Formats

/// What the L0 trigger processor is set to: the options of `l0tp.md` 6.1 under the names of its section 6.
public struct L0Menu: Sendable, Hashable {
  /// A trigger line: one of the 16 masks.
  public struct Mask: Sendable, Hashable {
    /// Number, 0 to 15: the bit of the trigger flags.
    public var number: Int
    /// Name of the line, as `muMT`; may be empty.
    public var name: String
    /// Whether the mask can fire.
    public var isEnabled: Bool
    /// The condition on the primitives.
    public var condition: L0Condition
    /// How many of its matches fire.
    public var downscaling: L0Downscaling

    /// A mask with the given fields.
    public init(
      number: Int, name: String, isEnabled: Bool = true, condition: L0Condition,
      downscaling: L0Downscaling = L0Downscaling(1)
    ) {
      self.number = number
      self.name = name
      self.isEnabled = isEnabled
      self.condition = condition
      self.downscaling = downscaling
    }
  }

  /// The control trigger.
  public struct Control: Sendable, Hashable {
    /// Whether it is on; without it there are no entries of the control detector.
    public var isEnabled: Bool
    /// The condition on the primitives.
    public var condition: L0Condition
    /// How many of its matches fire.
    public var downscaling: L0Downscaling

    /// A control trigger with the given fields.
    public init(isEnabled: Bool, condition: L0Condition, downscaling: L0Downscaling) {
      self.isEnabled = isEnabled
      self.condition = condition
      self.downscaling = downscaling
    }
  }

  /// How packets of the detectors are put together in groups (`l0tp.md` 3.1).
  public enum Grouping: String, Sendable, Hashable, CaseIterable {
    /// By the time in their headers.
    case header
    /// By counting them, as the hardware does; a missing packet shifts all later ones.
    case count
  }

  /// How many entries of the reference and control lists a group has (`l0tp.md` 3.1).
  public enum Counting: String, Sendable, Hashable, CaseIterable {
    /// As many as there are primitives in the packets.
    case words
    /// As many as the headers say, as the hardware does.
    case header
  }

  /// Behaviours of the firmware that can be corrected by name; none is corrected unless asked.
  public struct Corrections: NamedOptionSet, Sendable, Hashable {
    /// The set bits.
    public let rawValue: UInt8
    /// The corrections of the set bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Neighbouring slots on the other side of a boundary of 2048 clock periods are found.
    public static let neighbourTags = Corrections(rawValue: 1)
    /// An entry is skipped only if it has the very slot of the one before, not one a RAM turn away, and
    /// the first entry of a burst is not lost at address 0.
    public static let sameAddress = Corrections(rawValue: 2)
    /// The time cut also holds for the neighbours of the reference detector.
    public static let referenceNeighbours = Corrections(rawValue: 4)
    /// The last `deltaPacket` groups of a burst are processed.
    public static let lastGroups = Corrections(rawValue: 8)

    /// The names in menus.
    public static let named: [(name: String, value: Corrections)] = [
      ("neighbour-tags", .neighbourTags), ("same-address", .sameAddress),
      ("reference-neighbours", .referenceNeighbours), ("last-groups", .lastGroups),
    ]
  }

  /// A pulser: triggers at a fixed distance (`l0tp.md` 4.3).
  public struct Periodic: Sendable, Hashable {
    /// Period in ticks of 8 ns.
    public var period: UInt32
    /// The trigger word, 6 bits.
    public var word: UInt8
    /// The clock period before the first one in which it runs.
    public var start: UInt32
    /// The clock period behind the last one in which it runs.
    public var end: UInt32

    /// A pulser with the given fields.
    public init(period: UInt32, word: UInt8, start: UInt32, end: UInt32) {
      self.period = period
      self.word = word
      self.start = start
      self.end = end
    }
  }

  /// Random triggers (`l0tp.md` 4.3): at each period a coin is thrown; ours is a hash of the seed.
  public struct Random: Sendable, Hashable {
    /// The pulser that throws the coin.
    public var pulser: Periodic
    /// Seed of the coin.
    public var seed: UInt64

    /// A source with the given fields.
    public init(pulser: Periodic, seed: UInt64) {
      self.pulser = pulser
      self.seed = seed
    }
  }

  /// A span of time in which nothing is sent: choke or error (`l0tp.md` 4.6).
  public struct DeadWindow: Sendable, Hashable {
    /// First clock period of the window.
    public var begin: UInt32
    /// First clock period behind it.
    public var end: UInt32

    /// A window from `begin` to just before `end`.
    public init(begin: UInt32, end: UInt32) {
      self.begin = begin
      self.end = end
    }
  }

  /// Name of the menu.
  public var name = ""
  /// What it is for.
  public var description = ""
  /// Which names the primitive bits have: the run it is for.
  public var bits = PrimitiveBits.latest
  /// The detector whose primitives make physics entries.
  public var referenceDetector = L0Detector.rich
  /// The detector whose primitives make control entries.
  public var controlDetector = L0Detector.chod
  /// Bits of the fine time in a slot's address, 0 to 3: a slot is 25 ns / 2^bits wide.
  public var fineTimeBits = 2
  /// For each input, the distance to the reference time below which a primitive counts, in 1/256 of a
  /// clock period; strict.
  public var timeCuts = [Int16](repeating: 64, count: L0Detector.count)
  /// Groups of packets that must have come after the one that is processed, 0 to 6.
  public var deltaPacket = 1
  /// A trigger is sent if it is later than the last one by more than this, in clock periods.
  public var primitiveDT: UInt32 = 2
  /// Clock periods from a trigger's time to its sending.
  public var fixedLatency: UInt32 = 4000
  /// End of the burst in clock periods, or `nil`: no trigger is cut off.
  public var endOfBurst: UInt32?
  /// For each input, the packets dropped at the start of the burst.
  public var offsets = [Int](repeating: 0, count: L0Detector.count)
  /// How packets are grouped.
  public var grouping = Grouping.header
  /// How many entries a group has.
  public var counting = Counting.words
  /// Whether a missing packet's count is that of the last packet of the detector, as in hardware; with
  /// `Counting.header` only.
  public var usesStaleCount = false
  /// Layout of each input's packets.
  public var formats = [MTP.Format](repeating: .words32, count: L0Detector.count)
  /// Whether the phases of the downscaling begin anew with a burst.
  public var resetsDownscaling = false
  /// What is corrected.
  public var corrections: Corrections = []
  /// The lines, by number.
  public var masks: [Mask] = []
  /// The control trigger.
  public var control = Control(
    isEnabled: false, condition: L0Condition(), downscaling: L0Downscaling(1))
  /// Trigger word of calibration primitives, or `nil`: they make no triggers.
  public var calibrationWord: UInt8?
  /// The pulsers, two at most.
  public var periodics: [Periodic] = []
  /// The random triggers.
  public var random: Random?
  /// Times in which nothing is sent.
  public var deadWindows: [DeadWindow] = []

  /// A menu without lines, with the defaults of `l0tp.md` 6.1.
  public init() {}

  /// The sources whose packets are in the 64-bit format.
  public var wideSources: Set<SourceID> {
    Set(L0Detector.allCases.filter { formats[$0.rawValue] == .words64 }.flatMap(\.sources))
  }
}
