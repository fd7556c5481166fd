import Testing

@testable import Campaigns

@Suite("Splitting a campaign")
struct CampaignSplitTests {
  @Test("one task has all")
  func one() { #expect(CampaignSplit.ends(of: [1, 2, 3], maximum: 1) == [3]) }
}
