/// Channels with the fraction of decays that go to each.
public struct ChannelTable<Channel: Sendable & Equatable>: Sendable, Equatable {
  /// The channels that are drawn.
  public let channels: [Channel]
  /// Sums of the fractions up to each channel, of which the last is 1.
  let sums: [Double]

  /// A table of relative fractions, that need not add up to 1; nil if one is negative or not finite, or none
  /// is above 0.
  public init?(_ fractions: [(Channel, Double)]) {
    guard fractions.allSatisfy({ $0.1 >= 0 && $0.1.isFinite }) else { return nil }
    let used = fractions.filter { $0.1 > 0 }
    let total = used.reduce(0) { $0 + $1.1 }
    guard total > 0, total.isFinite else { return nil }
    channels = used.map(\.0)
    var sum = 0.0
    sums = used.map {
      sum += $0.1
      return sum / total
    }
  }

  /// A channel, by its fraction.
  func draw(_ random: inout SimulationRandom) -> Channel {
    let value = random.uniform()
    var place = 0
    while place + 1 < sums.count && sums[place] <= value { place += 1 }
    return channels[place]
  }
}
