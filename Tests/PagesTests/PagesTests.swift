import Testing

@testable import Pages

@Suite struct PagesTests {
  @Test func charactersWithAMeaningAreEscaped() {
    #expect(HTML.escaped("a<b> & \"c\"") == "a&lt;b&gt; &amp; &quot;c&quot;")
    #expect(HTML.table(["<x>"], [["1&2"]]).contains("<td>1&amp;2</td>"))
  }

  @Test func aPageStandsAlone() {
    let page = HTML.page(title: "A & B", "<p>text</p>\n")
    #expect(page.contains("<title>A &amp; B</title>"))
    #expect(!page.contains("http") && !page.contains("<script"))
  }

  @Test func ticksAreRoundNumbersWithinTheRange() {
    #expect(SVGPlot.ticks(0...10, about: 5) == [0, 2, 4, 6, 8, 10])
    #expect(SVGPlot.ticks(1...1, about: 5).isEmpty)
  }
}
