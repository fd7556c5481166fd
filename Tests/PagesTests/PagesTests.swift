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

  @Test func logarithmicTicksAreDecadesOrRoundNumbersWhereThereAreFew() {
    #expect(SVGPlot.logarithmicTicks(1e-7...2e-3).count == 5)
    let few = SVGPlot.logarithmicTicks(4e-7...3e-6)
    #expect(few.count == 3)
    #expect(zip(few, [5e-7, 1e-6, 2e-6]).allSatisfy { abs($0 / $1 - 1) < 1e-9 })
    #expect(SVGPlot.logarithmicTicks(0...1).isEmpty)
  }

  @Test func curvesStayInsideTheRange() {
    var plot = SVGPlot(x: 0...1, y: 1e-3...1, xTitle: "x", yTitle: "y", yScale: .logarithmic)
    plot.curve([(0, 1e-9), (0.5, 0.1), (1, 50)], series: 0)
    let svg = plot.svg(label: "test")
    // Bottom and top of the default frame.
    #expect(svg.contains("M58 284") && svg.contains("L1014 8"))
    #expect(svg.contains(">0.01<"))
  }
}
