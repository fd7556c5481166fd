/// What the three slots around an entry hold, and how far in time each cell is from the reference
/// (`l0tp.md` 3.4).
struct Coincidence {
  /// The slots N, N-1, N+1: identifiers of the valid cells, 0 elsewhere.
  var identifiers: (L0Words, L0Words, L0Words)
  /// The comparison times of the slots.
  var times: (L0Words, L0Words, L0Words)
  /// Absolute differences to the reference time, with the hardware's 16-bit wrap.
  var distances: (SIMD8<Int16>, SIMD8<Int16>, SIMD8<Int16>)
  /// The distances in slots N-1 and N+1 with the true ones of the reference detector, whose own time is not
  /// looked at there.
  var ownDistances: (SIMD8<Int16>, SIMD8<Int16>)

  /// What the slots hold around a reference time.
  ///
  /// - Parameters:
  ///   - identifiers: of the slots N, N-1, N+1: those of the valid cells, 0 elsewhere.
  ///   - times: the comparison times of the slots.
  ///   - reference: the reference time.
  ///   - laneMask: all ones in the lane of the reference detector.
  @inline(__always)
  init(
    identifiers: (L0Words, L0Words, L0Words), times: (L0Words, L0Words, L0Words), reference: UInt16,
    laneMask: L0Words
  ) {
    let reference = L0Words(repeating: reference)
    let zero = SIMD8<Int16>(repeating: 0)
    let isReference = laneMask .!= L0Words(repeating: 0)
    self.identifiers = identifiers
    self.times = times
    ownDistances = (Self.distance(times.1, reference), Self.distance(times.2, reference))
    distances = (
      Self.distance(times.0, reference), ownDistances.0.replacing(with: zero, where: isReference),
      ownDistances.1.replacing(with: zero, where: isReference)
    )
  }

  /// The absolute difference as the hardware computes it: in 16 bits with sign, so that -32768 stays.
  @inline(__always)
  static func distance(_ a: L0Words, _ b: L0Words) -> SIMD8<Int16> {
    let difference = SIMD8<Int16>(truncatingIfNeeded: a &- b)
    let sign = difference &>> SIMD8<Int16>(repeating: 15)
    return (difference ^ sign) &- sign
  }

  /// The primitive words, with or without the correction of the reference detector's neighbours.
  @inline(__always)
  func words(cuts: SIMD8<Int16>, correctsReference: Bool) -> L0Words {
    correctsReference ? correctedWords(cuts: cuts) : words(cuts: cuts)
  }

  /// The primitive words: the identifiers that pass the cuts, ORed over the slots.
  @inline(__always)
  func words(cuts: SIMD8<Int16>) -> L0Words {
    let zero = L0Words(repeating: 0)
    return identifiers.0.replacing(with: zero, where: distances.0 .>= cuts)
      | identifiers.1.replacing(with: zero, where: distances.1 .>= cuts)
      | identifiers.2.replacing(with: zero, where: distances.2 .>= cuts)
  }

  /// The words with the cut also for the reference detector's neighbours: a correction.
  @inline(__always)
  func correctedWords(cuts: SIMD8<Int16>) -> L0Words {
    let zero = L0Words(repeating: 0)
    return identifiers.0.replacing(with: zero, where: distances.0 .>= cuts)
      | identifiers.1.replacing(with: zero, where: ownDistances.0 .>= cuts)
      | identifiers.2.replacing(with: zero, where: ownDistances.1 .>= cuts)
  }

  /// The words without any cut in time.
  var wordsWithoutCut: L0Words { identifiers.0 | identifiers.1 | identifiers.2 }

  /// Fine times of slot `i` (0 for N, 1 for N-1, 2 for N+1); 0 in empty cells.
  func fineTimes(_ i: Int) -> SIMD8<UInt8> {
    let (words, times) =
      i == 0
      ? (identifiers.0, times.0) : i == 1 ? (identifiers.1, times.1) : (identifiers.2, self.times.2)
    return SIMD8<UInt8>(
      truncatingIfNeeded: times.replacing(
        with: L0Words(repeating: 0), where: words .== L0Words(repeating: 0)))
  }
}

extension AlignmentRAM {
  /// Reads the three slots around an entry.
  ///
  /// - Parameters:
  ///   - entry: the entry.
  ///   - address: its address.
  ///   - lane: the reference detector of the entry: the control detector where only that made it.
  ///   - laneMask: all ones in that lane.
  ///   - findsNeighbourTags: the correction `neighbour-tags`.
  @inline(__always)
  func coincidence(
    of entry: Entry, at address: Int, lane: Int, laneMask: L0Words, findsNeighbourTags: Bool
  ) -> Coincidence {
    let tag = entry.timestamp >> 11 & Self.tagMask
    var (before, after) = (tag, tag)
    if findsNeighbourTags {
      let slot = entry.time >> UInt64(8 - fineTimeBits)
      let shift = UInt64(11 + fineTimeBits)
      before = UInt32(truncatingIfNeeded: (slot &- 1) >> shift) & Self.tagMask
      after = UInt32(truncatingIfNeeded: (slot &+ 1) >> shift) & Self.tagMask
    }
    let reader = reader
    let n = reader.read(address, tag: tag)
    let m = reader.read(address &- 1, tag: before)
    let p = reader.read(address &+ 1, tag: after)
    return Coincidence(
      identifiers: (n.identifiers & n.valid, m.identifiers & m.valid, p.identifiers & p.valid),
      times: (n.times, m.times, p.times), reference: (n.times & n.valid)[lane], laneMask: laneMask)
  }

  /// The primitive words of the entries of a list, as `Coincidence.words` has them, for the bits in `care`.
  func collect(
    _ list: borrowing EntryList, reference: (lane: Int, mask: L0Words), control: (lane: Int, mask: L0Words),
    cuts: SIMD8<Int16>, care: L0Words
  ) {
    let (entries, words) = (list.entries, list.words)
    let reader = reader
    let zero = L0Words(repeating: 0)
    for i in 0..<list.count {
      let entry = entries[i]
      let (lane, mask) = entry.isReference ? reference : control
      let tag = entry.timestamp &>> 11 & Self.tagMask
      let address = reader.address(ofTime: entry.time)
      let n = reader.read(address, tag: tag)
      let m = reader.read(address &- 1, tag: tag)
      let p = reader.read(address &+ 1, tag: tag)
      let time = SIMD8<UInt16>(repeating: reader.time(address, lane: lane, tag: tag))
      let keep = ~unsafeBitCast(mask, to: SIMD8<Int16>.self)
      let before = Coincidence.distance(m.times, time) & keep
      let after = Coincidence.distance(p.times, time) & keep
      let all =
        (n.identifiers & n.valid).replacing(with: zero, where: Coincidence.distance(n.times, time) .>= cuts)
        | (m.identifiers & m.valid).replacing(with: zero, where: before .>= cuts)
        | (p.identifiers & p.valid).replacing(with: zero, where: after .>= cuts)
      words[i] = unsafeBitCast(all & care, to: SIMD2<UInt64>.self)
    }
  }
}
