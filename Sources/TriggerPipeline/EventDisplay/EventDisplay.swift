import Detectors
public import L1Trigger
import NA62Formats
import Pages
public import Reconstruction

/// A picture of one event as SVG: tracks, vertices and hits from above (x against z) and from the side (y against
/// z), with what L0 and L1 say of it. Hand-written, valid XML, with nothing from elsewhere.
public struct EventDisplay {
  private let scene: EventScene
  private let configuration: ReconstructionConfiguration
  private let menu: L1Menu
  private let title: String
  private let axis = DisplayAxis(left: 74, width: 1010)
  private static let size = (width: 1280.0, height: 1010.0)
  private static let reach = 1300.0
  private static let views = [
    (name: "x", label: "x [mm]", top: 150.0), (name: "y", label: "y [mm]", top: 575.0),
  ]
  private static let height = 370.0
  /// Tracks that get a colour and a line in the list.
  private static let listed = 8
  private var body = ""

  /// A display of an event; `title` says where it is from.
  public init(
    _ scene: EventScene, menu: L1Menu, configuration: ReconstructionConfiguration, title: String
  ) {
    self.scene = scene
    self.menu = menu
    self.configuration = configuration
    self.title = title
  }

  /// The picture.
  public func svg() -> String {
    var display = self
    display.draw()
    let size = Self.size
    let label = "Event \(scene.event.number) of burst \(scene.event.burst), seen from above and from the side"
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(SVGPlot.text(size.width)) \(SVGPlot.text(size.height))" \
      width="\(SVGPlot.text(size.width))" height="\(SVGPlot.text(size.height))" role="img" aria-label="\(label)">
      <style>
      \(Self.style)
      </style>
      <rect class="paper" width="100%" height="100%"/>
      \(display.body)</svg>

      """
  }

  private static let style = """
    svg { --ink: #1c2430; --dim: #5d6878; --paper: #ffffff; --line: #d9dee6; --detector: #eef1f6;
      --c0: #2f6fde; --c1: #d9822b; --c2: #2a9d6f; --c3: #c0392b; --c4: #8e5bd0; --c5: #0f9bb5; --c6: #a8842c;
      --c7: #6b7280; }
    @media (prefers-color-scheme: dark) { svg { --ink: #e5e9f0; --dim: #9aa5b5; --paper: #14181f;
      --line: #313946; --detector: #1f2630; --c0: #6ea1ff; --c1: #f0a35e; --c2: #57c99a; --c3: #ef7d70;
      --c4: #bb95ee; --c5: #4cc7df; --c6: #d6b45c; --c7: #a3abb8; } }
    text { font: 12px system-ui, sans-serif; fill: var(--dim); }
    .paper { fill: var(--paper); } .head { font-size: 19px; font-weight: 600; fill: var(--ink); }
    .ink { fill: var(--ink); } .small { font-size: 11px; }
    .grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--dim); stroke-width: 1; fill: none; }
    .detector { fill: var(--detector); stroke: var(--line); } .beam { stroke: var(--dim); stroke-dasharray: 6 4; }
    .hit { fill: var(--dim); fill-opacity: 0.55; } .vertex { fill: none; stroke: var(--ink); stroke-width: 2; }
    .other { fill: none; stroke: var(--dim); stroke-width: 1; }
    .cluster { fill: var(--ink); fill-opacity: 0.45; }
    .track { fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linejoin: round; }
    .far { stroke-dasharray: 4 4; stroke-width: 1.2; } .matched { fill: currentColor; fill-opacity: 0.45; }
    .on { fill: currentColor; } .name { fill: currentColor; }
    .s0 { color: var(--c0); } .s1 { color: var(--c1); } .s2 { color: var(--c2); } .s3 { color: var(--c3); }
    .s4 { color: var(--c4); } .s5 { color: var(--c5); } .s6 { color: var(--c6); } .s7 { color: var(--c7); }
    """

  // MARK: Parts

  private mutating func draw() {
    caption()
    for view in Self.views {
      body += "<clipPath id=\"\(view.name)\"><rect x=\"\(number(axis.left))\" y=\"\(number(view.top))\" "
      body += "width=\"\(number(axis.width))\" height=\"\(number(Self.height))\"/></clipPath>\n"
    }
    for view in Self.views.indices {
      detectors(view)
      straws(view)
      clusters(view)
      tracks(view)
      vertices(view)
      frame(view)
    }
    list()
    let note =
      "z is drawn in pieces of different scale. Of the straws, x views are shown above and y views below; "
      + "full points belong to tracks."
    text(axis.left, Self.size.height - 14, note, "small")
  }

  private mutating func caption() {
    let event = scene.event
    text(
      24, 36, "Event \(event.number), burst \(event.burst)\(event.run == 0 ? "" : ", run \(event.run)")",
      "head")
    text(24, 58, title)
    let time = Double(event.timestamp) * 256 * ClockTicks.fineTimeUnit / 1e6
    let flags = (0..<16).filter { event.l0.flags >> UInt16($0) & 1 == 1 }
    text(
      24, 80,
      "L0: type \(hex(event.l0.dataType.rawValue)), word \(hex(event.l0.word.rawValue)), "
        + "lines \(names(flags)); timestamp \(event.timestamp) (\(milliseconds(time)) ms), "
        + "fine time \(event.l0.fineTime)", "ink")
    let word = scene.decision.word
    let masks = (0..<16).filter { scene.decision.masks >> UInt16($0) & 1 == 1 }
    text(
      24, 100,
      "L1: word \(hex(word.rawValue)), " + (word.isEmpty ? "not kept" : "kept, masks \(names(masks))"), "ink")
    let reconstructed = scene.reconstructed
    let association = reconstructed.associations.events.first
    var facts = "\(reconstructed.tracks.count) tracks, \(reconstructed.vertices.count) vertices"
    facts +=
      scene.hasCalorimeter
      ? ", \(reconstructed.associations.clusters.count) clusters in LKr" : ", no data of LKr"
    if let association {
      facts += "; KTAG sectors \(count(association.ktagSectors)), LAV hits \(count(association.lavHits)), "
      facts += "MUV3 tiles \(count(association.muv3Hits))"
    }
    text(24, 120, facts)
  }

  private mutating func detectors(_ view: Int) {
    let top = Self.views[view].top
    for mark in DisplayAxis.marks {
      line("grid", axis.place(mark * 1000), top, axis.place(mark * 1000), top + Self.height)
    }
    func box(_ from: Double, _ to: Double, _ half: Double) {
      let (a, b) = (axis.place(from), axis.place(to))
      let (high, low) = (placeY(half, view), placeY(-half, view))
      body +=
        "<rect class=\"detector\" x=\"\(number(a))\" y=\"\(number(high))\" width=\"\(number(max(2, b - a)))\" "
        + "height=\"\(number(low - high))\"/>\n"
    }
    for z in StrawGeometry.chamberZ { box(z - 320, z + 320, 1050) }
    box(configuration.magnet.z - 1300, configuration.magnet.z + 1300, 1200)
    box(219_546, 236_873, 1150)
    box(NewCHODGeometry.z - 60, NewCHODGeometry.z + 60, 1070)
    box(CHODGeometry.z.vertical - 60, CHODGeometry.z.horizontal + 60, 1210)
    box(LKrGeometry.z, LKrGeometry.z + 1270, 1130)
    box(MUV3Geometry.z - 60, MUV3Geometry.z + 60, 1250)
    let beam = configuration.beam
    let points = [DisplayAxis.range.lowerBound, 180_000].map { z in
      let at = beam.point + (z - beam.point.z) * SIMD3(beam.slope, 1)
      return (axis.place(z), placeY(view == 0 ? at.x : at.y, view))
    }
    line("beam", points[0].0, points[0].1, points[1].0, points[1].1)
  }

  private mutating func frame(_ view: Int) {
    let top = Self.views[view].top
    let bottom = top + Self.height
    body +=
      "<rect class=\"axis\" x=\"\(number(axis.left))\" y=\"\(number(top))\" width=\"\(number(axis.width))\" "
    body += "height=\"\(number(Self.height))\"/>\n"
    for mark in DisplayAxis.marks {
      text(axis.place(mark * 1000), bottom + 16, "\(Int(mark))", "small", anchor: "middle")
    }
    text(axis.left + axis.width, bottom + 32, "z [m]", "ink", anchor: "end")
    for mark in stride(from: -1000.0, through: 1000, by: 500) {
      text(axis.left - 8, placeY(mark, view) + 4, "\(Int(mark))", "small", anchor: "end")
    }
    text(24, top - 8, Self.views[view].label, "ink")
    guard view == 0 else { return }
    for (chamber, z) in StrawGeometry.chamberZ.enumerated() {
      // The magnet stands right behind the second one.
      text(
        axis.place(z) + 4, top - 8, "STRAW \(chamber + 1)", "small", anchor: chamber == 1 ? "end" : "middle")
    }
    let labels: [(String, Double)] =
      [
        ("magnet", configuration.magnet.z), ("RICH", 228_200), ("CHODs", 238_400),
        ("LKr", LKrGeometry.z + 1000),
        ("MUV3", MUV3Geometry.z),
      ]
    for (name, z) in labels { text(axis.place(z), top - 8, name, "small", anchor: "middle") }
  }

  private mutating func straws(_ view: Int) {
    let tracks = scene.reconstructed.tracks
    for hit in scene.straws where hit.view == (view == 0 ? 2 : 3) {
      let owner = (0..<tracks.count).first { i in
        let at = tracks[i].extrapolate(to: hit.z, magnet: configuration.magnet.z)
        return abs((view == 0 ? at.x : at.y) - hit.position) < 6
      }
      let style = owner.map { "on s\(min($0, Self.listed - 1))" } ?? "hit"
      body += "<circle class=\"\(style)\" cx=\"\(number(axis.place(hit.z)))\" "
      body += "cy=\"\(number(placeY(hit.position, view)))\" r=\"\(owner == nil ? "1.6" : "2.4")\"/>\n"
    }
  }

  private mutating func clusters(_ view: Int) {
    let clusters = scene.reconstructed.associations.clusters
    let most = clusters.energy.max() ?? 1
    for i in 0..<clusters.count {
      let at = Double(view == 0 ? clusters.position[i].x : clusters.position[i].y)
      let length = 4 + 62 * Double(clusters.energy[i] / max(most, 1e-6))
      let x = axis.place(LKrGeometry.z)
      body += "<rect class=\"cluster\" x=\"\(number(x))\" y=\"\(number(placeY(at, view) - 4))\" "
      body += "width=\"\(number(length))\" height=\"8\"><title>"
      body += "\(TextTable.number(Double(clusters.energy[i]))) GeV, "
      body += "\(TextTable.number(Double(clusters.time[i]))) ns</title></rect>\n"
      guard clusters.count <= Self.listed else { continue }
      let energy = TextTable.number(Double((clusters.energy[i] * 10).rounded() / 10))
      text(x + length + 4, placeY(at, view) + 4, "\(energy) GeV", "small")
    }
  }

  private mutating func tracks(_ view: Int) {
    let tracks = scene.reconstructed.tracks
    for i in 0..<tracks.count {
      let track = tracks[i]
      let colour = "s\(min(i, Self.listed - 1))"
      let begin = shownVertex(of: i).map { scene.reconstructed.vertices.position[$0].z }
      let from = begin ?? TrackColumns.upstreamZ
      let far = matchedMUV3(i) ? MUV3Geometry.z : LKrGeometry.z
      body += "<path class=\"track \(colour)\" \(clip(view)) d=\"\(path(track, from, far, view))\"/>\n"
      if begin == nil {
        let line = path(track, DisplayAxis.range.lowerBound, from, view)
        body += "<path class=\"track far \(colour)\" \(clip(view)) d=\"\(line)\"/>\n"
      }
      matches(i, view, colour)
    }
  }

  /// A track from one z to another, with its kick and with the bends of the axis.
  private func path(_ track: Track, _ from: Double, _ to: Double, _ view: Int) -> String {
    let kick = configuration.magnet.z
    let places = ([from, to, kick - 1, kick] + DisplayAxis.bends).filter { from <= $0 && $0 <= to }.sorted()
    return places.enumerated().map { number, z in
      let point = track.extrapolate(to: z, magnet: kick)
      let height = placeY(view == 0 ? point.x : point.y, view)
      return "\(number == 0 ? "M" : "L")\(SVGPlot.text(axis.place(z))) \(SVGPlot.text(height))"
    }.joined()
  }

  private func clip(_ view: Int) -> String { "clip-path=\"url(#\(Self.views[view].name))\"" }

  /// The slabs and tiles that a track has.
  private mutating func matches(_ i: Int, _ view: Int, _ colour: String) {
    let found = scene.reconstructed.associations
    func box(_ box: DetectorBox?, _ z: Double) {
      guard let box else { return }
      let (low, high) = view == 0 ? (box.low.x, box.high.x) : (box.low.y, box.high.y)
      body += "<rect class=\"matched \(colour)\" x=\"\(number(axis.place(z) - 3))\" "
      body += "y=\"\(number(placeY(high, view)))\" width=\"6\" "
      body += "height=\"\(number(placeY(low, view) - placeY(high, view)))\"/>\n"
    }
    if found.newCHOD[i].isFound {
      box(Self.element(NewCHODGeometry.boxes, Int(found.newCHOD[i].tile)), NewCHODGeometry.z)
    }
    // A slab says one coordinate.
    let slab = Int(view == 0 ? found.chod[i].slabs.x : found.chod[i].slabs.y)
    if CHODGeometry.slabs.indices.contains(slab) {
      box(CHODGeometry.slabs[slab].box, view == 0 ? CHODGeometry.z.vertical : CHODGeometry.z.horizontal)
    }
    if found.muv3[i].isFound {
      box(Self.element(MUV3Geometry.boxes, Int(found.muv3[i].tile)), MUV3Geometry.z)
    }
  }

  private static func element(_ boxes: [DetectorBox?], _ index: Int) -> DetectorBox? {
    boxes.indices.contains(index) ? boxes[index] : nil
  }

  private func matchedMUV3(_ i: Int) -> Bool { scene.reconstructed.associations.muv3[i].isFound }

  /// The vertex that a track is drawn from: the first one that has it, which is that of most tracks.
  private func shownVertex(of track: Int) -> Int? {
    let vertices = scene.reconstructed.vertices
    return (0..<vertices.count).first { vertex in
      vertices.tracks(of: vertex).contains { Int(vertices.track[$0]) == track }
    }
  }

  private mutating func vertices(_ view: Int) {
    let vertices = scene.reconstructed.vertices
    var labelled: [Double] = []
    let shown = Set((0..<scene.reconstructed.tracks.count).compactMap { shownVertex(of: $0) })
    for vertex in 0..<vertices.count {
      let position = vertices.position[vertex]
      let (x, y) = (axis.place(position.z), placeY(view == 0 ? position.x : position.y, view))
      let isShown = shown.contains(vertex)
      body += "<circle class=\"\(isShown ? "vertex" : "other")\" cx=\"\(number(x))\" cy=\"\(number(y))\" "
      body += "r=\"\(isShown ? 6 : 3)\"/>\n"
      guard isShown, !labelled.contains(where: { abs($0 - x) < 90 }) else { continue }
      labelled.append(x)
      let tracks = vertices.tracks(of: vertex).count
      text(x, y - 12, "\(tracks) tracks, z \(TextTable.number(position.z / 1000)) m", "ink", anchor: "middle")
    }
  }

  /// The tracks with what is known of them, on the right.
  private mutating func list() {
    let x = axis.left + axis.width + 22
    var y = Self.views[0].top + 14
    text(x, y, "Tracks", "ink")
    let tracks = scene.reconstructed.tracks
    for i in 0..<min(tracks.count, Self.listed) {
      y += 26
      let sign = tracks[i].charge < 0 ? "−" : "+"
      text(x, y, "\(i + 1)  \(sign) \(TextTable.number(tracks[i].momentum)) GeV/c", "name s\(i)")
      let ratio = scene.reconstructed.associations.lkr[i].ratio
      var facts = ratio.isNaN ? "E/p -" : "E/p \(TextTable.number(Double((ratio * 100).rounded() / 100)))"
      facts += matchedMUV3(i) ? ", MUV3" : ""
      y += 15
      text(x + 14, y, facts, "small")
    }
    if tracks.count > Self.listed {
      y += 24
      text(x, y, "and \(tracks.count - Self.listed) more", "small")
    }
    let vertices = scene.reconstructed.vertices
    var row = Self.views[1].top + 14
    text(x, row, "Vertices", "ink")
    for vertex in 0..<min(vertices.count, 6) {
      row += 24
      text(x, row, "\(vertices.tracks(of: vertex).count) tracks, charge \(vertices.charge[vertex])", "ink")
      row += 15
      text(
        x + 14, row,
        "z \(TextTable.number(vertices.position[vertex].z / 1000)) m, χ² \(TextTable.number(vertices.chi2[vertex]))",
        "small")
    }
    if vertices.count > 6 {
      row += 24
      text(x, row, "and \(vertices.count - 6) more", "small")
    }
  }

  // MARK: Pieces

  private func placeY(_ value: Double, _ view: Int) -> Double {
    // What is far outside is cut off, not moved to the edge.
    Self.views[view].top + Self.height / 2 * (1 - min(max(value / Self.reach, -20), 20))
  }

  private func number(_ value: Double) -> String { SVGPlot.text(value) }

  private mutating func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
    body += "<line class=\"\(style)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" "
    body += "y2=\"\(number(y2))\"/>\n"
  }

  private mutating func text(
    _ x: Double, _ y: Double, _ text: String, _ style: String = "", anchor: String = "start"
  ) {
    body += "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">"
    body += "\(HTML.escaped(text))</text>\n"
  }

  private func hex(_ value: UInt8) -> String { "0x" + (value < 16 ? "0" : "") + String(value, radix: 16) }

  private func milliseconds(_ value: Double) -> String { TextTable.number((value * 1e6).rounded() / 1e6) }

  private func count(_ value: Float) -> String { value.isNaN ? "-" : "\(Int(value))" }

  /// Masks with their names.
  private func names(_ masks: [Int]) -> String {
    guard !masks.isEmpty else { return "none" }
    return masks.map { mask in
      let name = menu.configuration.masks[mask].name
      return name.isEmpty ? "\(mask)" : "\(mask) \(name)"
    }.joined(separator: ", ")
  }
}
