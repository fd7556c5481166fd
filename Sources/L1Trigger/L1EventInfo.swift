/// What an algorithm's run on an event was like.
public struct L1RunState: OptionSet, Hashable, Sendable, BitwiseCopyable {
  /// The bits.
  public let rawValue: UInt8
  /// A state with the given bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  /// It ran to an answer.
  public static let processed = L1RunState(rawValue: 1)
  /// It met a fragment without edges.
  public static let empty = L1RunState(rawValue: 2)
  /// It met a bad fragment, and answers 0.
  public static let badData = L1RunState(rawValue: 4)
  /// STRAW: a list overflowed, and all flags are set.
  public static let overflow = L1RunState(rawValue: 8)
}

/// The quantities that the algorithms found in one event.
public struct L1EventInfo: Hashable, Sendable, BitwiseCopyable {
  /// State of each algorithm, by `L1Algorithm.rawValue`.
  public var states = SIMD8<UInt8>(repeating: 0)
  /// Result of each algorithm: 0 or 1, and for STRAW its six flags.
  public var results = SIMD8<UInt8>(repeating: 0)
  /// Which MUV3 variants (bits 0 to 2: xx 0 to 2) have run.
  public var muv3Variants: UInt8 = 0
  /// CHOD hits in time.
  public var chodHits: UInt32 = 0
  /// Mean time of the CHOD hits in ns; −1e28 once CHOD has run, unless it ran with itself as reference and
  /// had hits; 0 before.
  public var chodAverage = 0.0
  /// Mean time of the first photomultipliers of the NewCHOD pairs in ns, with the same conventions.
  public var newCHODAverage = 0.0
  /// KTAG sectors hit.
  public var ktagSectors: UInt32 = 0
  /// LAV hits; the count stops at 3.
  public var lavHits: UInt32 = 0
  /// LAV boards that were decoded, from the first one on: all runs together.
  public var lavBoards: UInt16 = 0
  /// IRC and SAC hits; the count stops at 1.
  public var ircSacHits: UInt32 = 0
  /// NewCHOD pairs.
  public var newCHODHits: UInt32 = 0
  /// MUV3 tiles of the neighbours variant, at most 3.
  public var muv3Tiles: UInt32 = 0
  /// The STRAW tracks.
  public var straw = StrawSummary()

  /// Nothing has run.
  public init() {}

  /// The state of an algorithm.
  public func state(_ algorithm: L1Algorithm) -> L1RunState {
    L1RunState(rawValue: states[algorithm.rawValue])
  }

  mutating func mark(_ algorithm: L1Algorithm, _ state: L1RunState) {
    states[algorithm.rawValue] |= state.rawValue
  }

  mutating func mark(_ algorithm: L1Algorithm, result: UInt8) -> UInt8 {
    states[algorithm.rawValue] |= L1RunState.processed.rawValue
    results[algorithm.rawValue] = result
    return result
  }

  /// Forgets the result of an algorithm, so that it runs again.
  mutating func forget(_ algorithm: L1Algorithm) {
    states[algorithm.rawValue] &= ~L1RunState.processed.rawValue
    results[algorithm.rawValue] = 0
    if algorithm == .muv3 { muv3Variants = 0 }
  }

  /// Whether an algorithm met bad data when it ran last.
  func isBad(_ algorithm: L1Algorithm) -> Bool {
    state(algorithm).contains(.badData) && !state(algorithm).contains(.processed)
  }

  mutating func fail(_ algorithm: L1Algorithm) -> UInt8 {
    states[algorithm.rawValue] |= L1RunState.badData.rawValue
    results[algorithm.rawValue] = 0
    return 0
  }
}

/// What the STRAW algorithm says of an event (`l1.md` 5.9.9).
public struct StrawSummary: Hashable, Sendable, BitwiseCopyable {
  /// The six flags.
  public var flags: UInt8 = 0
  /// Number of tracks.
  public var tracks: UInt32 = 0
  /// Longitudinal momenta of the first four tracks, in MeV/c.
  public var momenta = SIMD4<Float>(repeating: 0)
  /// z of the vertices of the first four tracks with the beam, in mm.
  public var vertices = SIMD4<Float>(repeating: 0)
  /// Closest distance of approach of the chosen pair, in mm.
  public var cda: Float = 0
  /// Distance of the chosen pair's vertex from the beam line, in mm.
  public var distance: Float = 0

  /// No tracks.
  public init() {}
}
