public import NA62Formats

/// The L1 algorithms, by the identifiers of NA62's default configuration (`l1.md` 5.10).
public enum L1Algorithm: Int, CaseIterable, Hashable, Sendable {
  /// Multiplicity of CHOD hits.
  case chod = 0
  /// RICH: never called in NA62's decision.
  case rich = 1
  /// KTAG sectors.
  case ktag = 2
  /// LAV hits.
  case lav = 3
  /// IRC and SAC hits.
  case ircSac = 4
  /// STRAW tracks.
  case straw = 5
  /// MUV3 tiles.
  case muv3 = 6
  /// NewCHOD tiles.
  case newCHOD = 7

  /// The seven algorithms that take part in the decision, in the fixed order of NA62's code
  /// (`l1.md` 6.4).
  public static let decisionOrder: [L1Algorithm] = [.chod, .ktag, .lav, .ircSac, .straw, .muv3, .newCHOD]

  /// The algorithm's name in menus and tables.
  public var name: String {
    switch self {
    case .chod: "CHOD"
    case .rich: "RICH"
    case .ktag: "KTAG"
    case .lav: "LAV"
    case .ircSac: "IRCSAC"
    case .straw: "STRAW"
    case .muv3: "MUV3"
    case .newCHOD: "NewCHOD"
    }
  }

  /// The algorithm's bit in the 8-bit words of a mask.
  var bit: UInt8 { 1 << UInt8(rawValue) }
}

/// The parameters of one algorithm in one mask (`l1.md` 6.1).
public struct L1AlgorithmSettings: Hashable, Sendable {
  /// Place of the algorithm in the mask's chain.
  public var processID = -1
  /// Whether the algorithm takes part.
  public var isEnabled = false
  /// Whether a positive result passes (`true`) or a negative one (`false`, a veto).
  public var isPositive = true
  /// Whether the result is recorded without cutting.
  public var isFlagged = false
  /// Whether the mask's result is downscaled on this algorithm.
  public var isDownscaled = false
  /// The downscaling factor.
  public var downscaling: UInt32 = 1
  /// Reference time: 0 the L0TP's, 1 the mean time of CHOD; others are unsupported.
  public var reference = 0
  /// Half width of the time window in ns; the cut is strict.
  public var window = 0.0
  /// The algorithm's own parameter: STRAW flags that are asked for, MUV3 variant.
  public var xx: UInt32 = 0
  /// A disabled algorithm with a window of 0.
  public init() {}

  /// NA62's built-in defaults of an algorithm: disabled, and with a window and a place in the chain of its
  /// own (`l1.md` 5.10). The table of decisions runs the algorithms that mask 0 leaves out with these.
  public init(defaultsOf algorithm: L1Algorithm) {
    switch algorithm {
    case .chod: (processID, window) = (1, 10)
    case .rich: (processID, window) = (-1, -1)
    case .ktag: (processID, window) = (0, 10)
    case .lav: (processID, isPositive, window) = (2, false, 20)
    case .ircSac: (processID, isPositive, window) = (3, false, 20)
    case .straw: (processID, window) = (4, 10)
    case .muv3: (processID, window) = (5, 10)
    case .newCHOD: (processID, window) = (6, 10)
    }
  }
}

/// One L1 mask.
public struct L1Mask: Hashable, Sendable {
  /// Every how many-th fired event is processed at all; 0 and 1 process each.
  public var reduction: UInt32 = 1
  /// The mask's name in tables.
  public var name = ""
  /// Settings by `L1Algorithm.rawValue`; at first NA62's built-in defaults (`l1.md` 5.10), disabled.
  public var algorithms = L1Algorithm.allCases.map(L1AlgorithmSettings.init(defaultsOf:))
  /// A mask without algorithms.
  public init() {}

  /// The settings of an algorithm.
  public subscript(algorithm: L1Algorithm) -> L1AlgorithmSettings {
    get { algorithms[algorithm.rawValue] }
    set { algorithms[algorithm.rawValue] = newValue }
  }
}

/// Whether the STRAW scratch memory survives from event to event (`l1.md` 5.9.7, section 10).
public enum StrawScratch: String, CaseIterable, Hashable, Sendable {
  /// Reset for each event: the same event always gives the same answer.
  case clean
  /// Kept, as in NA62's code: the answer can depend on the events before.
  case original
}

/// The configuration of the L1 trigger (`l1.md` 6.1).
public struct L1Configuration: Hashable, Sendable {
  /// Probability that an event passes unlooked at.
  public var bypassProbability = 0.0
  /// Seed of the generator that draws the bypass lottery.
  public var bypassSeed: UInt64 = 0
  /// Every how many-th event is processed at all; 0 and 1 process each.
  public var reductionFactor: UInt32 = 1
  /// Every how many-th accepted event is kept; 0 and 1 keep each.
  public var downscaleFactor: UInt32 = 1
  /// Whether every event is marked for autopass.
  public var flagMode = false
  /// Every how many-th event is marked for autopass; 0 marks none.
  public var autoFlagFactor: UInt32 = 10
  /// Reference source that is written to the data block; nothing else reads it.
  public var referenceSource = 0
  /// The masks described in the L1 data block, in its order.
  public var dataBlockMasks: [Int] = []
  /// The 16 masks.
  public var masks = [L1Mask](repeating: L1Mask(), count: 16)
  /// What becomes of the STRAW scratch memory between events.
  public var strawScratch = StrawScratch.clean
  /// What is not done as NA62's code does it.
  public var corrections: L1Corrections = []
  /// How far counters reach.
  public var counters = CounterScope.run
  /// NA62's built-in defaults: every algorithm disabled.
  public init() {}

  /// The enabled algorithms of a mask in the order in which its chain is followed: that of NA62's code, or
  /// that of their places.
  func chain(of mask: L1Mask) -> [L1Algorithm] {
    let enabled = L1Algorithm.decisionOrder.filter { mask[$0].isEnabled }
    guard corrections.contains(.chainOrder) else { return enabled }
    return enabled.sorted { mask[$0].processID < mask[$1].processID }
  }

  /// Length in bytes of the L1 data block (`l1.md` 6.6).
  public var dataBlockByteCount: Int {
    dataBlockMasks.reduce(12) { size, mask in
      let enabled = L1Algorithm.decisionOrder.filter { masks[mask][$0].isEnabled }
      return size + 8 + 16 * enabled.count + (enabled.contains(.straw) ? 36 : 0)
    }
  }
}
