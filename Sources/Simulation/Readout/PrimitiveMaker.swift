public import Detectors
public import L0Trigger
import NA62Formats

/// What the detectors' boards make of hits for L0: clusters in time, with a bit for each condition
/// (`detectors.md` section 13, `l0tp.md` 2.1).
///
/// A hit joins a cluster if it lies within the detector's window of the cluster's first hit. A value belongs to
/// one worker, and its lists are reused from frame to frame.
public struct PrimitiveMaker: Sendable {
  /// Hits or tiles that belong together.
  struct Cluster {
    var first: Int64
    var sum: Int64
    var count: Int
    var group: Int
  }

  let configuration: ResponseConfiguration
  let bits: PrimitiveBits
  /// Group of a readout channel, or -1: processor of a slab (CHOD) and of an OR (RICH).
  let chodGroups: [Int8]
  let richGroups: [Int8]
  var tiles = TileClusters()
  /// Whether a tile of NewCHOD is none of the inner ones, by its number.
  let newCHODOuter: [Bool]
  let newCHODTiles: [Int16]
  let muv3Tiles: [Int16]
  var open: [Cluster] = []
  var sums: [Cluster] = []
  var times: [Int64] = []
  let calorimeter: CalorimeterBits

  /// A maker of primitives with the windows of `configuration` and the bits of a run.
  public init(configuration: ResponseConfiguration, maps: L1DetectorMaps, bits: PrimitiveBits = .latest) {
    self.configuration = configuration
    self.bits = bits
    chodGroups = maps.chod.map { slab in slab >= 0 ? Int8(truncatingIfNeeded: slab / 16 % 4) : -1 }
    richGroups = maps.rich.map { place in
      let isOR = place >= 0 && place / 10 % 10 > 0
      return isOR ? Int8(truncatingIfNeeded: 2 * (place / 100_000) + place / 10000 % 10) : -1
    }
    newCHODTiles = maps.newCHOD.map { Int16(truncatingIfNeeded: $0) }
    muv3Tiles = maps.muv3.map { Int16(truncatingIfNeeded: $0) }
    newCHODOuter = (0..<500).map { !configuration.newCHODInner.contains($0) }
    calorimeter = CalorimeterBits(bits)
  }

  /// Makes the primitives of a frame.
  ///
  /// - Parameters:
  ///   - frame: its number since the start of burst.
  ///   - hits: the hits, arranged (`HitStore.arrange`), of at least the frame.
  ///   - primitives: takes the primitives of each detector, in order of time; emptied first.
  public mutating func makePrimitives(
    frame: UInt32, hits: HitStore, into primitives: inout FramePrimitives
  ) {
    primitives.removeAll()
    makeProcessors(
      hits[.rich], frame, richGroups, configuration[.rich].clusterWindow, &primitives[.rich])
    makeProcessors(
      hits[.chod], frame, chodGroups, configuration[.chod].clusterWindow, &primitives[.chod])
    makeNewCHOD(hits[.newCHOD], frame, &primitives[.newCHOD])
    makeMUV3(hits[.muv3], frame, &primitives[.muv3])
    makeLAV(hits[.lav], frame, &primitives[.lav12])
    makeLKr(hits[.lkr], frame, &primitives[.lkr])
    primitives.sort()
  }

  /// The hits of a list in a frame.
  static func range(_ hits: HitList, _ frame: UInt32) -> Range<Int> {
    // A unit on both sides, as the units decide.
    let start = Double(frame) * ReadoutClock.frame
    return hits.range(from: start - ReadoutClock.unit, to: start + ReadoutClock.frame + ReadoutClock.unit)
  }

  /// Time of a hit in units, if it is in the frame.
  static func units(_ hits: HitList, _ i: Int, _ frame: UInt32) -> Int64? {
    guard let units = ReadoutClock.units(hits[i].leading), units >> 16 == Int64(frame) else { return nil }
    return units
  }

  /// Appends a primitive at a time in units, kept inside its frame.
  static func append(
    _ units: Int64, _ identifier: UInt16, frame: UInt32, _ primitives: inout [Primitive]
  ) {
    let start = Int64(frame) << 16
    let time = min(max(units, start), start + 0xFFFF)
    primitives.append(
      Primitive(
        timestamp: UInt32(truncatingIfNeeded: time >> 8) & Primitive.timestampMask,
        fineTime: UInt8(truncatingIfNeeded: time), identifier: identifier))
  }

  /// RICH and CHOD: four processors, each of which makes up to four clusters of a clock period and passes those
  /// of two hits and more; these are clustered again, and two hits make a primitive with their mean time.
  private mutating func makeProcessors(
    _ hits: HitList, _ frame: UInt32, _ groups: [Int8], _ window: Int, _ primitives: inout [Primitive]
  ) {
    var slot: Int64 = -1
    open.removeAll(keepingCapacity: true)
    for i in Self.range(hits, frame) {
      guard let units = Self.units(hits, i, frame) else { continue }
      let channel = Int(hits[i].channel)
      guard channel >= 0, channel < groups.count, groups[channel] >= 0 else { continue }
      if units >> 8 != slot {
        closeProcessors(frame, window, &primitives)
        slot = units >> 8
      }
      let group = Int(groups[channel])
      var found = 0
      var place: Int?
      for k in open.indices where open[k].group == group {
        found += 1
        if place == nil, abs(units - open[k].first) <= Int64(window) { place = k }
      }
      if let place {
        open[place].sum += units
        open[place].count += 1
      } else if found < 4 {
        open.append(Cluster(first: units, sum: units, count: 1, group: group))
      }
    }
    closeProcessors(frame, window, &primitives)
  }

  /// The second step of RICH and CHOD, at the end of a clock period.
  private mutating func closeProcessors(_ frame: UInt32, _ window: Int, _ primitives: inout [Primitive]) {
    guard !open.isEmpty else { return }
    sums.removeAll(keepingCapacity: true)
    for cluster in open where cluster.count >= 2 {
      let mean = cluster.sum / Int64(cluster.count)
      if let k = sums.firstIndex(where: { abs(mean - $0.first) <= Int64(window) }) {
        sums[k].sum += cluster.sum
        sums[k].count += cluster.count
      } else {
        sums.append(Cluster(first: mean, sum: cluster.sum, count: cluster.count, group: 0))
      }
    }
    open.removeAll(keepingCapacity: true)
    // The low byte may hold a multiplicity in the real data; that is not confirmed, and it stays 0.
    for cluster in sums {
      Self.append(cluster.sum / Int64(cluster.count), 1 << 14, frame: frame, &primitives)
    }
  }

  /// LAV12: blocks over both thresholds, their times moved back to the start of the pulse; more than two in a
  /// cluster make a primitive with the time of the first.
  private mutating func makeLAV(_ hits: HitList, _ frame: UInt32, _ primitives: inout [Primitive]) {
    let window = Int64(configuration[.lav].clusterWindow)
    let range = Self.range(hits, frame)
    times.removeAll(keepingCapacity: true)
    for i in range {
      let channel = hits[i].channel
      guard channel >= 11 * 512, channel & 1 == 0, let low = Self.units(hits, i, frame) else { continue }
      // The upper threshold is crossed within the rise of the pulse.
      var k = i
      while k < hits.count, hits[k].leading - hits[i].leading < 2 * configuration.lav.rise {
        if hits[k].channel == channel + 1, let high = ReadoutClock.units(hits[k].leading) {
          // Factor 15 mV / (15 mV - 5 mV) = 1.5 (sic).
          let factor = configuration.lav.high / (configuration.lav.high - configuration.lav.low)
          times.append(low - Int64((Double(high - low) * factor).rounded(.down)))
          break
        }
        k += 1
      }
    }
    times.sort()
    open.removeAll(keepingCapacity: true)
    for time in times {
      if let last = open.indices.last,
        time - open[last].first <= window || time >> 8 == open[last].first >> 8
      {
        open[last].count += 1
      } else if open.count < 32 {
        open.append(Cluster(first: time, sum: 0, count: 1, group: 0))
      }
    }
    for cluster in open where cluster.count > 2 {
      Self.append(cluster.first, 1 << 14, frame: frame, &primitives)
    }
    open.removeAll(keepingCapacity: true)
  }

  /// L0Calo in its simple form: energies and number of clusters within the window of the first.
  private func makeLKr(_ hits: HitList, _ frame: UInt32, _ primitives: inout [Primitive]) {
    let window = Int64(configuration[.lkr].clusterWindow)
    var energy = 0.0
    var largest: Float = 0
    var first: Int64 = 0
    var time: Int64 = 0
    var count = 0
    func close(_ primitives: inout [Primitive]) {
      let identifier = calorimeter.identifier(energy: energy, clusters: count)
      if identifier != 0 { Self.append(time, identifier, frame: frame, &primitives) }
    }
    for i in Self.range(hits, frame) {
      guard let units = Self.units(hits, i, frame) else { continue }
      if count > 0, units - first > window {
        close(&primitives)
        count = 0
      }
      if count == 0 {
        first = units
        energy = 0
        largest = -1
      }
      count += 1
      energy += Double(hits[i].amplitude)
      if hits[i].amplitude > largest {
        largest = hits[i].amplitude
        time = units
      }
    }
    if count > 0 { close(&primitives) }
  }
}

/// The bits of the calorimeter's primitives, which moved with the runs (`l0tp.md` 2.1).
struct CalorimeterBits: Sendable {
  private let e10: UInt16
  private let e20: UInt16
  private let e40: UInt16
  private let one10: UInt16
  private let two10: UInt16
  private let lkr: UInt16
  /// Whether the bit LKr is the one of dump runs: more than 1 GeV.
  private let isDump: Bool

  init(_ bits: PrimitiveBits) {
    func mask(_ name: String) -> UInt16 { bits[name].map { 1 << UInt16($0.number) } ?? 0 }
    lkr = mask("LKr")
    isDump = bits["LKr"]?.number == 10
    e10 = mask("E10")
    e40 = mask("E40")
    e20 = mask("E20")
    one10 = mask("C1E10")
    two10 = mask("C2E10")
  }

  /// The identifier for an energy in GeV in a number of clusters.
  func identifier(energy: Double, clusters: Int) -> UInt16 {
    if isDump { return energy > 1 ? lkr : 0 }
    var identifier: UInt16 = 0
    if energy > 10 { identifier |= e10 | (clusters == 1 ? one10 : two10) }
    if energy > 20 { identifier |= e20 }
    if energy > 40 { identifier |= e40 }
    if energy > 30 || (energy > 5 && clusters > 1) { identifier |= lkr }
    return identifier
  }
}
