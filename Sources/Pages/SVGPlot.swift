#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A plot as inline SVG. Colours come from the page's style: class `s0` to `s7` for the series.
public struct SVGPlot {
  /// Colours there are; later series take them again, with dashed lines.
  public static let colours = 8

  /// How values are spaced along an axis.
  public enum Scale: Sendable {
    /// Evenly.
    case linear
    /// Evenly in the logarithm; the range is above 0.
    case logarithmic
  }

  private let width: Double
  private let height: Double
  private let margin = (left: 58.0, right: 26.0, top: 8.0, bottom: 36.0)
  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  private let yScale: Scale
  private var body = ""

  /// An empty plot with axes; the ranges are not empty.
  public init(
    width: Double = 1040, height: Double = 320, x: ClosedRange<Double>, y: ClosedRange<Double>,
    xTitle: String, yTitle: String, yScale: Scale = .linear
  ) {
    self.width = width
    self.height = height
    self.x = x
    self.y = y
    self.yScale = yScale
    let bottom = height - margin.bottom
    for tick in yScale == .linear ? Self.ticks(y, about: 4) : Self.logarithmicTicks(y) {
      let place = Self.text(placeY(tick))
      body +=
        "<line class=\"grid\" x1=\"\(Self.text(margin.left))\" x2=\"\(Self.text(width - margin.right))\" "
      body += "y1=\"\(place)\" y2=\"\(place)\"/>"
      body += "<text class=\"tick\" x=\"\(Self.text(margin.left - 6))\" y=\"\(place)\" dy=\"0.35em\" "
      let label = yScale == .linear ? TextTable.number(tick) : Self.logarithmicLabel(tick)
      body += "text-anchor=\"end\">\(label)</text>\n"
    }
    for tick in Self.ticks(x, about: width > 400 ? 8 : 4) {
      let place = Self.text(placeX(tick))
      body += "<line class=\"axis\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Self.text(bottom))\" "
      body += "y2=\"\(Self.text(bottom + 4))\"/>"
      body += "<text class=\"tick\" x=\"\(place)\" y=\"\(Self.text(bottom + 16))\" "
      body += "text-anchor=\"middle\">\(TextTable.number(tick))</text>\n"
    }
    body += "<line class=\"axis\" x1=\"\(Self.text(margin.left))\" x2=\"\(Self.text(width - margin.right))\" "
    body += "y1=\"\(Self.text(bottom))\" y2=\"\(Self.text(bottom))\"/>\n"
    body += "<text class=\"title\" x=\"\(Self.text(width - margin.right))\" y=\"\(Self.text(height - 4))\" "
    body += "text-anchor=\"end\">\(HTML.escaped(xTitle))</text>\n"
    body += "<text class=\"title\" transform=\"translate(12 \(Self.text(margin.top))) rotate(-90)\" "
    body += "text-anchor=\"end\">\(HTML.escaped(yTitle))</text>\n"
  }

  /// Adds the outline of a histogram whose first bin begins at `start`.
  public mutating func histogram(
    _ values: [Double], start: Double, width: Double, series: Int, isFilled: Bool
  ) {
    guard !values.isEmpty else { return }
    var path = "M\(point(start, y.lowerBound))"
    for (bin, value) in values.enumerated() {
      let left = start + Double(bin) * width
      path += "L\(point(left, value))L\(point(left + width, value))"
    }
    path += "L\(point(start + Double(values.count) * width, y.lowerBound))"
    let dash = series >= Self.colours ? " stroke-dasharray=\"4 3\"" : ""
    body +=
      "<path class=\"line s\(series % Self.colours)\(isFilled ? " filled" : "")\"\(dash) d=\"\(path)\"/>\n"
  }

  /// Adds cells of a histogram in two variables: the deeper the colour, the more there is, by the logarithm.
  ///
  /// `counts` runs fastest along x, from the low ends of the ranges on.
  public mutating func cells(_ counts: [Double], columns: Int, rows: Int) {
    guard columns > 0, rows > 0, counts.count == columns * rows, let most = counts.max(), most > 0 else {
      return
    }
    let width = (placeX(x.upperBound) - placeX(x.lowerBound)) / Double(columns)
    let height = (placeY(y.lowerBound) - placeY(y.upperBound)) / Double(rows)
    let steps = Self.doublings(most) + 1
    for row in 0..<rows {
      for column in 0..<columns where counts[row * columns + column] > 0 {
        let depth = 0.25 + 0.75 * (Self.doublings(counts[row * columns + column]) + 1) / steps
        let top = placeY(y.lowerBound) - height * Double(row + 1)
        body += "<rect class=\"cell\" x=\"\(Self.text(placeX(x.lowerBound) + width * Double(column)))\" "
        body += "y=\"\(Self.text(top))\" width=\"\(Self.text(max(width, 1)))\" "
        body +=
          "height=\"\(Self.text(max(height, 1)))\" fill-opacity=\"\((depth * 100).rounded() / 100)\"/>\n"
      }
    }
  }

  /// The logarithm to base 2, in halves at most too small; 0 below 1.
  private static func doublings(_ value: Double) -> Double {
    guard value >= 1, value.isFinite else { return 0 }
    return Double(value.exponent) + value.significand - 1
  }

  /// Adds a line through points, cut off at the range of y.
  public mutating func curve(_ points: [(x: Double, y: Double)], series: Int, isDashed: Bool = false) {
    guard points.count > 1 else { return }
    let dash = isDashed ? " stroke-dasharray=\"5 4\"" : ""
    body += "<path class=\"line s\(series % Self.colours)\"\(dash) d=\"\(path(points))\"/>\n"
  }

  /// Fills the area inside closed outlines, cut off at the range of y; an outline inside another one is a hole.
  public mutating func area(_ outlines: [[(x: Double, y: Double)]], series: Int, opacity: Double) {
    let outline = outlines.filter { $0.count > 2 }.map { "\(path($0))Z" }.joined()
    guard !outline.isEmpty else { return }
    body += "<path class=\"area s\(series % Self.colours)\" fill-opacity=\"\(opacity)\" "
    body += "fill-rule=\"evenodd\" d=\"\(outline)\"/>\n"
  }

  private func path(_ points: [(x: Double, y: Double)]) -> String {
    points.enumerated().map { number, place in
      let inside = min(max(place.y, y.lowerBound), y.upperBound)
      return "\(number == 0 ? "M" : "L")\(point(place.x, inside))"
    }.joined()
  }

  /// Adds a vertical mark.
  public mutating func mark(_ value: Double) {
    guard x.contains(value) else { return }
    let place = Self.text(placeX(value))
    body += "<line class=\"mark\" x1=\"\(place)\" x2=\"\(place)\" y1=\"\(Self.text(margin.top))\" "
    body += "y2=\"\(Self.text(height - margin.bottom))\"/>\n"
  }

  /// The plot; `label` says to those who do not see it what it shows.
  public func svg(label: String) -> String {
    "<svg viewBox=\"0 0 \(Self.text(width)) \(Self.text(height))\" role=\"img\" "
      + "aria-label=\"\(HTML.escaped(label))\">\n\(body)</svg>\n"
  }

  private func point(_ a: Double, _ b: Double) -> String { "\(Self.text(placeX(a))) \(Self.text(placeY(b)))" }

  private func placeX(_ value: Double) -> Double {
    let span = width - margin.left - margin.right
    return margin.left + (value - x.lowerBound) / (x.upperBound - x.lowerBound) * span
  }

  private func placeY(_ value: Double) -> Double {
    let span = height - margin.top - margin.bottom
    let part =
      yScale == .linear
      ? (value - y.lowerBound) / (y.upperBound - y.lowerBound)
      : log(value / y.lowerBound) / log(y.upperBound / y.lowerBound)
    return height - margin.bottom - part * span
  }

  /// A coordinate with one digit behind the point.
  public static func text(_ value: Double) -> String {
    guard value.isFinite else { return "0" }
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  /// Powers of ten in a range; with their doubles and fives where there are few of them.
  public static func logarithmicTicks(_ range: ClosedRange<Double>) -> [Double] {
    guard range.lowerBound > 0, range.upperBound.isFinite else { return [] }
    let decades = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
    let steps: [Double] = log10(range.upperBound / range.lowerBound) < 2.5 ? [1, 2, 5] : [1]
    return decades.flatMap { decade in steps.map { $0 * pow(10, Double(decade)) } }.filter {
      $0 >= range.lowerBound * 0.999_999 && $0 <= range.upperBound * 1.000_001
    }
  }

  /// As `2·10⁻⁶`; plain near 1.
  private static func logarithmicLabel(_ value: Double) -> String {
    if (0.0099...10_001).contains(value) { return TextTable.number(value) }
    let exponent = Int((log10(value) + 1e-9).rounded(.down))
    let lead = Int((value / pow(10, Double(exponent))).rounded())
    let digits = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
    let power =
      (exponent < 0 ? "⁻" : "")
      + String(exponent.magnitude).compactMap { $0.wholeNumberValue.map { digits[$0] } }
      .joined()
    return (lead == 1 ? "" : "\(lead)·") + "10\(power)"
  }

  /// Round numbers in a range, about as many as asked for.
  public static func ticks(_ range: ClosedRange<Double>, about count: Int) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite, count > 0 else { return [] }
    var unit = 1.0
    while unit * Double(count) > span { unit /= 10 }
    while unit * 10 * Double(count) <= span { unit *= 10 }
    let step = [1, 2, 5, 10].map { $0 * unit }.first { span / $0 <= Double(count) + 1 } ?? unit * 10
    let first = (range.lowerBound / step).rounded(.up)
    var ticks: [Double] = []
    while (first + Double(ticks.count)) * step <= range.upperBound + span * 1e-9 {
      ticks.append((first + Double(ticks.count)) * step)
    }
    return ticks
  }
}
