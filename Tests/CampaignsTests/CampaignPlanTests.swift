import Campaigns
import Foundation
import Testing

@Suite("Plans and parts of a campaign")
struct CampaignPlanTests {
  private let plan = CampaignFixture.plan([5, 5, 5], tasks: 3)

  @Test("a plan that is read again is the same, with the same bytes")
  func stored() throws {
    let data = try plan.data()
    let again = try CampaignPlan(data: data, path: "plan.json")
    #expect(again == plan)
    #expect(try again.data() == data)
    #expect(CampaignPlan.identity(of: data) == CampaignPlan.identity(of: try again.data()))
  }

  @Test("a plan that is not whole is refused in one line")
  func refused() throws {
    let text = String(decoding: try plan.data(), as: UTF8.self)
    for (data, message) in [
      ("", "not the plan of a campaign"), ("[1]", "not the plan of a campaign"),
      (text.replacingOccurrences(of: "campaign/1", with: "campaign/9"), "of version spillway.campaign/9"),
      (text.replacingOccurrences(of: "\"tasks\"", with: "\"task\""), "the plan is not whole"),
      (text.replacingOccurrences(of: "\"number\" : 2", with: "\"number\" : 7"), "contradicts itself"),
      (
        text.replacingOccurrences(of: "\"burstsBefore\" : 1", with: "\"burstsBefore\" : -1"),
        "contradicts itself"
      ),
      (text.replacingOccurrences(of: "\"input\" : 1", with: "\"input\" : 99"), "contradicts itself"),
      (text.replacingOccurrences(of: "\"skipped\" : 0", with: "\"skipped\" : -1"), "the plan is not whole"),
    ] {
      let error = #expect(throws: CampaignError.self) {
        try CampaignPlan(data: Data(data.utf8), path: "dir/plan.json")
      }
      #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
      #expect(error?.description.hasPrefix("dir/plan.json: ") == true)
      #expect(error?.description.contains("\n") == false)
    }
    // Any cut of it: an error, and no trap.
    for length in stride(from: 0, to: text.utf8.count - 2, by: 37) {
      #expect(throws: CampaignError.self) {
        try CampaignPlan(data: Data(text.utf8.prefix(length)), path: "plan.json")
      }
    }
    #expect(throws: CampaignError.self) { try plan.task(0) }
    #expect(throws: CampaignError.self) { try plan.task(4) }
    #expect(try plan.task(3).number == 3)
  }

  @Test("a part is taken for its plan, task, configuration, version and inputs alone")
  func parts() throws {
    let identity = "feed"
    func check(
      _ change: (inout CampaignPart) -> Void = { _ in },
      ledger: (inout CampaignPart.Ledger) -> Void = { _ in }, hash: String? = nil, data: Data?? = nil
    ) throws {
      var plan = plan
      plan.inputs[1].sha256 = hash
      var part = CampaignPart(plan: identity, task: 2, inputs: [plan.inputs[1].identity])
      change(&part)
      var said = CampaignPart.Ledger(
        isFinished: true, configurationHash: "abc", version: "1.2.3", inputs: [("b1.pcap", "aa")])
      ledger(&said)
      try CampaignPart.check(
        data ?? (try part.data()), said, of: plan.tasks[1], in: (plan, identity), path: "parts/0002")
    }
    try check()
    try check(hash: "aa")
    func refuses(_ message: String, _ body: () throws -> Void, _ location: SourceLocation = #_sourceLocation)
    {
      let error = #expect(throws: CampaignError.self, sourceLocation: location) { try body() }
      #expect(
        error?.description.hasPrefix("parts/0002: \(message)") == true, "\(error?.description ?? "")",
        sourceLocation: location)
    }
    refuses("its campaign.json is not that of a part") { try check(data: .some(nil)) }
    refuses("its campaign.json is not that of a part") { try check(data: Data("{}".utf8)) }
    refuses("it is a part of another plan") { try check({ $0.plan = "dead" }) }
    refuses("it is the part of task 3") { try check({ $0.task = 3 }) }
    refuses("its run has not ended") { try check(ledger: { $0.isFinished = false }) }
    refuses("its configuration hash is abd, that of the plan is abc") {
      try check(ledger: { $0.configurationHash = "abd" })
    }
    refuses("Spillway 1.2.4 made it") { try check(ledger: { $0.version = "1.2.4" }) }
    refuses("its inputs are not those of task 2") { try check(ledger: { $0.inputs = [("b2.pcap", nil)] }) }
    refuses("its inputs are not those of task 2") { try check({ $0.inputs = [] }) }
    refuses("its input b1.pcap was not the file") { try check({ $0.inputs[0].tail = "99" }) }
    refuses("its input b1.pcap has another SHA-256") { try check(hash: "bb") }
  }

  @Test("an input is known by its length and its ends")
  func identity() {
    let input = plan.inputs[0]
    #expect(input.difference(from: CampaignFixture.identity(5)) == nil)
    #expect(
      input.difference(from: CampaignFixture.identity(6))?.contains("has 6 bytes, 5 were planned") == true)
    #expect(input.difference(from: CampaignFixture.identity(5, "ff"))?.contains("not the file") == true)
  }

  @Test("the trigger's arguments are those of a replay")
  func arguments() {
    var options = plan.options
    options.selections = ["a.yaml", "-b.yaml"]
    options.filter = "udp"
    options.run = 7
    options.firstBurst = 3
    #expect(
      options.arguments(firstBurst: 9, out: "/o", tolerance: 1) == [
        "--menu", "menu.yaml", "--counters", "burst", "--workers", "2", "--tolerance", "1.0", "--selections",
        "a.yaml", "--selections", "./-b.yaml", "--run", "7", "--first-burst", "9", "--out=/o",
      ])
    #expect(options.arguments().suffix(2) == ["--first-burst", "3"])
  }
}
