public import Detectors
public import EventBuilding
public import NA62Formats

/// Runs the L1 algorithms and the chain logic: one worker, with its own scratch memory.
///
/// What a worker says of an event depends on the event and its plan alone (with the STRAW scratch memory
/// `clean`), so any number of workers can share the events (`l1.md` 6.4).
public final class L1Worker {
  private let configuration: L1Configuration
  private let layout: EventLayout
  private let maps: L1DetectorMaps
  private var core: L1Core
  /// The worker of `evaluateAlone`, whose scratch memory is not to disturb that of the chain.
  private lazy var alone = L1Worker(configuration: configuration, layout: layout, maps: maps)

  /// A worker for the given configuration.
  public init(configuration: L1Configuration, layout: EventLayout, maps: L1DetectorMaps) {
    self.configuration = configuration
    self.layout = layout
    self.maps = maps
    core = L1Core(configuration: configuration, layout: layout, maps: maps)
  }

  /// Evaluates the masks that an event fired.
  public func evaluate(_ event: BuiltEvent, of batch: EventBatch, plan: L1Plan) -> L1Evaluation {
    core.evaluate(event, of: batch, plan: plan)
  }

  /// Runs every algorithm on an event with the parameters of mask 0, for the table of decisions.
  ///
  /// The results of the three MUV3 variants (xx = 2, 1, 0) come beside the quantities.
  public func evaluateAlone(
    _ event: BuiltEvent, of batch: EventBatch
  ) -> (info: L1EventInfo, muv3: (neighbours: UInt8, leftRight: UInt8, tight: UInt8)) {
    alone.core.evaluateAlone(event, of: batch)
  }
}

/// What a worker has and does: a struct, so that an event costs one check of exclusive access, and not one
/// for each list of its scratch memory.
struct L1Core: ~Copyable {
  private let maps: L1DetectorMaps
  private let logic: ContiguousArray<MaskLogic>
  let corrections: L1Corrections
  /// Whether `prepare` has anything to do.
  private let preparesRuns: Bool
  /// Settings with which each algorithm ran last; with the correction `ownParameters` only.
  var lastSettings = L1Algorithm.allCases.map(L1AlgorithmSettings.init(defaultsOf:))
  /// Settings by 8 × mask + algorithm.
  let settings: ContiguousArray<L1AlgorithmSettings>
  /// Bits of the algorithms whose source the layout has.
  private let configured: UInt8
  /// The fragments, within an event, of each algorithm's source, by algorithm; empty if it has none.
  private let ranges: ContiguousArray<Range<Int>>
  private let fragmentCount: Int
  /// The enabled algorithms of the masks in the fixed order, and where those of each mask begin.
  private let steps: ContiguousArray<Step>
  private let stepStarts: ContiguousArray<Int>
  private var straw: StrawAlgorithm
  private var edges = ScratchList<TEL62.Code>(capacity: 1024)
  private var pairs = ScratchList<Tile>(capacity: 64)
  /// Decoded boards that several algorithms or masks read: that of MUV3, and that of IRC, SAC and NewCHOD.
  private var muv3Board = SharedBoard()
  private var ircSacBoard = SharedBoard()

  /// An algorithm of a mask's chain.
  private struct Step {
    var algorithm: L1Algorithm
    var settings: L1AlgorithmSettings
  }

  /// A board that is decoded once for an event.
  private struct SharedBoard: ~Copyable {
    var edges = ScratchList<TEL62.Code>(capacity: 256)
    var isGood = false
    /// Whether `edges` are those of the present event.
    var isDecoded = false
  }

  /// One hit with its place in the detector's map and its time from the event, in ns.
  struct Tile: BitwiseCopyable {
    var place: Int32
    var time: Double

    /// Whether the two are the photomultipliers of one NewCHOD tile, and near in time.
    @inline(__always)
    func isPair(with other: Tile) -> Bool {
      abs(place - other.place) == 50 && place / 100 == other.place / 100 && abs(time - other.time) < 5.0
    }
  }

  init(configuration: L1Configuration, layout: EventLayout, maps: L1DetectorMaps) {
    self.maps = maps
    logic = ContiguousArray(
      configuration.masks.enumerated().map { number, mask in
        MaskLogic(mask, isListed: configuration.dataBlockMasks.contains(number))
      })
    settings = ContiguousArray(
      configuration.masks.flatMap { mask in L1Algorithm.allCases.map { mask[$0] } })
    let chains = configuration.masks.map { mask in
      configuration.chain(of: mask).map { Step(algorithm: $0, settings: mask[$0]) }
    }
    steps = ContiguousArray(chains.joined())
    stepStarts = ContiguousArray(chains.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) })
    var configured: UInt8 = 0
    for algorithm in L1Algorithm.allCases where layout.index(of: algorithm.source) != nil {
      configured |= algorithm.bit
    }
    self.configured = configured
    ranges = ContiguousArray(L1Algorithm.allCases.map { layout.fragments(of: $0.source) })
    fragmentCount = layout.fragmentCount
    corrections = configuration.corrections
    preparesRuns = !corrections.isDisjoint(with: [.ownParameters, .referenceFirst])
    straw = StrawAlgorithm(
      maps: maps, scratch: configuration.strawScratch, corrections: configuration.corrections)
  }

  mutating func evaluate(_ event: BuiltEvent, of batch: EventBatch, plan: L1Plan) -> L1Evaluation {
    var out = L1Evaluation(plan: plan)
    forgetBoards()
    guard plan.path == .masks, event.l0.dataType.contains(.physics) else { return out }
    let bytes = batch.bytes
    let fragments = batch.fragments
    let first = Int(event.firstFragment)
    let input = fragments.span.extracting(first..<(first + fragmentCount))
    for mask in 0..<16 where event.l0.flags & (1 << UInt16(mask)) != 0 {
      follow(mask, event, bytes.span.bytes, input, &out)
    }
    return out
  }

  mutating func evaluateAlone(
    _ event: BuiltEvent, of batch: EventBatch
  ) -> (info: L1EventInfo, muv3: (neighbours: UInt8, leftRight: UInt8, tight: UInt8)) {
    var info = L1EventInfo()
    forgetBoards()
    let storage = batch.bytes
    let bytes = storage.span.bytes
    let fragments = batch.fragments
    let first = Int(event.firstFragment)
    let input = fragments.span.extracting(first..<(first + fragmentCount))
    for algorithm in [L1Algorithm.chod, .ktag, .lav, .ircSac, .straw] {
      _ = run(algorithm, settings[algorithm.rawValue], event, bytes, input, &info)
    }
    var muv3 = settings[L1Algorithm.muv3.rawValue]
    var variants: [UInt8] = []
    for xx: UInt32 in [2, 1, 0] {
      muv3.xx = xx
      variants.append(run(.muv3, muv3, event, bytes, input, &info))
    }
    _ = run(.newCHOD, settings[L1Algorithm.newCHOD.rawValue], event, bytes, input, &info)
    return (info, (variants[0], variants[1], variants[2]))
  }

  /// Forgets what was decoded of the event before.
  private mutating func forgetBoards() {
    muv3Board.isDecoded = false
    ircSacBoard.isDecoded = false
  }

  // MARK: The chain of one mask

  private mutating func follow(
    _ number: Int, _ event: BuiltEvent, _ bytes: RawSpan, _ input: Span<EventFragment>,
    _ out: inout L1Evaluation
  ) {
    let logic = logic[number]
    let isReduced = out.plan.reducedMasks & (1 << UInt16(number)) != 0
    if logic.count == 0 { out.allDisabled = true }
    if logic.hasTimeoutMark { out.timeout = true }
    var words: UInt8 = 0
    var process = 0
    var loops = 0
    let range = stepStarts[number]..<stepStarts[number + 1]
    chain: while loops != 10, !isReduced, process != logic.count {
      for i in range {
        let algorithm = steps[i].algorithm
        if steps[i].settings.processID == process, configured & algorithm.bit != 0 {
          if preparesRuns { prepare(algorithm, mask: number, event, bytes, input, &out.info) }
          let result = run(algorithm, steps[i].settings, event, bytes, input, &out.info)
          process += 1
          let accepts: Bool
          if algorithm == .straw {
            accepts = UInt32(result) & steps[i].settings.xx == steps[i].settings.xx
          } else {
            accepts = result != 0
          }
          if accepts == steps[i].settings.isPositive
            || corrections.contains(.badDataKeeps) && out.info.isBad(algorithm)
          {
            words |= algorithm.bit
          }
        }
        // Holds for algorithms that have not run yet too: NA62's chains have to follow the fixed order.
        if words & algorithm.bit == 0, process != 0, !steps[i].settings.isFlagged {
          loops += 1
          break chain
        }
      }
      loops += 1
    }
    if loops == 10, process != logic.count { out.timeout = true }
    out.words[number] = words
    if !isReduced,
      logic.enabled == 0 || words & logic.enabled == logic.enabled || words & logic.cut == logic.cut
    {
      if logic.flagged > 0 { out.flagged = true }
      out.passing |= 1 << UInt16(number)
    }
  }

  /// The result of an algorithm: that of an earlier mask where there is one (`l1.md` 5.1).
  mutating func run(
    _ algorithm: L1Algorithm, _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    if algorithm == .muv3 {
      guard settings.xx <= 2 else { return info.results[algorithm.rawValue] }
      // One result serves all variants, while each is marked as processed by itself.
      if info.muv3Variants & (1 << UInt8(settings.xx)) == 0 {
        return runMUV3(settings, event, bytes, input, &info)
      }
      return info.results[algorithm.rawValue]
    }
    if info.state(algorithm).contains(.processed) { return info.results[algorithm.rawValue] }
    switch algorithm {
    case .chod: return runCHOD(settings, event, bytes, input, &info)
    case .ktag: return runKTAG(settings, event, bytes, input, &info)
    case .lav: return runLAV(settings, event, bytes, input, &info)
    case .ircSac: return runIRCSAC(settings, event, bytes, input, &info)
    case .straw: return runStraw(event, bytes, input, &info)
    case .newCHOD: return runNewCHOD(settings, event, bytes, input, &info)
    case .muv3, .rich: return 0
    }
  }

  // MARK: Algorithms

  /// The reference time in ns of an algorithm other than CHOD and NewCHOD.
  private func reference(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ info: L1EventInfo
  ) -> Double {
    switch settings.reference {
    case 0: l0Reference(event)
    case 1 where corrections.contains(.referenceFirst):
      info.state(.chod).contains(.processed) && info.chodHits > 0 ? info.chodAverage : l0Reference(event)
    case 1: info.state(.chod).contains(.processed) ? info.chodAverage : 0
    default: 0
    }
  }

  private func l0Reference(_ event: BuiltEvent) -> Double {
    Double(event.l0.fineTime) * ClockTicks.fineTimeUnit
  }

  /// Decodes a fragment into `edges`.
  @inline(__always)
  private mutating func decode(
    _ fragment: EventFragment, _ event: BuiltEvent, _ bytes: RawSpan
  ) -> TEL62.Result {
    Self.decode(fragment, event, bytes, into: &edges)
  }

  /// Decodes a fragment into a list.
  @inline(__always)
  private static func decode(
    _ fragment: EventFragment, _ event: BuiltEvent, _ bytes: RawSpan,
    into edges: inout ScratchList<TEL62.Code>
  ) -> TEL62.Result {
    edges.removeAll()
    return fragment.unpackTEL62(bytes, timestamp: event.timestamp, into: &edges)
  }

  /// Decodes the first fragment of an algorithm's source to a board of its own, unless it is there already;
  /// `false` if there is none or it is not good.
  private static func decodeFirst(
    _ range: Range<Int>, _ event: BuiltEvent, _ bytes: RawSpan, _ input: Span<EventFragment>,
    into board: inout SharedBoard
  ) -> Bool {
    guard !range.isEmpty else { return false }
    if !board.isDecoded {
      board.isDecoded = true
      board.isGood = decode(input[range.lowerBound], event, bytes, into: &board.edges).status == .good
    }
    return board.isGood
  }

  /// Decodes the first fragment of an algorithm's source; `false` if there is none or it is not good.
  private mutating func decodeFirst(
    _ algorithm: L1Algorithm, _ event: BuiltEvent, _ bytes: RawSpan, _ input: Span<EventFragment>
  ) -> Bool {
    let range = ranges[algorithm.rawValue]
    guard !range.isEmpty else { return false }
    return decode(input[range.lowerBound], event, bytes).status == .good
  }

  /// Time of an edge from the event in ns, where `origin` is the event's timestamp × 256.
  ///
  /// Equal to `TDCEdge.nanoseconds(from:)`: both its terms are integers below 2⁵³.
  @inline(__always)
  static func time(_ edge: TEL62.Code, from origin: Int64) -> Double {
    Double(edge.time &- origin) * ClockTicks.fineTimeUnit
  }

  private mutating func runCHOD(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    guard decodeFirst(.chod, event, bytes, input) else { return info.fail(.chod) }
    if edges.count == 0 { info.mark(.chod, .empty) }
    if corrections.contains(.mappedOnly) { Self.dropUnmapped(&edges, map: maps.chod) }
    let reference = l0Reference(event)
    let window = settings.window
    let origin = Int64(event.timestamp) << 8
    let found = edges.withElements { edges in
      var hits: UInt32 = 0
      var sum = 0.0
      for edge in edges where edge.isLeading && edge.channel < 512 {
        let time = Self.time(edge, from: origin)
        guard abs(time - reference) < window else { continue }
        hits += 1
        sum += time
      }
      return (hits, sum)
    }
    info.chodHits = found.0
    let isReference = settings.reference == 1 || corrections.contains(.referenceFirst)
    info.chodAverage = isReference && found.0 > 0 ? found.1 / Double(found.0) : -1e28
    return info.mark(.chod, result: found.0 >= 1 && found.0 <= 5 ? 1 : 0)
  }

  private mutating func runKTAG(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    let range = ranges[L1Algorithm.ktag.rawValue]
    guard !range.isEmpty else { return info.fail(.ktag) }
    let reference = reference(settings, event, info)
    let window = settings.window
    let origin = Int64(event.timestamp) << 8
    var sectors: UInt8 = 0
    var edgeCount = 0
    for (i, f) in range.enumerated() {
      let fragment = input[f]
      let board = decode(fragment, event, bytes)
      guard board.status == .good else { return info.fail(.ktag) }
      let place = corrections.contains(.sectorByBoard) ? Int(board.subID ?? .max) : i
      edgeCount += edges.count
      // A bit for each FPGA with a leading edge in time, without a branch for an edge.
      let fpgas = edges.withElements { edges in
        var hit: UInt64 = 0
        for edge in edges {
          let time = Self.time(edge, from: origin)
          let counts: UInt64 = (edge.isLeading ? 1 : 0) & (abs(time - reference) < window ? 1 : 0)
          hit |= counts << UInt64(edge.fpga)
        }
        return hit
      }
      for fpga in 0..<4 where fpgas & (1 << UInt64(fpga)) != 0 {
        let sector = (4 * place + fpga) / 3
        if sector < 8 { sectors |= 1 << UInt8(sector) }
      }
    }
    if edgeCount == 0 { info.mark(.ktag, .empty) }
    info.ktagSectors = UInt32(sectors.nonzeroBitCount)
    return info.mark(.ktag, result: info.ktagSectors > 4 ? 1 : 0)
  }

  /// Counts low-threshold channels with a trailing edge in time behind a leading one, up to `limit`.
  private static func countMatched(
    _ edges: borrowing ScratchList<TEL62.Code>, _ event: BuiltEvent, reference: Double, window: Double,
    channels: Int, from start: UInt32,
    limit: UInt32
  ) -> UInt32 {
    let origin = Int64(event.timestamp) << 8
    // One bit for each channel up to 512.
    var marks = SIMD8<UInt64>(repeating: 0)
    return edges.withElements { edges in
      var count = start
      for edge in edges where edge.channel < channels && edge.channel & 1 == 0 {
        let word = (edge.channel >> 6) & 7
        let bit = UInt64(1) << UInt64(edge.channel & 63)
        if edge.isLeading {
          if abs(Self.time(edge, from: origin) - reference) < window { marks[word] |= bit }
        } else if marks[word] & bit != 0 {
          count += 1
          if count == limit { return count }
        }
      }
      return count
    }
  }

  private mutating func runLAV(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    let range = ranges[L1Algorithm.lav.rawValue]
    guard !range.isEmpty else { return info.fail(.lav) }
    let reference = reference(settings, event, info)
    var hits: UInt32 = 0
    var edgeCount = 0
    for f in range {
      let fragment = input[f]
      let board = decode(fragment, event, bytes)
      info.lavBoards = max(info.lavBoards, UInt16(clamping: f - range.lowerBound + 1))
      if board.subID == 0 || board.subID == 11 { continue }
      guard board.status == .good else { return info.fail(.lav) }
      edgeCount += edges.count
      if corrections.contains(.singlePairs) {
        hits = Self.countSinglePairs(
          edges, event, reference: reference, window: settings.window, from: hits, limit: 3)
      } else {
        hits = Self.countMatched(
          edges, event, reference: reference, window: settings.window, channels: 512, from: hits, limit: 3)
      }
      if hits == 3 { break }
    }
    if edgeCount == 0 { info.mark(.lav, .empty) }
    info.lavHits = hits
    return info.mark(.lav, result: hits == 3 ? 1 : 0)
  }

  private mutating func runIRCSAC(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    let range = ranges[L1Algorithm.ircSac.rawValue]
    guard Self.decodeFirst(range, event, bytes, input, into: &ircSacBoard) else { return info.fail(.ircSac) }
    if ircSacBoard.edges.count == 0 { info.mark(.ircSac, .empty) }
    info.ircSacHits = Self.countMatched(
      ircSacBoard.edges, event, reference: reference(settings, event, info), window: settings.window,
      channels: 128, from: 0, limit: 1)
    return info.mark(.ircSac, result: UInt8(info.ircSacHits))
  }

  private mutating func runNewCHOD(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    // The same board as that of IRC and SAC.
    let range = ranges[L1Algorithm.newCHOD.rawValue]
    guard Self.decodeFirst(range, event, bytes, input, into: &ircSacBoard) else {
      return info.fail(.newCHOD)
    }
    if ircSacBoard.edges.count == 0 { info.mark(.newCHOD, .empty) }
    Self.collect(
      ircSacBoard.edges, event, map: maps.newCHOD, from: 192, reference: l0Reference(event),
      window: settings.window, into: &pairs)
    let isSingle = corrections.contains(.singlePairs)
    let found = pairs.withElements { tiles in
      if isSingle { return Self.countSinglePairs(tiles) }
      var count: UInt32 = 0
      var sum = 0.0
      for i in tiles.indices where tiles[i].place / 10 % 10 <= 3 {
        for j in tiles.indices where j != i {
          guard tiles[i].isPair(with: tiles[j]) else { continue }
          count += 1
          // The mean is of the first photomultipliers, those with tens digit 0 to 3.
          sum += tiles[i].time
        }
      }
      return (count, sum)
    }
    info.newCHODHits = found.0
    info.newCHODAverage =
      settings.reference == 1 && found.0 > 0 ? found.1 / Double(found.0) : -1e28
    return info.mark(.newCHOD, result: info.newCHODHits >= 1 && info.newCHODHits <= 3 ? 1 : 0)
  }

  /// Collects the leading edges of mapped channels, those in time only if `reference` is given.
  private static func collect(
    _ edges: borrowing ScratchList<TEL62.Code>, _ event: BuiltEvent, map: ContiguousArray<Int32>,
    from first: Int, keepUnmapped: Bool = false, reference: Double?, window: Double,
    into pairs: inout ScratchList<Tile>
  ) {
    pairs.removeAll()
    let origin = Int64(event.timestamp) << 8
    for i in 0..<edges.count {
      let edge = edges[i]
      guard edge.isLeading, edge.channel >= first, edge.channel < map.count else { continue }
      let place = map[edge.channel]
      guard place >= 0 || keepUnmapped else { continue }
      let time = time(edge, from: origin)
      if let reference, !(abs(time - reference) < window) { continue }
      pairs.append(Tile(place: place, time: time))
    }
  }

  private mutating func runMUV3(
    _ settings: L1AlgorithmSettings, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    let range = ranges[L1Algorithm.muv3.rawValue]
    guard Self.decodeFirst(range, event, bytes, input, into: &muv3Board) else { return info.fail(.muv3) }
    if muv3Board.edges.count == 0 { info.mark(.muv3, .empty) }
    info.muv3Variants |= 1 << UInt8(settings.xx)
    let reference = reference(settings, event, info)
    let window = settings.window
    var result: UInt8 = 0
    switch settings.xx {
    case 0:
      Self.collect(
        muv3Board.edges, event, map: maps.muv3, from: 0, reference: nil, window: 0, into: &pairs)
      let found = pairs.withElements { tiles in
        tiles.contains { a in
          a.place < 200
            && tiles.contains { b in
              b.place - a.place == 200 && abs(a.time - b.time) < 50.0
                && abs((a.time + b.time) / 2 - reference) < window
            }
        }
      }
      result = found ? 1 : 0
    case 1:
      Self.collect(
        muv3Board.edges, event, map: maps.muv3, from: 0, keepUnmapped: !corrections.contains(.mappedOnly),
        reference: reference, window: window, into: &pairs)
      let found = pairs.withElements { tiles in
        tiles.contains { a in
          let left = Self.tile(a.place)
          guard left < 144, left % 12 <= 5 else { return false }
          return tiles.contains { b in
            let right = Self.tile(b.place)
            return right < 144 && right % 12 >= 6 && abs(a.time - b.time) < 10.0
          }
        }
      }
      result = found ? 1 : 0
    default:
      Self.collect(
        muv3Board.edges, event, map: maps.muv3, from: 0, reference: reference, window: window, into: &pairs)
      var first: Int32 = -1
      var second: Int32 = -1
      var count: UInt32 = 0
      for i in 0..<pairs.count {
        let tile = Self.tile(pairs[i].place)
        guard tile < 144, tile != first, tile != second else { continue }
        count += 1
        if count == 1 { first = tile } else if count == 2 { second = tile } else { break }
      }
      info.muv3Tiles = count
      if count >= 3 {
        result = 1
      } else if count == 2 {
        let a = min(first, second)
        let b = max(first, second)
        let isNeighbour = b - a == 1 && (a + b) % 24 != 23 || b - a == 12
        result = isNeighbour ? 0 : 1
      }
    }
    return info.mark(.muv3, result: result)
  }

  /// The tile of a MUV3 map value: both photomultipliers of a tile count as it.
  private static func tile(_ place: Int32) -> Int32 { place > 151 ? place - 200 : place }

  private mutating func runStraw(
    _ event: BuiltEvent, _ bytes: RawSpan, _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) -> UInt8 {
    straw.run(
      bytes: bytes, fragments: input.extracting(ranges[L1Algorithm.straw.rawValue]),
      timestamp: event.timestamp, fineTime: event.l0.fineTime, info: &info)
  }
}

extension L1Algorithm {
  /// The source whose data the algorithm reads.
  public var source: SourceID {
    switch self {
    case .chod: .chod
    case .rich: .rich
    case .ktag: .ktag
    case .lav: .lav
    case .ircSac, .newCHOD: .ircSacNewCHOD
    case .straw: .straw
    case .muv3: .muv3
    }
  }
}
