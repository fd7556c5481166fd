public import Foundation

/// What a part of a campaign says of itself: whose it is.
public struct CampaignPart: Codable, Sendable, Hashable {
  /// Name and version of the layout.
  public static let schema = "spillway.campaign-part/1"

  /// ``schema``.
  public var schema = Self.schema
  /// ``CampaignPlan/identity(of:)``.
  public var plan: String
  /// Number of the task.
  public var task: Int
  /// The inputs as they were when the task had read them.
  public var inputs: [CampaignInput.Identity]

  /// A part; see the properties.
  public init(plan: String, task: Int, inputs: [CampaignInput.Identity]) {
    self.plan = plan
    self.task = task
    self.inputs = inputs
  }

  /// As it is stored.
  public func data() throws -> Data { try CampaignJSON.encode(self) }

  /// What the ledger of the part says.
  public struct Ledger: Sendable {
    /// Whether the run has ended.
    public var isFinished: Bool
    /// The hash of its configuration.
    public var configurationHash: String
    /// The Spillway that ran it.
    public var version: String
    /// Its inputs by path, with their SHA-256 where that is known.
    public var inputs: [(path: String, sha256: String?)]

    /// What a ledger says; see the properties.
    public init(
      isFinished: Bool, configurationHash: String, version: String, inputs: [(path: String, sha256: String?)]
    ) {
      self.isFinished = isFinished
      self.configurationHash = configurationHash
      self.version = version
      self.inputs = inputs
    }
  }

  /// Refuses a part that is not the one that was planned.
  ///
  /// - Parameters:
  ///   - data: its ``CampaignLayout/record``; nil where there is none.
  ///   - ledger: its ledger.
  ///   - task: the task that it must be of.
  ///   - plan: the plan, and its identity.
  ///   - path: the part's run directory, for errors.
  /// - Throws: `CampaignError`.
  public static func check(
    _ data: Data?, _ ledger: Ledger, of task: CampaignTask, in plan: (plan: CampaignPlan, identity: String),
    path: String
  ) throws {
    func refuse(_ what: String) -> CampaignError {
      CampaignError("\(path): \(what); remove it, and 'spillway campaign resume' runs its task again")
    }
    guard let data, let part = try? JSONDecoder().decode(CampaignPart.self, from: data),
      part.schema == Self.schema
    else { throw refuse("its \(CampaignLayout.record) is not that of a part") }
    guard part.plan == plan.identity, part.task == task.number else {
      throw refuse(
        part.plan == plan.identity ? "it is the part of task \(part.task)" : "it is a part of another plan")
    }
    guard ledger.isFinished else { throw refuse("its run has not ended") }
    guard ledger.configurationHash == plan.plan.configurationHash else {
      throw refuse(
        "its configuration hash is \(ledger.configurationHash.prefix(12)), that of the plan is "
          + "\(plan.plan.configurationHash.prefix(12))")
    }
    guard ledger.version == plan.plan.version else {
      throw refuse("Spillway \(ledger.version) made it, the plan is of \(plan.plan.version)")
    }
    let planned = task.inputs.map { plan.plan.inputs[$0] }
    guard part.inputs.count == planned.count, ledger.inputs.map(\.path) == planned.map(\.path) else {
      throw refuse("its inputs are not those of task \(task.number)")
    }
    for (input, found) in zip(planned, part.inputs) where found != input.identity {
      throw refuse("its input \(input.path) was not the file that was planned")
    }
    for (input, found) in zip(planned, ledger.inputs) {
      guard let hash = input.sha256, let other = found.sha256, hash != other else { continue }
      throw refuse("its input \(input.path) has another SHA-256 than was planned")
    }
  }
}
