import Testing

@testable import Simulation

/// The order of hits and their merging against the plain way to do it.
@Suite struct HitOrderTests {
  /// Sorts by comparison and merges with a table, as it is described.
  private func reference(_ hits: [DetectorHit], merging merge: Double, channels: Int) -> [DetectorHit] {
    let order = hits.enumerated().sorted { a, b in
      if a.element.leading != b.element.leading { return a.element.leading < b.element.leading }
      if a.element.channel != b.element.channel { return a.element.channel < b.element.channel }
      if a.element.event != b.element.event { return a.element.event < b.element.event }
      if a.element.particle != b.element.particle { return a.element.particle < b.element.particle }
      return a.offset < b.offset
    }
    var kept: [DetectorHit] = []
    var last: [Int32: Int] = [:]
    for (_, hit) in order {
      if merge > 0, (0..<channels).contains(Int(hit.channel)) {
        if let before = last[hit.channel], hit.leading - kept[before].leading < merge {
          if !(kept[before].trailing >= hit.trailing) { kept[before].trailing = hit.trailing }
          continue
        }
        last[hit.channel] = kept.count
      }
      kept.append(hit)
    }
    return kept
  }

  private func list(_ hits: [DetectorHit]) -> HitList {
    var list = HitList()
    for hit in hits {
      list.append(
        channel: hit.channel, leading: hit.leading, trailing: hit.trailing, amplitude: hit.amplitude,
        event: hit.event, particle: hit.particle)
    }
    return list
  }

  /// NaN is equal to itself here.
  private func isSame(_ list: HitList, _ hits: [DetectorHit]) -> Bool {
    list.count == hits.count
      && hits.indices.allSatisfy { i in
        let (a, b) = (list[i], hits[i])
        return a.leading == b.leading && a.channel == b.channel && a.event == b.event
          && a.particle == b.particle && a.amplitude == b.amplitude
          && (a.trailing == b.trailing || (a.trailing.isNaN && b.trailing.isNaN))
      }
  }

  /// Hits in clumps, as of events, of few channels and with equal times.
  private func clumps(_ count: Int, width: Double, spacing: Double, seed: UInt64) -> [DetectorHit] {
    var random = SimulationRandom(seed: seed, purpose: .noise, index: 0)
    return (0..<count).map { i in
      let event = UInt64(random.uniform(0, Double(count) / 10))
      // Quarters of ns, so that times and channels coincide.
      let time = Double(event) * spacing + (random.uniform(-width, width) * 4).rounded() / 4
      return DetectorHit(
        channel: Int32(random.uniform(-2, 14)), leading: time,
        trailing: random.uniform() < 0.3 ? .nan : time + random.uniform(0, 30), amplitude: Float(i),
        event: event, particle: Int32(random.uniform(0, 3)))
    }
  }

  @Test(arguments: [0, 1, 2, 20, 64, 65, 300, 5000])
  func orderAndMergingAreThoseOfThePlainWay(_ count: Int) {
    var sorter = HitSorter()
    for (seed, shape) in [(2.0, 1000.0), (150, 40), (1, 0.5), (3, 0)].enumerated() {
      let hits = clumps(count, width: shape.0, spacing: shape.1, seed: UInt64(seed))
      for merge in [0.0, 5] {
        var found = list(hits)
        found.arrange(merging: merge, channels: 12, &sorter)
        #expect(isSame(found, reference(hits, merging: merge, channels: 12)), "\(shape), \(merge)")
        // What is arranged stays as it is.
        let once = found
        found.arrange(merging: 0, channels: 12, &sorter)
        #expect(isSame(found, (0..<once.count).map { once[$0] }))
      }
    }
  }

  @Test func aTimeFarFromAllOthersDoesNotSpoilTheOrder() {
    var hits = clumps(3000, width: 2, spacing: 100, seed: 9)
    hits.append(DetectorHit(channel: 1, leading: -1e15, trailing: 0, event: 0, particle: 0))
    hits.append(DetectorHit(channel: 1, leading: 1e15, trailing: 0, event: 0, particle: 0))
    var sorter = HitSorter()
    var found = list(hits)
    found.arrange(merging: 5, channels: 12, &sorter)
    #expect(isSame(found, reference(hits, merging: 5, channels: 12)))
  }

  @Test func timesThatAreNoNumbersLoseNoHit() {
    var hits = clumps(1000, width: 2, spacing: 100, seed: 9)
    for (i, time) in [Double.nan, .infinity, -.infinity, .nan].enumerated() {
      hits.insert(
        DetectorHit(channel: 1, leading: time, trailing: 0, event: 0, particle: 0), at: 250 * i)
    }
    var sorter = HitSorter()
    var found = list(hits)
    found.arrange(merging: 0, channels: 12, &sorter)
    #expect(found.count == hits.count)
    #expect(Set(found.amplitude) == Set(hits.map(\.amplitude)))
  }

  @Test func aStoreIsEqualByItsHits() {
    var a = HitStore()
    a[.rich].append(channel: 1, leading: 1, trailing: 2, event: 3, particle: 4)
    var b = a
    b[.rich].append(channel: 1, leading: 0, trailing: 2, event: 3, particle: 4)
    #expect(a != b)
    b.remove(before: .infinity)
    b.append(a)
    #expect(a == b)
  }
}
