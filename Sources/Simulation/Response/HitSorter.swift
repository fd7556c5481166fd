/// Puts hits in order and merges them; it keeps its memory from call to call.
///
/// Hits come nearly in order, but in a clump for each event: keys of 22 bits of the time are sorted by radix, in
/// two passes without a comparison, and what is left by insertion.
struct HitSorter: Sendable {
  /// Bits of a digit, and values.
  private static let digit = 11
  private static let values = 1 << 11
  /// Up to so many hits insertion alone is faster.
  private static let few = 64

  private var copy: [DetectorHit] = []
  /// The time of each hit in parts of 2⁻²² of the stretch, and the place of the hit.
  private var keys: [UInt64] = []
  private var dealt: [UInt64] = []
  /// Where the next key of a digit's value goes: of the lower digit, then of the upper one.
  private var places: [Int32] = Array(repeating: 0, count: 2 * values)
  /// Place of the last hit of a channel, or -1; -1 everywhere between calls.
  private var last: [Int32] = []

  /// Puts hits in order, see `DetectorHit.precedes`.
  mutating func sort(_ hits: inout [DetectorHit]) {
    guard let first = hits.first else { return }
    var low = first.leading
    var high = first.leading
    var previous = -Double.infinity
    var isSorted = true
    for hit in hits {
      low = hit.leading < low ? hit.leading : low
      high = hit.leading > high ? hit.leading : high
      if !(previous < hit.leading) { isSorted = false }
      previous = hit.leading
    }
    guard !isSorted else { return }
    if hits.count <= Self.few { return hits.sortByInsertion(by: DetectorHit.precedes) }
    let scale = Double(Self.values * Self.values) / (high - low)
    guard hits.count < Int(Int32.max), scale.isFinite else { return hits.sort(by: DetectorHit.precedes) }
    if keys.count < hits.count {
      keys += repeatElement(0, count: hits.count - keys.count)
      dealt += repeatElement(0, count: hits.count - dealt.count)
    }
    copy.removeAll(keepingCapacity: true)
    copy += hits
    if !Self.deal(&hits, copy, &keys, &dealt, &places, low, scale) { hits.sort(by: DetectorHit.precedes) }
  }

  /// Puts hits in order by their keys; `false`, and the order is not complete, where so many hits have one key that
  /// insertion would take long.
  private static func deal(
    _ hits: inout [DetectorHit], _ copy: [DetectorHit], _ keyList: inout [UInt64],
    _ dealtList: inout [UInt64], _ placeList: inout [Int32], _ low: Double, _ scale: Double
  ) -> Bool {
    let count = copy.count
    let copy = copy.span
    var hits = hits.mutableSpan
    var keys = keyList.mutableSpan
    var dealt = dealtList.mutableSpan
    var places = placeList.mutableSpan
    for value in places.indices { places[value] = 0 }
    let mask = Self.values - 1
    let largest = Double(values * values - 1)
    for i in 0..<count {
      // What is no number compares as false and goes to the front.
      let part = (copy[i].leading - low) * scale
      let time = part > 0 ? Int(part < largest ? part : largest) : 0
      keys[i] = UInt64(truncatingIfNeeded: time) << 32 | UInt64(truncatingIfNeeded: i)
      places[time & mask] &+= 1
      places[Self.values + time >> Self.digit] &+= 1
    }
    for begin in stride(from: 0, through: values, by: values) {
      var sum: Int32 = 0
      for value in begin..<(begin + Self.values) {
        let here = places[value]
        places[value] = sum
        sum &+= here
      }
    }
    for i in 0..<count {
      let value = Int(truncatingIfNeeded: keys[i] >> 32) & mask
      dealt[Int(places[value])] = keys[i]
      places[value] &+= 1
    }
    for i in 0..<count {
      let value = Self.values + Int(truncatingIfNeeded: dealt[i] >> UInt64(32 + Self.digit))
      keys[Int(places[value])] = dealt[i]
      places[value] &+= 1
    }
    var crowd = 0
    var same = 0
    var previous = UInt64.max
    for i in 0..<count {
      let key = keys[i]
      same = key >> 32 == previous ? same + 1 : 0
      previous = key >> 32
      crowd = same > crowd ? same : crowd
      let hit = copy[Int(truncatingIfNeeded: key & 0xFFFF_FFFF)]
      var place = i
      // What has the same key is put in order by insertion, unless it is a crowd.
      if same > 0, crowd <= few {
        while place > 0, DetectorHit.precedes(hit, hits[place - 1]) {
          hits[place] = hits[place - 1]
          place -= 1
        }
      }
      hits[place] = hit
    }
    return crowd <= few
  }

  /// Makes one of hits in order, of a channel, that begin within `window` ns of the first of them; it ends with
  /// the last. Channels from `channels` on stay as they are.
  mutating func merge(_ hits: inout [DetectorHit], within window: Double, channels: Int) {
    if last.count < channels { last += repeatElement(-1, count: channels - last.count) }
    var kept = 0
    for i in hits.indices {
      let hit = hits[i]
      let channel = Int(hit.channel)
      if channel >= 0, channel < channels {
        let before = Int(last[channel])
        if before >= 0, hit.leading - hits[before].leading < window {
          // NaN stands for no trailing edge, and gives way.
          if !(hits[before].trailing >= hit.trailing) { hits[before].trailing = hit.trailing }
          continue
        }
        last[channel] = Int32(truncatingIfNeeded: kept)
      }
      if kept != i { hits[kept] = hit }
      kept += 1
    }
    hits.removeLast(hits.count - kept)
    for hit in hits {
      let channel = Int(hit.channel)
      if channel >= 0, channel < channels { last[channel] = -1 }
    }
  }
}
