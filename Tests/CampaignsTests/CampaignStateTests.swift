import Campaigns
import Configuration
import Testing

@Suite("How far a campaign is")
struct CampaignStateTests {
  private let plan = CampaignFixture.plan([5, 5, 5, 5], tasks: 4)

  @Test("what the directory holds says what is done, underway, failed and missing")
  func state() {
    let state = CampaignState(
      plan, parts: ["0001", "0002.n1.77.tmp", "0003.n2.9.tmp", "0003", "other", "7", "0099", "0004.tmp"],
      failures: [1: "an old one", 4: "b3.pcap: no such file", 9: "x"])
    #expect(state.tasks.map(\.progress) == [.done, .underway, .done, .failed])
    #expect(state.tasks.map(\.failure) == [nil, nil, nil, "b3.pcap: no such file"])
    #expect(!state.isComplete && state.missingBursts.map(\.burst) == [2, 4])
    #expect(
      state.text == """
        tasks: 2 done, 1 underway, 1 failed, 0 waiting
        bursts: 2 of 4
        missing bursts: 2,4
        task 2, underway, bursts 2
        task 4, failed, bursts 4: b3.pcap: no such file

        """)
    let json = state.value.json()
    #expect(json.contains(#""complete": false"#) || json.contains(#""complete":false"#))
    #expect(json.contains("b3.pcap"))
    let whole = CampaignState(plan, parts: ["0001", "0002", "0003", "0004"], failures: [:])
    #expect(
      whole.isComplete && whole.text == "tasks: 4 done, 0 underway, 0 failed, 0 waiting\nbursts: 4 of 4\n")
  }

  @Test("numbers are told as ranges, bursts with their runs")
  func ranges() {
    #expect(CampaignState.ranges([]) == "")
    #expect(CampaignState.ranges([1, 2, 3, 7, 9, 10]) == "1-3,7,9-10")
    let bursts = [(8000, 1), (8000, 2), (8001, 5)].map { CampaignBurst(run: $0.0, burst: $0.1) }
    #expect(CampaignState.list(bursts) == "8000: 1-2; 8001: 5")
    #expect(CampaignState.list([1, 3].map { CampaignBurst(run: nil, burst: $0) }) == "1,3")
  }

  @Test("what a process leaves is known by task, host and process")
  func leftovers() {
    let layout = CampaignLayout(directory: "/c")
    #expect(layout.part(12) == "/c/parts/0012" && layout.part(123_456) == "/c/parts/123456")
    #expect(layout.underway(3, host: "n1.cern.ch", process: 42) == "/c/parts/0003.n1_cern_ch.42.tmp")
    let names = [
      "0003.n1_cern_ch.42.tmp", "0003.n2.7.tmp", "0004.n1_cern_ch.8.tmp", "0003", "0003.n1_cern_ch.x.tmp",
    ]
    let found = layout.leftovers(of: 3, host: "n1.cern.ch", among: names)
    #expect(found.map(\.process) == [42] && found.map(\.path) == ["/c/parts/0003.n1_cern_ch.42.tmp"])
  }
}
