import ArgumentParser
import Campaigns

/// `spillway campaign`.
struct CampaignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "campaign",
    abstract: "Replay many bursts on many machines; the result is that of one replay.",
    discussion: """
      'plan' splits inputs by burst into tasks and writes what an engine runs: processes of this machine, Slurm, or \
      HTCondor. 'submit' hands them over, 'status' says how far they are, 'resume' runs again what failed or was lost. \
      Behind the tasks their parts are added up, exactly, in DIR/result; what is missing is named. See \
      Docs/Campaigns.md.

      Examples:
        spillway campaign plan run8000/*.pcap --menu my.yaml --counters burst --engine slurm --max-jobs 50 --out c8000
        spillway campaign submit c8000
        spillway campaign status c8000
        spillway campaign resume c8000
      """,
    subcommands: [
      PlanCampaign.self, SubmitCampaign.self, CampaignStatus.self, ResumeCampaign.self, RunCampaignTask.self,
      MergeCampaign.self,
    ])
}

/// The campaign that a command is about.
struct CampaignArgument: ParsableArguments {
  @Argument(help: ArgumentHelp("The campaign's directory.", valueName: "dir"))
  var directory: String
}
