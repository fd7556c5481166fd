import Configuration
import Monitoring
import Reconstruction
import Selections
import TriggerPipeline

/// Draws candidates of a recording: reads it again until the event is there, one picture at a time, and keeps the last
/// ones. What a blind selection seals is not drawn.
actor CandidateScenes: CandidateDisplays {
  private static let kept = 32
  private let input: any SessionInput
  private let menu: TriggerMenu
  private let setup: SelectionSetup?
  private let configuration: ReconstructionConfiguration
  private let firstBurst: UInt32
  private var monitor: LiveMonitor?
  private var pictures: [String: String] = [:]
  private var order: [String] = []
  private var underWay: Task<String?, Never>?

  /// Nil where the packets cannot be read again, or make no events.
  init?(_ subject: LiveSession.Subject) {
    let isFile = subject.input.files.allSatisfy { FileIdentity(path: $0.path) != nil }
    guard !subject.isLive, isFile, subject.menu.l1 != nil,
      let configuration = try? ReconstructionConfiguration.load(path: subject.reconstruction)
    else { return nil }
    self.configuration = configuration
    input = subject.input
    menu = subject.menu
    setup = subject.setup
    firstBurst = subject.builder.burst.firstBurst
  }

  /// Asks a monitor which event a candidate is.
  func follow(_ monitor: LiveMonitor) { self.monitor = monitor }

  func display(of id: String) async -> String? {
    if let picture = pictures[id] { return picture }
    guard let place = await monitor?.place(of: id) else { return nil }
    // The recording is read once at a time.
    while let task = underWay { _ = await task.value }
    if let picture = pictures[id] { return picture }
    let task = Task { await draw(place) }
    underWay = task
    let picture = await task.value
    underWay = nil
    if let picture {
      pictures[id] = picture
      order.append(id)
      if order.count > Self.kept { pictures[order.removeFirst()] = nil }
    }
    return picture
  }

  private nonisolated func draw(_ place: (burst: UInt32, event: UInt32)) async -> String? {
    guard let l1 = menu.l1 else { return nil }
    let wanted = EventScene.Wanted(event: place.event, burst: place.burst)
    let scene = try? await EventScene.find(
      wanted,
      source: { [input, layout = l1.layout] in
        let source = try input.open(layout: layout, run: nil, widePrimitives: [])
        return { try source.next() }
      }, menu: l1, configuration: configuration, selections: setup)
    guard let scene, scene.sealedBy.isEmpty else { return nil }
    return EventDisplay(
      scene, menu: l1, configuration: configuration, title: "\(input), menu \(l1.name)"
    ).svg()
  }
}
