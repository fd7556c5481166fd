import EventBuilding
import NA62Formats

/// What corrected runs do besides or instead of what NA62's code does; none of it is called without a correction.
extension L1Core {
  /// Makes an event ready for the run of an algorithm in a mask: forgets a result of other parameters, and
  /// runs CHOD ahead where it gives the reference time.
  mutating func prepare(
    _ algorithm: L1Algorithm, mask number: Int, _ event: BuiltEvent, _ bytes: RawSpan,
    _ input: Span<EventFragment>, _ info: inout L1EventInfo
  ) {
    forgetOthers(algorithm, mask: number, &info)
    // CHOD and NewCHOD refer to the L0TP alone, and STRAW to nothing.
    guard corrections.contains(.referenceFirst), ![.chod, .newCHOD, .straw].contains(algorithm),
      settings[8 * number + algorithm.rawValue].reference == 1
    else { return }
    forgetOthers(.chod, mask: number, &info)
    _ = run(.chod, settings[8 * number + L1Algorithm.chod.rawValue], event, bytes, input, &info)
  }

  /// Forgets the result of an algorithm if it ran last with parameters other than those of the mask.
  private mutating func forgetOthers(
    _ algorithm: L1Algorithm, mask number: Int, _ info: inout L1EventInfo
  ) {
    guard corrections.contains(.ownParameters), algorithm != .straw else { return }
    let settings = settings[8 * number + algorithm.rawValue]
    let last = lastSettings[algorithm.rawValue]
    lastSettings[algorithm.rawValue] = settings
    // The mean time of CHOD is a parameter too, and can have changed.
    let usesCHOD = settings.reference == 1 && algorithm != .chod && algorithm != .newCHOD
    if usesCHOD || settings.window != last.window || settings.reference != last.reference
      || algorithm == .muv3 && settings.xx != last.xx
    {
      info.forget(algorithm)
    }
  }

  /// Leaves of the edges only those of mapped channels.
  static func dropUnmapped(_ edges: inout ScratchList<TEL62.Code>, map: ContiguousArray<Int32>) {
    let count = edges.count
    var kept = 0
    for i in 0..<count where edges[i].channel < map.count && map[edges[i].channel] >= 0 {
      edges[kept] = edges[i]
      kept += 1
    }
    edges.removeLast(count - kept)
  }

  /// As `countMatched`, where a trailing edge takes the leading edges of its channel before it with it.
  static func countSinglePairs(
    _ edges: borrowing ScratchList<TEL62.Code>, _ event: BuiltEvent, reference: Double, window: Double,
    from start: UInt32, limit: UInt32
  ) -> UInt32 {
    let origin = Int64(event.timestamp) << 8
    // One bit for each channel up to 512.
    var marks = SIMD8<UInt64>(repeating: 0)
    var count = start
    for i in 0..<edges.count where count != limit && edges[i].channel < 512 && edges[i].channel & 1 == 0 {
      let word = edges[i].channel >> 6
      let bit = UInt64(1) << UInt64(edges[i].channel & 63)
      if edges[i].isLeading {
        if abs(time(edges[i], from: origin) - reference) < window { marks[word] |= bit }
      } else if marks[word] & bit != 0 {
        marks[word] &= ~bit
        count += 1
      }
    }
    return count
  }

  /// The NewCHOD tiles both of whose photomultipliers have a hit near in time, and the sum of the times of the
  /// first such hits of the first photomultipliers.
  static func countSinglePairs(_ tiles: UnsafeBufferPointer<Tile>) -> (UInt32, Double) {
    var count: UInt32 = 0
    var sum = 0.0
    for i in tiles.indices where tiles[i].place / 10 % 10 <= 3 {
      let tile = tiles[i]
      guard tiles.contains(where: tile.isPair) else { continue }
      let isRepeated = tiles[..<i].contains { a in a.place == tile.place && tiles.contains(where: a.isPair) }
      if isRepeated { continue }
      count += 1
      sum += tile.time
    }
    return (count, sum)
  }
}
