import Configuration
import SpillwayTestSupport

@testable import Selections

/// The files that the project ships.
enum Shipped {
  static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    .joined(separator: "/")
  static let files = [
    "k3pi", "kpi4e", "k2pi-double-dalitz", "dark-photon-mumu", "dark-photon-ee", "kpinunu", "halo-muons",
  ]

  static func path(_ file: String) -> String { "\(root)/Configs/selections/\(file).yaml" }

  static func all() throws -> PhysicsSelectionSet {
    try PhysicsSelectionSet.load(paths: files.map(path))
  }

  static func selection(_ name: String) throws -> PhysicsSelection {
    try all().selections.first { $0.name == name } ?? { throw Missing(name: name) }()
  }

  struct Missing: Error { let name: String }
}

/// A file of schema 2 with one selection of the given lines.
func physicsFile(_ lines: [String], name: String = "sample") -> String {
  let head = [
    "schema: spillway.selections/2",
    "beam: { momentum: 75 GeV/c, slope_x: 1.2 mrad, slope_y: 0 rad, trust: code, source: test }",
    "selections:",
    "  - name: \(name)",
  ]
  return (head + lines.flatMap { $0.split(separator: "\n") }.map { "    \($0)" }).joined(separator: "\n")
    + "\n"
}

func physics(_ lines: [String]) throws -> PhysicsSelection {
  let set = try PhysicsSelectionSet.parse(text: physicsFile(lines), file: "test.yaml")
  return try set.selections.first ?? { throw Shipped.Missing(name: "sample") }()
}

/// A cut that needs no more than its test.
func cut(_ name: String, _ test: String) -> String {
  "  - { name: \(name), \(test), trust: chosen, source: test }"
}

extension SelectionEvent {
  /// A kept physics event of the masks 4 and 12, without tracks.
  static var sample: SelectionEvent { SelectionEvent(.sample) }

  /// Adds a track of that momentum in MeV/c, along its upstream line.
  @discardableResult
  mutating func add(charge: Double, _ p: SIMD3<Double>) -> Int {
    let track = tracks.append()
    tracks[.charge, track] = charge
    tracks[.momentum, track] = (p * p).sum().squareRoot()
    tracks[.slopeX, track] = p.x / p.z
    tracks[.slopeY, track] = p.y / p.z
    return track
  }

  /// Adds a vertex of tracks with their momenta at it.
  @discardableResult
  mutating func addVertex(chi2: Double = 1, _ members: [(track: Int, momentum: SIMD3<Double>)]) -> Int {
    let vertex = appendVertex()
    vertices[.chi2, vertex] = chi2
    for member in members { addMember(track: member.track, momentum: member.momentum) }
    return vertex
  }

  /// An event with one vertex of tracks with these charges and momenta.
  static func vertex(_ tracks: [(charge: Double, momentum: SIMD3<Double>)]) -> SelectionEvent {
    var event = sample
    var members: [(track: Int, momentum: SIMD3<Double>)] = []
    for track in tracks { members.append((event.add(charge: track.charge, track.momentum), track.momentum)) }
    event.addVertex(members)
    return event
  }

  /// A number for every quantity that a selection may ask, drawn so that cuts sometimes hold.
  static func random(_ random: inout SplitMix64) -> SelectionEvent {
    var event = SelectionEvent(.random(&random))
    event[.lavHits] = Double(Int.random(in: 0...2, using: &random))
    event[.lkrEnergy] = Bool.random(using: &random) ? Double.random(in: 0...100, using: &random) : .nan
    let count = Int.random(in: 0...5, using: &random)
    for _ in 0..<count {
      let p = SIMD3(
        Double.random(in: -100...100, using: &random), Double.random(in: -100...100, using: &random),
        Double.random(in: 5000...30_000, using: &random))
      let track = event.add(charge: Bool.random(using: &random) ? 1 : -1, p)
      event.tracks[.chi2, track] = Double.random(in: 0...30, using: &random)
      event.tracks[.eop, track] =
        Bool.random(using: &random) ? Double.random(in: 0...1.2, using: &random) : .nan
    }
    guard count > 1 else { return event }
    for _ in 0..<Int.random(in: 0...4, using: &random) {
      let vertex = event.appendVertex()
      for track in (0..<count).shuffled(using: &random).prefix(2) { event.addMember(track: track) }
      event.vertices[.chi2, vertex] = Double(Int.random(in: 0...6, using: &random))
      event.vertices[.z, vertex] = Double.random(in: 90_000...190_000, using: &random)
      event.vertices[.zTAX, vertex] = Double.random(in: -20_000...80_000, using: &random)
    }
    return event
  }
}

extension PhysicsSelection {
  /// The outcome with the numbers of the best candidate.
  func run(_ event: SelectionEvent) -> (outcome: SelectionOutcome, values: [String: Double]) {
    var workspace = SelectionWorkspace([self])
    let outcome = evaluate(event, &workspace)
    let values = zip(valueNames, workspace.values).map { ($0.name, $1) }
    return (outcome, Dictionary(uniqueKeysWithValues: values))
  }

  /// The names of the regions that candidates with these numbers lie in.
  func regionNames(_ values: [String: Double]) -> [String] {
    var workspace = SelectionWorkspace([self])
    for (slot, name) in valueNames.enumerated() { workspace.slots[slot] = values[name.name] ?? .nan }
    let bits = plan.regions(workspace).bits
    return regions.indices.filter { bits >> UInt64($0) & 1 == 1 }.map { regions[$0].name }
  }
}
