/// The books and the health of the pipeline (`/api/v1/health`).
public struct HealthDocument: Codable, Sendable, Hashable {
  /// One account: in = accepted + rejected + lost.
  public struct Account: Codable, Sendable, Hashable {
    /// The kind of item: packets, datagrams, fragments, events, L1 data, alerts.
    public var item: String
    /// Items that came in.
    public var entered: UInt64
    /// Where they went: column by name, in order.
    public var columns: [Column]
    /// Whether they are all in exactly one column.
    public var closes: Bool

    /// An account; see the properties.
    public init(item: String, entered: UInt64, columns: [Column], closes: Bool) {
      self.item = item
      self.entered = entered
      self.columns = columns
      self.closes = closes
    }
  }

  /// One column of an account.
  public struct Column: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Items.
    public var count: UInt64
    /// Whether these were lost.
    public var isLoss: Bool

    /// A column; see the properties.
    public init(name: String, count: UInt64, isLoss: Bool) {
      self.name = name
      self.count = count
      self.isLoss = isLoss
    }
  }

  /// One stage of the pipeline.
  public struct Stage: Codable, Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Batches that wait before it.
    public var waiting: Int
    /// Batches that may wait.
    public var capacity: Int
    /// Batches that went through.
    public var batches: UInt64
    /// Time that it worked, in s.
    public var busySeconds: Double

    /// A stage; see the properties.
    public init(name: String, waiting: Int, capacity: Int, batches: UInt64, busySeconds: Double) {
      self.name = name
      self.waiting = waiting
      self.capacity = capacity
      self.batches = batches
      self.busySeconds = busySeconds
    }
  }

  /// The accounts.
  public var books: [Account]
  /// The stages, in their order.
  public var stages: [Stage]
  /// Packets that the kernel dropped before they were read; nil for a replay.
  public var kernelDrops: UInt64?
  /// Packets that the interface dropped; nil for a replay.
  public var interfaceDrops: UInt64?
  /// How late packets are released at a given speed, 99th percentile in µs; nil at full speed.
  public var lateness: Double?
  /// Alerts that wait for delivery.
  public var alertsPending: Int
  /// Resident memory in bytes.
  public var memory: UInt64
  /// Bytes of packets that were read; nil where they are not counted.
  public var bytes: UInt64?

  /// A document; see the properties.
  public init(
    books: [Account], stages: [Stage], kernelDrops: UInt64?, interfaceDrops: UInt64?, lateness: Double?,
    alertsPending: Int, memory: UInt64, bytes: UInt64? = nil
  ) {
    self.books = books
    self.stages = stages
    self.kernelDrops = kernelDrops
    self.interfaceDrops = interfaceDrops
    self.lateness = lateness
    self.alertsPending = alertsPending
    self.memory = memory
    self.bytes = bytes
  }
}
