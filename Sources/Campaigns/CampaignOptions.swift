/// What every task of a campaign is run with, in the words of `spillway replay`.
public struct CampaignOptions: Codable, Sendable, Hashable {
  /// Path of the menu.
  public var menu: String
  /// Paths of the selections.
  public var selections: [String]
  /// Path of the reconstruction's configuration.
  public var reconstruction: String?
  /// `--counters`.
  public var counters: String
  /// `--straw-scratch`.
  public var strawScratch: String?
  /// `--run`.
  public var run: UInt32?
  /// `--first-burst`, of the whole run.
  public var firstBurst: UInt32?
  /// `--filter`.
  public var filter: String?
  /// `--tolerance`, of the whole run: a task is not measured by it.
  public var tolerance: Double
  /// `--workers` of a task: the cores that an engine gives it.
  public var workers: Int

  /// Options; see the properties.
  public init(
    menu: String, selections: [String] = [], reconstruction: String? = nil, counters: String = "run",
    strawScratch: String? = nil, run: UInt32? = nil, firstBurst: UInt32? = nil, filter: String? = nil,
    tolerance: Double = 0.05, workers: Int = 1
  ) {
    self.menu = menu
    self.selections = selections
    self.reconstruction = reconstruction
    self.counters = counters
    self.strawScratch = strawScratch
    self.run = run
    self.firstBurst = firstBurst
    self.filter = filter
    self.tolerance = tolerance
    self.workers = workers
  }

  /// The arguments of the trigger, for the whole run or for a task.
  ///
  /// - Parameters:
  ///   - firstBurst: the first burst of the task; nil for that of the run.
  ///   - out: the run directory.
  ///   - tolerance: nil for that of the run.
  public func arguments(firstBurst first: UInt32? = nil, out: String? = nil, tolerance: Double? = nil)
    -> [String]
  {
    var arguments = ["--menu", menu, "--counters", counters, "--workers", "\(workers)"]
    arguments += ["--tolerance", "\(tolerance ?? self.tolerance)"]
    // A value behind '=' may begin with a dash; a list cannot be given so.
    for path in selections { arguments += ["--selections", path.hasPrefix("-") ? "./\(path)" : path] }
    if let reconstruction { arguments.append("--reconstruction=\(reconstruction)") }
    if let strawScratch { arguments.append("--straw-scratch=\(strawScratch)") }
    if let run { arguments += ["--run", "\(run)"] }
    if let first = first ?? firstBurst { arguments += ["--first-burst", "\(first)"] }
    if let out { arguments.append("--out=\(out)") }
    return arguments
  }
}
