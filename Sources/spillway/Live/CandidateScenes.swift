import Configuration
import L1Trigger
import Monitoring
import Reconstruction
import TriggerPipeline

/// Draws candidates when somebody looks: the monitor keeps the last ones as they were reconstructed. What a blind
/// selection seals is not among them.
struct CandidateScenes: CandidateDisplays {
  let monitor: LiveMonitor
  let menu: L1Menu
  let configuration: ReconstructionConfiguration
  /// What the events are from.
  let input: String

  func display(of id: String) async -> String? {
    guard let scene = await monitor.scene(of: id) else { return nil }
    return EventDisplay(
      scene, menu: menu, configuration: configuration, title: "\(input), menu \(menu.name)"
    ).svg()
  }
}
