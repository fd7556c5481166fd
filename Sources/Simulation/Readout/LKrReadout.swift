import Detectors
public import NA62Formats

/// What the CREAMs of LKr send of an event that L1 keeps: clusters shared out to cells, pulses, samples
/// (`detectors.md` 12.1 to 12.4). A value belongs to one worker.
public struct LKrReadout: Sendable {
  /// Mean of a channel without signal, and GeV of a count (C).
  static let baseline = 400.0
  static let gain = 0.003491
  /// Spread of a sample in counts: of one channel, and of all of a board together (C).
  static let noise = (channel: 3.0, board: 1.0)
  /// Least difference of the largest and the smallest sample of a channel that is not suppressed (C, of the MC).
  static let threshold = 20

  /// How long before a trigger a cluster may be that its samples show, ns.
  static let reach = LKrShower.pulseEnd + 300

  /// Signals of the cells of the event in counts, by readout channel and sample.
  private var signals = [Double](repeating: 0, count: 32 * 512 * LKrGeometry.samples)
  private var touched: [Bool] = Array(repeating: false, count: 32 * 16)

  /// A readout without events.
  public init() {}

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
    func send(_ block: LKrGeometry.Block, _ payload: [UInt8]) {
      body(
        L1Packet.encode(
          event: trigger.event, source: .lkr, timestamp: trigger.timestamp &+ CREAM.latency,
          subID: block.subID, l0Word: word, payload: payload))
    }
    let empty = try CREAM.encode([], sampleCount: LKrGeometry.samples, isZeroSuppressed: true)
    guard !word.isSpecial else {
      for block in LKrGeometry.blocks { send(block, empty) }
      return
    }
    collect(clusters, start)
    var draws = ResponseDraws(
      SimulationRandom(seed: seed, purpose: .noise, index: 1 << 63 | UInt64(trigger.event)))
    var common = [Double](repeating: 0, count: LKrGeometry.samples)
    var samples = [UInt16](repeating: 0, count: LKrGeometry.samples)
    var channels: [CREAM.Channel] = []
    for block in LKrGeometry.blocks {
      let board = 16 * block.crate + block.slot
      guard touched[board] || !trigger.isZeroSuppressed else {
        send(block, empty)
        continue
      }
      for i in common.indices { common[i] = draws.gauss(Self.noise.board) }
      channels.removeAll(keepingCapacity: true)
      for number in 0..<32 {
        var (least, largest) = (CREAM.saturation, UInt16(0))
        for i in 0..<LKrGeometry.samples {
          let signal = signals[(32 * board + number) * LKrGeometry.samples + i]
          let value = Self.baseline + signal + common[i] + draws.gauss(Self.noise.channel)
          samples[i] = UInt16(min(max(value.rounded(), 0), Double(CREAM.saturation)))
          least = min(least, samples[i])
          largest = max(largest, samples[i])
        }
        if !trigger.isZeroSuppressed || Int(largest) - Int(least) >= Self.threshold {
          channels.append(CREAM.Channel(number: number, samples: samples))
          samples = [UInt16](repeating: 0, count: LKrGeometry.samples)
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
          channels, sampleCount: LKrGeometry.samples, isZeroSuppressed: trigger.isZeroSuppressed))
    }
  }

  private mutating func clear(_ board: Int) {
    guard touched[board] else { return }
    touched[board] = false
    let first = 32 * board * LKrGeometry.samples
    for i in first..<(first + 32 * LKrGeometry.samples) { signals[i] = 0 }
  }

  /// Shares the clusters that can be seen out to the cells around theirs, within 110 mm.
  private mutating func collect(_ clusters: HitList, _ start: Double) {
    for hit in clusters.range(from: start - LKrShower.pulseEnd, to: start + 200) {
      let column = Int(clusters.channel[hit] / 1000)
      let row = Int(clusters.channel[hit] % 1000)
      guard (0..<LKrGeometry.side).contains(column), (0..<LKrGeometry.side).contains(row) else { continue }
      var sum = 0.0
      Self.forEachCell(column, row) { _, share in sum += share }
      guard sum > 0 else { continue }
      let counts = Double(clusters.amplitude[hit]) / Self.gain / sum
      let time = clusters.leading[hit] - start
      Self.forEachCell(column, row) { channel, share in
        touched[channel / 32] = true
        for i in 0..<LKrGeometry.samples {
          let at = Double(i - LKrGeometry.peakSample) * ReadoutClock.period - time
          signals[channel * LKrGeometry.samples + i] += counts * share * LKrShower.height(at)
        }
      }
    }
  }

  /// The readout channels within 110 mm of a cell, with their shares of the energy, which do not add up to 1.
  private static func forEachCell(_ column: Int, _ row: Int, _ body: (Int, Double) -> Void) {
    for dx in -5...5 {
      for dy in -5...5 {
        let (x, y) = (column + dx, row + dy)
        guard (0..<LKrGeometry.side).contains(x), (0..<LKrGeometry.side).contains(y) else { continue }
        let channel = LKrGeometry.channels[x * LKrGeometry.side + y]
        let share = LKrShower.share(Double(dx * dx + dy * dy).squareRoot() * LKrGeometry.cell)
        guard channel >= 0, share > 0 else { continue }
        body(Int(channel), share)
      }
    }
  }
}
