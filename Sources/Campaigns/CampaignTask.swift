public import Foundation

/// One task: some bursts, which follow one another, of which it makes one run directory.
public struct CampaignTask: Codable, Sendable, Hashable {
  /// Number, from 1.
  public var number: Int
  /// The inputs that it reads, by their place in the plan, rising.
  public var inputs: [Int]
  /// Datagrams at the beginning of these inputs that belong to other tasks.
  public var skipped: UInt64
  /// Datagrams behind them that belong to this task; nil for all.
  public var taken: UInt64?
  /// Whether each input is taken to hold one burst, which the task checks.
  public var assumesSingleBursts: Bool
  /// The capture with which the next task begins; nil where inputs say their bursts or were scanned, or there is none.
  public var next: Next?
  /// Whether bursts of other tasks follow.
  public var isFollowed: Bool
  /// Bursts of the run ahead of it.
  public var burstsBefore: Int
  /// The bursts that are expected in it.
  public var bursts: [CampaignBurst]
  /// Bytes of its share of the inputs, by which tasks are balanced.
  public var bytes: UInt64

  /// Where the next task begins.
  public struct Next: Codable, Sendable, Hashable {
    /// Its first input, by its place in the plan.
    public var input: Int
    /// Data time of the first datagram in it, in ns since 1970.
    public var begin: Int64
  }

  /// As it is stored beside the plan, for people and for other engines.
  public func data() throws -> Data { try CampaignJSON.encode(self) }
}
