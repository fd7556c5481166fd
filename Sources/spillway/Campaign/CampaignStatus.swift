import ArgumentParser
import Campaigns
import Configuration

/// `spillway campaign status`.
struct CampaignStatus: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say how far a campaign is.",
    discussion: """
      Reads the campaign's directory and nothing else. Exit code 0 whatever the state; 'complete' in the JSON says \
      whether all parts are there.

      Example:
        spillway campaign status c8000 --json
      """)

  @OptionGroup var campaign: CampaignArgument

  @Flag(help: "Print the state as JSON.")
  var json = false

  func run() throws {
    let campaign = try CampaignDirectory(campaign.directory)
    let state = campaign.state()
    if json { return Terminal.out(state.value.json() + "\n") }
    let result = CampaignResult(campaign).isThere ? "\(campaign.layout.result)\n" : "not there yet\n"
    Terminal.out(state.text + "result: " + result)
  }
}
