/// What runs the tasks of a campaign.
public enum CampaignEngine: String, Codable, CaseIterable, Sendable, Hashable {
  /// Processes of this machine, so many at a time.
  case local
  /// Slurm: an array of jobs, and a job for the merge behind it.
  case slurm
  /// HTCondor: a DAG with a node for each task, and a last one for the merge.
  case htcondor

  /// Most tasks that the engine takes at once: Slurm's MaxArraySize is 1001 where nobody has set it, and an index
  /// must be less; an HTCondor DAG and a directory become unwieldy.
  public var maximumTasks: Int { self == .slurm ? 1000 : 10_000 }
}
