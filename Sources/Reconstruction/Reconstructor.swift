public import Detectors
public import EventBuilding
import L1Trigger
import NA62Formats

/// What is reconstructed of the events of a batch, with memory that is kept from batch to batch.
///
/// Every list has the range of each event, in the order in which the events were added.
public struct ReconstructedBatch: Sendable {
  /// The tracks.
  public internal(set) var tracks = TrackColumns()
  /// The vertices.
  public internal(set) var vertices = VertexColumns()
  /// What the other detectors give to the tracks and the events.
  public internal(set) var associations = AssociationColumns()
  /// What the reconstruction of each event met.
  public internal(set) var states: ContiguousArray<ReconstructionState> = []

  /// No events.
  public init() {}

  /// Number of events.
  public var eventCount: Int { states.count }

  /// Forgets the events and keeps the memory.
  public mutating func removeAll() {
    tracks.removeAll()
    vertices.removeAll()
    associations.removeAll()
    states.removeAll(keepingCapacity: true)
  }
}

/// Reconstructs events: one worker, with its own scratch memory. What comes out depends on the event alone, so
/// any number of workers can share the events.
///
/// Times are relative to the trigger: the event's timestamp with the fine time of its L0 record.
public final class Reconstructor {
  /// The configuration.
  public let configuration: ReconstructionConfiguration
  private let strawFragments: Range<Int>
  private var straw: StrawTracker
  private var vertexer: VertexFinder
  private var associator: Associator
  private let fragmentCount: Int
  private var lines = CacheLines()

  /// A worker for the given configuration.
  public init(configuration: ReconstructionConfiguration, layout: EventLayout, maps: L1DetectorMaps) {
    self.configuration = configuration
    fragmentCount = layout.fragmentCount
    strawFragments = layout.fragments(of: .straw)
    straw = StrawTracker(configuration: configuration, maps: maps)
    vertexer = VertexFinder(configuration: configuration)
    associator = Associator(configuration: configuration, layout: layout, maps: maps)
  }

  /// Reconstructs an event of a batch and appends it to `output`.
  ///
  /// - Parameters:
  ///   - event: the event.
  ///   - batch: its batch.
  ///   - calorimeter: what LKr sent of it after L1, where that is at hand; without it the quantities of LKr are NaN.
  ///   - output: takes the event.
  public func reconstruct(
    _ event: BuiltEvent, of batch: EventBatch, calorimeter: CalorimeterData? = nil,
    into output: inout ReconstructedBatch
  ) {
    begin(event, of: batch, into: &output)
    add(.all, of: event, of: batch, calorimeter: calorimeter, to: &output)
  }

  /// Reconstructs the tracks and vertices of an event of a batch and appends it to `output`. What the other detectors
  /// say of it is NaN until it is added: for those who need it of some events only.
  public func begin(_ event: BuiltEvent, of batch: EventBatch, into output: inout ReconstructedBatch) {
    let bytes = batch.bytes
    let fragments = batch.fragments
    fetch(event, bytes.span.bytes, fragments.span)
    let first = Int(event.firstFragment) + strawFragments.lowerBound
    var state = straw.run(
      bytes: bytes.span.bytes,
      fragments: fragments.span.extracting(first..<(first + strawFragments.count)),
      timestamp: event.timestamp, fineTime: event.l0.fineTime, into: &output.tracks)
    let range = output.tracks.range(ofEvent: output.tracks.eventCount - 1)
    if !vertexer.run(output.tracks, range, into: &output.vertices) {
      state.insert(.overflow)
    }
    associator.begin(tracks: output.tracks, range: range, into: &output.associations)
    output.states.append(state)
  }

  /// Adds parts of what the other detectors say of the event that was begun last, and the parts that these need: all
  /// is as if they had been reconstructed at once. Without `calorimeter` there is no part of LKr.
  ///
  /// - Returns: the parts that were added.
  @discardableResult
  public func add(
    _ parts: DetectorParts, of event: BuiltEvent, of batch: EventBatch, calorimeter: CalorimeterData? = nil,
    to output: inout ReconstructedBatch
  ) -> DetectorParts {
    if !parts.isDisjoint(with: [.showers, .calorimeter]), let calorimeter {
      lines.read(calorimeter.bytes.span.bytes, from: 0, to: calorimeter.bytes.count)
    }
    return associator.add(
      parts, of: event, of: batch, calorimeter: calorimeter, to: &output.associations)
  }

  /// Brings the bytes of an event into the cache: its payloads lie one behind the other in the batch.
  private func fetch(_ event: BuiltEvent, _ bytes: RawSpan, _ fragments: Span<EventFragment>) {
    let first = Int(event.firstFragment)
    var (begin, end) = (Int.max, 0)
    for i in first..<(first + fragmentCount) where !fragments[i].isVirtual {
      begin = min(begin, Int(fragments[i].offset))
      end = max(end, Int(fragments[i].offset) + Int(fragments[i].length))
    }
    lines.read(bytes, from: begin, to: end)
  }

  /// The straws with a drift time of the event that was reconstructed last, for those who draw it.
  public var strawHits: [StrawHitPoint] { straw.hits.points }
}
