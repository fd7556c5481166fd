/// What HTCondor runs: a description of the tasks' jobs, one of the merge's, and the DAG of both.
public enum CondorFiles {
  /// The job of a task, in ``CampaignLayout/engine``.
  public static let tasksName = "task.sub"
  /// The job of the merge.
  public static let mergeName = "merge.sub"
  /// The DAG.
  public static let dagName = "campaign.dag"
  /// Times that DAGMan runs a task again.
  private static let retries = 2

  /// The files, by name.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - tasks: which tasks the DAG has, rising; nil for all.
  /// - Throws: `CampaignError` where a path cannot stand in a description.
  public static func files(_ plan: CampaignPlan, tasks: [Int]? = nil) throws -> [(name: String, text: String)]
  {
    let layout = CampaignLayout(directory: plan.directory)
    // '$(' begins a macro, and quotes those of the arguments.
    let directory = try ShellText.check(plan.directory, "\"'$")
    let logs = try ShellText.check(layout.logs, "\"'$")
    let engine = try ShellText.check(layout.engine, "\"'$ ")
    let program = try ShellText.check(plan.program, "\"'$")
    let work = try ShellText.check(plan.workingDirectory, "\"'$")
    func job(_ arguments: String, _ log: String, cores: Int) -> String {
      """
      universe = vanilla
      executable = \(program)
      transfer_executable = False
      should_transfer_files = NO
      arguments = "\(arguments)"
      initialdir = \(work)
      output = \(logs)/\(log).log
      error = \(logs)/\(log).err
      log = \(logs)/htcondor.log
      request_cpus = \(cores)
      request_memory = 2GB
      queue

      """
    }
    var dag = "# spillway campaign: a node for each task, and one that runs behind all, failed or not.\n"
    for task in tasks ?? plan.tasks.map(\.number) {
      let name = CampaignLayout.name(task)
      dag += "JOB T\(name) \(engine)/\(tasksName)\n"
      dag += "VARS T\(name) task=\"\(task)\" name=\"\(name)\"\n"
      dag += "RETRY T\(name) \(retries)\n"
    }
    dag += "FINAL MERGE \(engine)/\(mergeName)\n"
    return [
      (
        tasksName,
        job("campaign run-task '\(directory)' $(task)", "$(name)", cores: plan.options.workers)
      ),
      (mergeName, job("campaign merge '\(directory)'", "merge", cores: 1)),
      (dagName, dag),
    ]
  }

  /// The command that hands the DAG to HTCondor.
  public static func submission(_ plan: CampaignPlan) -> [String] {
    ["condor_submit_dag", "-force", "\(CampaignLayout(directory: plan.directory).engine)/\(dagName)"]
  }
}
