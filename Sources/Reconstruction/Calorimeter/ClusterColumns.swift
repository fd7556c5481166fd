/// A cluster of LKr.
public struct Cluster: Sendable, Hashable, BitwiseCopyable {
  /// x and y, mm.
  public var position = SIMD2<Float>.zero
  /// Energy, GeV.
  public var energy: Float = 0
  /// Time from the trigger's, ns.
  public var time: Float = 0
  /// Cells that the energy was taken of.
  public var cells: UInt16 = 0
  /// Whether a cell was beyond the range of its ADC; the others then stand for it.
  public var isSaturated = false

  /// A cluster without energy.
  @inlinable
  public init() {}
}

/// The clusters of LKr of a batch of events, field by field, with the range of each event, in order of the grid.
public struct ClusterColumns: Sendable {
  /// x and y, mm.
  public private(set) var position: ContiguousArray<SIMD2<Float>> = []
  /// Energies, GeV.
  public private(set) var energy: ContiguousArray<Float> = []
  /// Times from the trigger's, ns.
  public private(set) var time: ContiguousArray<Float> = []
  /// Cells that the energy was taken of.
  public private(set) var cells: ContiguousArray<UInt16> = []
  /// Whether a cell was beyond the range of its ADC.
  public private(set) var isSaturated: ContiguousArray<Bool> = []
  /// Where the clusters of each event begin; one more is the number of clusters.
  public private(set) var starts: ContiguousArray<Int> = [0]

  /// No events.
  public init() {}

  /// Number of clusters.
  public var count: Int { energy.count }
  /// The clusters of an event, by its place in the batch.
  public func range(ofEvent event: Int) -> Range<Int> { starts[event]..<starts[event + 1] }

  mutating func append(_ cluster: Cluster) {
    position.append(cluster.position)
    energy.append(cluster.energy)
    time.append(cluster.time)
    cells.append(cluster.cells)
    isSaturated.append(cluster.isSaturated)
  }

  mutating func endEvent() { starts.append(count) }

  /// Lets clusters be appended to the event that was ended last.
  mutating func reopenEvent() { if starts.count > 1 { starts.removeLast() } }

  /// Forgets the events and keeps the memory.
  public mutating func removeAll() {
    position.removeAll(keepingCapacity: true)
    energy.removeAll(keepingCapacity: true)
    time.removeAll(keepingCapacity: true)
    cells.removeAll(keepingCapacity: true)
    isSaturated.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    starts.append(0)
  }
}
