import Detectors
public import EventBuilding
public import L1Trigger
public import PacketCapture
public import Reconstruction
import Selections
import NIOConcurrencyHelpers

/// An event of a stream with all that a picture of it shows: verdicts, tracks, vertices, clusters, straws.
public struct EventScene: Sendable {
  /// The event.
  public let event: BuiltEvent
  /// What L1 says of it.
  public let decision: L1Decision
  /// Whether L1 read its calorimeter, and all has come.
  public let hasCalorimeter: Bool
  /// Tracks, vertices, clusters and what the other detectors give.
  public let reconstructed: ReconstructedBatch
  /// The straws.
  public let straws: [StrawHitPoint]
  /// Blind selections that seal the event; it must then not be shown before they are unblinded.
  public let sealedBy: [String]

  /// Which event is wanted.
  public struct Wanted: Sendable {
    /// Its number.
    public var event: UInt32
    /// Its burst; nil for the first that has the event.
    public var burst: UInt32?

    /// An event.
    public init(event: UInt32, burst: UInt32? = nil) {
      self.event = event
      self.burst = burst
    }
  }

  private struct Found: Error {}

  private struct Search: Sendable {
    var ready: ReadyEvent?
    var isDone = false
  }

  /// Builds the events of a source until the wanted one is there, with its L1 data where L1 keeps it; nil where it
  /// does not come, or is not complete.
  ///
  /// - Parameters:
  ///   - wanted: the event.
  ///   - source: makes the function that gives the next packets.
  ///   - menu: the chains of L1, and the layout of the event.
  ///   - configuration: what the event is reconstructed with.
  ///   - selections: selections that are asked whether they seal it.
  /// - Throws: what the source throws.
  public static func find(
    _ wanted: Wanted, source: @Sendable @escaping () throws -> (() throws -> PacketBatch?), menu: L1Menu,
    configuration: ReconstructionConfiguration, selections: SelectionSetup?
  ) async throws -> EventScene? {
    var options = TriggerPipeline.Options()
    options.passesKeptEvents = true
    let pipeline = TriggerPipeline(
      configuration: menu.configuration, layout: menu.layout, maps: menu.detectors.maps, options: options)
    let search = NIOLockedValueBox(Search())
    do {
      try await pipeline.run(source: source) { judged in
        let isDone = search.withLockedValue { search in
          look(for: wanted, in: judged, &search)
          return search.isDone
        }
        if isDone { throw Found() }
      }
    } catch is Found {}
    guard let ready = search.withLockedValue({ $0.ready }) else { return nil }
    return EventScene(
      ready, Reconstructor(configuration: configuration, layout: menu.layout, maps: menu.detectors.maps),
      configuration, selections?.set)
  }

  private static func look(for wanted: Wanted, in judged: JudgedBatch, _ search: inout Search) {
    func isWanted(_ event: BuiltEvent) -> Bool {
      event.number == wanted.event && (wanted.burst == nil || wanted.burst == event.burst)
    }
    if search.ready == nil, let i = judged.batch.events.firstIndex(where: isWanted) {
      search.ready = ReadyEvent(
        batch: judged.batch, event: judged.batch.events[i], evaluation: judged.evaluations[i],
        decision: judged.decisions[i], calorimeter: nil, isComplete: false, eventsBefore: i)
      search.isDone = judged.decisions[i].word.isEmpty
    }
    if let ready = judged.ready.first(where: { isWanted($0.event) }) {
      search.ready = ready
      search.isDone = true
    }
  }

  /// The scene of an event that is ready, with the `configuration` of its `reconstructor`.
  init(
    _ ready: ReadyEvent, _ reconstructor: Reconstructor, _ configuration: ReconstructionConfiguration,
    _ selections: PhysicsSelectionSet?
  ) {
    event = ready.event
    decision = ready.decision
    hasCalorimeter = ready.calorimeter != nil
    var reconstructed = ReconstructedBatch()
    reconstructor.reconstruct(
      ready.event, of: ready.batch, calorimeter: ready.calorimeter, into: &reconstructed)
    self.reconstructed = reconstructed
    straws = reconstructor.strawHits
    var filled = SelectionEvent(
      SelectionInput(event: ready.event, evaluation: ready.evaluation, decision: ready.decision))
    SelectionEventFiller(configuration: configuration).fill(&filled, reconstructed, 0)
    var workspace = SelectionWorkspace(selections?.selections ?? [])
    sealedBy = (selections?.selections ?? []).filter {
      $0.evaluate(filled, &workspace).isSealed
    }.map(\.name)
  }
}
