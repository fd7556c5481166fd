/// The smallest part of the inputs that can be a task: one burst where the data allow it.
public struct CampaignUnit: Sendable, Hashable {
  /// The inputs that have to be read for it, rising.
  public var inputs: [Int]
  /// Datagrams of these inputs ahead of it.
  public var skipped: UInt64
  /// Data time of its first datagram in ns since 1970, where it is a capture that was not read.
  public var begin: Int64?
  /// Its datagrams; nil where it is all of its inputs and they were not read.
  public var datagrams: UInt64?
  /// Whether its inputs end with it.
  public var endsInputs: Bool
  /// Its bursts.
  public var bursts: [CampaignBurst]
  /// Bytes, by which tasks are balanced.
  public var bytes: UInt64

  /// A unit; see the properties.
  public init(
    inputs: [Int], begin: Int64? = nil, skipped: UInt64 = 0, datagrams: UInt64? = nil,
    endsInputs: Bool = true,
    bursts: [CampaignBurst], bytes: UInt64
  ) {
    self.inputs = inputs
    self.begin = begin
    self.skipped = skipped
    self.datagrams = datagrams
    self.endsInputs = endsInputs
    self.bursts = bursts
    self.bytes = bytes
  }
}

extension CampaignUnit {
  /// Where it begins, for the task ahead of it.
  fileprivate var next: CampaignTask.Next? {
    guard let input = inputs.first, let begin else { return nil }
    return CampaignTask.Next(input: input, begin: begin)
  }
}

/// Splits the inputs of a campaign.
public enum CampaignSplit {
  /// Tasks of neighbouring units, of which the largest is as small as can be.
  ///
  /// - Parameters:
  ///   - units: in the order of the data.
  ///   - maximum: most tasks, from 1.
  ///   - assumesSingleBursts: whether units are captures that were not read.
  public static func tasks(
    of units: [CampaignUnit], maximum: Int, assumesSingleBursts: Bool
  ) -> [CampaignTask] {
    let ends = ends(of: units.map(\.bytes), maximum: max(1, maximum))
    var begin = 0
    var bursts = 0
    return zip(ends, 1...).map { end, number in
      defer {
        bursts += units[begin..<end].reduce(0) { $0 + $1.bursts.count }
        begin = end
      }
      let part = units[begin..<end]
      let isFollowed = end < units.count
      let isWhole = part.last?.endsInputs != false
      return CampaignTask(
        number: number, inputs: Set(part.flatMap(\.inputs)).sorted(), skipped: part.first?.skipped ?? 0,
        taken: isWhole ? nil : part.reduce(0) { $0 &+ ($1.datagrams ?? 0) },
        assumesSingleBursts: assumesSingleBursts,
        next: assumesSingleBursts && isFollowed ? units[end].next : nil, isFollowed: isFollowed,
        burstsBefore: bursts, bursts: part.flatMap(\.bursts), bytes: part.reduce(0) { $0 &+ $1.bytes })
    }
  }

  /// Where the parts of a list end, so that the largest sum is as small as can be.
  static func ends(of sizes: [UInt64], maximum: Int) -> [Int] {
    guard !sizes.isEmpty else { return [] }
    func parts(_ limit: UInt64) -> [Int] {
      var ends: [Int] = []
      var sum: UInt64 = 0
      for (index, size) in sizes.enumerated() {
        let next = sum.addingReportingOverflow(size)
        let total = next.overflow ? .max : next.partialValue
        if index > 0, total > limit {
          ends.append(index)
          sum = size
        } else {
          sum = total
        }
      }
      return ends + [sizes.count]
    }
    var low = sizes.max() ?? 0
    var high = sizes.reduce(UInt64(0)) { $0.addingReportingOverflow($1).overflow ? .max : $0 + $1 }
    while low < high {
      let middle = low + (high - low) / 2
      if parts(middle).count <= maximum { high = middle } else { low = middle + 1 }
    }
    var ends = parts(low)
    // More tasks than the limit asks for cost nothing, and end sooner.
    let wanted = min(maximum, sizes.count)
    while ends.count < wanted {
      let ranges = zip([0] + ends, ends).map { $0..<$1 }
      guard
        let widest = ranges.filter({ $0.count > 1 })
          .max(by: { sizes[$0].reduce(0, &+) < sizes[$1].reduce(0, &+) })
      else { break }
      ends.append(halves(widest, sizes))
      ends.sort()
    }
    return ends
  }

  /// Where a range is cut so that the larger part is smallest.
  private static func halves(_ range: Range<Int>, _ sizes: [UInt64]) -> Int {
    let whole = sizes[range].reduce(0, &+)
    var sum: UInt64 = 0
    var best = (place: range.lowerBound + 1, size: UInt64.max)
    for place in range.dropFirst() {
      sum &+= sizes[place - 1]
      let size = max(sum, whole &- sum)
      if size < best.size { best = (place, size) }
    }
    return best.place
  }
}
