public import NA62Formats

/// What the CREAMs of LKr send of an event that L1 keeps: clusters shared out to cells, pulses, samples
/// (`detectors.md` 12.1 to 12.4). A value belongs to one worker.
public struct LKrReadout: Sendable {
  /// Cells on a side of the grid.
  static let side = 128
  /// Samples of a channel, and the one that a hit at the trigger's time peaks in.
  static let samples = 8
  static let peakSample = 5
  /// Mean of a channel without signal, and GeV of a count (C).
  static let baseline = 400.0
  static let gain = 0.003491
  /// Spread of a sample in counts: of one channel, and of all of a board together (C).
  static let noise = (channel: 3.0, board: 1.0)
  /// Least difference of the largest and the smallest sample of a channel that is not suppressed (C, of the MC).
  static let threshold = 20

  /// Share of the energy in a cell at a distance, in steps of 5 mm up to 110 mm, at 10 GeV (12.4, C).
  private static let profile = [
    0.394201, 0.369179, 0.25378, 0.109275, 0.051163, 0.028622, 0.017714, 0.011794, 0.008272, 0.006043,
    0.00458,
    0.003536, 0.002816, 0.002328, 0.001917, 0.001621, 0.00137, 0.001167, 0.001012, 0.000877, 0.000762,
    0.000677,
    0.000596,
  ]
  /// Height of a pulse from 100 ns before its peak, in steps of 10 ns; later it stays at the last (12.3, C).
  private static let pulse = [
    0.0, 0.0001, 0.0027, 0.0172, 0.0691, 0.1853, 0.3704, 0.5948, 0.8056, 0.9503, 1.0, 0.9548, 0.8358, 0.6762,
    0.5071, 0.3508, 0.2245, 0.1263, 0.0599, 0.0179, -0.0092, -0.0226, -0.0289, -0.0312, -0.0317, -0.0316,
    -0.0315, -0.0316, -0.0318, -0.0321, -0.0324, -0.0327, -0.0329, -0.0332,
  ]
  /// Until when a pulse is followed, ns: the undershoot lasts to about 2.8 µs.
  private static let pulseEnd = 2800.0
  /// How long before a trigger a cluster may be that its samples show, ns.
  static let reach = pulseEnd + 300

  /// Where a cell is read: 512 crate + 32 slot index + channel, or -1.
  static let channels: [Int16] = {
    var table = [Int16](repeating: -1, count: side * side)
    for block in blocks {
      for channel in 0..<32 {
        let column = block.x + channel / 8
        let row = block.y + 7 - channel % 8
        table[column * side + row] = Int16(512 * block.crate + 32 * block.slot + channel)
      }
    }
    return table
  }()

  /// A CREAM: crate, index of its slot, and its lowest cell.
  struct Block: Equatable {
    let crate: Int
    let slot: Int
    let x: Int
    let y: Int

    /// The fragment's sub-identifier: slots 3 to 10 and 13 to 20.
    var subID: UInt16 { UInt16(crate << 5 | (slot < 8 ? slot + 3 : slot + 5)) }
  }

  /// The 432 CREAMs, by crate and slot.
  static let blocks: [Block] = {
    // Crates at the corners of the octagon: slot index, column, row.
    let corners: [Int: [(Int, Int, Int)]] = [
      4: [(0, 8, 96), (1, 12, 96), (6, 24, 112), (7, 28, 112)]
        + (0..<4).map { (8 + $0, 16 + 4 * $0, 104) } + (0..<4).map { (12 + $0, 16 + 4 * $0, 96) },
      7: (0..<4).map { ($0, 16 + 4 * $0, 24) } + (0..<4).map { (4 + $0, 16 + 4 * $0, 16) }
        + [(10, 24, 8), (11, 28, 8), (12, 8, 24), (13, 12, 24)],
      24: [(2, 112, 96), (3, 116, 96), (4, 96, 112), (5, 100, 112)]
        + (0..<4).map { (8 + $0, 96 + 4 * $0, 104) } + (0..<4).map { (12 + $0, 96 + 4 * $0, 96) },
      27: (0..<4).map { ($0, 96 + 4 * $0, 24) } + (0..<4).map { (4 + $0, 96 + 4 * $0, 16) }
        + [(8, 96, 8), (9, 100, 8), (14, 112, 24), (15, 116, 24)],
    ]
    var blocks: [Block] = []
    for crate in 0..<32 where ![0, 3, 28, 31].contains(crate) {
      if let corner = corners[crate] {
        for (slot, x, y) in corner { blocks.append(Block(crate: crate, slot: slot, x: x, y: y)) }
        continue
      }
      for slot in 0..<16 {
        let x = 16 * (crate / 4) + 4 * (slot % 4)
        let y = 120 - 32 * (crate % 4) - 8 * (slot / 4)
        blocks.append(Block(crate: crate, slot: slot, x: x, y: y))
      }
    }
    return blocks
  }()

  /// Signals of the cells of the event in counts, by readout channel and sample.
  private var signals = [Double](repeating: 0, count: 32 * 512 * samples)
  private var touched: [Bool] = Array(repeating: false, count: 32 * 16)

  /// A readout without events.
  public init() {}

  /// Height of a pulse at a time in ns from its peak.
  static func height(_ time: Double) -> Double {
    let place = (time + 100) / 10
    guard place > 0, time < pulseEnd else { return 0 }
    let i = Int(place)
    guard i + 1 < pulse.count else { return pulse[pulse.count - 1] }
    return pulse[i] + (pulse[i + 1] - pulse[i]) * (place - Double(i))
  }

  /// Calls `body` with the fragment (header and payload) of each CREAM, by crate and slot.
  ///
  /// Every CREAM sends. Zero-suppressed, it sends the channels above threshold: a fragment of 28 bytes if there are
  /// none, which the farm leaves out of what it stores (`l1.md` 7.1); else all channels. Special triggers are
  /// answered without data (X).
  ///
  /// - Parameters:
  ///   - trigger: the event that is asked for.
  ///   - clusters: the hits of LKr, arranged, from 3 µs before the trigger on.
  ///   - seed: of the random numbers of the noise; the event's number chooses the stream.
  ///   - body: takes each fragment.
  /// - Throws: `FormatError` as `CREAM.encode` does.
  public mutating func forEachFragment(
    of trigger: L1DataRequest.Trigger, clusters: HitList, seed: UInt64, _ body: ([UInt8]) -> Void
  ) throws(FormatError) {
    let start = Double(trigger.timestamp) * ReadoutClock.period
    let word = L0Word(rawValue: UInt8(truncatingIfNeeded: trigger.word))
    func send(_ block: Block, _ payload: [UInt8]) {
      body(
        L1Packet.encode(
          event: trigger.event, source: .lkr, timestamp: trigger.timestamp &+ CREAM.latency,
          subID: block.subID, l0Word: word, payload: payload))
    }
    let empty = try CREAM.encode([], sampleCount: Self.samples, isZeroSuppressed: true)
    guard !word.isSpecial else {
      for block in Self.blocks { send(block, empty) }
      return
    }
    collect(clusters, start)
    var draws = ResponseDraws(
      SimulationRandom(seed: seed, purpose: .noise, index: 1 << 63 | UInt64(trigger.event)))
    var common = [Double](repeating: 0, count: Self.samples)
    var samples = [UInt16](repeating: 0, count: Self.samples)
    var channels: [CREAM.Channel] = []
    for block in Self.blocks {
      let board = 16 * block.crate + block.slot
      guard touched[board] || !trigger.isZeroSuppressed else {
        send(block, empty)
        continue
      }
      for i in common.indices { common[i] = draws.gauss(Self.noise.board) }
      channels.removeAll(keepingCapacity: true)
      for number in 0..<32 {
        var (least, largest) = (CREAM.saturation, UInt16(0))
        for i in 0..<Self.samples {
          let signal = signals[(32 * board + number) * Self.samples + i]
          let value = Self.baseline + signal + common[i] + draws.gauss(Self.noise.channel)
          samples[i] = UInt16(min(max(value.rounded(), 0), Double(CREAM.saturation)))
          least = min(least, samples[i])
          largest = max(largest, samples[i])
        }
        if !trigger.isZeroSuppressed || Int(largest) - Int(least) >= Self.threshold {
          channels.append(CREAM.Channel(number: number, samples: samples))
          samples = [UInt16](repeating: 0, count: Self.samples)
        }
      }
      clear(board)
      guard !channels.isEmpty || !trigger.isZeroSuppressed else {
        send(block, empty)
        continue
      }
      send(
        block,
        try CREAM.encode(
          channels, sampleCount: Self.samples, isZeroSuppressed: trigger.isZeroSuppressed))
    }
  }

  private mutating func clear(_ board: Int) {
    guard touched[board] else { return }
    touched[board] = false
    let first = 32 * board * Self.samples
    for i in first..<(first + 32 * Self.samples) { signals[i] = 0 }
  }

  /// Shares the clusters that can be seen out to the cells around theirs, within 110 mm.
  private mutating func collect(_ clusters: HitList, _ start: Double) {
    for hit in clusters.range(from: start - Self.pulseEnd, to: start + 200) {
      let column = Int(clusters.channel[hit] / 1000)
      let row = Int(clusters.channel[hit] % 1000)
      guard (0..<Self.side).contains(column), (0..<Self.side).contains(row) else { continue }
      var sum = 0.0
      Self.forEachCell(column, row) { _, share in sum += share }
      guard sum > 0 else { continue }
      let counts = Double(clusters.amplitude[hit]) / Self.gain / sum
      let time = clusters.leading[hit] - start
      Self.forEachCell(column, row) { channel, share in
        touched[channel / 32] = true
        for i in 0..<Self.samples {
          let at = Double(i - Self.peakSample) * ReadoutClock.period - time
          signals[channel * Self.samples + i] += counts * share * Self.height(at)
        }
      }
    }
  }

  /// The readout channels within 110 mm of a cell, with their shares of the energy, which do not add up to 1.
  private static func forEachCell(_ column: Int, _ row: Int, _ body: (Int, Double) -> Void) {
    for dx in -5...5 {
      for dy in -5...5 {
        let (x, y) = (column + dx, row + dy)
        guard (0..<side).contains(x), (0..<side).contains(y), channels[x * side + y] >= 0 else { continue }
        let distance = Double(dx * dx + dy * dy).squareRoot() * LKrResponse.cell / 5
        let i = Int(distance)
        guard i + 1 < profile.count else { continue }
        let share = profile[i] + (profile[i + 1] - profile[i]) * (distance - Double(i))
        body(Int(channels[x * side + y]), share)
      }
    }
  }
}
