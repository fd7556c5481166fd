import Campaigns
import Testing

@Suite("What engines run")
struct EngineFileTests {
  @Test("Slurm: an array of tasks that may be requeued, and a merge behind them, failed or not")
  func slurm() throws {
    let plan = CampaignFixture.plan([5, 5, 5], tasks: 3, engine: .slurm, directory: "/data/it's 1")
    let files = try SlurmFiles.files(plan)
    #expect(files.map(\.name) == ["tasks.sbatch", "merge.sbatch"])
    #expect(
      files[0].text == """
        #!/bin/sh
        #SBATCH --job-name=spillway-tasks
        #SBATCH --chdir="/work"
        #SBATCH --output="/data/it's 1/logs/%4a.log"
        #SBATCH --open-mode=append
        #SBATCH --array=1-3
        #SBATCH --cpus-per-task=2
        #SBATCH --requeue
        exec '/opt/spillway' campaign run-task '/data/it'\\''s 1' "$SLURM_ARRAY_TASK_ID"

        """)
    #expect(files[1].text.hasSuffix("exec '/opt/spillway' campaign merge '/data/it'\\''s 1'\n"))
    #expect(
      SlurmFiles.submission(plan, tasks: [1, 3]) == [
        "sbatch", "--parsable", "--array=1,3", "/data/it's 1/engine/tasks.sbatch",
      ])
    #expect(SlurmFiles.mergeSubmission(plan, after: "17").contains("--dependency=afterany:17"))
    #expect(SlurmFiles.job("17\n") == "17" && SlurmFiles.job("17;cluster\n") == "17")
    #expect(SlurmFiles.job("") == nil && SlurmFiles.job("Submitted batch job 17") == nil)
  }

  @Test("HTCondor: a node for each task and a last one, whatever became of them")
  func condor() throws {
    let plan = CampaignFixture.plan([5, 5, 5], tasks: 3, engine: .htcondor, directory: "/data/c1")
    let files = try CondorFiles.files(plan, tasks: [2])
    #expect(files.map(\.name) == ["task.sub", "merge.sub", "campaign.dag"])
    #expect(files[0].text.contains("arguments = \"campaign run-task '/data/c1' $(task)\"\n"))
    #expect(files[0].text.contains("request_cpus = 2\n"))
    #expect(
      files[2].text.split(separator: "\n").dropFirst() == [
        "JOB T0002 /data/c1/engine/task.sub", #"VARS T0002 task="2" name="0002""#, "RETRY T0002 2",
        "FINAL MERGE /data/c1/engine/merge.sub",
      ])
  }

  @Test("a path that an engine's file cannot hold is refused")
  func paths() {
    for directory in ["/a\nb", "/a\"b", "/a%b"] {
      #expect(throws: CampaignError.self) {
        try SlurmFiles.files(CampaignFixture.plan([5], tasks: 1, directory: directory))
      }
    }
    for directory in ["/a b", "/a'b", "/a$(x)"] {
      #expect(throws: CampaignError.self) {
        try CondorFiles.files(CampaignFixture.plan([5], tasks: 1, directory: directory))
      }
    }
  }
}
