/// What Slurm runs: a script for the array of tasks, and one for the merge.
public enum SlurmFiles {
  /// The script of the tasks, in ``CampaignLayout/engine``.
  public static let tasksName = "tasks.sbatch"
  /// The script of the merge.
  public static let mergeName = "merge.sbatch"

  /// The files, by name.
  ///
  /// - Throws: `CampaignError` where a path cannot stand in a script.
  public static func files(_ plan: CampaignPlan) throws -> [(name: String, text: String)] {
    let layout = CampaignLayout(directory: plan.directory)
    // '%' begins a replacement in names of logs.
    let logs = try ShellText.check(layout.logs, "\"\\%")
    let work = try ShellText.check(plan.workingDirectory, "\"\\")
    func head(_ name: String, _ log: String) -> String {
      """
      #!/bin/sh
      #SBATCH --job-name=\(name)
      #SBATCH --chdir="\(work)"
      #SBATCH --output="\(log)"
      #SBATCH --open-mode=append

      """
    }
    let program = ShellText.quoted(plan.program)
    let directory = ShellText.quoted(plan.directory)
    return [
      (
        tasksName,
        head("spillway-tasks", "\(logs)/%4a.log") + """
          #SBATCH --array=1-\(plan.tasks.count)
          #SBATCH --cpus-per-task=\(plan.options.workers)
          #SBATCH --requeue
          exec \(program) campaign run-task \(directory) "$SLURM_ARRAY_TASK_ID"

          """
      ),
      (
        mergeName,
        head("spillway-merge", "\(logs)/merge.log") + """
          exec \(program) campaign merge \(directory)

          """
      ),
    ]
  }

  /// The command that hands tasks to Slurm; it prints the number of the job.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - tasks: which tasks, rising.
  public static func submission(_ plan: CampaignPlan, tasks: [Int]) -> [String] {
    let layout = CampaignLayout(directory: plan.directory)
    return [
      "sbatch", "--parsable", "--array=\(CampaignState.ranges(tasks))", "\(layout.engine)/\(tasksName)",
    ]
  }

  /// The command that hands the merge to Slurm, behind the tasks: whether these have failed or not, as it says what is
  /// missing.
  public static func mergeSubmission(_ plan: CampaignPlan, after job: String) -> [String] {
    let layout = CampaignLayout(directory: plan.directory)
    return ["sbatch", "--parsable", "--dependency=afterany:\(job)", "\(layout.engine)/\(mergeName)"]
  }

  /// The number of the job that `sbatch --parsable` has printed; nil where it is none.
  public static func job(_ output: String) -> String? {
    let number = output.split(whereSeparator: \.isNewline).last?.prefix { $0 != ";" } ?? ""
    return !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber } ? String(number) : nil
  }
}
