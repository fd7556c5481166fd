import Campaigns
import EventBuilding
import NA62Formats
import PacketCapture
import TriggerPipeline

/// The inputs of a task: the packets of its bursts, as a replay of all inputs gets them.
struct CampaignTaskInput: SessionInput {
  /// What a replay of all inputs calls them, as records say.
  let description: String
  private let replay: ReplayInput
  private let plan: CampaignPlan
  private let task: CampaignTask

  /// The inputs of a task; throws `CaptureError`.
  init(_ task: CampaignTask, of plan: CampaignPlan) throws(CaptureError) {
    self.plan = plan
    self.task = task
    description = ReplayInput.description(of: plan.inputs.map(\.path))
    replay = try ReplayInput(
      paths: task.inputs.map { plan.inputs[$0].path },
      as: InputPlace(
        numbers: task.inputs.map { UInt32(clamping: $0) }, burstsBefore: task.burstsBefore,
        isFollowed: task.isFollowed), filter: plan.options.filter)
  }

  var warnings: [CaptureWarning] { replay.warnings }
  var isBurstFiles: Bool { replay.isBurstFiles }
  var saysBursts: Bool { replay.saysBursts }
  var files: [(path: String, run: UInt32?, burst: UInt32?)] { replay.files }

  func knownDigest(of path: String) -> InputDigest? {
    guard let input = plan.inputs.first(where: { $0.path == path }) else { return nil }
    return input.sha256.map { InputDigest(bytes: input.identity.bytes, sha256: $0) }
  }

  func open(
    layout: EventLayout?, run: UInt32?, widePrimitives: Set<SourceID>
  ) throws(CaptureError) -> any PacketSource {
    return StreamPart(
      try replay.open(layout: layout, run: run, widePrimitives: widePrimitives),
      StreamPart.Range(skipped: task.skipped, taken: task.taken), singles: singles, layout: layout)
  }

  /// Its captures, where each is taken to hold one burst.
  private var singles: StreamPart.SingleBursts? {
    guard task.assumesSingleBursts else { return nil }
    return StreamPart.SingleBursts(
      paths: Dictionary(
        task.inputs.map { (UInt32(clamping: $0), plan.inputs[$0].path) }, uniquingKeysWith: { $1 }),
      next: task.next.map { (plan.inputs[$0.input].path, DataTime(nanoseconds: $0.begin)) },
      filter: plan.options.filter)
  }
}
