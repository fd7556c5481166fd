/// One input of a campaign, and how it is recognized.
public struct CampaignInput: Codable, Sendable, Hashable {
  /// Path, as it was given.
  public var path: String
  /// The file, as far as can be told without reading all of it.
  public var identity: Identity
  /// SHA-256 of the file, where several tasks read it; else the task that does brings it.
  public var sha256: String?
  /// The run that it says it holds.
  public var run: UInt32?
  /// The burst that it says it holds.
  public var burst: UInt32?

  /// What a file is recognized by: its length and its two ends. When it was changed says nothing: copies have other
  /// times.
  public struct Identity: Codable, Sendable, Hashable {
    /// Bytes of each end that are looked at.
    public static let endLength = 1 << 16

    /// Length in bytes.
    public var bytes: UInt64
    /// SHA-256 of the first bytes.
    public var head: String
    /// SHA-256 of the last bytes.
    public var tail: String

    /// An identity; see the properties.
    public init(bytes: UInt64, head: String, tail: String) {
      self.bytes = bytes
      self.head = head
      self.tail = tail
    }
  }

  /// An input; see the properties.
  public init(
    path: String, identity: Identity, sha256: String? = nil, run: UInt32? = nil, burst: UInt32? = nil
  ) {
    self.path = path
    self.identity = identity
    self.sha256 = sha256
    self.run = run
    self.burst = burst
  }

  /// Why a file is not the one that was planned; nil where it is.
  ///
  /// - Parameter found: the file at the path now.
  public func difference(from found: Identity) -> String? {
    guard found != identity else { return nil }
    let what =
      found.bytes != identity.bytes
      ? "has \(found.bytes) bytes, \(identity.bytes) were planned" : "is not the file that was planned"
    return "\(path): \(what); put that file back, or plan again"
  }
}

/// A burst of a campaign.
public struct CampaignBurst: Codable, Sendable, Hashable {
  /// Run, where it is known ahead.
  public var run: UInt32?
  /// Burst.
  public var burst: UInt32

  /// A burst; see the properties.
  public init(run: UInt32?, burst: UInt32) {
    self.run = run
    self.burst = burst
  }
}
